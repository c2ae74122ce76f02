"""Many versions: the limit holds, nothing is orphaned, and what one would go back to is always there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from greffon.settings import Settings
from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.view import verdict
from tests.reconcile.world import SETTINGS, World

Json = dict[str, Any]
SPEC_BY, ASKED_BY = {"greffon.dev/author": "team-a"}, {"greffon.dev/asked-by": "on-call"}
RECORDED = replace(SETTINGS, authors_recorded=True)
VERSIONS, LIMIT = 150, 5


def _edit(world: World, number: int, **spec: Any) -> None:
    text = f"print({number})"
    change = {"version": f"1.0.{number}", "source": {"inline": {"files": {"main.py": text}}}} | spec
    world.user.edit("Plugin", "web", lambda o: o["spec"].update(change))


def _revisions(world: World) -> list[int]:
    return sorted(obj["spec"]["revision"] for _, obj in world.store.all("PluginRevision"))


async def test_the_history_limit_holds_and_no_source_is_orphaned(world: World) -> None:
    world.user.create(samples.full("web", rollback={"historyLimit": LIMIT}))
    await world.settle(quiet=11)
    for number in range(1, VERSIONS):
        _edit(world, number)
        await world.settle(quiet=11)

    assert _revisions(world) == list(range(VERSIONS - LIMIT + 1, VERSIONS + 1))
    mounted = {name for _, obj in world.store.all("PluginRevision") for name in obj["spec"]["sources"]}
    assert {ref.name for ref, _ in world.store.all("ConfigMap")} == mounted
    assert verdict(world.user.get("Plugin", "web")) == "True Available"


async def test_one_bad_version_after_another_keeps_the_good_one_and_few_of_the_bad_ones(world: World) -> None:
    world.user.create(samples.simple("web", image="web:good", rollback={"historyLimit": 1}))
    await world.settle()
    for number in range(30):
        world.cluster.image(f"web:{number}", Behaviour(service="crash"))
        image = {"image": {"ref": f"web:{number}"}}
        world.user.respec("web", source=image)
        await world.settle()

    plugin = world.user.get("Plugin", "web")
    assert verdict(plugin) == "False RolledBack"
    assert verdict(plugin, "Available") == "True Available"
    assert plugin["status"]["revisions"]["active"] == "web-r1"
    assert 1 in _revisions(world)
    assert len(_revisions(world)) <= 13
    assert len(plugin["status"]["history"]) <= 50


def _annotate(world: World, **verbs: str | None) -> None:
    found = {f"greffon.dev/{verb.replace('_', '-')}": token for verb, token in verbs.items()}
    world.user.edit("Plugin", "web", lambda o: o["metadata"].setdefault("annotations", {}).update(found))


async def _much_happens(settings: Settings) -> list[str]:
    """Two versions, back to the first, forth by withdrawing that, a bad one, which is tried again, and a stop."""
    async with World.open(settings) as world:
        for image in ("a", "b"):
            world.cluster.image(f"web:{image}", Behaviour())
        world.cluster.image("web:bad", Behaviour(service="crash"))
        world.user.create(samples.simple("web", image="web:a"))
        _annotate(world, author="team-a", asked_by="on-call")
        await world.settle()
        world.user.respec("web", source={"image": {"ref": "web:b"}})
        await world.settle()
        for verbs in ({"rollback_to": "r1"}, {"rollback_to": ""}):
            _annotate(world, **verbs)
            await world.settle()
        world.user.respec("web", source={"image": {"ref": "web:bad"}})
        await world.settle()
        _annotate(world, reset="x")
        await world.settle()
        world.user.edit("Plugin", "web", lambda o: o["spec"].update(suspend=True))
        await world.settle()
        entries = world.user.get("Plugin", "web")["status"]["history"]
        events = [obj["note"] for _, obj in world.store.all("Event") if obj["reason"] == "Reset"]
        by = ", by on-call" if settings.authors_recorded else ""
        assert events == [f"revision r3 (1.0.0): asked for by annotation{by}"]
        return [" ".join((e["action"], f"r{e['revision']}", e.get("by", "-"))) for e in reversed(entries)]


async def test_the_history_names_who_wrote_the_spec_or_the_request() -> None:
    assert await _much_happens(RECORDED) == [
        "Activated r1 team-a",
        "Activated r2 team-a",
        "ManualRollback r1 on-call",
        "Activated r2 -",
        "Quarantined r3 -",
        "RolledBack r2 -",
        "Reset r3 on-call",
        "Quarantined r3 -",
        "RolledBack r2 -",
        "Deactivated r2 team-a",
    ]


async def test_the_history_names_nobody_where_anybody_could_write_the_name() -> None:
    told = await _much_happens(SETTINGS)
    assert {line.rpartition(" ")[2] for line in told} == {"-"}
