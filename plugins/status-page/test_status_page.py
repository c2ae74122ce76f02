"""status-page: the command of the manifest, with a free port and a folder in place of the pod's."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import jsonschema_rs
import pytest

from plugins.harness import Sample

SAMPLE = Sample.load("status-page")


@contextlib.contextmanager
def running(root: Path) -> Iterator[str]:
    """Start the entrypoint; yield its address once it listens."""
    # As the kubelet mounts a ConfigMap: a dated folder, and links to it.
    dated = root / "..2026_01_01"
    dated.mkdir()
    (root / "..data").symlink_to(dated.name)
    (root / "config.json").symlink_to("..data/config.json")
    (dated / "config.json").write_text(json.dumps(SAMPLE.config))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    changes = {"8080": str(port), "/plugin/config/..data": str(root / "..data")}
    command = [changes.get(word, word) for word in SAMPLE.entrypoint]
    with subprocess.Popen(command, env={"PATH": os.environ["PATH"]}, stderr=subprocess.DEVNULL) as process:
        try:
            await_listener(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def await_listener(port: int) -> None:
    """Return when something listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError("the server did not start")


def test_the_state_is_published_and_nothing_else(tmp_path: Path) -> None:
    """What the team wrote into the manifest is what everyone reads; other paths lead nowhere."""
    with running(tmp_path) as address:
        with urlopen(f"{address}/config.json") as answer:  # noqa: S310 - loopback
            published = json.load(answer)
        with urlopen(f"{address}/") as answer:  # noqa: S310 - loopback
            listing = answer.read().decode()
        for path in ("/../etc/passwd", "/%2e%2e/secret"):
            with pytest.raises(HTTPError, match="404"):
                urlopen(f"{address}{path}")  # noqa: S310 - loopback

    assert published == SAMPLE.config
    assert listing.count("<li>") == 1


def test_the_probes_ask_where_it_answers() -> None:
    """A probe of a path or port that does not exist would never let it become ready."""
    run = SAMPLE.spec["run"]
    port = run["ports"][0]["port"]

    assert run["probes"]["ready"]["http"] == {"path": "/config.json", "port": port}
    assert run["probes"]["live"]["tcp"] == {"port": port}
    assert str(port) in run["entrypoint"]


@pytest.mark.parametrize(
    "change",
    [{"state": "fine"}, {"components": [{"name": "x"}]}, {"incidents": [{"text": "no date"}]}, {"extra": 1}],
    ids=["an unknown state", "a component without state", "an incident without date", "an unknown field"],
)
def test_a_wrong_edit_is_refused_by_the_schema(change: dict[str, Any]) -> None:
    """So that nobody publishes nonsense at 3 a.m."""
    validator = jsonschema_rs.validator_for(SAMPLE.spec["config"]["schema"])

    assert validator.is_valid(SAMPLE.config)
    assert not validator.is_valid(SAMPLE.config | change)
