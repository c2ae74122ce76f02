"""Fixtures: the cluster with Greffon installed once, and a strict namespace of its own for each test."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

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
def world(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[World]:
    """A fresh namespace that takes only pods of the level "restricted"; it is gone afterwards, and that is checked."""
    made = World(cluster, f"t-{secrets.token_hex(4)}")
    began = datetime.now(UTC)
    made.create_namespace()
    try:
        yield made
    finally:
        made.delete_namespace()
    if "/tests/fault/" not in str(request.path):  # there it may end, when its API server does
        assert not defects(cluster, began), "the operator has met a defect; the next process hides it from users"


def defects(cluster: Cluster, since: datetime) -> list[str]:
    """Ends of the operator by itself, and reconciles that ended in an exception, since then."""
    place = ("-n", installation.NAMESPACE)
    pods = json.loads(cluster.run_kubectl(*place, "get", "pods", "-l", OPERATOR, "-o", "json"))["items"]
    ends = [
        state["terminated"]
        for pod in pods
        for status in pod["status"].get("containerStatuses") or ()
        for state in (status["state"], status["lastState"])
        if "terminated" in state
    ]
    log = cluster.run_kubectl(
        *place, "logs", "-l", OPERATOR, "--tail=-1", "--ignore-errors", f"--since-time={since:%Y-%m-%dT%H:%M:%SZ}"
    )
    fell = [f"ended with {end['exitCode']} at {end['finishedAt']}" for end in ends if end["exitCode"] == FAILED]
    late = [text for text in fell if datetime.fromisoformat(text.rpartition(" ")[2]) >= since]
    return late + [line for line in log.splitlines() if "met a defect" in line]


OPERATOR = "app.kubernetes.io/component=operator"
FAILED = 1
"""What the operator ends with when something in it went wrong; whoever kills it gives another one."""
