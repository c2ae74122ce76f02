"""An operator for some namespaces knows nothing of the others."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.reconcile import samples
from tests.reconcile.user import User
from tests.reconcile.view import children, verdict
from tests.reconcile.world import SETTINGS, World


async def test_it_looks_after_its_namespaces_and_asks_for_no_other() -> None:
    async with World.open(replace(SETTINGS, namespaces=("team-a", "default"))) as world:
        other = User(world.server, "team-b")
        other.create(samples.full("web"))
        world.user.create(samples.full("web"))
        await world.settle()
        world.user.delete("Role", "plg-web")
        await asyncio.sleep(2000)

        assert verdict(world.user.get("Plugin", "web")) == "True Available"
        assert "Role plg-web" in children(world)
        assert children(world, namespace="team-b") == {}
        assert verdict(other.get("Plugin", "web")) == "Unknown Pending"
        asked = {entry.request.namespace for entry in world.log.entries if entry.request.actor == "operator"}
        assert asked == {"", "team-a", "default"}  # "" is discovery
        listed = [e for e in world.log.entries if e.request.verb in ("list", "watch") and not e.request.namespace]
        assert {entry.request.resource.kind for entry in listed} == {"Discovery"}


async def test_plug_ins_of_the_same_name_in_two_namespaces_do_not_meet() -> None:
    async with World.open() as world:
        other = User(world.server, "team-b")
        world.user.create(samples.full("web"))
        other.create(samples.full("web", text="print(2)"))
        await world.settle()
        before = children(world, namespace="team-b")

        world.user.delete("Plugin", "web")
        await world.settle()

        assert children(world) == {}
        assert children(world, namespace="team-b") == before
        assert verdict(other.get("Plugin", "web")) == "True Available"
