"""Service mode: what the real runner answers to requests of every kind."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runners.harness import BASH, PYTHON, Served, Workspace

# Does what the event's data says: gives it back, fails, or takes its time.
SCRIPT = """
import json, sys, time
event = json.load(sys.stdin)
data = event.get("data")
do = data.get("do") if isinstance(data, dict) else None
if do == "fail":
    print("it went wrong", file=sys.stderr)
    sys.exit(3)
if do == "sleep":
    time.sleep(60)
if do == "silent":
    sys.exit(0)
if do == "large":
    print(json.dumps("x" * 2_000_000))
else:
    print(json.dumps(event))
"""
CE = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/tests", "ce-type": "demo.event"}
STRUCTURED = {"specversion": "1.0", "id": "7", "source": "/tests", "type": "demo.event"}
CLOUD_EVENT_JSON = {"content-type": "application/cloudevents+json; charset=utf-8"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One Service for all requests of this module, with a timeout of two seconds."""
    workspace = Workspace(tmp_path_factory.mktemp("service"), {"GREFFON_TIMEOUT_SECONDS": "2"})
    workspace.write({"main.py": SCRIPT})
    with workspace.serving(PYTHON) as served:
        yield served


@dataclass(frozen=True)
class Request:
    """A request and the answer that it must get; `event` is the part of the script's input that matters."""

    says: str
    body: bytes | None = b'{"n": 1}'
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/"
    status: int = 200
    event: dict[str, Any] | None = None
    error: str = ""


EVENTS = [
    Request("plain JSON becomes the data", event={"data": {"n": 1}, "type": "dev.greffon.http", "source": "/"}),
    Request("any path will do, and the script can see it", path="/rotate?x=1", event={"source": "/rotate?x=1"}),
    Request("plain JSON may be any value", b"[1, null]", event={"data": [1, None]}),
    Request(
        "the content type of plain JSON does not matter",
        headers={"content-type": "text/plain"},
        event={"data": {"n": 1}},
    ),
    Request("a binary CloudEvent", headers=CE, event={**STRUCTURED, "data": {"n": 1}}),
    Request("a binary CloudEvent without data", None, CE, event={**STRUCTURED, "data": None}),
    Request("its attributes are percent-decoded", headers={**CE, "ce-subject": "caf%C3%A9"}, event={"subject": "café"}),
    Request(
        "its time is kept", headers={**CE, "ce-time": "2026-01-01T00:00:00Z"}, event={"time": "2026-01-01T00:00:00Z"}
    ),
    Request(
        "its data may be text",
        b"hi",
        {**CE, "content-type": "text/plain"},
        event={"data": "hi", "datacontenttype": "text/plain"},
    ),
    Request("its data may be bytes", b"\xff", {**CE, "content-type": "image/png"}, event={"data_base64": "/w=="}),
    Request(
        "a structured CloudEvent",
        json.dumps({**STRUCTURED, "data": [1], "ext": "e"}).encode(),
        CLOUD_EVENT_JSON,
        event={**STRUCTURED, "data": [1], "ext": "e"},
    ),
]

REFUSED = [
    Request("no JSON", b"{oops", status=400, error="not JSON"),
    Request("NaN", b"[NaN]", status=400, error="NaN is not JSON"),
    Request("bytes that are not UTF-8", b'"\xff"', status=400, error="not JSON"),
    Request("nesting beyond reason", b"[" * 100_000, status=400, error="not JSON"),
    Request("an empty body", b"", status=400, error="empty"),
    Request(
        "a binary CloudEvent without id and type",
        headers={"ce-specversion": "1.0", "ce-source": "s"},
        status=400,
        error="lacks id, type",
    ),
    Request("a binary CloudEvent with bad data", b"{oops", CE, status=400, error="not JSON"),
    Request(
        "a CloudEvent of another version", headers={**CE, "ce-specversion": "0.3"}, status=400, error="specversion 1.0"
    ),
    Request("a structured CloudEvent that is a list", b"[]", CLOUD_EVENT_JSON, status=400, error="object"),
    Request(
        "a structured CloudEvent with a number as id",
        json.dumps({**STRUCTURED, "id": 7}).encode(),
        CLOUD_EVENT_JSON,
        status=400,
        error="lacks id",
    ),
    Request(
        "a batch of CloudEvents",
        b"[]",
        {"content-type": "application/cloudevents-batch+json"},
        status=415,
        error="not supported",
    ),
    Request("over 1 MiB", b'"' + b"x" * 1024 * 1024 + b'"', status=413, error="over 1048576 bytes"),
    Request("far over 1 MiB", b'"' + b"x" * 6 * 1024 * 1024 + b'"', status=413, error="over 1048576 bytes"),
    Request("another method", method="PUT", status=405, error="POST"),
    Request("GET of anything but the health", None, method="GET", status=404, error="POST"),
    Request("headers without end", headers={"x": "y" * 20_000}, status=431, error="headers"),
    Request(
        "a length that is no number", None, {"content-length": "-1"}, status=400, error="Content-Length is not a number"
    ),
    Request("a coding that nobody knows", None, {"transfer-encoding": "gzip"}, status=400, error="chunked"),
    Request(
        "two ways to say the length",
        None,
        {"transfer-encoding": "chunked", "content-length": "5"},
        status=400,
        error="either",
    ),
]


