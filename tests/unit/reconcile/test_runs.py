"""The last run of a Job plug-in: of PluginRuns, schedules and what was recorded before, the newest that ended."""

from typing import Any

import pytest

from greffon.model.run import PluginRun
from greffon.reconcile.facts import JobFacts
from greffon.reconcile.runs import last_run
from tests.unit.reconcile.situations import ago, job, observation, plugin, pod, run
from tests.unit.resources.samples import JOB, Json

Jobs = list[tuple[str, str, JobFacts]]


def ended(name: str, seconds: float, outcome: str = "Succeeded", **status: Any) -> PluginRun:
    """A run that ended so long ago."""
    return run(name, {"outcome": outcome, "completionTime": ago(seconds)} | status)


def scheduled(name: str, seconds: float, outcome: str = "Complete") -> tuple[str, str, JobFacts]:
    """A Job of a schedule that ended so long ago."""
    return name, f"uid-{name}", JobFacts(outcome, "", ago(999), ago(seconds), "")


RECORDED = {"name": "old", "outcome": "Failed", "finishedTime": ago(100), "exitCode": 3, "reason": "Failed"}
STORIES: dict[str, tuple[list[PluginRun], Jobs, Json, str | None]] = {
    "none": ([], [], {}, None),
    "none has ended": ([run("a"), run("b", {"job": "x"})], [("j", "u", job())], {}, None),
    "the newest run": ([ended("a", 50), ended("b", 10), ended("c", 90)], [], {}, "b Succeeded"),
    "a scheduled one is newer": ([ended("a", 50)], [scheduled("j", 10)], {}, "j Succeeded"),
    "a run is newer": ([ended("a", 5, "Failed")], [scheduled("j", 10)], {}, "a Failed"),
    "a run that was refused ran nothing": ([ended("a", 50), ended("b", 10, "Refused")], [], {}, "a Succeeded"),
    "a run that was replaced says nothing": ([ended("a", 50), ended("b", 10, "Replaced")], [], {}, "a Succeeded"),
    "a run that took too long": ([ended("a", 5, "TimedOut")], [], {}, "a TimedOut"),
    "a failed schedule": ([], [scheduled("j", 10, "BackoffLimitExceeded")], {}, "j Failed"),
    "what was recorded stays though its objects are gone": ([], [], {"lastRun": RECORDED}, "old Failed"),
    "what was recorded is older": ([ended("a", 50)], [], {"lastRun": RECORDED}, "a Succeeded"),
    "what was recorded is newer": ([ended("a", 200)], [], {"lastRun": RECORDED}, "old Failed"),
    "of two that ended in the same second always the same": ([ended("a", 5), ended("b", 5)], [], {}, "b Succeeded"),
    "a run without a time is ignored": ([run("a", {"outcome": "Failed"})], [], {}, None),
}


@pytest.mark.parametrize(("runs", "jobs", "status", "expected"), STORIES.values(), ids=STORIES)
def test_last_run(runs: list[PluginRun], jobs: Jobs, status: Json, expected: str | None) -> None:
    for ordered in (runs, runs[::-1]):
        found = last_run(observation(plugin(JOB, status), runs=tuple(ordered), jobs=tuple(jobs)))
        assert (f"{found.name} {found.outcome}" if found else None) == expected


def test_a_scheduled_job_is_judged_by_its_own_pods() -> None:
    pods = (
        pod(controller_uid="uid-j", phase="Failed", ended="OOMKilled", exit_code=137, finished_at=ago(10)),
        pod(controller_uid="uid-other", phase="Failed", ended="Error", exit_code=1, finished_at=ago(5)),
    )
    found = last_run(observation(plugin(JOB), jobs=(scheduled("j", 10, "BackoffLimitExceeded"),), pods=pods))
    assert found is not None
    assert (found.exit_code, found.reason) == (137, "OOMKilled")


def test_a_run_tells_what_its_status_says() -> None:
    found = last_run(
        observation(plugin(JOB), runs=(ended("a", 5, "Failed", message="m", exitCode=7, reason="Failed"),))
    )
    assert found is not None
    assert (found.message, found.exit_code, found.reason, found.finished) == ("m", 7, "Failed", ago(5))
