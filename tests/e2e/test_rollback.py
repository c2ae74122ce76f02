"""A bad version never takes over for good, and whoever asks gets told why (issue: versions and rollback).

The plug-ins are containers whose program stands in the arguments: versions differ by what the process does.
"""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import pytest

from tests.cluster import HarnessError
from tests.conftest import Figure
from tests.e2e.world import Json, World, plugin, script

pytestmark = pytest.mark.timeout(600)
IMAGE = "localhost/greffon/runner-python:dev"
SERVE = """
import http.server, os, signal, sys, threading, time
class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = VERSION.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
VERSION = os.environ["GREFFON_VERSION"]
server = http.server.ThreadingHTTPServer(("", 8080), Hello)
signal.signal(signal.SIGTERM, lambda *a: threading.Thread(target=server.shutdown).start())
"""
GOOD = SERVE + "server.serve_forever()"
DIES_LATER = SERVE + "threading.Timer(float(os.environ['AFTER']), lambda: os._exit(1)).start(); server.serve_forever()"
DIES_FOR_EVER = (
    SERVE
    + """
def die():
    open("/tmp/died", "w").close()
    print("settings: the ledger is closed", flush=True)
    os._exit(1)
if os.path.exists("/tmp/died"): die()
threading.Timer(60, die).start()
server.serve_forever()
"""
)
READY = {"ready": {"http": {"path": "/", "port": 8080}, "periodSeconds": 1}}
ROLLOUT = {"progressDeadlineSeconds": 30}


def service(name: str, version: str = "1.0.0", code: str = GOOD, *, image: str = IMAGE, **run: Any) -> Json:
    """A web server, one port, a readiness probe."""
    made = {"mode": "Service", "entrypoint": ["python3", "-c", code], "ports": [{"name": "http", "port": 8080}]}
    made |= {"probes": READY} | run
    subject = plugin(name, type="Container", source={"image": {"ref": image}}, run=made, rollout=ROLLOUT)
    subject["spec"]["version"] = version
    return subject


BAD: dict[str, tuple[Json, str]] = {
    "no-image": (service("no-image", "2.0.0", image=f"198.18.200.1:5001/no/such@sha256:{64 * '0'}"), "ImagePullFailed"),
    "no-program": (service("no-program", "2.0.0", entrypoint=["/no/such/program"]), "CrashLoop"),
    "dies": (service("dies", "2.0.0", "import sys; sys.exit(3)"), "CrashLoop"),
    "dies-later": (service("dies-later", "2.0.0", DIES_LATER, env=[{"name": "AFTER", "value": "20"}]), "CrashLoop"),
    "never-ready": (service("never-ready", "2.0.0", "import time; time.sleep(9999)"), "NotReady"),
    "hungry": (service("hungry", "2.0.0", "x = bytearray(2**33); x[::4096] = b'x' * 2**21"), "OOMKilled"),
}


def serving(world: World, name: str) -> str:
    """The revision that all ready pods run."""
    pods = [pod for pod in world.items("pods", f"greffon.dev/plugin={name}") if is_ready(pod)]
    return ",".join(sorted({pod["metadata"]["labels"]["greffon.dev/revision"] for pod in pods}))


def serves_only(world: World, name: str, revision: str) -> bool:
    return serving(world, name) == revision


def is_available(world: World, name: str) -> bool:
    return bool(world.condition(name, "Available")["status"] == "True")


def is_ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions) and not is_leaving(pod)


