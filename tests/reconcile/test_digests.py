"""A tag is resolved once, by the operator; what runs is named by digest, whatever the tag means by then."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import orjson
import pytest

from greffon.kube import kinds
from greffon.security.registry_errors import ImageDenied, ImageNotFound, RegistryError, RegistryUnavailable
from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.fake.registry import digest_of
from tests.reconcile.view import condition, verdict
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
ONE, TWO = "registry.example/web:1.0.0", "registry.example/web:2.0.0"


def _image(world: World) -> str:
    deployment = world.user.get("Deployment", "plg-web")
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def _pinned(ref: str, content: str = "") -> str:
    return f"{ref}@{digest_of(content or ref)}"


async def _created(world: World, **spec: Any) -> None:
    world.user.create(samples.simple(image=ONE, **spec))
    await world.settle()


async def test_pod_revision_and_status_name_the_digest_and_the_registry_is_asked_once(world: World) -> None:
    await _created(world)

    plugin = world.user.get("Plugin", "web")
    revision = world.user.get("PluginRevision", "web-r1")["spec"]
    assert _image(world) == _pinned(ONE)
    assert revision["image"] == {"ref": ONE, "digest": digest_of(ONE)}
    assert plugin["status"]["image"] == {"ref": ONE, "digest": digest_of(ONE)}
    assert plugin["spec"]["source"]["image"]["ref"] == ONE
    await world.restart()
    await world.settle()
    world.user.annotate("Plugin", "web", reconcile="again")
    await world.settle()
    assert world.registry.asked == [ONE]


async def test_a_tag_that_moves_changes_nothing_until_somebody_asks_for_it(world: World) -> None:
    await _created(world)
    world.registry.content[ONE] = "moved"
    await world.restart()
    await world.settle()
    assert _image(world) == _pinned(ONE)

    world.user.annotate("Plugin", "web", restart="1")
    await world.settle()

    assert _image(world) == _pinned(ONE, "moved")
    assert world.user.get("Plugin", "web")["status"]["revisions"]["active"] == "web-r2"
    assert world.user.get("PluginRevision", "web-r2")["spec"]["parent"] == "web-r1"
    mark = len(world.log)
    await world.restart()
    await world.settle()
    assert world.log.writes(since=mark) == []


async def test_a_restart_with_the_tag_unmoved_makes_new_pods_of_the_same_revision(world: World) -> None:
    await _created(world)

    world.user.annotate("Plugin", "web", restart="1")
    await world.settle()

    assert world.registry.asked == [ONE, ONE]
    assert world.user.get("Plugin", "web")["status"]["revisions"]["active"] == "web-r1"
    template = world.user.get("Deployment", "plg-web")["spec"]["template"]["metadata"]
    assert template["annotations"] == {"greffon.dev/restart": "1"}


async def test_each_generation_asks_anew(world: World) -> None:
    await _created(world)
    world.registry.content[ONE] = "moved"

    world.user.respec("web", suspend=True)
    await world.settle()
    world.user.respec("web", suspend=False)
    await world.settle()

    assert _image(world) == _pinned(ONE, "moved")
    assert world.registry.asked == [ONE, ONE, ONE]


async def test_the_way_back_leads_to_the_bytes_that_ran_not_to_what_the_tag_means_now(world: World) -> None:
    await _created(world)
    world.cluster.image(TWO, Behaviour(service="crash"))
    world.registry.content[ONE] = "moved"

    world.user.respec("web", version="2.0.0", source={"image": {"ref": TWO}})
    await world.settle()

    assert verdict(world.user.get("Plugin", "web")) == "False RolledBack"
    assert _image(world) == _pinned(ONE)


FAILURES: dict[str, tuple[RegistryError, str, str]] = {
    "the registry is down": (
        RegistryUnavailable("registry.example does not answer"),
        "RegistryUnavailable",
        "Reconciling",
    ),
    "there is no such tag": (ImageNotFound("registry.example has no web:2.0.0"), "ImageNotFound", "Stalled"),
    "strangers may not look": (ImageDenied("registry.example refuses"), "ImageDenied", "Stalled"),
}


@pytest.mark.parametrize(("error", "reason", "mark"), FAILURES.values(), ids=FAILURES)
async def test_a_new_version_that_cannot_be_resolved_waits_and_the_old_one_runs_on(
    world: World, error: RegistryError, reason: str, mark: str
) -> None:
    await _created(world)
    world.registry.error = error
    world.user.respec("web", version="2.0.0", source={"image": {"ref": TWO}})
    await world.settle(quiet=20)

    plugin = world.user.get("Plugin", "web")
    assert (verdict(plugin), verdict(plugin, "Available")) == (f"False {reason}", "True Available")
    assert verdict(plugin, mark) == f"True {reason}"
    assert str(error) in condition(plugin, "Ready")["message"]
    assert _image(world) == _pinned(ONE)

    world.registry.error = None
    await asyncio.sleep(400)
    await world.settle()
    assert (_image(world), verdict(world.user.get("Plugin", "web"))) == (_pinned(TWO), "True Available")


async def test_a_registry_that_is_down_is_not_asked_at_every_event(world: World) -> None:
    await _created(world)
    world.registry.error = RegistryUnavailable("down")
    world.user.respec("web", version="2.0.0", source={"image": {"ref": TWO}})
    await world.settle(quiet=10)
    asked = len(world.registry.asked)
    for number in range(20):
        world.user.annotate("Plugin", "web", reconcile=str(number))
        await asyncio.sleep(0.2)

    assert len(world.registry.asked) == asked
    await asyncio.sleep(3600)
    assert len(world.registry.asked) - asked <= 20


@pytest.mark.parametrize("wish", [{"restart": "1"}, {}], ids=["a restart", "a change of what is no part of a revision"])
async def test_what_a_revision_has_recorded_holds_when_the_registry_is_down(world: World, wish: dict[str, str]) -> None:
    await _created(world)
    world.registry.error = RegistryUnavailable("registry.example does not answer")

    if wish:
        world.user.annotate("Plugin", "web", **wish)
    else:
        world.user.respec("web", run={"mode": "Service", "replicas": 3})
    await world.settle(quiet=60)

    plugin = world.user.get("Plugin", "web")
    assert (verdict(plugin), _image(world)) == ("True Available", _pinned(ONE))
    assert plugin["status"].get("handled", {}) == wish
    notes = [obj["note"] for _, obj in world.store.all("Event") if obj["reason"] == "RegistryUnavailable"]
    assert len(notes) == 1
    assert digest_of(ONE) in notes[0]


async def test_a_slow_registry_holds_up_nobody_else(world: World) -> None:
    answer = asyncio.Event()
    world.registry.held = answer
    for number in range(20):  # more than there are workers
        world.user.create(samples.simple(f"slow-{number}", image=ONE))
    world.user.create(samples.simple("local", image="local:1.0.0"))
    await asyncio.sleep(60)

    assert verdict(world.user.get("Plugin", "local")) == "True Available"
    assert verdict(world.user.get("Plugin", "slow-0")) == "False Progressing"
    answer.set()
    await world.settle()
    assert verdict(world.user.get("Plugin", "slow-0")) == "True Available"


async def test_a_run_takes_the_digest_of_its_revision_after_the_tag_has_moved(world: World) -> None:
    world.user.create(samples.job(image=ONE))
    await world.settle()
    world.registry.content[ONE] = "moved"

    world.user.create(samples.run("a"))
    await world.settle(quiet=60)

    status = world.user.get("PluginRun", "a")["status"]
    assert (status["outcome"], status["revision"]) == ("Succeeded", "task-r1")
    ((_, job),) = world.store.all("Job", NAMESPACE)
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == _pinned(ONE)


SECRETS: dict[str, tuple[Any, list[str]]] = {
    "it has credentials of the registry": (
        {"auths": {"registry.example": {"username": "robot", "password": "x"}}},
        ["robot"],
    ),
    "it has credentials of another registry": (
        {"auths": {"other.example": {"username": "robot", "password": "x"}}},
        [],
    ),
    "it is no registry's Secret": ("nonsense", []),
    "it does not exist": (None, []),
}


@pytest.mark.parametrize(("content", "seen"), SECRETS.values(), ids=SECRETS)
async def test_a_pull_secret_that_may_be_read_is_used(world: World, content: Any, seen: list[str]) -> None:
    if content is not None:
        data = {".dockerconfigjson": base64.b64encode(orjson.dumps(content)).decode()}
        world.server.do("user", "POST", kinds.SECRET, NAMESPACE, body={"metadata": {"name": "pull"}, "data": data})
    world.user.create(samples.simple(source={"image": {"ref": ONE, "pullSecrets": [{"name": "pull"}]}}))
    await world.settle()

    assert (world.registry.seen, _image(world)) == (seen, _pinned(ONE))
