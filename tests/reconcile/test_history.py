"""Many versions: the limit holds, nothing is orphaned, and what one would go back to is always there."""

from __future__ import annotations

from typing import Any

from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.view import verdict
from tests.reconcile.world import World

Json = dict[str, Any]
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