def is_leaving(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def state(world: World, revision: str) -> str:
    return str(world.get("pluginrevision", revision)["status"]["state"])


def actions(world: World, name: str) -> list[str]:
    """The history, oldest first."""
    return [f"{e['action']} r{e['revision']}" for e in reversed(world.get("plugin", name)["status"]["history"])]


def test_every_kind_of_bad_version_ends_on_the_last_good_one(
    world: World, record_property: Any, figure: Figure
) -> None:
    world.apply(*(service(name) for name in BAD))
    for name in BAD:
        world.wait_ready(name, 90)

    began = time.monotonic()
    world.apply(*(bad for bad, _ in BAD.values()))
    times = {}
    for name, (_, cause) in sorted(BAD.items(), key=lambda item: item[0] == "dies-later"):
        message = world.wait_reason(name, "RolledBack", 240)
        times[name] = time.monotonic() - began
        (bad,) = world.get("plugin", name)["status"]["quarantined"]
        assert (bad["revision"], bad["cause"]) == (f"{name}-r2", cause)
        assert "revision r2 (2.0.0) failed" in message
        assert "revision r1 (1.0.0) runs instead" in message
        assert "greffon.dev/reset" in message
    for name, seconds in times.items():
        figure(f"{name}: rolled back after {seconds:.0f} s")

    for name in BAD:
        world.eventually(f"{name} serves its good revision alone", partial(serves_only, world, name, "1"), 90)
        world.eventually(f"{name} is available", partial(is_available, world, name), 60)
        assert world.condition(name, "RolledBack")["status"] == "True"
        assert (state(world, f"{name}-r1"), state(world, f"{name}-r2")) == ("Active", "Quarantined")
    assert actions(world, "dies") == ["Activated r1", "Quarantined r2", "RolledBack r1"]
    assert actions(world, "dies-later") == ["Activated r1", "Activated r2", "Quarantined r2", "RolledBack r1"]


def test_a_quarantined_version_is_not_tried_again_but_a_new_one_and_a_reset_are(world: World) -> None:
    world.apply(service("web"))
    world.wait_ready("web", 60)
    bad = service("web", "2.0.0", "import sys; sys.exit(3)")
    world.apply(bad)
    world.wait_reason("web", "RolledBack", 120)
    world.eventually("the good revision serves", lambda: serving(world, "web") == "1")

    world.apply(service("web"))
    world.wait_ready("web", 60)
    before = world.get("deployment", "plg-web")["metadata"]["generation"]
    world.apply(bad)
    world.wait_reason("web", "RolledBack", 60)
    assert world.get("deployment", "plg-web")["metadata"]["generation"] == before, "it was tried again"
    assert len(world.items("pluginrevisions")) == 2

    world.apply(service("web", "3.0.0"))
    world.wait_ready("web", 60)
    assert serving(world, "web") == "3"

    world.apply(bad)
    world.wait_reason("web", "RolledBack", 60)
    world.kubectl("annotate", "plugin/web", "greffon.dev/reset=again")
    world.eventually("it is tried again", lambda: "CrashLoop" in str(world.condition("web", "Ready")), 60)
    world.wait_reason("web", "RolledBack", 120)
    assert world.get("plugin", "web")["status"]["handled"] == {"reset": "again"}
    assert actions(world, "web")[-3:] == ["Reset r2", "Quarantined r2", "RolledBack r3"]


def test_a_version_that_works_for_a_minute_and_then_dies_again_and_again(world: World) -> None:
    world.apply(service("web"))
    world.wait_ready("web", 60)
    bad = service("web", "2.0.0", DIES_FOR_EVER)
    world.apply(bad)
    world.eventually("the new version serves alone", partial(serves_only, world, "web", "2"), 90)
    world.wait_ready("web", 60)

    message = world.wait_reason("web", "RolledBack", 240)
    assert "revision r2 (2.0.0) failed: CrashLoop" in message
    world.eventually("the good revision serves alone", partial(serves_only, world, "web", "1"), 60)
    bundle = world.get("pluginrevision", "web-r2")["status"]
    assert (bundle["state"], bundle["cause"], bundle["crashes"]) == ("Quarantined", "CrashLoop", 3)
    assert "settings: the ledger is closed" in bundle["lastWords"]
    assert bundle["changes"] == ["run.entrypoint", "version"]

    before = world.get("deployment", "plg-web")["metadata"]["generation"]
    world.apply(bad)
    world.kubectl("annotate", "plugin/web", "greffon.dev/reconcile=1")
    world.kubectl("wait", "plugin/web", "--for=jsonpath={.status.handled.reconcile}=1", "--timeout=30s")
    assert world.get("deployment", "plg-web")["metadata"]["generation"] == before, "it was tried again"
    world.apply(service("web", "3.0.0"))
    world.wait_ready("web", 60)
    assert serving(world, "web") == "3"


def test_a_first_version_that_fails_is_scaled_to_zero(world: World) -> None:
    world.apply(service("web", "1.0.0", "import sys; sys.exit(3)"))
    message = world.wait_reason("web", "NoTarget", 120)
    assert "nothing good to go back to" in message
    world.eventually("no pod is left", lambda: not world.items("pods"), 60)
    assert world.get("deployment", "plg-web")["spec"]["replicas"] == 0

    world.apply(service("web", "1.0.1"))
    world.wait_ready("web", 60)


def test_people_go_back_by_hand_until_the_spec_changes_or_they_withdraw(world: World) -> None:
    world.apply(service("web"))
    world.wait_ready("web", 60)
    world.apply(service("web", "2.0.0"))
    world.wait_ready("web", 60)

    world.kubectl("annotate", "plugin/web", "greffon.dev/rollback-to=web-r1")
    message = world.wait_reason("web", "RolledBack", 60)
    assert "revision r1 (1.0.0) runs instead of revision r2 (2.0.0)" in message
    world.eventually("the old revision serves", lambda: serving(world, "web") == "1")
    assert world.get("plugin", "web")["spec"]["version"] == "2.0.0", "the spec is the user's"

    world.kubectl("annotate", "plugin/web", "greffon.dev/rollback-to-")
    world.wait_ready("web", 60)
    world.eventually("the new revision serves", lambda: serving(world, "web") == "2")

    world.kubectl("annotate", "plugin/web", "greffon.dev/rollback-to=r1")
    world.wait_reason("web", "RolledBack", 60)
    world.apply(service("web", "3.0.0"))
    world.wait_ready("web", 60)
    world.eventually("the newest revision serves", lambda: serving(world, "web") == "3")

    world.kubectl("annotate", "plugin/web", "greffon.dev/rollback-to=r9", "--overwrite")
    world.eventually(
        "the request is refused in words",
        lambda: "r9 is not kept; there are r1, r2, r3" in str(world.condition("web", "RolledBack")),
    )
    assert world.condition("web", "Ready")["status"] == "True"
    assert actions(world, "web") == [
        "Activated r1",
        "Activated r2",
        "ManualRollback r1",
        "Activated r2",
        "ManualRollback r1",
        "Activated r3",
    ]


def test_a_restart_makes_new_pods_of_the_same_revision(world: World) -> None:
    world.apply(service("web"))
    world.wait_ready("web", 60)
    (before,) = world.items("pods")

    world.kubectl("annotate", "plugin/web", "greffon.dev/restart=now")

    def renewed() -> bool:
        names = [pod["metadata"]["name"] for pod in world.items("pods") if is_ready(pod)]
        return len(names) == 1 and names != [before["metadata"]["name"]]

    world.eventually("another pod serves", renewed, 60)
    assert serving(world, "web") == "1"
    assert world.get("plugin", "web")["status"]["handled"] == {"restart": "now"}
    world.kubectl("annotate", "plugin/web", "greffon.dev/restart-")
    world.apply(script("other", "echo '{}'"))
    world.wait_ready("other")
    assert renewed(), "taking the annotation away restarts nothing"


CLIENT = """
import json, sys, threading, time, urllib.request
event = json.load(sys.stdin)
failed, seen, lock, times = [], {}, threading.Lock(), {}
def now(): return round(time.monotonic() - begin, 1)
def ask():
    try:
        with urllib.request.urlopen("http://plg-web:8080/", timeout=5) as answer:
            text = answer.read().decode()
        with lock:
            seen[text] = seen.get(text, 0) + 1
            times.setdefault(text, [now(), 0])[1] = now()
    except Exception as error:
        with lock: failed.append(f"{now()} s: {type(error).__name__}: {error}"[:100])
begin = time.monotonic()
while not seen:  # its own way out is opened a moment after its start
    ask()
print("connected", file=sys.stderr, flush=True)
failed.clear(); seen.clear(); times.clear()
threads, begin, n = [], time.monotonic(), 0
while time.monotonic() - begin < event["seconds"]:
    thread = threading.Thread(target=ask); thread.start(); threads.append(thread)
    n += 1
    time.sleep(max(0.0, begin + n / event["rate"] - time.monotonic()))
for thread in threads: thread.join()
print(json.dumps({"sent": n, "failed": len(failed), "errors": failed[:9], "seen": seen, "times": times}))
"""


def test_no_request_fails_during_a_good_upgrade_nor_during_a_bad_one_and_its_rollback(
    world: World, figure: Figure
) -> None:
    ports = [{"port": 8080}]
    client = script("client", CLIENT, type_="Python", run={"timeoutSeconds": 300})
    client["spec"]["permissions"] = {"egress": [{"plugin": "web", "ports": ports}]}
    client["spec"]["run"]["resources"] = {"limits": {"cpu": "1", "memory": "512Mi"}}

    def web(version: str, code: str = GOOD) -> Json:
        made = service("web", version, code)
        made["spec"]["permissions"] = {"ingress": [{"plugin": "client", "ports": ports}]}
        return made

    def load(name: str, seconds: int) -> None:
        spec = {"pluginRef": {"name": "client"}, "input": {"seconds": seconds, "rate": 50}}
        run = {"apiVersion": "greffon.dev/v1alpha1", "kind": "PluginRun", "metadata": {"name": name}, "spec": spec}
        world.apply(run)
        world.eventually(f"run {name} asks", lambda: "connected" in log(name), 180)

    def log(run: str) -> str:
        job = world.get("pluginrun", run).get("status", {}).get("job")
        try:
            return world.kubectl("logs", f"job/{job}") if job else ""
        except HarnessError:  # no pod yet, or its container is not there yet
            return ""

    def result(name: str) -> Json:
        world.kubectl("wait", f"pluginrun/{name}", "--for=jsonpath={.status.outcome}", "--timeout=180s", timeout=200)
        status = world.get("pluginrun", name)["status"]
        assert status["outcome"] == "Succeeded", status
        found: Json = status["output"]
        figure(f"{name}: {found}")
        return found

    world.apply(client, web("1.0.0"))
    world.wait_ready("web", 60)
    world.wait_ready("client", 60)

    load("good", 40)
    world.apply(web("2.0.0"))
    good = result("good")
    assert good["failed"] == 0, good
    assert set(good["seen"]) == {"1.0.0", "2.0.0"}
    assert good["sent"] > 40 * 50 * 0.8

    load("bad", 60)
    world.apply(web("3.0.0", "import sys; sys.exit(3)"))
    world.wait_reason("web", "RolledBack", 120)
    bad = result("bad")
    assert bad["failed"] == 0, bad
    assert set(bad["seen"]) == {"2.0.0"}


def evict(world: World, pod: str) -> None:
    """What `kubectl drain` does to each pod of a node."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": world.namespace}}
    path = f"/api/v1/namespaces/{world.namespace}/pods/{pod}/eviction"
    world.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))


def ready_pod(world: World, name: str, *, but: str = "") -> str:
    """Name of a ready pod, another than `but`."""
    pods = [pod["metadata"]["name"] for pod in world.items("pods", f"greffon.dev/plugin={name}") if is_ready(pod)]
    return next((pod for pod in pods if pod != but), "")


def is_past_its_deadline(world: World, name: str) -> bool:
    conditions = world.get("deployment", f"plg-{name}")["status"].get("conditions") or ()
    return any(c.get("reason") == "ProgressDeadlineExceeded" for c in conditions)


def test_what_the_platform_does_counts_for_nothing(world: World) -> None:
    world.apply(service("web"))
    world.wait_ready("web", 60)
    world.apply(service("web", "2.0.0"))
    world.wait_ready("web", 60)
    pod = world.eventually("a pod of the new version is ready", partial(ready_pod, world, "web"))
    for turn in range(4):  # more often than crashes are forgiven
        if turn % 2:
            world.kubectl("delete", "pod", pod, "--wait=false")
        else:
            evict(world, pod)
        pod = world.eventually("another pod takes over", partial(ready_pod, world, "web", but=pod))
    world.wait_ready("web", 60)

    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"}, "spec": {"hard": {"pods": "1"}}}
    world.apply(quota)
    world.eventually("the quota counts", lambda: "used" in world.get("resourcequota", "full").get("status", {}))
    world.apply(service("web", "3.0.0"))
    message = world.wait_reason("web", "QuotaExceeded", 60)
    assert "exceeded quota: full" in message
    world.eventually("the deadline has passed", partial(is_past_its_deadline, world, "web"), 90)
    world.kubectl("annotate", "plugin/web", "greffon.dev/reconcile=look")
    world.eventually("it was looked at", lambda: world.get("plugin", "web")["status"].get("handled"))
    status = world.get("plugin", "web")["status"]
    assert "quarantined" not in status
    assert (status["revisions"]["desired"], status["revisions"]["active"]) == ("web-r3", "web-r2")
    assert serving(world, "web") == "2"

    world.kubectl("delete", "resourcequota", "full")
    world.kubectl("annotate", "plugin/web", "greffon.dev/restart=now")  # Kubernetes itself waits longer and longer
    world.wait_ready("web", 90)
    assert actions(world, "web") == ["Activated r1", "Activated r2", "Activated r3"]
