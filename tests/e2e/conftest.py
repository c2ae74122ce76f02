"""Fixtures: the cluster with Greffon installed once, and a strict namespace of its own for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests import installation
from tests.cluster import Cluster, ensure
from tests.e2e.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the real cluster."""
    for item in items:
        if "/tests/e2e/" in str(item.path):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster, with the operator of this tree installed by Helm."""
    found = ensure()
    installation.install(found)
    return found


@pytest.fixture
def world(cluster: Cluster) -> Iterator[World]:
    """A fresh namespace that takes only pods of the level "restricted"; it is gone afterwards, and that is checked."""
    made = World(cluster, f"t-{secrets.token_hex(4)}")
    made.create_namespace()
    try:
        yield made
    finally:
        made.delete_namespace()
