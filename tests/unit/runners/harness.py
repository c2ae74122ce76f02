"""Starts the real runner program the way a container does, with folders of a test in place of the mounts."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RUNNER = Path(__file__).parents[3] / "operator/runners/common/greffon-runner"
PYTHON = ("python3", "main.py")
BASH = ("bash", "main.sh")
SECONDS = 60.0
_ANNOUNCEMENT = re.compile(rb"serving on port (\d+)")


@dataclass(frozen=True)
class Ran:
    """What a job left behind."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    document: bytes | None

    @property
    def report(self) -> dict[str, Any]:
        """Return the document of the termination log."""
        assert self.document is not None, "the runner wrote no report"
        report = json.loads(self.document)
        assert isinstance(report, dict)
        return report


@dataclass(frozen=True)
class Workspace:
    """A plug-in's folders: source, event and termination log."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """Return the folder that stands for /plugin/src."""
        return self.root / "src"

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write the plug-in's files, executable as the ConfigMap's are."""
        self.source.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = self.source / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.chmod(0o555)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start the runner; stdout and stderr are pipes unless `options` say otherwise."""
        self.source.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GREFFON_EVENT": str(self.root / "event.json"),
            "GREFFON_TERMINATION_LOG": str(self.root / "termination-log"),
            **self.environment,
        }
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-IS", str(RUNNER), *arguments]
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command, cwd=self.source, env=environment, **{**streams, **options}
        )
        return process

    def job(
        self,
        argv: Sequence[str],
        *,
        event: bytes | None = None,
        while_running: Callable[[subprocess.Popen[bytes]], None] | None = None,
        **options: Any,
    ) -> Ran:
        """Run a job to its end."""
        if event is not None:
            (self.root / "event.json").write_bytes(event)
        return self.to_its_end("job", "--", *argv, while_running=while_running, **options)

    def to_its_end(
        self, *arguments: str, while_running: Callable[[subprocess.Popen[bytes]], None] | None = None, **options: Any
    ) -> Ran:
        """Run the runner until it ends by itself; leave no process behind when it does not."""
        with self.start(*arguments, **options) as process:
            try:
                if while_running:
                    while_running(process)
                stdout, stderr = process.communicate(timeout=SECONDS)
            finally:
                process.kill()
        return Ran(process.returncode, stdout or b"", stderr or b"", self.termination_log())

    def termination_log(self) -> bytes | None:
        """Return the runner's document, None when there is none."""
        path = self.root / "termination-log"
        return path.read_bytes() if path.is_file() else None

    @contextlib.contextmanager
    def serving(self, argv: Sequence[str], **options: Any) -> Iterator["Served"]:
        """Run a Service on a free port for the length of a `with` block."""
        with self.start("serve", "--port", "0", "--", *argv, stdout=subprocess.DEVNULL, **options) as process:
            try:
                yield Served(process, _port(process))
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.communicate(timeout=SECONDS)
                finally:
                    process.kill()


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """A running Service."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def address(self) -> tuple[str, int]:
        """Return where it listens."""
        return "127.0.0.1", self.port

    def request(
        self,
        method: str,
        path: str = "/",
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; a body that is an iterator goes out in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        with contextlib.closing(connection):
            chunked = body is not None and not isinstance(body, bytes)
            extra = {"Transfer-Encoding": "chunked"} if chunked else {}
            connection.request(method, path, body, {**extra, **(headers or {})}, encode_chunked=chunked)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def post(self, data: Any, **headers: str) -> Answer:
        """Send data as plain JSON."""
        return self.request("POST", "/", json.dumps(data).encode(), headers)


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stderr is not None
    seen = b""
    while line := process.stderr.readline():
        seen += line
        if match := _ANNOUNCEMENT.search(line):
            return int(match[1])
    raise AssertionError(f"the runner did not serve, exit code {process.wait()}: {seen.decode()}")
