"""Fixtures of the fault tests: the same cluster and strict namespaces as the end-to-end tests have."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import cluster, world

__all__ = ["cluster", "world"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the real cluster, to itself."""
    for item in items:
        if "/tests/fault/" in str(item.path):
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.alone)
