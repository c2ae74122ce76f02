"""Every sample plug-in becomes Ready in a strict namespace, and vanishes without a trace (promises 1 and 2)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.e2e.world import World, script

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
SAMPLES = sorted(path.parent.name for path in PLUGINS.glob("*/plugin.yaml"))


def test_there_are_at_least_six_samples() -> None:
    assert len(SAMPLES) >= 6


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_ready_within_30_seconds_and_gone_within_60(world: World, sample: str) -> None:
    started = time.monotonic()
    world.apply((PLUGINS / sample / "plugin.yaml").read_text())

    world.wait_ready(sample, seconds=30)
    ready_after = time.monotonic() - started
    refused = [
        event["message"] for event in world.items("events") if "violates PodSecurity" in event.get("message", "")
    ]
    world.kubectl("delete", "plugin", sample, "--wait=true", "--timeout=30s")
    world.eventually(f"no child of {sample} is left", lambda: not world.children(sample), seconds=60)

    print(f"{sample}: ready after {ready_after:.1f} s, gone after {time.monotonic() - started - ready_after:.1f} s")
    assert refused == []


def test_a_deleted_plugin_takes_its_runs_and_their_jobs_with_it(world: World) -> None:
    world.apply(script("worker", "echo done"))
    world.wait_ready("worker")
    world.run("worker", "first")

    world.kubectl("delete", "plugin", "worker", "--timeout=30s")

    world.eventually(
        "nothing is left",
        lambda: (
            not world.items("plugins,pluginruns,jobs,pods,configmaps,networkpolicies", "greffon.dev/plugin")
            and not world.items("pluginruns")
        ),
        seconds=60,
    )


def test_a_namespace_full_of_plugins_is_deleted_without_hanging(world: World) -> None:
    for sample in SAMPLES:
        world.apply((PLUGINS / sample / "plugin.yaml").read_text())

    world.delete_namespace(seconds=90)
    world.create_namespace()

    assert world.items("plugins") == []


def test_a_strict_namespace_takes_every_kind_of_pod_that_is_made(world: World) -> None:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "reason": "to have a token"}]
    world.apply(
        script("service", "cat", mode="Service", type_="Python", permissions={"rules": rules}),
        script("worker", "echo '{}'", permissions={"rules": rules}, run={"retries": 1}),
    )
    world.wait_ready("service")
    world.wait_ready("worker")

    done = world.run("worker", "once")

    assert done["status"]["outcome"] == "Succeeded", done["status"]
    levels = {pod["spec"]["securityContext"]["runAsNonRoot"] for pod in world.items("pods")}
    assert levels == {True}
