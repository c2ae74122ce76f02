"""What the cache keeps of an object, whose reconcile it concerns, and whose it is."""

import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from greffon.engine.queue import Key
from greffon.kube.kinds import BY_KIND
from greffon.model.errors import SpecError
from greffon.model.plugin import Plugin
from greffon.reconcile.observe import is_ours, observe
from greffon.reconcile.seen import Seen, seen
from tests.unit.reconcile.objects import cached, raw, raw_job, raw_plugin, raw_revision, raw_run
from tests.unit.reconcile.situations import NOW
from tests.unit.resources.samples import CONTEXT, Json

OF_RUN = {"greffon.dev/plugin": "sample", "greffon.dev/run": "by-hand"}
OF_PREDECESSOR = {"greffon.dev/plugin": "sample", "greffon.dev/plugin-uid": "old"}
PLUGIN, RUN = Key("Plugin", "team-a", "sample"), Key("PluginRun", "team-a", "by-hand")


def of(obj: Json) -> Seen:
    """The digest of an object."""
    return seen(BY_KIND[obj["kind"]], obj)


OWNERS: dict[str, tuple[Json, Key | None]] = {
    "a plug-in stands for itself": (raw_plugin(), None),
    "a run belongs to the plug-in that it names": (raw_run(), PLUGIN),
    "a child belongs to the plug-in of its label": (raw("ServiceAccount", "x"), PLUGIN),
    "a run's Job belongs to the run": (raw_job(), RUN),
    "a pod of a run belongs to the run": (
        raw("Pod", "x", labels=OF_RUN),
        RUN,
    ),
    "an object without our labels is nobody's": (raw("ConfigMap", "x", labels={}), None),
}


@pytest.mark.parametrize(("obj", "owner"), OWNERS.values(), ids=OWNERS)
def test_whose_reconcile_an_object_concerns(obj: Json, owner: Key | None) -> None:
    assert of(obj).owner == owner


def test_only_what_users_write_is_kept_whole() -> None:
    plugin = of(raw_plugin(managedFields=[{"manager": "kubectl"}]))
    assert b"managedFields" not in plugin.body
    assert b"resourceVersion" not in plugin.body
    assert orjson.loads(plugin.body)["spec"]["type"] == "Python"
    assert of(raw_job()).body == b""


def changed(obj: Json, **meta: Any) -> Json:
    """The object with other metadata."""
    return obj | {"metadata": obj["metadata"] | meta}


NEWS: dict[str, tuple[Json, Json, bool]] = {
    "the echo of an own write": (raw_plugin(), changed(raw_plugin(), resourceVersion="6"), False),
    "another spec": (raw_plugin(), raw_plugin() | {"spec": {}}, True),
    "another annotation": (raw_plugin(), changed(raw_plugin(), annotations={"greffon.dev/reconcile": "x"}), True),
    "another status": (raw_plugin(), raw_plugin() | {"status": {}}, True),
    "it is going away": (raw_job(), changed(raw_job(), deletionTimestamp="2026-11-22T12:00:00Z"), True),
    "a Job that ended": (raw_job(), raw_job(outcome="Complete"), True),
    "a heartbeat of a pod": (raw("Pod", "x"), raw("Pod", "x") | {"status": {"hostIP": "198.18.0.1"}}, False),
    "a pod that became ready": (
        raw("Pod", "x"),
        raw("Pod", "x") | {"status": {"containerStatuses": [{"name": "plugin", "ready": True}]}},
        True,
    ),
    "an object of the same name": (raw_job(), changed(raw_job(), uid="other"), True),
}


@pytest.mark.parametrize(("before", "after", "is_news"), NEWS.values(), ids=NEWS)
def test_whether_a_change_tells_a_decision_anything(before: Json, after: Json, is_news: bool) -> None:
    assert of(after).tells_the_same(of(before)) is not is_news


def test_a_status_write_of_ours_is_no_change_of_the_user_s() -> None:
    before = of(raw_plugin())
    assert not of(raw_plugin() | {"status": {}}).differs_beyond_status(before)
    assert of(changed(raw_plugin(), generation=9)).differs_beyond_status(before)
    assert of(raw_plugin() | {"spec": {}}).differs_beyond_status(before)
    assert not of(raw_job()).differs_beyond_status(of(raw_job()))


@pytest.fixture
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(30_000)
    yield
    sys.setrecursionlimit(before)


def nested(levels: int) -> Json:
    """An object in an object in an object."""
    made: Json = {}
    for _ in range(levels):
        made = {"a": made}
    return made


@pytest.mark.usefixtures("_deep")
@pytest.mark.parametrize("levels", [240, 260, 1100, 9000])
def test_a_plug_in_nested_too_deeply_is_kept_and_cannot_be_read(levels: int) -> None:
    spec = raw_plugin()["spec"] | {"config": {"values": nested(levels)}}
    body = orjson.loads(of(raw_plugin() | {"spec": spec}).body)
    assert body["metadata"]["name"] == "sample"
    if levels > 250:
        with pytest.raises(SpecError):
            Plugin.parse(body)
    else:
        assert Plugin.parse(body).spec.type == "Python"


@pytest.mark.usefixtures("_deep")
def test_a_status_nested_too_deeply_is_forgotten() -> None:
    body = orjson.loads(of(raw_plugin(status={"effective": nested(2000)})).body)
    assert body["status"] == {}


WHOSE: dict[str, tuple[Seen, bool]] = {
    "ours by its controller": (of(raw("Role", "x", owner="plugin-uid")), True),
    "ours by its controller, its label was taken away": (of(raw("Role", "x", owner="plugin-uid", labels={})), True),
    "ours by its label, its owner was taken away": (of(raw("Role", "x")), True),
    "somebody else's with our label": (of(raw("Role", "x", owner="somebody")), False),
    "a predecessor's": (
        of(raw("Role", "x", owner="old", labels=OF_PREDECESSOR)),
        False,
    ),
    "a predecessor's without an owner": (
        of(raw("Role", "x", labels=OF_PREDECESSOR)),
        False,
    ),
    "nobody's": (of(raw("Role", "x", labels={})), False),
    "a pod is its ReplicaSet's": (of(raw("Pod", "x")), False),
    "a run is its user's": (of(raw_run()), False),
}


@pytest.mark.parametrize(("entry", "ours"), WHOSE.values(), ids=WHOSE)
def test_what_is_ours(entry: Seen, ours: bool) -> None:
    assert is_ours(entry, "plugin-uid") is ours


def test_an_observation_gathers_what_concerns_the_plug_in() -> None:
    cache = cached(
        [
            raw_plugin(),
            raw_revision(number=2),
            raw_revision(number=1),
            raw("Deployment", "plg-sample", owner="plugin-uid", spec={"replicas": 1}),
            raw("Pod", "mine", status={"phase": "Running"}),
            raw("Pod", "old", labels=OF_PREDECESSOR),
            raw("Job", "scheduled", owner="cron", status={}),
            raw("Service", "plg-sample", owner="somebody"),
            raw_job(),
            raw_run(),
            raw_run("broken", timeoutSeconds="soon"),
        ]
    )
    entry = cache.get(PLUGIN)
    assert entry is not None
    o = observe(Plugin.parse(orjson.loads(entry.body)), entry, cache, CONTEXT, NOW)
    assert [r.number for r in o.revisions] == [1, 2]
    assert o.deployment is not None
    assert len(o.pods) == 1
    assert [name for name, _, _ in o.jobs] == ["scheduled"]
    assert [found.name for found in o.runs] == ["by-hand"]
    assert {child.key.kind for child in o.children} == {"PluginRevision", "Deployment"}
