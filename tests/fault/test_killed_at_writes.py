"""The operator is killed before and after every write of an upgrade, a rollback and a way back by hand (promise 7).

Run by pytest on the real cluster. A proxy on loopback stands between operator and API server and counts the writes for
one plug-in. "Before": the write never arrives. "After": it arrives, and its answer is lost.

Each point has a plug-in of its own, whose act begins when its kill is armed; thus the kill is at exactly that write.
Then a fresh operator finishes while the next point begins: later kills hit earlier plug-ins at random moments, too,
which makes it only harder. Events are not counted: they are written beside the work, in no order.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
import yaml

from tests.cluster import Cluster, images
from tests.e2e.world import Json, World, plugin
from tests.fault.fleet import SMALL, WAIT
from tests.fault.host_operator import HostOperator, in_place_of_the_deployment
from tests.fault.ledger import ledger
from tests.fault.settled import wait_until_settled
from tests.fault.state import differences, state, strays

pytestmark = pytest.mark.timeout(900)
When = Literal["before", "after"]
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OF_THE_CONNECTION = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "host"})


@dataclass
class Trap:
    """Counts the writes for one plug-in, and springs at one of them; never at -1."""

    name: str
    number: int = -1
    when: When = "before"
    seen: list[str] = field(default_factory=list)
    sprung: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def springs(self, method: str, path: str) -> bool:
        """Count a request; whether it is the one."""
        parts = urlsplit(path)
        if method not in _WRITES or self.name not in parts.path or "dryRun" in parts.query or "/events" in parts.path:
            return False
        with self._lock:
            self.seen.append(f"{method} {parts.path}")
            return len(self.seen) - 1 == self.number


class Proxy(ThreadingHTTPServer):
    """Passes requests on to the API server, except where the trap springs."""

    daemon_threads = True

    def __init__(self, server: str, authority: str, operator: HostOperator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        address = urlsplit(server)
        self.host, self.target_port = str(address.hostname), address.port or 443
        self.tls = ssl.create_default_context(cadata=authority)
        self.operator, self.trap = operator, Trap("no plug-in")

    def spring(self, trap: Trap) -> None:
        """Kill the operator; whoever waits for that may go on."""
        self.operator.kill()
        trap.sprung.set()

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed operator hangs up amid answers, which is the point."""


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def pass_on(self) -> None:
        """One request. The answer ends with the connection, so that watches need nothing of their own."""
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trap = self.server.trap
        springs = trap.springs(self.command, self.path)
        if springs and trap.when == "before":
            return self.server.spring(trap)
        upstream = http.client.HTTPSConnection(self.server.host, self.server.target_port, context=self.server.tls)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _OF_THE_CONNECTION}
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            if springs:
                answer.read()
                return self.server.spring(trap)
            self._answer(answer)
        finally:
            upstream.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815 - names that the base class asks for

    def _answer(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in _OF_THE_CONNECTION:
                self.send_header(key, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while part := answer.read1(65536):
            self.wfile.write(part)


@contextmanager
def proxied(directory: Path, operator: HostOperator) -> Iterator[Proxy]:
    """A proxy that the operator's kubeconfig leads to."""
    file = directory / "kubeconfig"
    config = yaml.safe_load(file.read_text())
    target = config["clusters"][0]["cluster"]
    authority = ssl_authority(target)
    with Proxy(target["server"], authority, operator) as proxy:
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{proxy.server_address[1]}"}
        file.write_text(yaml.safe_dump(config))
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            operator.kill()
            proxy.shutdown()
            thread.join()


def ssl_authority(target: Json) -> str:
    """The certificate authority of a kubeconfig's cluster, as PEM."""
    return base64.b64decode(target["certificate-authority-data"]).decode()


@pytest.fixture
def proxy(cluster: Cluster, tmp_path: Path) -> Iterator[Proxy]:
    """An operator on this machine behind a proxy; the operator runs and is ready."""
    with in_place_of_the_deployment(cluster, tmp_path) as operator, proxied(tmp_path, operator) as made:
        operator.start()
        operator.wait_until_ready()
        yield made


def box(world: World, name: str, version: str, *words: str) -> Json:
    """A container as a Service that turns bad soon if it is bad."""
    image = images.reference(world.cluster, "runner-bash")
    run = {"mode": "Service", "entrypoint": [*words] or WAIT, "resources": SMALL}
    if words == ("false",):  # without a probe the process would count as ready until it has ended
        run["probes"] = {"ready": {"tcp": {"port": 8080}}}
    spec = {"rollout": {"progressDeadlineSeconds": 60}, "rollback": {"maxCrashes": 2}, "version": version}
    return plugin(name, type="Container", source={"image": {"ref": image}}, run=run, **spec)


def upgrade(world: World, name: str) -> None:
    world.apply(box(world, name, "3.0.0", *WAIT, "third"))


def break_it(world: World, name: str) -> None:
    world.apply(box(world, name, "3.0.0", "false"))


def back_by_hand(world: World, name: str) -> None:
    world.kubectl("annotate", f"plugin/{name}", "greffon.dev/rollback-to=r1")


ACTS: dict[str, tuple[Callable[[World, str], None], str]] = {
    "good": (upgrade, "Available"),
    "hand": (back_by_hand, "RolledBack"),
    "fail": (break_it, "RolledBack"),
}
MOST = {"good": 7, "hand": 8, "fail": 10}
"""Plug-ins are made beforehand, for at most so many writes; the test fails if an act has more."""


def point_name(act: str, number: int, when: When) -> str:
    return f"{act}-{number:02d}-{when}"


def prepare(world: World) -> None:
    """Every plug-in at work; with two good versions if it shall go back by hand."""
    points = [point_name(a, n, w) for a, most in MOST.items() for n in range(most) for w in ("before", "after")]
    names = [*points, *(f"{act}-undisturbed" for act in ACTS)]
    for version, some in (("1.0.0", names), ("2.0.0", [name for name in names if name.startswith("hand")])):
        world.apply(*(box(world, name, version, *WAIT, version) for name in some))
        wait_until_settled(world)


def measure(world: World, proxy: Proxy, act: str) -> int:
    """Play an act undisturbed; gives how many writes it takes."""
    name = f"{act}-undisturbed"
    perform, end = ACTS[act]
    proxy.trap = Trap(name)
    perform(world, name)
    world.wait_reason(name, end, 120)
    ledger(world.cluster, world.namespace).quiet()
    return len(proxy.trap.seen)


def play(world: World, proxy: Proxy, act: str, number: int, when: When) -> bool:
    """Begin an act, kill the operator at a write, start another; whether it came to the kill."""
    name = point_name(act, number, when)
    proxy.trap = trap = Trap(name, number, when)
    ACTS[act][0](world, name)
    if trap.sprung.wait(timeout=90):
        proxy.operator.start()
        proxy.operator.wait_until_ready()
    return trap.sprung.is_set()


def of_plugin(found: dict[str, Json], name: str) -> dict[str, Json]:
    """The part of a namespace's state that belongs to one plug-in, under a common name. How often a process has died
    by the time of the verdict, and what it said, depends on the moment."""
    mine = {key: obj for key, obj in found.items() if re.search(rf"\b{name}\b", key)}
    text = re.sub(rf"\b{name}\b", "<plugin>", json.dumps(mine))
    made: dict[str, Json] = json.loads(re.sub(r'"crashes": \d+', '"crashes": 0', text))
    return made


def test_a_kill_at_any_write_changes_nothing_in_the_end(
    world: World, proxy: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(world)
    counts = {act: measure(world, proxy, act) for act in ACTS}
    assert all(0 < count <= MOST[act] for act, count in counts.items()), counts
    whens: tuple[When, When] = ("before", "after")
    points = [(act, number, when) for act, count in counts.items() for number in range(count) for when in whens]
    unreached = [point for point in points if not play(world, proxy, *point)]
    for act, number, when in points:
        world.wait_reason(point_name(act, number, when), ACTS[act][1], 120)
    wait_until_settled(world)

    found = state(world)
    wrong = {p: differences(of_plugin(found, f"{p[0]}-undisturbed"), of_plugin(found, point_name(*p))) for p in points}
    with capsys.disabled():
        for act in ACTS:
            mine = [point for point in points if point[0] == act]
            print(f"\n  {act}: {sum(not wrong[p] and p not in unreached for p in mine)}/{len(mine)} kills end alike")
    assert not unreached
    assert not {point: text for point, text in wrong.items() if text}
    assert not strays(world)
