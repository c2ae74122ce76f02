"""Short ways to say how the world looks: pods, Deployments, Jobs, plug-ins. Used by the tests of `reconcile`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from greffon.model.plugin import Plugin
from greffon.model.run import PluginRun
from greffon.reconcile import history, requests
from greffon.reconcile.course import Course
from greffon.reconcile.facts import DeploymentFacts, JobFacts, PodFacts, RevisionFacts
from greffon.reconcile.observe import Observation
from greffon.reconcile.rollout import Situation
from greffon.reconcile.run_observe import RunObservation
from greffon.resources.effective import Effective, effective
from tests.unit.resources.samples import CONTEXT, JOB, SERVICE, Json

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
META: Json = {
    "name": "sample",
    "namespace": "team-a",
    "uid": "plugin-uid",
    "generation": 4,
    "creationTimestamp": "2026-11-22T10:00:00Z",
}


def ago(seconds: float) -> str:
    """A moment in the past, as the API server writes it."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def plugin(wire: Json = SERVICE, status: Json | None = None, **meta: Any) -> Plugin:
    """A Plugin as it is read."""
    return Plugin.parse({"metadata": META | meta, "spec": wire, "status": status or {}})


def run(name: str = "by-hand", status: Json | None = None, *, age: float = 60, **spec: Any) -> PluginRun:
    """A PluginRun as it is read; `age` in seconds."""
    meta = {"name": name, "namespace": "team-a", "uid": f"uid-{name}", "generation": 1, "creationTimestamp": ago(age)}
    return PluginRun.parse({"metadata": meta, "spec": {"pluginRef": {"name": "sample"}} | spec, "status": status or {}})


def course(subject: Plugin, number: int = 3) -> Course:
    """The desired revision is tried; nobody asks for anything else."""
    past = history.read(subject.status.history)
    asked = requests.read(subject, number, {number: "Active"})
    return Course(number, Situation.TRYING, number, (), None, asked, past)


def run_observation(status: Json | None = None, **facts: Any) -> RunObservation:
    """A run of a plug-in at revision 3 that could start, except for what is said."""
    ready = RunObservation(
        run=run("me", status),
        is_owned=True,
        plugin=plugin(JOB),
        revision=3,
        job=None,
        pods=(),
        siblings=(),
        context=CONTEXT,
        now=NOW,
    )
    return replace(ready, **facts)


GOOD_POD = PodFacts(
    revision=3,
    controller_uid="rs",
    phase="Running",
    ready=True,
    restarts=0,
    waiting="",
    waiting_message="",
    ended="",
    exit_code=None,
    unschedulable="",
    finished_at="",
    report="",
    since=ago(7200),
)
GOOD_DEPLOYMENT = DeploymentFacts(
    current=True, replicas=1, updated=1, ready=1, available=1, total=1, deadline_exceeded=False, failure=""
)
ACTIVE_JOB = JobFacts(outcome="", message="", start=ago(60), end="", run="")


def pod(**facts: Any) -> PodFacts:
    """A pod that runs well, except for what is said."""
    return replace(GOOD_POD, **facts)


def deployment(**facts: Any) -> DeploymentFacts:
    """A complete rollout of one replica, except for what is said."""
    return replace(GOOD_DEPLOYMENT, **facts)


def job(outcome: str = "", **facts: Any) -> JobFacts:
    """A Job; one with an outcome ended a minute ago."""
    return replace(ACTIVE_JOB, outcome=outcome, end=ago(60) if outcome else "", **facts)


def revision(number: int, content_hash: str = "", state: str = "Active", **facts: Any) -> RevisionFacts:
    """A revision."""
    known = RevisionFacts(number, "1.0.0", content_hash or f"hash-{number}", state, (f"plg-sample-src-{number}",), None)
    return replace(known, **facts)


def observation(subject: Plugin | None = None, **facts: Any) -> Observation:
    """What is known of a plug-in; by default nothing but the plug-in itself."""
    nothing = Observation(
        plugin=subject or plugin(),
        children=(),
        revisions=(),
        deployment=None,
        pods=(),
        jobs=(),
        runs=(),
        context=CONTEXT,
        now=NOW,
    )
    return replace(nothing, **facts)


def effective_of(subject: Plugin) -> Effective:
    """Its effective values."""
    return effective(subject.spec, CONTEXT)
