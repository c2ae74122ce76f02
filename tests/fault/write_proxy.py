"""A proxy between operator and API server that kills the operator at one chosen write for one plug-in.

Used by `test_killed_at_writes`. "Before": the write never arrives. "After": it arrives, and its answer is lost. Events
are not counted: they are written beside the work, in no order.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import yaml

from tests.e2e.world import Json
from tests.fault.host_operator import HostOperator

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
