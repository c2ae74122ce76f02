"""What `helm test` runs: one small plug-in goes through its whole life in this cluster.

It starts in a pod of the operator's image (see templates/tests/smoke.yaml) and needs only the standard library.
Each step waits on a watch, prints one line, and ends the test with the operator's own words when it fails.
The plug-in is left in place after a failure, so that it can be looked at; the next test clears it away first.
"""

from __future__ import annotations

import json
import math
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

GROUP = "greffon.dev/v1alpha1"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SOURCES = {
    "Python": {"main.py": 'import json, sys\nprint(json.dumps({"echo": json.load(sys.stdin)["word"]}))\n'},
    "Bash": {"main.sh": "printf '%s\\n' '{\"echo\": \"graft\"}'\n"},
}
# Everything that may be made for a plug-in of mode Job, with the API that lists it.
CHILDREN = {
    "serviceaccounts": "/api/v1",
    "configmaps": "/api/v1",
    "pods": "/api/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
    "jobs": "/apis/batch/v1",
    "pluginrevisions": f"/apis/{GROUP}",
}


class SmokeError(Exception):
    """A step did not come out as it must; the message is what the user reads."""


class Cluster:
    """The API server, asked with the pod's own token."""

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None, step_seconds: int) -> None:
        """Every request and every wait ends after `step_seconds`."""
        self._url, self._token, self._tls = url, token, tls
        self.step_seconds = step_seconds

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """One request. An object that is not there is an empty answer."""
        try:
            with self._open(method, path, body) as answer:
                document: Json = json.load(answer)
                return document
        except urllib.error.HTTPError as error:
            if error.code == 404 and method != "POST":
                return {}
            raise SmokeError(f"{method} {path}: {error.code} {_message(error)}") from error

    def watch(self, collection: str, name: str) -> Iterator[tuple[str, Json]]:
        """(ADDED, MODIFIED or DELETED, object) of one object, from its present state on, for one step's time."""
        deadline = time.monotonic() + self.step_seconds
        while (left := math.ceil(deadline - time.monotonic())) > 0:  # a server may end a watch early
            query = f"watch=1&fieldSelector=metadata.name%3D{name}&timeoutSeconds={left}"
            with self._open("GET", f"{collection}?{query}") as lines:
                for event in map(json.loads, lines):
                    if event["type"] == "ERROR":
                        break
                    yield event["type"], event["object"]

    def _open(self, method: str, path: str, body: Json | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 -- the address is the cluster's own, from the kubelet
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        return urllib.request.urlopen(request, timeout=self.step_seconds + 5, context=self._tls)  # noqa: S310


def run_test(cluster: Cluster, namespace: str, name: str, plugin_type: str) -> None:
    """The story: make, wait, run, wait, delete, look.

    Raises:
        SmokeError: at the first step that goes wrong.
    """
    root = f"/apis/{GROUP}/namespaces/{namespace}"
    plugins, runs = f"{root}/plugins", f"{root}/pluginruns"
    remove(cluster, runs, name)
    remove(cluster, plugins, name)
    cluster.call("POST", plugins, plugin(name, plugin_type))
    say(f"made the {plugin_type} plug-in {namespace}/{name}")
    wait(cluster, plugins, name, is_ready)
    say("the plug-in is Ready")
    cluster.call("POST", runs, plugin_run(name))
    run = wait(cluster, runs, name, has_succeeded)
    check_output(run)
    say(f"it ran and answered {json.dumps(run['status']['output'])}")
    remove(cluster, runs, name)
    remove(cluster, plugins, name)
    wait_for_nothing(cluster, lambda: list(children(cluster, namespace, name)))
    say("it is deleted and nothing of it remains")


def plugin(name: str, plugin_type: str) -> Json:
    """The smallest useful plug-in of that type."""
    if plugin_type not in SOURCES:
        raise SmokeError("no runner to test with: set runners.python or runners.bash to an image")
    spec = {
        "type": plugin_type,
        "version": "1.0.0",
        "source": {"inline": {"files": SOURCES[plugin_type]}},
        "run": {"mode": "Job"},
    }
    return {"apiVersion": GROUP, "kind": "Plugin", "metadata": {"name": name}, "spec": spec}


def plugin_run(name: str) -> Json:
    """One run of it, with an input."""
    spec = {"pluginRef": {"name": name}, "input": {"word": "graft"}}
    return {"apiVersion": GROUP, "kind": "PluginRun", "metadata": {"name": name}, "spec": spec}


def is_ready(found: Json) -> bool:
    """Ready=True, said about the present spec. Stalled means that waiting is of no use."""
    if found.get("status", {}).get("observedGeneration") != found["metadata"]["generation"]:
        return False
    if condition(found, "Stalled").get("status") == "True":
        raise SmokeError(f"the plug-in is stalled: {explain(found)}")
    return condition(found, "Ready").get("status") == "True"


def has_succeeded(found: Json) -> bool:
    """It has an outcome, and a good one."""
    status = found.get("status", {})
    outcome = status.get("outcome")
    if outcome not in (None, "Succeeded"):
        raise SmokeError(f"the run ended as {outcome}: {status.get('reason', '')}: {status.get('message', '')}")
    return outcome is not None


def check_output(run: Json) -> None:
    """The result must have come back, not just an exit code."""
    output = run["status"].get("output")
    if output != {"echo": "graft"}:
        raise SmokeError(f'the run answered {json.dumps(output)} instead of {{"echo": "graft"}}')


def wait(cluster: Cluster, collection: str, name: str, done: Callable[[Json], bool]) -> Json:
    """Watch one object until `done` says so."""
    last: Json = {}
    for kind, last in cluster.watch(collection, name):
        if kind == "DELETED":
            raise SmokeError(f"somebody deleted {collection.rpartition('/')[2]}/{name} during the test")
        if done(last):
            return last
    raise SmokeError(f"nothing after {cluster.step_seconds} s; last state: {explain(last)}")


def remove(cluster: Cluster, collection: str, name: str) -> None:
    """Delete an object, if it is there, and wait until it is gone."""
    path = f"{collection}/{name}"
    cluster.call("DELETE", path)
    wait_for_nothing(cluster, lambda: [path] if cluster.call("GET", path) else [])


def wait_for_nothing(cluster: Cluster, find: Callable[[], list[str]]) -> None:
    """Ask once a second: a watch that starts after the deletion would never tell of it."""
    deadline = time.monotonic() + cluster.step_seconds
    while left := find():
        if time.monotonic() > deadline:
            raise SmokeError(f"still there after {cluster.step_seconds} s: {', '.join(left)}")
        time.sleep(1)


def children(cluster: Cluster, namespace: str, name: str) -> Iterator[str]:
    """`kind/name` of everything that carries the plug-in's label."""
    for plural, root in CHILDREN.items():
        path = f"{root}/namespaces/{namespace}/{plural}?labelSelector=greffon.dev%2Fplugin%3D{name}"
        for item in cluster.call("GET", path).get("items", []):
            yield f"{plural}/{item['metadata']['name']}"


def condition(found: Json, kind: str) -> Json:
    """The condition of that type, or an empty one."""
    listed: list[Json] = found.get("status", {}).get("conditions", [])
    return next((item for item in listed if item["type"] == kind), {})


def explain(found: Json) -> str:
    """The status in one line, for a person."""
    status = found.get("status", {})
    words = [
        f"{c['type']}={c['status']} {c.get('reason', '')}: {c.get('message', '')}" for c in status.get("conditions", [])
    ]
    if "observedGeneration" not in status:
        words.append("the operator has not looked at it: is it running, and does it manage this namespace?")
    return "; ".join(words)


def say(text: str) -> None:
    """One line of progress, seen by `helm test --logs`."""
    print(text, flush=True)


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError):
        return error.reason


def connect() -> tuple[str, Cluster]:
    """The API server as the kubelet describes it to every pod."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    tls = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    return url, Cluster(url, (ACCOUNT / "token").read_text(), tls, int(os.environ["SMOKE_STEP_SECONDS"]))


def main() -> int:
    """Run the test where the chart says, and tell how it went."""
    url, cluster = connect()
    namespace, name = os.environ["SMOKE_NAMESPACE"], os.environ["SMOKE_NAME"]
    try:
        run_test(cluster, namespace, name, os.environ["SMOKE_TYPE"])
    except SmokeError as failure:
        say(f"FAILED: {failure}")
        say(f"Look at it: kubectl describe plugin,pluginrun {name} --namespace {namespace}")
        return 1
    except OSError as error:
        say(f"FAILED: the API server at {url} cannot be reached: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
