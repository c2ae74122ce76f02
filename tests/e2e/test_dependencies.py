"""Six plug-ins that need each other, in ranges: who starts when, who may go, who may change (issue: dependencies).

shop ──^1──▶ cart ──>=1.2 <2──▶ store ──▶ disk
  └──────*──▶ mail ──~1.0──────▶ queue
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.e2e.world import Json, World, script

pytestmark = pytest.mark.timeout(400)
NEEDS: dict[str, list[tuple[str, str]]] = {
    "shop": [("cart", "^1"), ("mail", "*")],
    "cart": [("store", ">=1.2 <2")],
    "store": [("disk", "")],
    "mail": [("queue", "~1.0")],
    "queue": [],
    "disk": [],
}


def part(name: str, version: str = "1.2.0", needs: list[tuple[str, str]] | None = None) -> Json:
    """A plug-in of the graph."""
    wanted = NEEDS[name] if needs is None else needs
    spec: dict[str, Any] = {"version": version}
    if wanted:
        spec["dependsOn"] = [{"plugin": other} | ({"version": text} if text else {}) for other, text in wanted]
    return script(name, "echo '{}'", **spec)


VERSIONS = {"queue": "1.0.7"}


def build(world: World) -> None:
    """The whole graph, the needy ones first."""
    for name in ("shop", "cart", "store", "mail"):
        world.apply(part(name))
    for name in ("shop", "cart"):
        world.wait_reason(name, "DependencyNotReady", 30)
    for name in ("store", "mail"):
        world.wait_reason(name, "DependencyMissing", 30)
    for name in ("queue", "disk"):
        world.apply(part(name, VERSIONS.get(name, "1.2.0")))
    for name in NEEDS:
        world.wait_ready(name, 60)


def is_needed_by(world: World, name: str, others: list[str]) -> bool:
    return bool(world.get("plugin", name)["status"].get("neededBy", []) == others)


def since(world: World, name: str) -> str:
    """When it became available."""
    return str(world.get("plugin", name)["status"]["history"][-1]["time"])


def test_they_start_in_order_and_each_says_what_it_waits_for(world: World) -> None:
    world.apply(part("cart"))
    message = world.wait_reason("cart", "DependencyMissing", 30)
    assert message == "needs store >=1.2 <2, which is not in this namespace; create it there"
    assert world.children("cart") == [], "nothing of it may run yet"

    build(world)

    assert since(world, "disk") <= since(world, "store") <= since(world, "cart") <= since(world, "shop")
    assert since(world, "queue") <= since(world, "mail") <= since(world, "shop")
    assert world.condition("shop", "DependenciesReady")["status"] == "True"


def test_what_is_needed_is_not_deleted_unless_somebody_insists(world: World) -> None:
    build(world)
    world.eventually("store knows who needs it", partial(is_needed_by, world, "store", ["cart"]), 30)

    refusal = world.refusal("delete", "plugin", "store", "--wait=false")
    assert "it is needed by cart; delete these first, or set the annotation greffon.dev/force-delete on it" in refusal
    assert world.get("plugin", "store")["metadata"].get("deletionTimestamp") is None

    world.kubectl("delete", "plugin", "shop")
    world.eventually("nobody needs cart", partial(is_needed_by, world, "cart", []), 30)
    world.kubectl("delete", "plugin", "cart")
    world.eventually("nobody needs store", partial(is_needed_by, world, "store", []), 30)
    world.kubectl("delete", "plugin", "store")

    world.eventually("queue knows who needs it", partial(is_needed_by, world, "queue", ["mail"]), 30)
    world.kubectl("annotate", "plugin/queue", "greffon.dev/force-delete=yes")
    world.kubectl("delete", "plugin", "queue")
    world.eventually("mail says so", lambda: world.condition("mail", "DependenciesReady")["status"] == "False", 30)
    assert world.condition("mail", "Ready")["status"] == "True", "it runs on"


def test_a_version_that_a_dependant_does_not_accept_is_refused_up_and_down(world: World) -> None:
    build(world)
    world.apply(part("store", "2.0.0"))
    message = world.wait_reason("store", "DependantOutOfRange", 30)
    assert message == (
        "cart needs store >=1.2 <2, and 2.0.0 is outside of it; first change spec.dependsOn of cart, or delete it"
    )
    assert world.get("plugin", "store")["status"]["revisions"]["active"] == "store-r1"
    assert world.condition("store", "Available")["status"] == "True"

    world.apply(part("cart", "1.3.0", [("store", ">=1.2 <3")]))
    world.wait_ready("store", 60)
    assert world.get("plugin", "store")["status"]["revisions"]["active"] == "store-r2"

    world.apply(part("cart", "1.4.0", [("store", "^2")]))
    world.wait_ready("cart", 60)
    world.kubectl("annotate", "plugin/store", "greffon.dev/rollback-to=r1")
    world.eventually(
        "going back is refused with the name",
        lambda: (
            "revision r1: cart needs store ^2, and 1.2.0 is outside of it"
            in str(world.condition("store", "RolledBack"))
        ),
        30,
    )
    assert world.condition("store", "Ready")["status"] == "True"


def test_a_circle_is_named_in_full(world: World) -> None:
    world.apply(
        part("disk", needs=[("cart", "")]), part("store", needs=[("disk", "")]), part("cart", needs=[("store", "")])
    )
    expected = (
        "spec.dependsOn goes in a circle: cart → store → disk → cart; remove one of these dependencies, none can start"
    )
    for name in ("disk", "store", "cart"):
        assert world.wait_reason(name, "DependencyCycle", 30) == expected

    world.apply(part("disk", needs=[]))
    for name in ("disk", "store", "cart"):
        world.wait_ready(name, 60)


def test_a_platform_that_does_not_fit_is_told(world: World) -> None:
    old = part("disk")
    old["spec"]["compatibility"] = {"kubernetes": "<1.30", "greffon": ">=0.1"}
    world.apply(old)
    message = world.wait_reason("disk", "Incompatible", 30)
    assert "spec.compatibility.kubernetes: needs <1.30, but this is v1." in message
