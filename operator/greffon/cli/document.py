"""JSON and YAML of objects as they are, with nothing in them that a terminal would obey. Pure; used by `story_look`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from greffon.cli.text import UNCLEAN

Json = dict[str, Any]


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """JSON; unclean characters stand in it as escapes, so that the value stays the same."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return UNCLEAN.sub(_escaped, text) + "\n"


def to_yaml(value: Any) -> str:
    """YAML; as soon as it holds an unclean character, everything beyond ASCII is escaped."""
    import yaml

    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)
    if UNCLEAN.search(text.replace("\n", "")):
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=False, width=120)
    return str(text)


def as_list(items: Iterable[Json]) -> Json:
    """Several objects as kubectl prints them."""
    return {"apiVersion": "v1", "kind": "List", "items": list(items), "metadata": {}}


def bare(obj: Json) -> Json:
    """The object without the bookkeeping that nobody reads."""
    meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": meta}


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}"
