"""What one target of a Dockerfile is made of, and a key over it.

Called by `images` to know whether an image has to be built again. Only what our own Dockerfile uses is
understood: stages by name, COPY without wildcards, FROM an earlier stage.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """A stage: its name, what it starts from, its instructions as written, and the paths it copies."""

    name: str
    base: str
    text: str
    sources: tuple[str, ...]
    copies_from: tuple[str, ...]


def parse(text: str) -> dict[str, Stage]:
    """The stages of a Dockerfile by name."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    stages: dict[str, Stage] = {}
    body: list[str] = []
    for line in reversed(lines):
        body.insert(0, line)
        found = re.match(r"FROM\s+(\S+)\s+AS\s+(\S+)", line, re.IGNORECASE)
        if found:
            stages[found[2]] = _stage(found[2], found[1], body)
            body = []
    return stages


def stages_of(target: str, stages: dict[str, Stage]) -> Iterator[Stage]:
    """The target's stage and all that it builds on."""
    stage = stages[target]
    yield stage
    for other in (stage.base, *stage.copies_from):
        if other in stages:
            yield from stages_of(other, stages)


def key(target: str, text: str, context: Path, digest_of: Callable[[Path], str]) -> str:
    """Sixteen hex digits that change with the target's instructions or with a file that it copies."""
    digest = hashlib.sha256()
    for stage in stages_of(target, parse(text)):
        digest.update(stage.text.encode())
        for source in stage.sources:
            digest.update(f"{source}={digest_of(context / source)}\0".encode())
    return digest.hexdigest()[:16]


def tree_digest(path: Path) -> str:
    """A digest over the names, modes and contents of a file or of all files below a directory."""
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    for file in files:
        if "__pycache__" not in file.parts:
            head = f"{file.relative_to(path.parent)} {file.stat().st_mode:o}\0"
            digest.update(head.encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _stage(name: str, base: str, lines: list[str]) -> Stage:
    sources: list[str] = []
    copies_from: list[str] = []
    for line in lines:
        words = line.split()
        if words[0].upper() not in ("COPY", "ADD"):
            continue
        options = [word for word in words[1:] if word.startswith("--")]
        origin = [option.partition("=")[2] for option in options if option.startswith("--from=")]
        copies_from += origin
        if not origin:
            sources += [word for word in words[1:-1] if not word.startswith("--")]
    return Stage(name, base, "\n".join(lines), tuple(sources), tuple(copies_from))
