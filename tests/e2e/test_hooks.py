"""Hooks run as Jobs around an activation; a new version whose hook fails never counts."""

from __future__ import annotations

import json
import time
from functools import partial

import pytest

from tests.conftest import Figure
from tests.e2e.test_rollback import actions, service, serving
from tests.e2e.world import Json, World, script

pytestmark = pytest.mark.timeout(600)
GOOD = {name: ["python3", "-c", f"print({name!r})"] for name in ("preActivate", "postActivate", "preDeactivate")}
SMOKE = ["bash", "main.sh"]
FAILS = ["python3", "-c", "import sys; sys.exit(4)"]


def _with(subject: Json, **hooks: list[str]) -> Json:
    return subject | {"spec": subject["spec"] | {"hooks": hooks}}


def _ran(world: World, name: str) -> list[str]:
    """Hooks and the revision each belongs to, in the order in which they began."""
    jobs = world.items("jobs", f"greffon.dev/hook,greffon.dev/plugin={name}")
    jobs.sort(key=lambda job: job["status"]["startTime"])
    of = "greffon.dev/revision"
    return [
        f"{job['metadata']['labels']['greffon.dev/hook']} r{job['spec']['template']['metadata']['labels'][of]}"
        for job in jobs
    ]


def _serves_old(world: World, name: str) -> bool:
    return serving(world, name) == "1"


def test_hooks_run_around_an_upgrade_in_their_order(world: World) -> None:
    world.apply(_with(service("web"), **GOOD))
    world.wait_ready("web", 90)
    assert _ran(world, "web") == ["preActivate r1", "postActivate r1"]

    world.apply(_with(service("web", "2.0.0"), **GOOD))
    world.kubectl("wait", "plugin/web", "--for=jsonpath={.status.observedGeneration}=2", "--timeout=60s")
    world.wait_ready("web", 90)

    assert _ran(world, "web")[-3:] == ["preActivate r2", "preDeactivate r1", "postActivate r2"]
    assert actions(world, "web") == ["Activated r1", "Activated r2"]
    slices = json.loads(world.kubectl("get", "endpointslices", "-o", "json"))["items"]
    targets = {e["targetRef"]["name"] for s in slices for e in s["endpoints"]}
    jobs = {pod["metadata"]["name"] for pod in world.items("pods", "greffon.dev/hook")}
    assert jobs
    assert not jobs & targets


def test_a_failing_hook_ends_on_the_last_good_version(world: World, figure: Figure) -> None:
    hooks = ("preActivate", "postActivate")
    for hook in hooks:
        world.apply(service(hook.lower()))
    for hook in hooks:
        world.wait_ready(hook.lower(), 90)

    began = time.monotonic()
    for hook in hooks:
        world.apply(_with(service(hook.lower(), "2.0.0"), **{hook: FAILS}))
    for hook in hooks:
        name = hook.lower()
        message = world.wait_reason(name, "RolledBack", 120)
        seconds = time.monotonic() - began
        assert f"HookFailed: hook {hook} of revision r2 failed: exit code 4" in message
        assert "revision r1 (1.0.0) runs instead" in message
        assert actions(world, name) == ["Activated r1", "Quarantined r2", "RolledBack r1"]
        world.eventually("only the good version serves", partial(_serves_old, world, name))
        figure(f"failing {hook}: rolled back after {seconds:.0f} s")


def test_the_smoke_run_of_a_job_comes_before_its_schedule_is_switched(world: World) -> None:
    """A `preActivate` that starts the Job's own program: one that fails never gets the schedule."""
    nightly = [{"name": "nightly", "cron": "0 3 29 2 *", "timeZone": "Etc/UTC"}]
    for version, text in (("1.0.0", "echo '{}'"), ("2.0.0", "exit 7")):
        world.apply(script("nightly", text, version=version, triggers=nightly, hooks={"preActivate": SMOKE}))
        world.eventually(f"{version} is decided", partial(_is_decided, world, version), 90)

    assert (
        "HookFailed: hook preActivate of revision r2 failed: exit code 7"
        in world.condition("nightly", "Ready")["message"]
    )
    (schedule,) = world.items("cronjobs", "greffon.dev/plugin=nightly")
    labels = schedule["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert labels["greffon.dev/revision"] == "1"
    assert actions(world, "nightly") == ["Activated r1", "Quarantined r2", "RolledBack r1"]


def _is_decided(world: World, version: str) -> bool:
    status = world.condition("nightly", "Ready")
    return status["status"] == "True" if version == "1.0.0" else bool(status["reason"] == "RolledBack")
