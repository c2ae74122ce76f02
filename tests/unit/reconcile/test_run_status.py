"""The status of a run in words: one state for kstatus, times and results that never change once written."""

from datetime import timedelta
from typing import Any

import pytest

from greffon.engine.queue import Key
from greffon.model.conditions import Reason
from greffon.model.run import PluginRun
from greffon.model.vocabulary import RunOutcome
from greffon.reconcile.result import Ending
from greffon.reconcile.run_decide import Action, Decision
from greffon.reconcile.run_observe import RunObservation
from greffon.reconcile.run_status import apply_body, compose
from greffon.reconcile.seen import Seen
from tests.unit.reconcile.situations import NOW, ago, job, run_observation
from tests.unit.resources.samples import Json


def observation(status: Json | None = None, *, later: float = 0, **facts: Any) -> RunObservation:
    """A run of a plug-in at revision 3, so many seconds from now."""
    return run_observation(status, **({"now": NOW + timedelta(seconds=later)} | facts))


def ended(outcome: RunOutcome, reason: Reason = Reason.FAILED, **facts: Any) -> Decision:
    """It is over."""
    return Decision.ended(Ending(outcome, reason, "how it ended", **facts))


RUNNING = Decision.running("plg-sample-x")
WAITING = Decision.waiting(Reason.WAITING, "waits for another")
STUCK = Decision.waiting(Reason.PLUGIN_NOT_FOUND, "no such plug-in")
WELL = ended(RunOutcome.SUCCEEDED, Reason.COMPLETED, exit_code=0, output={"a": 1}, tail="log")
BADLY = ended(RunOutcome.FAILED, exit_code=3, truncated=True)
STATES: dict[str, tuple[Decision, str, str]] = {
    "it waits": (WAITING, "Reconciling", "Unknown"),
    "it waits for somebody": (STUCK, "Stalled", "Unknown"),
    "it waits for a quota": (Decision.waiting(Reason.QUOTA_EXCEEDED, "x"), "Stalled", "Unknown"),
    "its plug-in is suspended": (Decision.waiting(Reason.PLUGIN_SUSPENDED, "x"), "Stalled", "Unknown"),
    "it runs": (RUNNING, "Reconciling", "Unknown"),
    "it ended well": (WELL, "Ready", "True"),
    "it ended badly": (BADLY, "Stalled", "False"),
    "it took too long": (ended(RunOutcome.TIMED_OUT, Reason.TIMED_OUT), "Stalled", "False"),
    "it was replaced": (ended(RunOutcome.REPLACED, Reason.REPLACED), "Stalled", "False"),
    "it was refused": (ended(RunOutcome.REFUSED, Reason.PLUGIN_NOT_RUNNABLE), "Stalled", "False"),
}


def conditions(status: Json) -> dict[str, str]:
    """Type to status."""
    return {c["type"]: c["status"] for c in status["conditions"]}


@pytest.mark.parametrize(("decision", "true", "succeeded"), STATES.values(), ids=STATES)
def test_exactly_one_state_holds(decision: Decision, true: str, succeeded: str) -> None:
    found = conditions(compose(observation(), decision))
    assert [t for t in ("Ready", "Reconciling", "Stalled") if found[t] == "True"] == [true]
    assert found["Succeeded"] == succeeded


UNFINISHED = {name: row[0] for name, row in STATES.items() if not row[0].ending}


@pytest.mark.parametrize("decision", UNFINISHED.values(), ids=UNFINISHED)
def test_composing_again_changes_nothing(decision: Decision) -> None:
    first = compose(observation(), decision)
    assert compose(observation(first, later=3600), decision) == first


def test_times_change_only_with_the_status() -> None:
    waiting = compose(observation(), WAITING)
    running = compose(observation(waiting, later=60), RUNNING)
    over = compose(observation(running, later=120), WELL)
    moments = [
        {c["type"]: c["lastTransitionTime"] for c in status["conditions"]} for status in (waiting, running, over)
    ]
    assert moments[0] == moments[1]
    assert set(moments[2].values()) == {ago(-120), ago(0)}
    assert moments[2]["Stalled"] == ago(0)
    assert running["startTime"] == over["startTime"] == ago(-60)


def test_the_revision_is_the_one_that_was_started() -> None:
    running = compose(observation(), RUNNING)
    assert running["revision"] == "sample-r3"
    assert compose(observation(running, revision=5), RUNNING)["revision"] == "sample-r3"
    assert compose(observation(running, revision=None, plugin=None), WELL)["revision"] == "sample-r3"


def test_what_has_not_started_has_no_job_time_or_revision() -> None:
    assert not {"job", "startTime", "revision", "completionTime", "outcome"} & set(compose(observation(), WAITING))


def test_a_result_is_told_whole() -> None:
    status = compose(observation(), WELL)
    told = {
        name: status.get(name) for name in ("outcome", "exitCode", "output", "truncated", "tail", "reason", "message")
    }
    assert told == {
        "outcome": "Succeeded",
        "exitCode": 0,
        "output": {"a": 1},
        "truncated": None,
        "tail": "log",
        "reason": "Completed",
        "message": "how it ended",
    }
    assert compose(observation(), BADLY)["truncated"] is True


OUTPUTS: list[Any] = [0, False, "", [], {}, "text", [1], {"a": None}]


@pytest.mark.parametrize("output", OUTPUTS, ids=repr)
def test_every_output_is_kept(output: Any) -> None:
    assert compose(observation(), ended(RunOutcome.SUCCEEDED, output=output))["output"] == output


def test_no_output_is_none() -> None:
    assert "output" not in compose(observation(), ended(RunOutcome.SUCCEEDED, output=None))


def test_the_end_is_the_job_s_own_when_it_has_one() -> None:
    finished = Seen(Key("Job", "team-a", "x"), "u", 1, None, facts=job("Complete"))
    assert compose(observation(job=finished), WELL)["completionTime"] == ago(60)
    assert compose(observation(), WELL)["completionTime"] == ago(0)


def test_no_text_is_longer_than_the_schema_allows() -> None:
    long = Decision(Action.TELL, Reason.FAILED, "x" * 10_000, Ending(RunOutcome.FAILED, Reason.FAILED, "x" * 10_000))
    status = compose(observation(), long)
    assert len(status["message"]) <= 4096
    assert all(len(c["message"]) <= 4096 for c in status["conditions"])


def test_the_body_to_apply_is_for_this_very_object() -> None:
    body = apply_body(observation().run, {"x": 1})
    assert body["metadata"] == {"name": "me", "namespace": "team-a", "uid": "uid-me"}
    assert (body["kind"], body["status"]) == ("PluginRun", {"x": 1})


def test_the_written_status_can_be_read_again() -> None:
    for decision in (WAITING, RUNNING, WELL, BADLY):
        status = compose(observation(), decision)
        read = PluginRun.parse({"metadata": {"name": "x"}, "spec": {"pluginRef": {"name": "y"}}, "status": status})
        assert read.status.to_wire() == status
