"""What differs between two revisions: first what decides what runs, then the spec line by line. Pure; called by
`story_look`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from greffon.cli.document import to_yaml
from greffon.cli.text import Line, Span, line
from greffon.cli.views import Revision, short

_HASHES = {"permissions": "permissionsHash", "config": "configHash", "content": "contentHash"}
_STYLES = {"+": "good", "-": "bad", "@": "dim"}


def page(old: Revision, new: Revision) -> list[Line]:
    """Facts that differ, then a unified diff of spec.plugin; nothing at all when both are alike."""
    facts = [line(f"{label:<12}", Span(a, "bad"), " → ", Span(b, "good")) for label, a, b in _facts(old, new) if a != b]
    lines = _unified(old, new)
    return [*facts, *([()] if facts and lines else []), *lines]


def _facts(old: Revision, new: Revision) -> Iterator[tuple[str, str, str]]:
    yield "version", old.version, new.version
    yield "image", _image(old, "ref"), _image(new, "ref")
    yield "digest", _image(old, "digest"), _image(new, "digest")
    for label, key in _HASHES.items():
        yield label, short(str(old.spec.get(key) or "none")), short(str(new.spec.get(key) or "none"))


def _image(revision: Revision, key: str) -> str:
    return str((revision.spec.get("image") or {}).get(key) or "none")


def _unified(old: Revision, new: Revision) -> list[Line]:
    before, after = (to_yaml(revision.spec.get("plugin") or {}).splitlines() for revision in (old, new))
    found = difflib.unified_diff(before, after, fromfile=_label(old), tofile=_label(new), lineterm="")
    return [
        line(Span(text, _STYLES.get(text[:1], "") if text[:3] not in ("+++", "---") else "strong")) for text in found
    ]


def _label(revision: Revision) -> str:
    return f"{revision.name} ({revision.version}, {revision.state})"
