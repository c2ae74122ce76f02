"""The script of `helm test` passes with a working operator and says what is wrong with any other.

A small API server over HTTP stands in for the cluster: it keeps objects, and plays the operator by writing the
status that each situation calls for.
"""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.chart_render import OPERATOR

Json = dict[str, Any]
ROOT = "/apis/greffon.dev/v1alpha1/namespaces/team-a"
READY = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", "reason": "Idle"}]}
ENDED_WELL = {"outcome": "Succeeded", "output": {"echo": "graft"}}
WORKING = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "Unknown", "reason": "Progressing"}]}


def load_script() -> Any:
    """The chart's script, as a module."""
    spec = importlib.util.spec_from_file_location("smoke", OPERATOR / "files" / "smoke.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


smoke = load_script()


@dataclass
class World:
    """Objects by path, what the operator will say about them, and every request."""

    statuses: dict[str, Json] = field(default_factory=lambda: {"plugins": READY, "pluginruns": ENDED_WELL})
    objects: dict[str, Json] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)
    refuse: str = ""
    requests: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """The verbs that the script uses, with the answers of a real API server."""

    world: World

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.world.refuse:
            self.answer(403, {"message": self.world.refuse})
            return
        path = f"{self.path}/{document['metadata']['name']}"
        if path in self.world.objects:
            self.answer(409, {"message": "already exists"})
            return
        document["metadata"]["generation"] = 1
        self.world.objects[path] = document
        self.answer(201, document)

    def do_DELETE(self) -> None:
        found = self.world.objects.pop(self.path, None)
        self.answer(200 if found else 404, found or {"message": "not found"})

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        if "watch" in query:
            self.stream(address.path, query["fieldSelector"].removeprefix("metadata.name="))
        elif "labelSelector" in query:
            plural = address.path.rpartition("/")[2]
            names = [child.partition("/")[2] for child in self.world.children if child.startswith(plural)]
            self.answer(200, {"items": [{"metadata": {"name": name}} for name in names]})
        else:
            found = self.world.objects.get(self.path)
            self.answer(200 if found else 404, found or {"message": "not found"})

    def stream(self, collection: str, name: str) -> None:
        """First the object without a status, then with the one that the situation calls for."""
        found = self.world.objects[f"{collection}/{name}"]
        status = self.world.statuses[collection.rpartition("/")[2]]
        events = [("ADDED", found), ("MODIFIED", found | {"status": WORKING}), ("MODIFIED", found | {"status": status})]
        lines = [json.dumps({"type": kind, "object": item}) for kind, item in events]
        self.send("\n".join(lines).encode(), 200)

    def answer(self, code: int, document: Json) -> None:
        self.send(json.dumps(document).encode(), code)

    def send(self, body: bytes, code: int) -> None:
        self.world.requests.append(f"{self.command} {urlsplit(self.path).path} {self.headers['Authorization']}")
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def cluster(world: World) -> Iterator[Any]:
    handler = type("Bound", (Handler,), {"world": world})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield smoke.Cluster(f"http://127.0.0.1:{server.server_address[1]}", "secret", None, 1)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("plugin_type", ["Python", "Bash"])
def test_a_working_operator_passes_and_nothing_is_left(world: World, cluster: Any, plugin_type: str) -> None:
    smoke.run_test(cluster, "team-a", "greffon-smoke", plugin_type)

    assert world.objects == {}
    made = [request for request in world.requests if request.startswith("POST")]
    assert made == [f"POST {ROOT}/plugins Bearer secret", f"POST {ROOT}/pluginruns Bearer secret"]


def test_what_an_earlier_failed_test_left_is_cleared_away_first(world: World, cluster: Any) -> None:
    left = {f"{ROOT}/{plural}/greffon-smoke" for plural in ("plugins", "pluginruns")}
    world.objects |= {path: {"metadata": {"name": "greffon-smoke", "generation": 7}} for path in left}

    smoke.run_test(cluster, "team-a", "greffon-smoke", "Python")

    assert world.objects == {}


def stalled(reason: str) -> Json:
    """A status that will not change by itself."""
    return {
        "observedGeneration": 1,
        "conditions": [
            {"type": "Ready", "status": "False", "reason": reason, "message": "because"},
            {"type": "Stalled", "status": "True", "reason": reason, "message": "because"},
        ],
    }


FAILURES: dict[str, tuple[Json, str]] = {
    "a stalled plug-in ends the test at once, with the operator's words": (
        {"statuses": {"plugins": stalled("UnsupportedType")}},
        "the plug-in is stalled: Ready=False UnsupportedType: because",
    ),
    "a status about an older spec is not believed": (
        {"statuses": {"plugins": READY | {"observedGeneration": 0}}},
        "nothing after 1 s; last state: Ready=True Idle",
    ),
    "an operator that is down is suspected": (
        {"statuses": {"plugins": {}}},
        "is it running, and does it manage this namespace?",
    ),
    "a failed run is told with its reason": (
        {
            "statuses": {
                "plugins": READY,
                "pluginruns": {"outcome": "Failed", "reason": "Failed", "message": "ended with exit code 1"},
            }
        },
        "the run ended as Failed: Failed: ended with exit code 1",
    ),
    "a run without its answer is not good enough": (
        {"statuses": {"plugins": READY, "pluginruns": ENDED_WELL | {"output": None}}},
        "the run answered null",
    ),
    "children that stay are named": (
        {"children": ["networkpolicies/plg-greffon-smoke"]},
        "still there after 1 s: networkpolicies/plg-greffon-smoke",
    ),
    "a refusal is quoted": (
        {"refuse": "plugins.greffon.dev is forbidden: a policy says no"},
        "403 plugins.greffon.dev is forbidden: a policy says no",
    ),
}


@pytest.mark.parametrize("situation", FAILURES)
def test_what_is_wrong_is_said(world: World, cluster: Any, situation: str) -> None:
    changes, words = FAILURES[situation]
    for name, value in changes.items():
        setattr(world, name, value)

    with pytest.raises(smoke.SmokeError) as failure:
        smoke.run_test(cluster, "team-a", "greffon-smoke", "Python")

    assert words in str(failure.value)


def test_without_any_runner_the_remedy_is_named(cluster: Any) -> None:
    with pytest.raises(smoke.SmokeError, match="no runner to test with"):
        smoke.run_test(cluster, "team-a", "greffon-smoke", "")


def test_an_unreachable_api_server_is_a_failure_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(smoke, "run_test", refuse)
    monkeypatch.setattr(smoke, "connect", lambda: ("https://198.18.0.1:443", None))
    for name in ("SMOKE_NAMESPACE", "SMOKE_NAME", "SMOKE_TYPE"):
        monkeypatch.setenv(name, "x")

    assert smoke.main() == 1
    assert "FAILED: the API server at https://198.18.0.1:443 cannot be reached" in capsys.readouterr().out
