"""What a decision about a run may look at: its own Job and pods, its siblings, and a revision that can be run."""

from typing import Any

import pytest

from greffon.engine.queue import Key
from greffon.model.errors import SpecError
from greffon.reconcile.run_observe import RunObservation, observe_run
from tests.unit.reconcile.objects import PLUGIN_LABELS, cached, raw, raw_job, raw_plugin, raw_revision, raw_run
from tests.unit.reconcile.situations import NOW
from tests.unit.resources.samples import CONTEXT, JOB, Json, with_run

SELF = raw_run()


def observed(*objects: Json, run: Json = SELF, starting: tuple[str, ...] = ()) -> RunObservation:
    """What is known of a run beside these objects."""
    cache = cached([run, *objects])
    entry = cache.get(Key("PluginRun", "team-a", run["metadata"]["name"]))
    assert entry is not None
    return observe_run(entry, cache, CONTEXT, NOW, starting)


OTHER: Json = JOB | {"source": {"inline": {"files": {"main.py": "another script"}}}}
ACTIVE: dict[str, tuple[list[Json], int | None]] = {
    "there is no plug-in": ([], None),
    "the active revision is the newest spec": ([raw_plugin(), raw_revision()], 3),
    "the number of replicas or a suspension is no other revision": (
        [raw_plugin(JOB | {"suspend": True}), raw_revision()],
        3,
    ),
    "the newest spec has not been looked at": ([raw_plugin(generation=5), raw_revision()], None),
    "nothing was ever activated": ([raw_plugin(status={"observedGeneration": 4})], None),
    "nothing is active": (
        [raw_plugin(status={"observedGeneration": 4, "revisions": {"desired": "sample-r3"}}), raw_revision()],
        None,
    ),
    "the newest spec was refused, an older one is active": ([raw_plugin(OTHER), raw_revision(JOB)], None),
    "the newest spec met a trouble, an older one is active": (
        [
            raw_plugin(OTHER, {"observedGeneration": 4, "revisions": {"desired": "sample-r4", "active": "sample-r3"}}),
            raw_revision(JOB),
            raw_revision(OTHER, 4),
        ],
        None,
    ),
    "the name of the active revision makes no sense": (
        [raw_plugin(status={"observedGeneration": 4, "revisions": {"active": "sample-rx"}}), raw_revision()],
        None,
    ),
    "the plug-in is going away": ([raw_plugin(deletionTimestamp="2026-11-22T11:00:00Z"), raw_revision()], None),
    "the plug-in cannot be read": ([raw_plugin({"type": "Python"}), raw_revision()], None),
}


@pytest.mark.parametrize(("objects", "number"), ACTIVE.values(), ids=ACTIVE)
def test_only_the_spec_that_was_activated_can_be_run(objects: list[Json], number: int | None) -> None:
    assert observed(*objects).revision == number


JOBS: dict[str, tuple[list[Json], bool]] = {
    "none": ([], False),
    "its own": ([raw_job()], True),
    "one of its name that somebody else made": ([raw_job(owner="uid-of-somebody")], False),
    "one of its name that nobody owns": ([raw_job(owner="")], False),
    "that of another run": ([raw_job("other")], False),
}


@pytest.mark.parametrize(("objects", "has_job"), JOBS.values(), ids=JOBS)
def test_the_job_of_a_run(objects: list[Json], has_job: bool) -> None:
    assert (observed(*objects).job is not None) is has_job


def pod(name: str, owner: str, exit_code: int) -> Json:
    """A pod of a run's Job that has ended."""
    ended = {"exitCode": exit_code, "reason": "Error"}
    statuses = [{"name": "plugin", "state": {"terminated": ended}}]
    labels = PLUGIN_LABELS | {"greffon.dev/run": "by-hand"}
    return raw("Pod", name, owner=owner, labels=labels, status={"phase": "Failed", "containerStatuses": statuses})


def test_only_pods_of_its_own_job_speak_for_a_run() -> None:
    job = raw_job()
    own, foreign = pod("a", job["metadata"]["uid"], 1), pod("b", "uid-of-somebody", 0)
    assert [p.exit_code for p in observed(job, own, foreign).pods] == [1]
    assert observed(own, foreign).pods == ()


DONE = {"outcome": "Succeeded"}
STARTED = {"job": "plg-sample-x"}
SIBLINGS: dict[str, tuple[list[Json], tuple[str, ...], list[tuple[str, bool]]]] = {
    "nobody else": ([], (), []),
    "one that waits": ([raw_run("b")], (), [("b", False)]),
    "one that has started": ([raw_run("b", STARTED)], (), [("b", True)]),
    "one whose Job exists though its status does not say so yet": ([raw_run("b"), raw_job("b")], (), [("b", True)]),
    "one that another worker is starting at this moment": ([raw_run("b")], ("uid-b",), [("b", True)]),
    "one that is over": ([raw_run("b", DONE)], (), []),
    "one of another plug-in": ([raw_run("b", pluginRef={"name": "other"})], (), []),
    "one that is going away": ([raw_run("b", metadata={"deletionTimestamp": "2026-11-22T11:00:00Z"})], (), []),
    "one that cannot be read": ([raw_run("b", timeoutSeconds="soon"), raw_run("c")], (), [("c", False)]),
    "an active Job of a schedule": (
        [raw("Job", "plg-sample-nightly-1", owner="uid-cron", status={})],
        (),
        [("plg-sample-nightly-1", True)],
    ),
    "a finished Job of a schedule": (
        [raw("Job", "j", owner="uid-cron", status={"conditions": [{"type": "Complete", "status": "True"}]})],
        (),
        [],
    ),
    "its own Job is no sibling": ([raw_job()], (), []),
}


@pytest.mark.parametrize(("objects", "starting", "expected"), SIBLINGS.values(), ids=SIBLINGS)
def test_siblings(objects: list[Json], starting: tuple[str, ...], expected: list[tuple[str, bool]]) -> None:
    assert [(s.name, s.active) for s in observed(*objects, starting=starting).siblings] == expected


def test_a_run_that_cannot_be_read_says_so() -> None:
    with pytest.raises(SpecError):
        observed(run=raw_run(timeoutSeconds="soon"))


OWNERS: dict[str, tuple[list[Json], bool]] = {
    "nobody": ([], False),
    "the plug-in": ([{"kind": "Plugin", "name": "sample", "uid": "plugin-uid"}], True),
    "somebody else": ([{"kind": "Workflow", "name": "x", "uid": "y"}], False),
}


@pytest.mark.parametrize(("references", "is_owned"), OWNERS.values(), ids=OWNERS)
def test_whether_a_run_goes_away_with_its_plug_in(references: list[Json], is_owned: bool) -> None:
    run: Any = raw_run(metadata={"ownerReferences": references})
    assert observed(run=run).is_owned is is_owned


def test_the_plug_in_is_the_one_of_that_name() -> None:
    found = observed(raw_plugin(with_run(JOB, retries=2)), raw_revision(with_run(JOB, retries=2))).plugin
    assert found is not None
    assert found.spec.run is not None
    assert found.spec.run.retries == 2
