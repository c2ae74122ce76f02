"""The status in words: the fold that kstatus reads, transition times, history; nothing changes without a cause."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from greffon.model.base import to_rfc3339
from greffon.model.conditions import Reason
from greffon.model.plugin import Plugin
from greffon.reconcile.assess import Situation
from greffon.reconcile.health import Health, State
from greffon.reconcile.runs import LastRun
from greffon.reconcile.status import apply_body, compose
from greffon.reconcile.trouble import Trouble
from tests.unit.reconcile.situations import NOW, ago, course, deployment, effective_of, observation, plugin
from tests.unit.resources.samples import JOB, RULE, SERVICE, WEBHOOK, Json, with_run

RULES: Json = {"permissions": {"rules": [RULE]}}
GOOD = Health(State.GOOD, Reason.AVAILABLE, "all is well")
WORKING = Health(State.WORKING, Reason.PROGRESSING, "on its way")
FAILING = Health(State.FAILING, Reason.CRASH_LOOP, "exit code 1")
SUSPENDED = Health(State.FAILING, Reason.SUSPENDED, "suspended")
ENDING = Health(State.WORKING, Reason.SUSPENDED, "its pods are ending")
CONFLICT = Health(State.FAILING, Reason.CHILD_CONFLICT, "in the way")
LAST_RUN = LastRun("by-hand", "Failed", "exit code 1", ago(5), 1, "Failed")
DENIED = Trouble(Reason.CEILING_EXCEEDED, "Role plg-sample", "too much")


def situation(health: Health = GOOD, active: int | None = 3, revision: int | None = 3, **fields: Any) -> Situation:
    """A situation."""
    plain = Situation(health, active is not None, "who serves", revision, active)
    return replace(plain, **fields)


def composed(subject: Plugin, found: Situation, *, later: float = 0, **facts: Any) -> Json:
    """The status of a plug-in, composed so many seconds from now."""
    facts = {"deployment": deployment(), "now": NOW + timedelta(seconds=later)} | facts
    if found.revision is not None and found.course is None:
        found = replace(found, inner=found.health, course=course(subject, found.revision))
    return compose(observation(subject, **facts), effective_of(subject), found)


def condition(status: Json, type_: str) -> Json:
    """The condition of a type, {} when there is none."""
    return next((c for c in status["conditions"] if c["type"] == type_), {})


SPECS: dict[str, Json] = {"service": SERVICE, "with rules": SERVICE | RULES, "job": JOB, "webhook": WEBHOOK}
HEALTHS = {
    "good": GOOD,
    "working": WORKING,
    "failing": FAILING,
    "suspended": SUSPENDED,
    "being suspended": ENDING,
    "in conflict": CONFLICT,
}
ACTIVE_OF_DESIRED = [(3, 3), (2, 3), (None, 3), (2, None), (None, None)]
EXTRAS: list[Json] = [{}, {"last_run": LAST_RUN}, {"conflict": "Service plg-sample"}, {"permission": DENIED}]


@pytest.mark.parametrize("wire", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize("health", HEALTHS.values(), ids=HEALTHS)
def test_kstatus_sees_exactly_one_state_and_composing_again_changes_nothing(wire: Json, health: Health) -> None:
    for (active, desired), extra in product(ACTIVE_OF_DESIRED, EXTRAS):
        found = situation(health, active, desired, **extra)
        written = composed(plugin(wire), found)
        true = [t for t in ("Ready", "Reconciling", "Stalled") if condition(written, t)["status"] == "True"]
        assert len(true) == (0 if health is SUSPENDED else 1), (true, active, desired, extra)
        assert condition(written, "Available")["status"] == str(found.available)
        assert composed(plugin(wire, written), found, later=3600) == written, (active, desired, extra)


SIZES: dict[str, tuple[str, int]] = {
    "Ready": ("message", 4096),
    "Stalled": ("message", 4096),
    "Available": ("message", 4096),
    "PermissionsGranted": ("message", 4096),
    "ChildConflict": ("message", 4096),
}


@pytest.mark.parametrize(("type_", "limit"), SIZES.items(), ids=SIZES)
def test_no_text_is_longer_than_the_schema_allows(type_: str, limit: tuple[str, int]) -> None:
    long = "x" * 10_000
    found = situation(
        replace(FAILING, message=long),
        None,
        available_message=long,
        conflict=long,
        permission=replace(DENIED, message=long),
    )
    field, size = limit
    assert len(condition(composed(plugin(SERVICE | RULES), found), type_)[field]) <= size


def test_the_message_of_a_last_run_is_no_longer_than_the_schema_allows() -> None:
    found = situation(last_run=replace(LAST_RUN, message="x" * 10_000))
    assert len(composed(plugin(JOB), found)["lastRun"]["message"]) <= 1024


FLIPS: dict[str, tuple[Health, Health, list[str]]] = {
    "nothing changed": (GOOD, GOOD, []),
    "only the words changed": (GOOD, replace(GOOD, message="2 of 2", reason=Reason.IDLE), []),
    "it starts to fail": (GOOD, FAILING, ["Ready", "Stalled"]),
    "it fails for another reason": (FAILING, CONFLICT, []),
    "it works again": (FAILING, WORKING, ["Reconciling", "Stalled"]),
    "it is good again": (WORKING, GOOD, ["Ready", "Reconciling"]),
    "it is suspended": (GOOD, SUSPENDED, ["Ready"]),
}


@pytest.mark.parametrize(("before", "after", "flipped"), FLIPS.values(), ids=FLIPS)
def test_transition_times_change_only_with_the_status(before: Health, after: Health, flipped: list[str]) -> None:
    first = composed(plugin(), situation(before))
    second = composed(plugin(status=first), situation(after), later=60)
    then, later = to_rfc3339(NOW), to_rfc3339(NOW + timedelta(seconds=60))
    times = {c["type"]: c["lastTransitionTime"] for c in second["conditions"]}
    assert times == {type_: later if type_ in flipped else then for type_ in times}


def test_the_default_of_the_schema_is_no_transition() -> None:
    default = {
        "type": "Reconciling",
        "status": "True",
        "reason": "Pending",
        "lastTransitionTime": "1970-01-01T00:00:00Z",
    }
    status = composed(plugin(status={"conditions": [default]}), situation(WORKING))
    assert condition(status, "Reconciling")["lastTransitionTime"] == to_rfc3339(NOW)


STRANGE: dict[str, Json] = {
    "a time that nobody can read": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "soon"}]},
    "a list where an object belongs": {"conditions": {"type": "Ready"}},
    "a history of nonsense": {"history": [{"revision": "seven"}]},
    "something of a later version": {"future": {"a": 1}},
}


@pytest.mark.parametrize("status", STRANGE.values(), ids=STRANGE)
def test_a_status_that_cannot_be_read_is_written_anew(status: Json) -> None:
    assert composed(plugin(status=status), situation()) == composed(plugin(), situation())


PERMISSIONS: dict[str, tuple[Json, Situation, tuple[str, str] | None]] = {
    "no rules": (SERVICE, situation(), ("True", "NotRequested")),
    "rules": (SERVICE | RULES, situation(), ("True", "Granted")),
    "rules that are refused": (SERVICE | RULES, situation(FAILING, permission=DENIED), ("False", "CeilingExceeded")),
    "a failing plug-in has its rules": (SERVICE | RULES, situation(FAILING), ("True", "Granted")),
    "nobody knows after a conflict": (SERVICE | RULES, situation(CONFLICT), None),
    "a refused spec says nothing of them": (SERVICE | RULES, situation(FAILING, 2, None), None),
}


@pytest.mark.parametrize(("wire", "found", "expected"), PERMISSIONS.values(), ids=PERMISSIONS)
def test_permissions(wire: Json, found: Situation, expected: tuple[str, str] | None) -> None:
    made = condition(composed(plugin(wire), found), "PermissionsGranted")
    assert ((made["status"], made["reason"]) if made else None) == expected


def test_a_refusal_for_rights_is_told_even_before_there_is_a_revision() -> None:
    found = situation(Health(State.FAILING, Reason.CEILING_EXCEEDED, "x"), None, None, permission=DENIED)
    made = condition(composed(plugin(SERVICE | RULES), found), "PermissionsGranted")
    assert (made["status"], made["reason"]) == ("False", "CeilingExceeded")


REPLICAS: dict[str, tuple[Json, Json | None]] = {
    "as wanted": (with_run(SERVICE, replicas=2), {"desired": 2, "ready": 1}),
    "suspended": (with_run(SERVICE, replicas=2) | {"suspend": True}, {"desired": 0, "ready": 1}),
    "a job has none": (JOB, None),
}


@pytest.mark.parametrize(("wire", "expected"), REPLICAS.values(), ids=REPLICAS)
def test_replicas(wire: Json, expected: Json | None) -> None:
    assert composed(plugin(wire), situation()).get("replicas") == expected


def test_a_service_without_a_deployment_has_no_ready_replicas() -> None:
    assert composed(plugin(), situation(WORKING, None), deployment=None)["replicas"] == {"desired": 1, "ready": 0}


def test_the_rest_of_the_status() -> None:
    status = composed(plugin(JOB), situation(last_run=LAST_RUN))
    assert status["observedGeneration"] == 4
    assert all(c["observedGeneration"] == 4 for c in status["conditions"])
    assert status["image"] == {"ref": "registry.test/runner-python:1"}
    assert status["lastRun"]["exitCode"] == 1
    assert status["effective"]["concurrency"] == "Forbid"
    assert "exitCode" not in composed(plugin(JOB), situation(last_run=replace(LAST_RUN, exit_code=None)))["lastRun"]


def test_the_body_to_apply_is_for_this_very_object() -> None:
    body = apply_body(plugin(), {"x": 1})
    assert body["metadata"] == {"name": "sample", "namespace": "team-a", "uid": "plugin-uid"}
    assert (body["kind"], body["status"]) == ("Plugin", {"x": 1})