@pytest.mark.parametrize("request_", EVENTS, ids=lambda request: request.says)
def test_an_event_reaches_the_script(request_: Request, served: Served) -> None:
    """The script gives its input back."""
    answer = served.request(request_.method, request_.path, request_.body, request_.headers)

    assert answer.status == 200, answer.body
    assert request_.event is not None
    assert request_.event.items() <= answer.json.items()
    assert {"specversion", "id", "source", "type", "time"} <= answer.json.keys()


@pytest.mark.parametrize("request_", REFUSED, ids=lambda request: request.says)
def test_a_request_is_refused_with_a_reason(request_: Request, served: Served) -> None:
    """Status and text; the next request works."""
    answer = served.request(request_.method, request_.path, request_.body, request_.headers)

    assert (answer.status, request_.error in answer.json["error"]) == (request_.status, True), answer.body
    assert served.post({"n": 2}).json["data"] == {"n": 2}


@pytest.mark.parametrize(
    ("do", "status", "body"),
    [
        ("silent", 204, None),
        ("fail", 500, {"error": "the script ended with exit code 3", "exitCode": 3, "tail": "it went wrong\n"}),
        ("large", 500, {"error": "the last line is over 1048576 bytes, too large for a result", "exitCode": 0}),
        ("sleep", 504, {"error": "the script took longer than its timeout of 2 s", "exitCode": 124}),
    ],
)
def test_the_answer_tells_how_the_script_ended(
    do: str, status: int, body: dict[str, Any] | None, served: Served
) -> None:
    """No result, failure, a result that is too large, timeout."""
    answer = served.post({"do": do})

    assert answer.status == status
    assert body.items() <= answer.json.items() if body else answer.body == b""


def test_a_body_may_come_in_chunks(served: Served) -> None:
    """As clients send it that do not know the length."""
    answer = served.request("POST", "/", iter([b'{"a"', b": ", b"1}"]))

    assert (answer.status, answer.json["data"]) == (200, {"a": 1})


def test_chunks_over_the_limit_are_refused(served: Served) -> None:
    """The limit holds for what arrives, not for what was announced."""
    answer = served.request("POST", "/", iter([b"x" * 600_000] * 2))

    assert answer.status == 413


def test_a_client_that_expects_100_continue_gets_it(served: Served) -> None:
    """Without it, curl waits a second before it sends a large body."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")

        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GARBAGE\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost",
        b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ],
)
def test_a_peer_that_talks_nonsense_does_no_harm(sent: bytes, served: Served) -> None:
    """TCP probes, TLS on a plain port, half a request."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert answer == b"" if not sent else answer.startswith(b"HTTP/1.1 400 Bad Request")
    assert served.request("GET", "/healthz").status == 200


@pytest.mark.parametrize(("method", "body"), [("GET", b'{"status": "ok", "running": 0}'), ("HEAD", b"")])
def test_health(method: str, body: bytes, served: Served) -> None:
    """What readiness and liveness probes see."""
    answer = served.request(method, "/healthz")

    assert (answer.status, answer.body) == (200, body)


def test_events_run_side_by_side_up_to_the_limit(workspace: Workspace, tmp_path: Path) -> None:
    """Eight run; the ninth is sent away; a full house stays healthy; afterwards there is room again."""
    gate = tmp_path / "gate"
    started = tmp_path / "started"
    started.mkdir()
    script = f"touch {started}/$$; until [ -e {gate} ]; do sleep 0.02; done; echo '[1]'\n"
    workspace.write({"main.sh": script})

    with workspace.serving(BASH) as served, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(served.post, {}) for _ in range(8)]
        while len(list(started.iterdir())) < 8:
            assert not any(answer.done() for answer in answers)
        ninth = served.post({})
        health = served.request("GET", "/healthz")
        gate.touch()
        statuses = [answer.result().status for answer in answers]
        tenth = served.post({})

    assert (ninth.status, ninth.headers["retry-after"]) == (503, "1")
    assert (health.status, health.json["running"]) == (200, 8)
    assert statuses == [200] * 8
    assert tenth.status == 200


def test_ipv4_and_ipv6_clients_are_served(served: Served) -> None:
    """A pod has one family, and which one is the cluster's choice."""
    families = [socket.AF_INET, *([socket.AF_INET6] if socket.has_dualstack_ipv6() else [])]
    for family in families:
        with socket.socket(family) as connection:
            connection.connect(("127.0.0.1" if family == socket.AF_INET else "::1", served.port))
            connection.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_broken_script_is_never_ready(workspace: Workspace) -> None:
    """What would fail at every event ends the process at the start, with the reason in the report."""
    cases = {
        "main.py": ("def broken(:\n", PYTHON, 126, "line 1: invalid syntax"),
        "main.sh": ("if true; then\n", BASH, 126, "syntax error: unexpected end of file"),
        "other": ("", ("python3", "absent.py"), 127, "no file absent.py"),
    }
    for name, (script, argv, exit_code, reason) in cases.items():
        case = replace(workspace, root=workspace.root / name)
        case.write({name: script})
        ran = case.to_its_end("serve", "--port", "0", "--", *argv)
        assert (ran.exit_code, ran.report["exitCode"]) == (exit_code, exit_code)
        assert reason in ran.report["tail"]


def test_a_port_that_is_taken_is_told(workspace: Workspace) -> None:
    """Two listeners on one port."""
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        ran = workspace.to_its_end("serve", "--port", str(port), "--", "true")

    assert ran.exit_code == 2
    assert f"cannot listen on port {port}: Address already in use" in ran.stderr.decode()
