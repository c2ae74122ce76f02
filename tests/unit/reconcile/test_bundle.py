"""Which pod is asked for its last words, and which fields have changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greffon.engine.queue import Key
from greffon.reconcile.bundle import LONGEST_PATH, MOST_CHANGES, changes, last_good, last_words_of, witness
from greffon.reconcile.facts import PodFacts
from greffon.reconcile.seen import Seen
from tests.unit.reconcile.situations import ago, course, observation, plugin, pod, revision

CRASHED: dict[str, Any] = {"ended": "Error", "exit_code": 1, "ready": False, "finished_at": ago(10)}
LOOPS = pod(**CRASHED, restarts=1, waiting="CrashLoopBackOff")
ENDED = pod(**CRASHED, phase="Failed")

WITNESSES: dict[str, tuple[dict[str, PodFacts], str | None]] = {
    "nobody": ({}, None),
    "one in a loop": ({"a": LOOPS}, "a"),
    "one that ended for good": ({"a": ENDED}, "a"),
    "the newest end counts": ({"a": replace(LOOPS, finished_at=ago(20)), "b": LOOPS, "c": pod()}, "b"),
    "of two at the same moment the last name": ({"b": LOOPS, "a": LOOPS}, "b"),
    "one that never ended": ({"a": pod(ready=False)}, None),
    "one that waits for its image": ({"a": pod(phase="Pending", waiting="ImagePullBackOff")}, None),
    "one of another revision": ({"a": replace(LOOPS, revision=2)}, None),
    "one that the platform took away": ({"a": replace(LOOPS, disruption="Evicted")}, None),
    "one of a hook": ({"a": replace(ENDED, hook="preActivate")}, None),
}


def _pods(facts: dict[str, PodFacts]) -> list[Seen]:
    return [Seen(Key("Pod", "team-a", name), name, 1, None, facts=fact) for name, fact in facts.items()]


@pytest.mark.parametrize(("pods", "told"), WITNESSES.values(), ids=WITNESSES)
def test_the_pod_that_ended_last_is_asked(pods: dict[str, PodFacts], told: str | None) -> None:
    found = witness(_pods(pods), 3, hooks=False)

    assert (found and found.key.name) == told


def _ended(message: str, where: str = "state", name: str = "plugin") -> Any:
    return {"status": {"containerStatuses": [{"name": name, where: {"terminated": {"message": message}}}]}}


MESSAGES: dict[str, tuple[Any, str]] = {
    "the end of a log": (_ended("bye"), "bye"),
    "of the container before": (_ended("bye", "lastState"), "bye"),
    "the report of a runner": (_ended('{"contract": "v1", "exitCode": 1, "output": "secret", "tail": "bye"}'), "bye"),
    "of another container": (_ended("bye", name="sidecar"), ""),
    "nothing has ended": ({"status": {"containerStatuses": [{"name": "plugin", "state": {"running": {}}}]}}, ""),
    "there is no status": ({}, ""),
}


@pytest.mark.parametrize(("found", "said"), MESSAGES.values(), ids=MESSAGES)
def test_last_words_are_in_the_status_of_the_pod(found: Any, said: str) -> None:
    assert last_words_of(found) == said


def test_for_a_hook_its_own_pod_is_asked() -> None:
    found = witness(_pods({"a": replace(ENDED, hook="preActivate"), "b": LOOPS}), 3, hooks=True)

    assert found is not None
    assert found.key.name == "a"


def test_the_last_good_revision_is_another_one_that_is_still_trusted() -> None:
    o = observation(revisions=(revision(1), revision(2, state="Quarantined"), revision(3)))
    now = course(plugin())

    assert last_good(o, replace(now, past=replace(now.past, good=(3, 2, 1))), 3) == 1
    assert last_good(o, replace(now, past=replace(now.past, good=(3, 2))), 3) == 0


DIFFERENCES: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "nothing": ({"a": {"b": [1]}}, {"a": {"b": [1]}}, ()),
    "a value": ({"run": {"mode": "Job"}}, {"run": {"mode": "Service"}}, ("run.mode",)),
    "a list of values is one": ({"run": {"entrypoint": ["a"]}}, {"run": {"entrypoint": ["b"]}}, ("run.entrypoint",)),
    "a file": (
        {"source": {"inline": {"files": {"main.py": "1", "a.py": "1"}}}},
        {"source": {"inline": {"files": {"main.py": "2", "a.py": "1"}}}},
        ("source.inline.files[main.py]",),
    ),
    "a part that came": ({}, {"config": {"values": {"a": 1}}}, ("config",)),
    "a part that went": ({"x": 1, "hooks": {"preActivate": ["a"]}}, {"x": 1}, ("hooks",)),
    "a named item": (
        {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]},
        {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]},
        ("env[B].value",),
    ),
    "items of one name are compared as a whole": ({"e": [{"name": "A"}] * 2}, {"e": [{"name": "A"}]}, ("e",)),
    "names that cannot be shown": ({"a\nb": 1}, {"a\nb": 2}, ("[a▒b]",)),
    "several, in order": ({"b": 1, "a": 1}, {"b": 2, "a": 2}, ("a", "b")),
}


@pytest.mark.parametrize(("before", "after", "paths"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_changes_are_paths(before: Any, after: Any, paths: tuple[str, ...]) -> None:
    assert changes(before, after) == paths


def test_changes_are_bounded() -> None:
    many = changes({}, {f"key{n:03}": n for n in range(200)})
    assert (len(many), many[0], many[-1]) == (MOST_CHANGES, "key000", "…")

    (long,) = changes({"k" * 1000: 1}, {"k" * 1000: 2})
    assert len(long) == LONGEST_PATH

    deep: Any = 1
    for _ in range(100):
        deep = {"a": deep}
    assert len(changes({"a": deep}, {"a": {"a": deep}})) == 1


JSON = st.recursive(
    st.integers(0, 3).map(lambda n: f"value-{n}") | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_what_differs_has_a_path_and_no_path_has_a_value(before: Any, after: Any) -> None:
    found = changes(before, after)

    assert bool(found) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))
    assert found == changes(after, before)
    assert not any("value" in path for path in found)
