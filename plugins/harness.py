"""Runs a sample as the cluster does: its own files, through the real runner, with loopback in place of the world."""

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.unit.runners.harness import Workspace

ROOT = Path(__file__).parent
ENTRYPOINTS = {"Python": ("python", "main.py"), "Bash": ("bash", "main.sh")}


@dataclass(frozen=True)
class Sample:
    """One plug-in of this folder."""

    manifest: dict[str, Any]

    @classmethod
    def load(cls, name: str) -> "Sample":
        """Read plugins/NAME/plugin.yaml."""
        return cls(yaml.safe_load((ROOT / name / "plugin.yaml").read_text()))

    @property
    def spec(self) -> dict[str, Any]:
        """Return what the author declares."""
        spec: dict[str, Any] = self.manifest["spec"]
        return spec

    @property
    def config(self) -> dict[str, Any]:
        """Return the settings in the manifest."""
        return dict(self.spec.get("config", {}).get("values", {}))

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """Return what is started."""
        return tuple(self.spec["run"].get("entrypoint") or ENTRYPOINTS[self.spec["type"]])

    def workspace(
        self, root: Path, *, config: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
    ) -> Workspace:
        """Lay out the files in a folder, as they are mounted in the pod; `config` changes some of the settings."""
        settings = root / "config.json"
        settings.write_text(json.dumps(self.config | dict(config or {})))
        workspace = Workspace(root, {"GREFFON_CONFIG": str(settings), **(environment or {})})
        workspace.write(self.spec["source"].get("inline", {}).get("files", {}))
        return workspace


class Handler(http.server.BaseHTTPRequestHandler):
    """A request handler that says nothing on stderr. Subclasses write `respond`, for GET and HEAD alike."""

    def respond(self) -> None:
        """Answer the request."""
        self.answer(404)

    def _respond(self) -> None:
        self.respond()

    do_GET = do_HEAD = _respond  # noqa: N815 - the names in the base class

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


class Server(http.server.ThreadingHTTPServer):
    """Takes as many connections at once as a test opens; the default is five."""

    request_queue_size = 64


@contextlib.contextmanager
def listening(handler: type[Handler], secure: Callable[[Server], None] | None = None) -> Iterator[int]:
    """Serve on a free loopback port for the length of a `with` block."""
    with Server(("127.0.0.1", 0), handler) as server:
        if secure:
            secure(server)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
