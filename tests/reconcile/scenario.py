"""What users, the weather and the operating system do, as data, and how it is played. Drawn by `test_convergence`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from greffon.kube import kinds
from tests.reconcile import samples
from tests.reconcile.fake.store import Ref
from tests.reconcile.fake.weather import Weather
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
SHAPES: dict[str, list[Json]] = {
    "web": [
        samples.simple("web")["spec"],
        samples.simple("web", image="web:2.0.0", run={"replicas": 2})["spec"],
        samples.simple("web", permissions={"rules": samples.RULES}, config={"values": {"a": 1}})["spec"],
        samples.simple("web", run={"ports": [{"name": "http", "port": 8080}]}, suspend=True)["spec"],
    ],
    "dash": [
        samples.full("dash")["spec"],
        samples.full("dash", text="print(2)")["spec"],
        samples.full("dash", permissions={}, config={"values": {"level": "debug"}})["spec"],
    ],
    "task": [
        samples.job("task")["spec"],
        samples.cron("task")["spec"],
        samples.cron("task", image="task:2.0.0", suspend=True)["spec"],
        samples.simple("task", image="task:1.0.0")["spec"],
    ],
    "taken": [samples.simple("taken")["spec"], samples.full("taken")["spec"] | {"type": "Python"}],
}
_SPOILED = ("app.kubernetes.io/name", "greffon.dev/plugin-uid")
"""Labels that the operator does not find its own by: what has lost those and is not wanted waits for the collector."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, after some seconds.

    `put`, `delete`, `run` are what users ask for; `harm`, `kill`, `cut`, `compact` are what goes wrong.
    """

    verb: str
    name: str = ""
    number: int = 0
    wait: float = 0.0

    @property
    def is_wish(self) -> bool:
        """It belongs to the play without faults too."""
        return self.verb in ("put", "delete", "run")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps under a sky."""

    steps: tuple[Step, ...]
    weather: Weather = field(default_factory=lambda: Weather(0))

    def wishes(self) -> Scenario:
        """The same without anything that goes wrong."""
        return Scenario(tuple(step for step in self.steps if step.is_wish))


async def play(world: World, scenario: Scenario, *, calm: float) -> None:
    """Play a scenario, end the faults, and wait until `calm` seconds have brought no change."""
    scenario.weather.over(world.server.faults)
    for step in scenario.steps:
        _DEEDS[step.verb](world, step)
        await _live(world, step.wait)
    await _live(world, 5.0)
    world.server.faults.calm()
    if scenario.weather.lies:
        world.server.cut_streams(compact=True)  # a stream that lied is never mended, only replaced
    await _live(world, 1.0)
    world.forgive()
    await world.settle(quiet=calm)


async def _live(world: World, seconds: float) -> None:
    """Let time pass; whoever died is started again, as a kubelet does."""
    end = world.loop.time() + seconds
    while world.loop.time() < end:
        if world.dead:
            await world.start()
        await asyncio.sleep(min(0.5, max(end - world.loop.time(), 0.001)))


def _put(world: World, step: Step) -> None:
    shapes = SHAPES[step.name]
    spec = shapes[step.number % len(shapes)]
    if world.user.find("Plugin", step.name):
        world.user.edit("Plugin", step.name, lambda o: o.update(spec=spec))
    else:
        world.user.create(samples.plugin(step.name, spec))


def _delete(world: World, step: Step) -> None:
    if world.user.find("Plugin", step.name):
        world.user.delete("Plugin", step.name)


def _run(world: World, step: Step) -> None:
    name = f"run-{step.number}"
    if not world.user.find("PluginRun", name):
        world.user.create(samples.run(name, "task"))


def _harm(world: World, step: Step) -> None:
    """Delete or spoil one of the children."""
    ours = [ref for ref, obj in world.store.all(namespace=NAMESPACE) if _is_child(ref, obj)]
    if not ours:
        return
    ref = ours[step.number % len(ours)]
    match step.number % 3:
        case 0:
            world.user.delete(ref.kind, ref.name)
        case 1:
            label = _SPOILED[step.number % 2]
            world.user.edit(ref.kind, ref.name, lambda o: o["metadata"]["labels"].pop(label, None))
        case _ if ref.kind == kinds.DEPLOYMENT.kind:
            world.user.edit(ref.kind, ref.name, lambda o: o["spec"].update(replicas=7))
        case _ if ref.kind == kinds.NETWORK_POLICY.kind:
            world.user.edit(ref.kind, ref.name, lambda o: o["spec"].update(ingress=[{}], egress=[{}]))


def _is_child(ref: Ref, obj: Json) -> bool:
    known = {kind.kind for kind in kinds.CHILDREN} - {kinds.JOB.kind, kinds.PLUGIN_REVISION.kind}
    return ref.kind in known and "greffon.dev/plugin-uid" in (obj["metadata"].get("labels") or {})


_DEEDS: dict[str, Any] = {
    "put": _put,
    "delete": _delete,
    "run": _run,
    "harm": _harm,
    "kill": lambda world, step: world.kill_soon(),
    "cut": lambda world, step: world.server.cut_streams(),
    "compact": lambda world, step: world.server.cut_streams(compact=True),
}
