"""Hooks run as Jobs around an activation: the next revision waits for them, and one that fails undoes it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from greffon.kube import kinds
from tests.reconcile import samples
from tests.reconcile.fake.behaviour import Behaviour
from tests.reconcile.view import condition, verdict
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
HOOKS = {"preActivate": ["check"], "postActivate": ["announce"], "preDeactivate": ["say-goodbye"]}
FAILS = Behaviour(exit_code=3)
HOOK = "greffon.dev/hook"


def _new_version(world: World, tag: str, **spec: Any) -> None:
    world.user.respec("web", version=f"{tag}.0.0", source={"image": {"ref": f"web:{tag}"}}, **spec)


def _history(world: World) -> list[str]:
    entries = world.user.get("Plugin", "web")["status"].get("history", [])
    return [f"{entry['action']} r{entry['revision']}" for entry in reversed(entries)]


def _ran(world: World) -> list[str]:
    """Every hook that was started, in its order, with the revision it is of."""
    bodies = [entry.request.body for entry in world.log.writes() if entry.request.resource is kinds.JOB]
    made = [(body["metadata"].get("labels", {}), body) for body in bodies if body and "spec" in body]
    return [
        f"{labels[HOOK]} r{body['spec']['template']['metadata']['labels']['greffon.dev/revision']}"
        for labels, body in made
        if HOOK in labels
    ]


def _image(world: World) -> str:
    deployment = world.user.get("Deployment", "plg-web")
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_hooks_run_in_their_order_each_once_and_only_then_does_a_revision_count(world: World) -> None:
    world.user.create(samples.simple(image="web:1", hooks=HOOKS))
    await world.settle()
    assert _ran(world) == ["preActivate r1", "postActivate r1"]
    assert verdict(world.user.get("Plugin", "web")) == "True Available"

    _new_version(world, "2")
    await world.settle()

    assert _ran(world)[2:] == ["preActivate r2", "preDeactivate r1", "postActivate r2"]
    assert _history(world) == ["Activated r1", "Activated r2"]
    assert _image(world) == "web:2"


async def test_the_old_revision_serves_while_a_hook_is_at_work_and_the_status_names_the_hook(world: World) -> None:
    world.user.create(samples.simple(image="web:1"))
    await world.settle()
    world.cluster.image("web:2#preActivate", Behaviour(start=120))

    _new_version(world, "2", hooks=HOOKS)
    await asyncio.sleep(60)

    plugin = world.user.get("Plugin", "web")
    assert _image(world) == "web:1"
    assert verdict(plugin) == "False HookRunning"
    assert condition(plugin, "Ready")["message"] == "hook preActivate of revision r2 is at work"
    assert (verdict(plugin, "Available"), plugin["status"]["revisions"]["active"]) == ("True Available", "web-r1")

    await world.settle(quiet=150)
    assert (_image(world), verdict(world.user.get("Plugin", "web"))) == ("web:2", "True Available")


@pytest.mark.parametrize("hook", ["preActivate", "postActivate"])
async def test_a_hook_that_fails_leads_back_to_the_last_good_revision(world: World, hook: str) -> None:
    world.user.create(samples.simple(image="web:1", hooks=HOOKS))
    await world.settle()
    world.cluster.image(f"web:2#{hook}", FAILS)

    _new_version(world, "2")
    await world.settle()

    plugin = world.user.get("Plugin", "web")
    assert verdict(plugin) == "False RolledBack"
    assert f"HookFailed: hook {hook} of revision r2 failed: exit code 3" in condition(plugin, "Ready")["message"]
    assert _history(world) == ["Activated r1", "Quarantined r2", "RolledBack r1"]
    assert _image(world) == "web:1"
    assert world.user.get("PluginRevision", "web-r2")["status"]["state"] == "Quarantined"


async def test_a_first_revision_whose_hook_fails_never_starts_and_a_reset_gives_it_another_chance(world: World) -> None:
    world.cluster.image("web:1#preActivate", FAILS)
    world.user.create(samples.simple(image="web:1", hooks=HOOKS))
    await world.settle()
    assert verdict(world.user.get("Plugin", "web")) == "False NoTarget"
    assert world.user.get("Deployment", "plg-web")["spec"]["replicas"] == 0

    world.cluster.image("web:1#preActivate", Behaviour())
    world.user.annotate("Plugin", "web", reset="1")
    await world.settle()

    assert verdict(world.user.get("Plugin", "web")) == "True Available"
    assert _ran(world) == ["preActivate r1", "preActivate r1", "postActivate r1"]


async def test_without_automatic_rollback_a_failed_hook_keeps_the_new_revision_out(world: World) -> None:
    world.user.create(samples.simple(image="web:1"))
    await world.settle()
    world.cluster.image("web:2#preActivate", FAILS)

    _new_version(world, "2", hooks=HOOKS, rollback={"auto": False})
    await world.settle()

    plugin = world.user.get("Plugin", "web")
    assert (verdict(plugin), _image(world)) == ("False HookFailed", "web:1")
    assert verdict(plugin, "Available") == "True Available"


async def test_a_revision_that_leaves_is_not_kept_by_a_hook_that_fails(world: World) -> None:
    world.cluster.image("web:1#preDeactivate", FAILS)
    world.user.create(samples.simple(image="web:1", hooks=HOOKS))
    await world.settle()

    _new_version(world, "2")
    await world.settle()

    assert (_image(world), verdict(world.user.get("Plugin", "web"))) == ("web:2", "True Available")


async def test_suspending_says_goodbye_and_resuming_activates_anew(world: World) -> None:
    world.user.create(samples.simple(image="web:1", hooks=HOOKS))
    await world.settle()
    world.user.respec("web", suspend=True)
    await world.settle()
    assert _ran(world)[2:] == ["preDeactivate r1"]
    assert world.user.get("Deployment", "plg-web")["spec"]["replicas"] == 0

    world.user.respec("web", suspend=False)
    await world.settle()

    assert _ran(world)[3:] == ["preActivate r1", "postActivate r1"]
    assert _history(world) == ["Activated r1", "Deactivated r1", "Activated r1"]


async def test_going_back_runs_no_hook_and_a_restart_runs_none(world: World) -> None:
    world.user.create(samples.simple(image="web:1", hooks=HOOKS))
    await world.settle()
    _new_version(world, "2")
    await world.settle()
    before = len(_ran(world))

    world.user.annotate("Plugin", "web", **{"rollback-to": "r1"})
    await world.settle()
    world.user.annotate("Plugin", "web", restart="1")
    await world.settle()

    assert _ran(world)[before:] == []
    assert _image(world) == "web:1"


async def test_a_job_plugin_has_hooks_too_and_its_schedule_waits_for_them(world: World) -> None:
    world.user.create(samples.cron("web", image="web:1", hooks=HOOKS))
    await world.settle()
    world.cluster.image("web:2#preActivate", FAILS)

    _new_version(world, "2")
    await world.settle()

    ((_, live),) = world.store.all("CronJob")
    assert live["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["image"] == "web:1"
    assert verdict(world.user.get("Plugin", "web")) == "False RolledBack"
    assert _history(world) == ["Activated r1", "Quarantined r2", "RolledBack r1"]


async def test_a_hooks_pod_is_confined_like_the_plugin_and_takes_no_requests(world: World) -> None:
    world.cluster.image("web:1#preActivate", Behaviour(start=60))
    ports = {"ports": [{"name": "http", "port": 8080}], "replicas": 2}
    world.user.create(samples.simple(image="web:1", hooks=HOOKS, run=ports))
    await asyncio.sleep(20)

    ((_, pod),) = world.store.all("Pod")
    labels = pod["metadata"]["labels"].items()
    policy = world.user.get("NetworkPolicy", "plg-web")["spec"]["podSelector"]["matchLabels"]
    assert policy.items() <= labels
    assert pod["spec"]["serviceAccountName"] == "plg-web"
    assert pod["spec"]["containers"][0]["command"] == ["check"]
    await world.settle(quiet=90)
    for kind, selector in (
        ("Service", world.user.get("Service", "plg-web")["spec"]["selector"]),
        ("PodDisruptionBudget", world.user.get("PodDisruptionBudget", "plg-web")["spec"]["selector"]["matchLabels"]),
    ):
        assert not selector.items() <= labels, kind


async def test_jobs_of_old_hooks_do_not_pile_up(world: World) -> None:
    world.user.create(samples.simple(image="web:1", hooks=HOOKS))
    await world.settle()
    for tag in range(2, 10):
        _new_version(world, str(tag))
        await world.settle()

    assert len(list(world.store.all("Job", NAMESPACE))) <= 6


async def test_without_replicas_nothing_is_activated_and_with_the_first_one_it_is(world: World) -> None:
    world.user.create(samples.simple(image="web:1", hooks=HOOKS, run={"replicas": 0}))
    await world.settle()
    assert (_ran(world), verdict(world.user.get("Plugin", "web"))) == ([], "True ScaledToZero")

    world.user.respec("web", run={"mode": "Service", "replicas": 1})
    await world.settle()

    assert _ran(world) == ["preActivate r1", "postActivate r1"]
    assert verdict(world.user.get("Plugin", "web")) == "True Available"
