"""Whose fault it is: one row per line of the table in docs/rollback.md, and the table lists them all."""

import re
from pathlib import Path

import pytest

from greffon.model.conditions import Reason
from greffon.reconcile.facts import PodFacts
from greffon.reconcile.faults import Side, attribute
from greffon.reconcile.pull_message import is_refusal
from tests.unit.reconcile.situations import ago, pod

PLUGIN, PLATFORM = Side.PLUGIN, Side.PLATFORM
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "rollback.md"


def ended(reason: str, code: int, crashes: int = 3) -> PodFacts:
    """A pod whose process has ended so often."""
    return pod(ready=False, ended=reason, exit_code=code, crashes=crashes, finished_at=ago(5))


def waiting(reason: str, message: str = "") -> PodFacts:
    """A pod that does not start."""
    refused = is_refusal(message)
    return pod(ready=False, phase="Pending", waiting=reason, waiting_message=message, image_refused=refused)


ROWS: dict[str, tuple[PodFacts, Side, Reason, int]] = {
    "exit code other than 0": (ended("Error", 1), PLUGIN, Reason.CRASH_LOOP, 3),
    "exit code 0 of a Service": (ended("Completed", 0), PLUGIN, Reason.CRASH_LOOP, 3),
    "killed at its own memory limit": (ended("OOMKilled", 137), PLUGIN, Reason.OOM_KILLED, 3),
    "the program cannot be started": (ended("StartError", 128), PLUGIN, Reason.CRASH_LOOP, 3),
    "killed, and it has a liveness probe": (ended("Error", 137), PLUGIN, Reason.PROBE_FAILED, 3),
    "runs, but is not ready": (pod(ready=False), PLUGIN, Reason.NOT_READY, 0),
    "the registry does not know the image": (
        waiting("ImagePullBackOff", "rpc error: code = NotFound: not found"),
        PLUGIN,
        Reason.IMAGE_PULL_FAILED,
        0,
    ),
    "the image's name is invalid": (waiting("InvalidImageName"), PLUGIN, Reason.IMAGE_PULL_FAILED, 0),
    "a Secret is missing": (
        waiting("CreateContainerConfigError", 'secret "db" not found'),
        PLUGIN,
        Reason.SECRET_NOT_FOUND,
        0,
    ),
    "the container cannot be set up": (
        waiting("CreateContainerError", "bad mount"),
        PLUGIN,
        Reason.CONTAINER_CONFIG_ERROR,
        0,
    ),
    "the registry does not answer": (
        waiting("ErrImagePull", "dial tcp: connection refused"),
        PLATFORM,
        Reason.IMAGE_PULL_FAILED,
        0,
    ),
    "no node takes the pod": (
        pod(ready=False, phase="Pending", unschedulable="0/3 nodes"),
        PLATFORM,
        Reason.UNSCHEDULABLE,
        0,
    ),
    "evicted, preempted, drained or lost": (
        pod(ready=False, ended="Error", exit_code=137, crashes=9, disruption="EvictionByEvictionAPI: drained"),
        PLATFORM,
        Reason.DISRUPTED,
        0,
    ),
    "the node lost the process": (ended("ContainerStatusUnknown", 137), PLATFORM, Reason.DISRUPTED, 0),
    "the node has not set up the pod": (waiting("ContainerCreating"), PLATFORM, Reason.SANDBOX_UNAVAILABLE, 0),
}


@pytest.mark.parametrize(("facts", "side", "reason", "crashes"), ROWS.values(), ids=ROWS)
def test_a_signal_has_a_side_and_a_reason(facts: PodFacts, side: Side, reason: Reason, crashes: int) -> None:
    found = attribute(facts, has_liveness=True)
    assert found is not None
    assert (found.side, found.reason, found.crashes) == (side, reason, crashes)
    assert found.message


def test_killed_without_a_probe_of_its_own_is_the_platforms_doing() -> None:
    found = attribute(ended("Error", 143), has_liveness=False)
    assert found is not None
    assert (found.side, found.reason, found.crashes) == (PLATFORM, Reason.DISRUPTED, 0)


@pytest.mark.parametrize("facts", [pod(), pod(ready=False, phase="Pending")], ids=["serves", "not started yet"])
def test_no_fault(facts: PodFacts) -> None:
    assert attribute(facts, has_liveness=True) is None


def test_the_documented_table_has_these_rows() -> None:
    lines = re.findall(
        r"^\| ([^|]+?) \| (Plugin|Platform) \| `(\w+)` \| ([^|]+?) \|$", DOCUMENT.read_text(), re.MULTILINE
    )
    expected = [
        (name, side.value, str(reason), "crash" if crashes else "deadline" if side is PLUGIN else "never")
        for name, (_, side, reason, crashes) in ROWS.items()
    ]
    expected.append(("killed from outside, without such a probe", "Platform", "Disrupted", "never"))
    expected.append(("a hook fails, or does not end in time", "Plugin", "HookFailed", "at once"))  # see test_hooks
    assert sorted(lines) == sorted(expected)
