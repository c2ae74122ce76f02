"""A quarantined revision keeps what tells why: its last words, masked, and what it changed. Nothing waits for them."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.fake.faults import Fault, by_operator, sometimes
from tests.reconcile.fake.request import Refused
from tests.reconcile.view import verdict
from tests.reconcile.world import World

Json = dict[str, Any]
LOG = "Traceback (most recent call last):\nConnectionRefusedError: [Errno 111] Connection refused for hunter2\n"
TOLD = "Traceback (most recent call last):\nConnectionRefusedError: [Errno 111] Connection refused for ▒"
IS_READ = by_operator("get", "Pod")
IS_STATUS = by_operator("apply", "PluginRevision", "status")


async def _good(world: World, obj: Json) -> None:
    world.user.create(obj)
    await world.settle()


async def _bad(world: World) -> None:
    """A second version that crashes and says something."""
    world.cluster.image("web:2", Behaviour(service="crash", message=LOG))
    change = {"version": "2.0.0", "source": {"image": {"ref": "web:2"}}}
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(change))
    await world.settle(quiet=200)


def _status(world: World, name: str = "web-r2") -> Json:
    found: Json = world.user.get("PluginRevision", name)["status"]
    return found


def _quarantines(world: World) -> int:
    """Accepted status writes that put a revision into quarantine."""
    writes = [entry.request for entry in world.log.writes() if IS_STATUS(entry.request)]
    return sum(request.body["status"]["state"] == "Quarantined" for request in writes)


def _asked(world: World) -> int:
    return sum(IS_READ(entry.request) for entry in world.log.entries)


async def test_a_crashed_revision_keeps_its_last_words_and_what_it_changed(world: World) -> None:
    await _good(world, samples.simple("web", image="web:1"))
    await _bad(world)

    status = _status(world)
    assert (status["state"], status["cause"]) == ("Quarantined", "CrashLoop")
    assert status["lastWords"] == TOLD
    assert status["changes"] == ["source.image.ref", "version"]
    assert (_quarantines(world), _asked(world)) == (1, 1)


async def test_a_first_version_has_nothing_to_be_compared_with(world: World) -> None:
    world.cluster.image("web:2", Behaviour(service="crash"))
    await _good(world, samples.simple("web", image="web:2"))

    status = _status(world, "web-r1")
    assert status["lastWords"] == "no last words: it said nothing"
    assert "changes" not in status


async def test_the_source_of_a_script_may_be_quoted_and_its_settings_values_not(world: World) -> None:
    await _good(world, samples.full("web", text="print(total)"))
    said = "NameError: name 'subtotal' is not defined, level verbatim\n"
    world.cluster.image("runner-python:1", Behaviour(service="crash", message=said))
    change = {"source": {"inline": {"files": {"main.py": "print(subtotal)  # verbatim"}}}}
    config = {"config": {"values": {"level": "verbatim"}}}
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(change | config))
    await world.settle(quiet=200)

    status = _status(world)
    assert status["lastWords"] == "NameError: name 'subtotal' is not defined, level ▒"
    assert status["changes"] == ["config.values.level", "source.inline.files[main.py]"]


async def test_a_job_is_told_of_by_the_pod_of_its_last_run(world: World) -> None:
    await _good(world, samples.job(image="task:1"))
    world.user.create(samples.run("first"))
    await world.settle(quiet=60)
    world.cluster.image("task:2", Behaviour(exit_code=1))
    world.user.edit("Plugin", "task", lambda o: o["spec"].update(version="2.0.0", source={"image": {"ref": "task:2"}}))
    await world.settle()
    for name in "abc":
        world.cluster.image("task:2", Behaviour(exit_code=1, message=f"error {ord(name)}"))
        world.user.create(samples.run(name))
        await world.settle(quiet=60)

    assert _status(world, "task-r2")["lastWords"] == "error 99"
    assert _asked(world) == 1


async def test_what_never_started_said_nothing_and_is_not_asked(world: World) -> None:
    world.cluster.image("web:2", Behaviour(service="unknown"))
    await _good(world, samples.simple("web", image="web:1"))
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(source={"image": {"ref": "web:2"}}))
    await world.settle(quiet=600)

    assert _status(world)["lastWords"] == "no last words: no process of it has ended"
    assert _asked(world) == 0


FAILURES: dict[str, tuple[Fault, str]] = {
    "the right is missing": (Fault(refuse=Refused(403, "no")), "Forbidden"),
    "the pod has gone": (Fault(refuse=Refused(404, "no")), "NotFound"),
    "the node does not answer": (Fault(refuse=Refused(500, "no")), "TimeoutError"),
    "the request is lost": (Fault(lose="request"), "TimeoutError"),
    "the answer does not end": (Fault(after=3600.0), "TimeoutError"),
}


@pytest.mark.parametrize(("fault", "reason"), FAILURES.values(), ids=FAILURES)
async def test_a_pod_that_cannot_be_read_holds_up_nothing(world: World, fault: Fault, reason: str) -> None:
    await _good(world, samples.simple("web", image="web:1"))
    world.server.faults.requests.append(sometimes(fault, IS_READ, times=9))
    began: list[float] = []
    world.server.faults.requests.insert(0, lambda r: began.append(world.loop.time()) if IS_READ(r) else None)
    ended: list[float] = []
    world.server.faults.requests.insert(0, lambda r: ended.append(world.loop.time()) if IS_STATUS(r) else None)
    await _bad(world)

    assert _status(world)["lastWords"] == f"no last words: its pod could not be read ({reason})"
    assert verdict(world.user.get("Plugin", "web")) == "False RolledBack"
    assert _quarantines(world) == 1
    assert ended[0] - began[0] <= 2.1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_whoever_comes_after_a_crash_tells_the_same(world: World, when: Literal["before", "after"]) -> None:
    await _good(world, samples.simple("web", image="web:1"))
    world.server.faults.requests.append(sometimes(Fault(crash=when), IS_STATUS))
    await _bad(world)
    world.server.faults.calm()
    await world.restart()
    await world.settle(quiet=200)

    status = _status(world)
    assert (status["lastWords"], status["changes"]) == (TOLD, ["source.image.ref", "version"])
    assert _quarantines(world) == 1
    assert verdict(world.user.get("Plugin", "web")) == "False RolledBack"


async def test_a_lifted_quarantine_leaves_no_last_words(world: World) -> None:
    await _good(world, samples.simple("web", image="web:1"))
    await _bad(world)
    world.cluster.image("web:2", Behaviour())
    world.user.annotate("Plugin", "web", reset="now")
    await world.settle(quiet=200)

    assert not {"lastWords", "changes"} & set(_status(world))
