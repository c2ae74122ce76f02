"""Exactly which writes the operator makes in the life of a plug-in, from the API server's audit log (promise 9)."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests import installation
from tests.cluster import Cluster, images
from tests.e2e.world import Json, World, plugin, script
from tests.fault.ledger import ledger

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600), pytest.mark.usefixtures("patient")]
Act = Callable[[World], object]
RULES = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "reason": "reads"}]
NEVER = [{"name": "leap", "cron": "0 0 29 2 *", "timeZone": "Etc/UTC"}]
RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}}
# Ends at once when it is told to: process 1 has no default for SIGTERM.
WAIT = ["bash", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"]


IDLE_SECONDS = 180
RESTLESS_SECONDS = 5


@pytest.fixture(scope="module")
def patient(cluster: Cluster) -> Iterator[None]:
    """An operator that calls no rollout slow.

    A rollout that takes longer than ten seconds costs one more status write. On a busy machine a pod may need that long
    to start, which says nothing about the operator: with a longer grace the numbers are those of a quick machine.
    """
    configure(cluster, statusGraceSeconds=120)
    yield
    installation.install(cluster)


def configure(cluster: Cluster, **settings: int) -> None:
    """Upgrade the release; the operator starts anew. Returns when it is ready."""
    pairs = [word for name, value in settings.items() for word in ("--set", f"settings.{name}={value}")]
    installation.upgrade(cluster, "greffon", "--reuse-values", *pairs)


@dataclass(frozen=True)
class Step:
    """Something that happens to a plug-in, and what it costs."""

    what: str
    act: Act
    writes: dict[str, int] = field(default_factory=dict)


def simple(image: str = "runner-bash", **spec: Any) -> Act:
    """Apply a container as a Service, nothing else declared."""

    def act(world: World) -> None:
        run = {"mode": "Service", "entrypoint": WAIT, "resources": RESOURCES}
        source = {"image": {"ref": images.reference(world.cluster, image)}}
        settle(world, plugin("web", type="Container", source=source, run=run, **spec))

    return act


def full(**spec: Any) -> Act:
    """Apply a script as a Service with source, port and rules."""
    run = {"ports": [{"name": "http", "port": 8080}], "resources": RESOURCES}
    return lambda world: settle(
        world, script("web", "cat", mode="Service", run=run, permissions={"rules": RULES}, **spec)
    )


def job(**spec: Any) -> Act:
    """Apply a script as a Job."""
    return lambda world: settle(world, script("web", "echo '{}'", run={"resources": RESOURCES}, **spec))


def settle(world: World, obj: Json) -> None:
    """Apply, and wait until the plug-in is as asked and pods of the past are gone."""
    world.apply(obj)
    if obj["spec"].get("suspend"):
        world.wait_reason("web", "Suspended")
    else:
        world.wait_ready("web", 120)
    wanted = 1 if obj["spec"]["run"]["mode"] == "Service" and not obj["spec"].get("suspend") else 0
    world.eventually(f"there are {wanted} pods", lambda: len(world.items("pods")) == wanted)


def annotate(world: World) -> None:
    world.kubectl("annotate", "plugin", "web", "example.com/note=x")


def ask_again(world: World) -> None:
    world.kubectl("annotate", "plugin", "web", "greffon.dev/reconcile=now-1")
    world.kubectl("wait", "plugin/web", "--for=jsonpath={.status.handled.reconcile}=now-1", "--timeout=30s")


def restart(world: World) -> None:
    (before,) = world.items("pods")
    world.kubectl("annotate", "plugin", "web", "greffon.dev/restart=1")
    world.eventually(
        "another pod alone",
        lambda: (
            [pod["metadata"]["uid"] for pod in world.items("pods")] != [before["metadata"]["uid"]]
            and len(world.items("pods")) == 1
        ),
    )
    world.wait_ready("web", 60)


def back_by_hand(world: World) -> None:
    world.kubectl("annotate", "plugin", "web", "greffon.dev/rollback-to=web-r1")
    world.eventually("the old revision alone", lambda: runs_only(world, "1"))


def forth_again(world: World) -> None:
    world.kubectl("annotate", "plugin", "web", "greffon.dev/rollback-to-")
    world.wait_ready("web", 60)
    world.eventually("the new revision alone", lambda: runs_only(world, "2"))


def break_it(world: World) -> None:
    # A probe that never passes: without one the process would count as ready until it has ended.
    probes = {"ready": {"tcp": {"port": 8080}}}
    run = {"mode": "Service", "entrypoint": ["false"], "resources": RESOURCES, "probes": probes}
    source = {"image": {"ref": images.reference(world.cluster, "runner-bash")}}
    world.apply(plugin("web", type="Container", source=source, run=run, version="1.2.0"))
    world.wait_reason("web", "RolledBack", 120)
    world.eventually("the old revision alone", lambda: runs_only(world, "2"))


def runs_only(world: World, revision: str) -> bool:
    pods = world.items("pods")
    return [pod["metadata"]["labels"]["greffon.dev/revision"] for pod in pods] == [revision]


def delete(world: World) -> None:
    world.kubectl("delete", "plugin", "web", "--timeout=60s")
    world.eventually("nothing of it remains", lambda: not world.children("web"))


STATUS = {"patch plugins/status": 1}
SIMPLE = STATUS | {
    "patch networkpolicies": 1,
    "patch serviceaccounts": 1,
    "patch pluginrevisions": 1,
    "patch deployments": 1,
}
FULL = SIMPLE | {"patch roles": 1, "patch rolebindings": 1, "patch configmaps": 1, "patch services": 1}
SCHEDULED = STATUS | {
    "patch networkpolicies": 1,
    "patch serviceaccounts": 1,
    "patch pluginrevisions": 1,
    "patch configmaps": 1,
    "patch cronjobs": 1,
}
NEXT = STATUS | {
    "patch pluginrevisions": 1,
    "patch deployments": 1,
    "patch pluginrevisions/status": 1,
    "create events": 1,
}
RUN = STATUS | {"patch pluginruns": 1, "patch jobs": 1, "patch pluginruns/status": 2}

TURN = {"patch deployments": 1, "patch pluginrevisions/status": 2, "patch plugins/status": 2}
ROLLED_BACK = {
    "patch pluginrevisions": 1,
    "patch deployments": 2,
    "patch pluginrevisions/status": 1,
    "patch plugins/status": 2,
    "create events": 4,
}

LIVES: dict[str, list[Step]] = {
    "a container as a Service": [
        Step("create", simple(), SIMPLE),
        Step("another image", simple("runner-python", version="1.1.0"), NEXT),
        Step("suspend", simple("runner-python", version="1.1.0", suspend=True), {"patch deployments": 1} | STATUS),
        Step("resume", simple("runner-python", version="1.1.0"), {"patch deployments": 1} | STATUS),
        Step("an annotation that means nothing", annotate),
        Step("asked to look again", ask_again, STATUS),
        Step("delete", delete),
    ],
    "versions of a container": [
        Step("create", simple(), SIMPLE),
        Step("another image", simple("runner-python", version="1.1.0"), NEXT),
        Step("restart", restart, {"patch deployments": 1, "patch plugins/status": 2}),
        Step("back by hand", back_by_hand, TURN | {"create events": 1}),
        Step("and forth again", forth_again, TURN),
        Step("a version that fails, and the way back", break_it, ROLLED_BACK),
        Step("delete", delete),
    ],
    "a script as a Service with source, port and rules": [
        Step("create", full(config={"values": {"level": "info"}}), FULL),
        Step("another configuration", full(config={"values": {"level": "debug"}}), NEXT | {"patch configmaps": 1}),
        Step("delete", delete),
    ],
    "a script as a Job with a schedule": [
        Step("create", job(triggers=NEVER), SCHEDULED),
        Step("suspend", job(triggers=NEVER, suspend=True), {"patch cronjobs": 1} | STATUS),
        Step("resume", job(triggers=NEVER), {"patch cronjobs": 1} | STATUS),
        Step("a run, from wish to result", lambda world: world.run("web", "once"), RUN),
        Step("delete", delete),
    ],
}


@pytest.mark.parametrize("life", LIVES)
def test_each_step_in_the_life_of_a_plug_in_costs_exactly_its_writes(world: World, life: str) -> None:
    book, wrong = ledger(world.cluster, world.namespace), []
    for step in LIVES[life]:
        since = book.mark()
        step.act(world)
        book.quiet()
        if (found := book.count(since)) != step.writes:
            wrong.append(f"{step.what}: expected {step.writes}, found {found}:\n{book.show(since)}")
        print(f"{life}: {step.what}: {sum(found.values())} writes")

    assert not wrong, "\n\n".join(wrong)


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[World]:
    """A namespace where one plug-in of each kind lives, a suspended and a broken one among them."""
    made = World(cluster, f"t-{secrets.token_hex(4)}")
    made.create_namespace()
    try:
        inhabit(made)
        yield made
    finally:
        made.delete_namespace()


def inhabit(world: World) -> None:
    """Make them, run one of them, and wait until each has its verdict."""
    full()(world)
    image, missing = images.reference(world.cluster, "runner-bash"), "localhost/no-such-image:1"
    run = {"mode": "Service", "entrypoint": WAIT, "resources": RESOURCES}
    world.apply(
        plugin("box", type="Container", source={"image": {"ref": image}}, run=run),
        plugin("typo", type="Container", source={"image": {"ref": missing}}, run={"mode": "Service"}),
        plugin("hook", type="Webhook", source={"url": "https://chat.example.com/hook"}),
        script("task", "echo '{}'", run={"resources": RESOURCES}),
        script("timer", "echo '{}'", triggers=NEVER),
        script("resting", "cat", mode="Service", suspend=True),
    )
    for name in ("box", "hook", "task", "timer"):
        world.wait_ready(name, 120)
    world.wait_reason("typo", "ImagePullFailed")
    world.wait_reason("resting", "Suspended")
    world.run("task", "once")
    ledger(world.cluster, world.namespace).quiet(seconds=10)


def test_a_restart_with_everything_unchanged_writes_nothing(house: World) -> None:
    book = ledger(house.cluster, house.namespace)
    since = book.mark()

    configure(house.cluster, statusGraceSeconds=10, resyncSeconds=RESTLESS_SECONDS, sweepSeconds=RESTLESS_SECONDS)
    plugins = len(house.cluster.run_kubectl("get", "plugins", "--all-namespaces", "-o", "name").split())
    house.eventually("each plug-in was looked at twice", lambda: reconciles(house) >= 2 * plugins)
    book.quiet(seconds=10)

    assert book.count(since) == {}, book.show(since)


def test_three_idle_minutes_write_nothing_though_everything_is_looked_at_all_the_time(house: World) -> None:
    """Runs last. A resync and a sweep every five seconds bring in three minutes what else takes eighteen hours."""
    book = ledger(house.cluster, house.namespace)
    since, before = book.mark(), reconciles(house)

    time.sleep(IDLE_SECONDS)

    looks = reconciles(house) - before
    print(f"{looks:.0f} reconciles in {IDLE_SECONDS} s, {len(book.writes(since))} writes")
    assert looks >= len(house.items("plugins")) * IDLE_SECONDS / RESTLESS_SECONDS / 2
    assert book.count(since) == {}, book.show(since)


def reconciles(world: World) -> float:
    """How often the operator, since its start, has looked at a Plugin, by its own metrics."""
    path = f"/api/v1/namespaces/{installation.NAMESPACE}/services/greffon:http/proxy/metrics"
    text = world.cluster.run_kubectl("get", "--raw", path)
    counts = re.findall(
        r'^controller_runtime_reconcile_total\{controller="plugin",.*\} ([0-9.e+]+)$', text, re.MULTILINE
    )
    return sum(map(float, counts))
