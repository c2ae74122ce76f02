"""Limits hold, and a greedy plug-in does not disturb its neighbour (promise 4)."""

from __future__ import annotations

import json

from tests.e2e.world import World, script

HOG = "import time\nheap = []\nwhile True:\n    heap.append(bytearray(4 << 20))\n    time.sleep(0.01)\n"
FORK_BOMB = """
import os, time
made = 0
try:
    while made < 5000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except OSError as error:
    print('{"forks": %d, "stopped": "%s"}' % (made, type(error).__name__))
    os._exit(0)
"""
BURNER = "while True:\n    pass\n"
NEIGHBOUR = "import json, sys\njson.load(sys.stdin)\nprint(json.dumps({'alive': True}))\n"
SMALL = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": "96Mi"}}


def ask_neighbour(world: World) -> bool:
    """An event for the neighbour, through the API server; True when its script answered."""
    path = f"/api/v1/namespaces/{world.namespace}/services/plg-neighbour:http/proxy/"
    answer = world.cluster.run_kubectl("create", "--raw", path, "-f", "-", stdin="{}")
    return bool(json.loads(answer) == {"alive": True})


def start_neighbour(world: World) -> None:
    run = {"ports": [{"name": "http", "port": 8080}], "resources": SMALL}
    world.apply(script("neighbour", NEIGHBOUR, mode="Service", type_="Python", run=run))
    world.wait_ready("neighbour", 60)


def test_a_memory_hog_is_killed_and_the_status_says_so(world: World) -> None:
    resources = {"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}}
    hog = script("hog", HOG, type_="Python", run={"resources": resources})
    world.apply(hog)
    world.wait_ready("hog")

    # Under load the kubelet may report the end of a process before the runtime tells it that memory was the cause.
    for attempt in ("grow-1", "grow-2", "grow-3"):
        done = world.run("hog", attempt)["status"]
        assert done["outcome"] == "Failed", done
        assert "memory" in done["message"], done
        if done["reason"] == "OOMKilled":
            break
    assert done["reason"] == "OOMKilled", done
    message = world.wait_reason("hog", "RunFailed", 30)
    assert "memory" in message, message


def test_a_service_that_outgrows_its_memory_is_not_ready_because_of_oom(world: World) -> None:
    hog = script("hog", HOG, mode="Service", type_="Python")
    hog["spec"] |= {"type": "Container", "source": {"image": {"ref": "localhost/greffon/runner-python:dev"}}}
    hog["spec"]["run"] = {
        "mode": "Service",
        "entrypoint": ["python3", "-c", HOG],
        "resources": {"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}},
    }
    world.apply(hog)

    message = world.wait_reason("hog", "OOMKilled", 90)

    assert "64Mi" in message, message
    assert world.condition("hog", "Stalled")["status"] == "True"


def test_a_fork_bomb_is_stopped_and_its_neighbour_answers_meanwhile(world: World) -> None:
    start_neighbour(world)
    world.apply(script("bomb", FORK_BOMB, type_="Python", run={"resources": SMALL, "timeoutSeconds": 60}))
    world.wait_ready("bomb")

    done = world.run("bomb", "explode", seconds=120)

    assert ask_neighbour(world)
    assert done["status"].get("outcome") in ("Succeeded", "Failed", "TimedOut"), done["status"]
    if done["status"]["outcome"] == "Succeeded":
        assert done["status"]["output"]["forks"] < 5000, "a limit stopped it"


def test_a_cpu_burner_leaves_its_neighbour_answering(world: World) -> None:
    start_neighbour(world)
    burner = script("burner", BURNER, type_="Python", run={"resources": SMALL, "timeoutSeconds": 8})
    world.apply(burner)
    world.wait_ready("burner")
    world.apply(
        {
            "apiVersion": "greffon.dev/v1alpha1",
            "kind": "PluginRun",
            "metadata": {"name": "burn"},
            "spec": {"pluginRef": {"name": "burner"}},
        }
    )
    world.eventually(
        "it burns",
        lambda: [p for p in world.items("pods", "greffon.dev/run=burn") if p["status"]["phase"] == "Running"],
    )

    answers = [ask_neighbour(world) for _ in range(5)]

    assert all(answers)
    world.kubectl("wait", "pluginrun/burn", "--for=jsonpath={.status.outcome}=TimedOut", "--timeout=90s")
