"""Schema nodes of a CRD as Markdown: tables of fields, lists of rules.

Called by `crd_reference`, which decides what stands on which page.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_LONGEST_RULE = 200
_LIMITS = {
    "minLength": "≥ {} characters",
    "maxLength": "≤ {} characters",
    "minItems": "≥ {} entries",
    "maxItems": "≤ {} entries",
    "minProperties": "≥ {} keys",
    "maxProperties": "≤ {} keys",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "pattern": "`{}`",
}


def children(node: Schema) -> Iterator[tuple[str, Schema]]:
    """The fields of an object, in the order of the file."""
    yield from node.get("properties", {}).items()


def below(path: str, node: Schema) -> Iterator[tuple[str, Schema, bool]]:
    """Every described field below `node`, in the order of the file."""
    if isinstance(node.get("items"), dict):
        yield from below(f"{path}[]", node["items"])
    for name, child in children(node):
        yield f"{path}.{name}", child, name in node.get("required", [])
        yield from below(f"{path}.{name}", child)


def table(rows: list[tuple[str, Schema, bool]]) -> str:
    """One row per field."""
    lines = [_row(path, node, "yes" if required else "") for path, node, required in rows]
    return "\n".join(["| Field | Type | Required | Limits | Meaning |", "|---|---|---|---|---|", *lines, ""])


def _row(path: str, node: Schema, required: str) -> str:
    meaning = cell(text(node.get("description", "")))
    return f"| `{path}` | {_type(node)} | {required} | {cell(_limits(node))} | {meaning} |"


def _type(node: Schema) -> str:
    if node.get("x-kubernetes-int-or-string"):
        return "quantity"
    if node.get("x-kubernetes-preserve-unknown-fields"):
        return "any object" if node.get("type") == "object" else "any JSON"
    if isinstance(node.get("items"), dict):
        return f"list of {_type(node['items'])}"
    if isinstance(node.get("additionalProperties"), dict):
        return f"map to {_type(node['additionalProperties'])}"
    return "time" if node.get("format") == "date-time" else str(node["type"])


def _limits(node: Schema) -> str:
    own = [text.format(node[name]) for name, text in _LIMITS.items() if name in node]
    if "enum" in node:
        own.insert(0, "one of " + ", ".join(f"`{value}`" for value in node["enum"]))
    inner = node.get("items") or node.get("additionalProperties")
    if isinstance(inner, dict) and inner.get("type") != "object" and _limits(inner):
        own.append(f"each {_limits(inner)}")
    return "; ".join(own)


def rules(nodes: list[tuple[str, Schema]]) -> Iterator[str]:
    """The rules of all nodes as one list, if there are any."""
    lines = [
        f"- `{path}`: {text(rule['message'])}{_expression(rule['rule'])}"
        for path, node in nodes
        for rule in node.get("x-kubernetes-validations", [])
    ]
    if lines:
        yield "Rules, checked by the API server:\n\n" + "\n".join(lines) + "\n"


def walk(path: str, node: Schema) -> Iterator[tuple[str, Schema]]:
    """`node` and everything below it."""
    yield path, node
    for name, child in children(node):
        yield from walk(f"{path}.{name}", child)
    for word, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(node.get(word), dict):
            yield from walk(path + mark, node[word])


def _expression(rule: str) -> str:
    # A long regular expression helps nobody; the file has it.
    plain = " ".join(rule.split())
    return f"<br>`{plain}`" if len(plain) <= _LONGEST_RULE else ""


def text(text: str) -> str:
    """Prose of a CRD as Markdown: nothing in it is a tag or emphasis."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("*", "\\*")


def cell(text: str) -> str:
    """Text that stays within its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
