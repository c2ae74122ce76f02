"""backup-verifier against a real HTTP server on loopback that keeps backups."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins.harness import Handler, Sample, listening

SAMPLE = Sample.load("backup-verifier")
CONTENT = b"-- dump --\n" * 100_000
FILES: dict[str, bytes] = {}


class Store(Handler):
    """Gives out `FILES`; "torn" announces more than it sends."""

    def respond(self) -> None:
        """Answer a download."""
        name = self.path.lstrip("/")
        if name not in FILES:
            self.answer(404)
        elif name == "torn":
            self.send_response(200)
            self.send_header("Content-Length", str(len(FILES[name]) + 1))
            self.end_headers()
            self.wfile.write(FILES[name])
        else:
            self.answer(200, FILES[name])


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of the store."""
    FILES.update({"good": CONTENT, "torn": CONTENT, "altered": CONTENT[:-1] + b"?", "tiny": b"x", "cut": CONTENT[:-7]})
    with listening(Store) as port:
        yield f"http://127.0.0.1:{port}"


def entry(url: str, *, hours: float = 1, **changes: Any) -> dict[str, Any]:
    """Return an entry of the index that describes `CONTENT`."""
    made = datetime.now(UTC) - timedelta(hours=hours)
    return {
        "name": f"dump-{url}",
        "url": url,
        "bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "createdAt": f"{made:%Y-%m-%dT%H:%M:%SZ}",
        **changes,
    }


@dataclass(frozen=True)
class Situation:
    """An index, and the problems that must be found."""

    says: str
    index: Any
    problems: list[str] = field(default_factory=list)


SITUATIONS = [
    Situation("a good backup", [entry("good")]),
    Situation("the newest is the one that counts", [entry("altered", hours=9), entry("good"), entry("gone", hours=30)]),
    Situation("an index without sizes", [entry("good", bytes=None)]),
    Situation("the newest is too old", [entry("good", hours=50)], ["hours old, more than 26"]),
    Situation("altered content", [entry("altered")], ["SHA-256 is not the one"]),
    Situation("an upload that was cut short", [entry("cut")], ["bytes, the index says", "SHA-256"]),
    Situation(
        "an empty dump that the index believes in", [entry("tiny", bytes=1)], ["it has 1 bytes, less than", "SHA-256"]
    ),
    Situation("old and altered", [entry("altered", hours=50)], ["hours old", "SHA-256"]),
    Situation("a backup that is gone", [entry("gone")], ["dump-gone cannot be downloaded"]),
    Situation("a connection that breaks", [entry("torn")], ["dump-torn cannot be downloaded"]),
    Situation("an empty index", [], ["lists no backup"]),
    Situation("an index that is something else", {"a": 1}, ["lists no backup"]),
    Situation("an entry with a date that is none", [entry("good", createdAt="yesterday")], ["cannot be understood"]),
    Situation("an address that is no web address", [entry("file:///etc/passwd")], ["cannot be downloaded"]),
    Situation("an address that looks like an option", [entry("-o/tmp/x")], ["cannot be downloaded"]),
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.says)
def test_the_newest_backup(situation: Situation, store: str, tmp_path: Path) -> None:
    """Every problem is named, and any of them fails the run."""
    FILES["index.json"] = json.dumps(situation.index).encode()
    config = {"indexUrl": f"{store}/index.json", "minBytes": 1000, "maxSeconds": 10}

    ran = SAMPLE.workspace(tmp_path, config=config).job(SAMPLE.entrypoint)

    output = ran.report["output"]
    assert len(output["problems"]) == len(situation.problems), output
    assert all(expected in told for expected, told in zip(situation.problems, output["problems"], strict=True)), output
    assert (output["ok"], ran.exit_code) == (not situation.problems, 1 if situation.problems else 0)


def test_the_facts_about_a_good_backup_are_told(store: str, tmp_path: Path) -> None:
    """Name, age and size go into the result."""
    FILES["index.json"] = json.dumps([entry("good", hours=2.55)]).encode()

    ran = SAMPLE.workspace(tmp_path, config={"indexUrl": f"{store}/index.json"}).job(SAMPLE.entrypoint)

    assert ran.report["output"] == {
        "ok": True,
        "name": "dump-good",
        "ageHours": 2.5,
        "bytes": len(CONTENT),
        "problems": [],
    }


@pytest.mark.parametrize("path", ["absent.json", "good"], ids=["absent", "no JSON"])
def test_an_index_that_cannot_be_read(path: str, store: str, tmp_path: Path) -> None:
    """The reason is in the result; an event may name the index."""
    event = json.dumps({"indexUrl": f"{store}/{path}"}).encode()

    ran = SAMPLE.workspace(tmp_path).job(SAMPLE.entrypoint, event=event)

    assert (ran.exit_code, ran.report["output"]["ok"]) == (1, False)
    assert "index" in ran.report["output"]["problems"][0]
