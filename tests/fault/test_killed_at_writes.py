"""The operator is killed before and after every write of an upgrade, a rollback and a way back by hand (promise 7).

Run by pytest on the real cluster; `write_proxy` counts the writes and kills.

Each point has a plug-in of its own, whose act begins when its kill is armed; thus the kill is at exactly that write.
Then a fresh operator finishes while the next point begins: later kills hit earlier plug-ins at random moments, too,
which makes it only harder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import Cluster, images
from tests.conftest import Figure
from tests.e2e.world import Json, World, plugin
from tests.fault.fleet import SMALL, WAIT
from tests.fault.host_operator import in_place_of_the_deployment
from tests.fault.ledger import ledger
from tests.fault.settled import wait_until_settled
from tests.fault.state import differences, state, strays
from tests.fault.write_proxy import Proxy, Trap, When, proxied

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def proxy(cluster: Cluster, tmp_path: Path) -> Iterator[Proxy]:
    """An operator on this machine behind a proxy; the operator runs and is ready."""
    with in_place_of_the_deployment(cluster, tmp_path) as operator, proxied(tmp_path, operator) as made:
        operator.start()
        operator.wait_until_ready()
        yield made


def box(world: World, name: str, version: str, *words: str) -> Json:
    """A container as a Service that turns bad soon if it is bad."""
    image = images.reference(world.cluster, "runner-bash")
    run = {"mode": "Service", "entrypoint": [*words] or WAIT, "resources": SMALL}
    if words == ("false",):  # without a probe the process would count as ready until it has ended
        run["probes"] = {"ready": {"tcp": {"port": 8080}}}
    spec = {"rollout": {"progressDeadlineSeconds": 60}, "rollback": {"maxCrashes": 2}, "version": version}
    return plugin(name, type="Container", source={"image": {"ref": image}}, run=run, **spec)


def upgrade(world: World, name: str) -> None:
    world.apply(box(world, name, "3.0.0", *WAIT, "third"))


def break_it(world: World, name: str) -> None:
    world.apply(box(world, name, "3.0.0", "false"))


def back_by_hand(world: World, name: str) -> None:
    world.kubectl("annotate", f"plugin/{name}", "greffon.dev/rollback-to=r1")


ACTS: dict[str, tuple[Callable[[World, str], None], str]] = {
    "good": (upgrade, "Available"),
    "hand": (back_by_hand, "RolledBack"),
    "fail": (break_it, "RolledBack"),
}
MOST = {"good": 7, "hand": 8, "fail": 10}
"""Plug-ins are made beforehand, for at most so many writes; the test fails if an act has more."""


def point_name(act: str, number: int, when: When) -> str:
    return f"{act}-{number:02d}-{when}"


def prepare(world: World) -> None:
    """Every plug-in at work; with two good versions if it shall go back by hand."""
    points = [point_name(a, n, w) for a, most in MOST.items() for n in range(most) for w in ("before", "after")]
    names = [*points, *(f"{act}-undisturbed" for act in ACTS)]
    for version, some in (("1.0.0", names), ("2.0.0", [name for name in names if name.startswith("hand")])):
        world.apply(*(box(world, name, version, *WAIT, version) for name in some))
        wait_until_settled(world)


def measure(world: World, proxy: Proxy, act: str) -> int:
    """Play an act undisturbed; gives how many writes it takes."""
    name = f"{act}-undisturbed"
    perform, end = ACTS[act]
    proxy.trap = Trap(name)
    perform(world, name)
    world.wait_reason(name, end, 120)
    ledger(world.cluster, world.namespace).quiet()
    return len(proxy.trap.seen)


def play(world: World, proxy: Proxy, act: str, number: int, when: When) -> bool:
    """Begin an act, kill the operator at a write, start another; whether it came to the kill."""
    name = point_name(act, number, when)
    proxy.trap = trap = Trap(name, number, when)
    ACTS[act][0](world, name)
    if trap.sprung.wait(timeout=90):
        proxy.operator.start()
        proxy.operator.wait_until_ready()
    return trap.sprung.is_set()


def of_plugin(found: dict[str, Json], name: str) -> dict[str, Json]:
    """The part of a namespace's state that belongs to one plug-in, under a common name. How often a process has died
    by the time of the verdict, and what it said, depends on the moment."""
    mine = {key: obj for key, obj in found.items() if re.search(rf"\b{name}\b", key)}
    text = re.sub(rf"\b{name}\b", "<plugin>", json.dumps(mine))
    made: dict[str, Json] = json.loads(re.sub(r'"crashes": \d+', '"crashes": 0', text))
    return made


def test_a_kill_at_any_write_changes_nothing_in_the_end(world: World, proxy: Proxy, figure: Figure) -> None:
    prepare(world)
    counts = {act: measure(world, proxy, act) for act in ACTS}
    assert all(0 < count <= MOST[act] for act, count in counts.items()), counts
    whens: tuple[When, When] = ("before", "after")
    points = [(act, number, when) for act, count in counts.items() for number in range(count) for when in whens]
    unreached = [point for point in points if not play(world, proxy, *point)]
    for act, number, when in points:
        world.wait_reason(point_name(act, number, when), ACTS[act][1], 120)
    wait_until_settled(world)

    found = state(world)
    wrong = {p: differences(of_plugin(found, f"{p[0]}-undisturbed"), of_plugin(found, point_name(*p))) for p in points}
    for act in ACTS:
        mine = [point for point in points if point[0] == act]
        figure(f"{act}: {sum(not wrong[p] and p not in unreached for p in mine)}/{len(mine)} kills end alike")
    assert not unreached
    assert not {point: text for point, text in wrong.items() if text}
    assert not strays(world)
