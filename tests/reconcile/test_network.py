"""Refusals, lost answers and broken watches on the way: the operator waits, tries again, and writes nothing twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.fake.faults import Fault, RequestRule, Slip, by_operator, sometimes
from tests.reconcile.fake.request import Refused
from tests.reconcile.view import children, verdict
from tests.reconcile.world import World

Json = dict[str, Any]
FULL = samples.full("web")


async def _end(world: World) -> tuple[dict[str, Json], str]:
    await world.settle(quiet=400)
    return children(world), verdict(world.user.get("Plugin", "web"))


async def _fine() -> tuple[dict[str, Json], str]:
    """How it ends without trouble."""
    async with World.open() as world:
        world.user.create(FULL)
        return await _end(world)


def _rule(fault: Fault, verb: str, times: int = 1, skip: int = 0, kind: str = "") -> RequestRule:
    return sometimes(fault, by_operator(verb, kind), times=times, skip=skip)


_BUSY = Fault(refuse=Refused(429, "too many requests", retry_after=2))
REQUESTS: list[Any] = [
    pytest.param(_rule(_BUSY, "apply", 20), id="429 with Retry-After"),
    pytest.param(_rule(Fault(refuse=Refused(500, "etcdserver: request timed out")), "apply", 30), id="500"),
    pytest.param(_rule(Fault(refuse=Refused(503, "apiserver not ready")), "", 60), id="503 for everything"),
    pytest.param(_rule(Fault(refuse=Refused(504, "timeout")), "apply", 9, 3), id="504 in the middle"),
    pytest.param(_rule(Fault(lose="request"), "apply", 30), id="connections that break before the request arrives"),
    pytest.param(_rule(Fault(lose="answer"), "apply", 30), id="answers that are lost"),
    pytest.param(_rule(Fault(lose="answer"), "apply", 4, 4), id="four answers in the middle that are lost"),
    pytest.param(_rule(Fault(after=45.0), "apply", 5), id="answers that take longer than the deadline"),
    pytest.param(_rule(Fault(after=20.0), "apply", 9), id="slow answers"),
    pytest.param(_rule(Fault(refuse=Refused(409, "conflict")), "apply", 5), id="conflicts that are none"),
    pytest.param(_rule(Fault(refuse=Refused(403, "forbidden")), "apply", 12), id="rights that are missing for a while"),
    pytest.param(_rule(Fault(refuse=Refused(401, "Unauthorized")), "apply", 12), id="a token that has run out"),
    pytest.param(_rule(Fault(refuse=Refused(403, "no")), "watch", 60), id="watches that are forbidden for a while"),
    pytest.param(_rule(Fault(lose="request"), "watch", 60), id="watches that cannot be opened for a while"),
]


@pytest.mark.parametrize("rule", REQUESTS)
async def test_it_comes_up_as_if_nothing_had_happened(world: World, rule: RequestRule) -> None:
    world.server.faults.requests.append(rule)
    world.user.create(FULL)

    got = await _end(world)

    assert got[1] == "True Available"
    assert await _fine() == got


@pytest.mark.parametrize("rule", REQUESTS)
async def test_a_change_arrives_as_if_nothing_had_happened(world: World, rule: RequestRule) -> None:
    world.user.create(samples.simple("web"))
    await world.settle()
    world.server.faults.requests.append(rule)

    world.user.edit("Plugin", "web", lambda o: o["spec"].update(version="2.0.0", permissions={"rules": samples.RULES}))
    await world.settle(quiet=400)

    plugin = world.user.get("Plugin", "web")
    assert verdict(plugin) == "True Available"
    assert plugin["status"]["observedGeneration"] == 2
    assert children(world).keys() >= {"Role plg-web", "RoleBinding plg-web", "PluginRevision web-r2"}


async def test_an_answer_that_says_when_to_come_again_is_obeyed(world: World) -> None:
    busy = Fault(refuse=Refused(429, "too many requests", retry_after=17))
    world.server.faults.requests.append(sometimes(busy, by_operator("apply", "ServiceAccount")))

    world.user.create(samples.simple("web"))
    await world.settle()

    accounts = [change for change in world.store.changes if change.ref.kind == "ServiceAccount"]
    assert accounts[0].at >= 17


STREAMS: list[Any] = [
    pytest.param(Slip(end="broken"), id="every stream breaks after each event"),
    pytest.param(Slip(end=410), id="every position is too old after each event"),
    pytest.param(Slip(end=500), id="an error event after each event"),
    pytest.param(Slip(copies=2), id="every event comes twice"),
    pytest.param(Slip(copies=3, end="broken"), id="three times, and then the stream breaks"),
    pytest.param(Slip(lag=8.0), id="every event comes eight seconds late"),
]


@pytest.mark.parametrize("slip", STREAMS)
async def test_streams_that_break_or_repeat_lose_nothing(world: World, slip: Slip) -> None:
    world.server.faults.events.append(lambda request, change: slip)
    world.user.create(FULL)
    await world.settle(quiet=120)
    world.user.delete("Role", "plg-web")
    world.user.delete("Deployment", "plg-web")

    got = await _end(world)

    assert await _fine() == got
    mark = len(world.log)
    await asyncio.sleep(700)
    assert world.log.writes(since=mark) == []


KINDS = ["Deployment", "Role", "PluginRevision", "NetworkPolicy", "ConfigMap", "Pod"]


@pytest.mark.parametrize("kind", KINDS)
async def test_one_watch_far_behind_the_others_does_no_harm(world: World, kind: str) -> None:
    world.server.faults.events.append(lambda r, change: Slip(lag=40.0) if change.ref.kind == kind else None)

    world.user.create(FULL)
    await asyncio.sleep(20)
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(version="2.0.0"))
    await asyncio.sleep(20)
    world.user.edit("Plugin", "web", lambda o: o.update(spec=FULL["spec"]))

    got = await _end(world)

    expected = await _fine()
    assert {name: obj for name, obj in got[0].items() if not name.startswith("PluginRevision")} == {
        name: obj for name, obj in expected[0].items() if not name.startswith("PluginRevision")
    }
    assert got[1] == "True Available"


async def test_a_plug_in_that_was_deleted_unseen_is_found_by_the_sweep(world: World) -> None:
    world.user.create(FULL)
    await world.settle()
    world.server.faults.events.append(lambda r, change: Slip(copies=0) if r.actor == "kopf" else None)

    world.user.delete("Plugin", "web")
    await world.settle(quiet=400)

    assert world.operator.keys() == []


async def test_a_change_that_the_event_source_lost_is_found_by_the_sweep(world: World) -> None:
    world.user.create(FULL)
    await world.settle()
    world.server.faults.events.append(lambda r, change: Slip(copies=0) if r.actor == "kopf" else None)

    world.user.edit("Plugin", "web", lambda o: o["spec"].update(version="2.0.0"))
    await world.settle(quiet=400)

    assert world.user.get("Plugin", "web")["status"]["observedGeneration"] == 2


async def test_drift_that_a_watch_lost_is_found_in_the_end(world: World) -> None:
    world.user.create(FULL)
    await world.settle()
    before = children(world)
    world.server.faults.events.append(lambda r, change: Slip(copies=0) if change.ref.kind == "NetworkPolicy" else None)

    world.user.delete("NetworkPolicy", "plg-web")
    await asyncio.sleep(5)
    world.server.faults.calm()
    await world.settle(quiet=4000)

    assert children(world) == before


async def test_a_server_that_cannot_stream_lists_is_read_in_pages(world: World) -> None:
    await world.kill()
    world.server.paged = True
    await world.start()

    world.user.create(FULL)
    await world.settle()
    world.server.cut_streams(compact=True)
    world.user.delete("Role", "plg-web")

    assert await _end(world) == await _fine()


async def test_it_starts_again_when_the_server_comes_back_after_the_start_failed(world: World) -> None:
    await world.kill()
    world.server.faults.requests.append(_rule(Fault(lose="request"), "list", 50))
    world.user.create(FULL)
    await world.start()
    await world.settle(quiet=10)

    assert world.dead
    world.server.faults.calm()
    world.forgive()
    await world.start()
    assert await _end(world) == await _fine()


async def test_a_user_s_change_beside_a_status_write_is_not_lost(world: World) -> None:
    """The answer to the status write carries the change: its own event tells nothing new any more."""
    world.user.create(samples.simple("web"))
    slow = Fault(before=0.02, after=0.0)
    world.server.faults.requests.append(sometimes(slow, by_operator("apply", "Plugin", "status"), times=9))
    world.server.faults.events.append(lambda r, change: Slip(lag=1.0) if r.actor == "kopf" else None)
    started = asyncio.Event()
    world.server.faults.requests.insert(
        0, lambda r: started.set() if by_operator("apply", "Plugin", "status")(r) else None
    )

    await started.wait()
    world.user.edit("Plugin", "web", lambda o: o["spec"]["source"]["image"].update(ref="web:2.0.0"))
    await world.settle()

    assert world.user.get("Plugin", "web")["status"]["observedGeneration"] == 2
    assert "web:2.0.0" in str(children(world)["Deployment plg-web"])


async def test_a_plug_in_that_was_replaced_unseen_is_not_served_for_its_predecessor(world: World) -> None:
    """The event source tells neither the deletion nor the new namesake; the first thing that is missed asks."""
    world.user.create(FULL)
    await world.settle()
    world.server.faults.events.append(lambda r, change: Slip(copies=0) if r.actor == "kopf" else None)

    world.user.delete("Plugin", "web")
    made = world.user.create(FULL)
    await asyncio.sleep(20)

    assert verdict(world.user.get("Plugin", "web")) == "True Available"
    owners = {obj["metadata"]["ownerReferences"][0]["uid"] for _, obj in world.store.all("Deployment")}
    assert owners == {made["metadata"]["uid"]}


@pytest.mark.parametrize("kind", ["Deployment", "NetworkPolicy", "PluginRevision", "Job"])
async def test_nothing_is_decided_before_every_kind_has_been_seen(world: World, kind: str) -> None:
    world.user.create(FULL)
    world.user.create(samples.job())
    world.cluster.image("task:1.0.0", Behaviour(start=60))
    await world.settle()
    world.user.create(samples.run())
    await asyncio.sleep(20)
    await world.kill()
    world.server.faults.requests.append(_rule(Fault(before=15.0), "watch", 1, kind=kind))
    mark = len(world.log)

    await world.start()
    await asyncio.sleep(20)

    assert world.log.writes(since=mark) == []
    assert world.log.refused(since=mark) == []
    await world.settle()
    assert verdict(world.user.get("PluginRun", "run-1")) == "True Completed"


async def test_discovery_that_lags_behind_a_new_kind_is_waited_for(world: World) -> None:
    await world.kill()
    world.server.reader.undiscovered.add("pluginruns")
    starting = asyncio.create_task(world.start())
    await asyncio.sleep(30)
    assert not world.operator.health.ready

    world.server.reader.undiscovered.clear()
    await starting
    world.user.create(FULL)

    assert (await _end(world))[1] == "True Available"
