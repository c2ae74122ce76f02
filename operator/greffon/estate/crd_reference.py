"""Writes the API reference: CRD YAML and the words of conditions in, Markdown out.

Run as `python -m greffon.estate.crd_reference --write` after a change of `crds/` or of
`model/conditions.py`; `--check` fails when a page is stale, and a contract test does the same.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from greffon.estate.crd_markdown import Schema, below, cell, children, rules, table, text, walk
from greffon.model.conditions import ConditionType, Documented, Reason

_NOTE = "<!-- Written by `python -m greffon.estate.crd_reference --write`; change the CRD instead. -->\n"


def pages(crds: list[dict[str, Any]]) -> dict[str, str]:
    """File name to text, for every page of the reference."""
    ordered = sorted(crds, key=lambda crd: str(crd["spec"]["names"]["kind"]))
    written = {f"{crd['spec']['names']['singular']}.md": kind_page(crd) for crd in ordered}
    return {"README.md": _index(ordered), **written, "conditions.md": conditions_page()}


def kind_page(crd: dict[str, Any]) -> str:
    """The page of one kind."""
    names, (version,) = crd["spec"]["names"], crd["spec"]["versions"]
    root = version["schema"]["openAPIV3Schema"]
    parts = [
        f"# {names['kind']}\n\n{_NOTE}\n{text(root['description'])}\n",
        _facts(crd, version),
        *rules([("the object", root)]),
        *(section for part in ("spec", "status") for section in _part(part, root["properties"][part])),
    ]
    return "\n".join(parts)


def conditions_page() -> str:
    """The page of condition types and reasons."""
    return "\n".join(
        [
            f"# Conditions and reasons\n\n{_NOTE}",
            "Every word that the operator writes into a condition. The words are stable: scripts may match on them.\n"
            "`Ready` is the one to wait for; `Reconciling` and `Stalled` follow kstatus, which GitOps tools read.\n",
            "## Types\n",
            _words(ConditionType),
            "## Reasons\n",
            _words(Reason),
        ]
    )


def _index(crds: list[dict[str, Any]]) -> str:
    lines = [
        f"- [{crd['spec']['names']['kind']}]({crd['spec']['names']['singular']}.md): "
        f"{text(crd['spec']['versions'][0]['schema']['openAPIV3Schema']['description'])}"
        for crd in crds
    ]
    lines.append("- [Conditions and reasons](conditions.md): what a status may say.")
    return f"# API reference\n\n{_NOTE}\n" + "\n".join(lines) + "\n"


def _words(words: type[Documented]) -> str:
    rows = "".join(f"| `{word}` | {cell(text(word.meaning))} |\n" for word in words)
    return f"| Word | Meaning |\n|---|---|\n{rows}"


def _facts(crd: dict[str, Any], version: dict[str, Any]) -> str:
    names = crd["spec"]["names"]
    columns = [
        c["name"].upper() + (" (`-o wide`)" if c.get("priority") else "") for c in version["additionalPrinterColumns"]
    ]
    selectors = [f"`{field['jsonPath'].lstrip('.')}`" for field in version.get("selectableFields", [])]
    facts = {
        "API version": f"`{crd['spec']['group']}/{version['name']}`",
        "Scope": crd["spec"]["scope"],
        "Names": ", ".join(f"`{name}`" for name in (names["plural"], *names["shortNames"], *names["categories"])),
        "Columns": ", ".join(columns),
        "Field selectors": ", ".join(selectors) or "none",
    }
    return "".join(f"- {name}: {value}\n" for name, value in facts.items())


def _part(name: str, node: Schema) -> Iterator[str]:
    """`spec` or `status`: one table of its own fields, then one for each field that has fields."""
    fields = [(f"{name}.{child}", inner, child in node.get("required", [])) for child, inner in children(node)]
    flat = [(path, inner) for path, inner, _ in fields if not list(below(path, inner))]
    yield f"## {name}\n\n{text(node['description'])}\n"
    yield table(fields)
    yield from rules([(name, node), *(found for path, inner in flat for found in walk(path, inner))])
    for path, inner, _ in fields:
        if deeper := list(below(path, inner)):
            yield f"### {path}\n\n{text(inner['description'])}\n"
            yield table(deeper)
            yield from rules(list(walk(path, inner)))


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or say which are stale."""
    parser = argparse.ArgumentParser(prog="python -m greffon.estate.crd_reference", description=__doc__)
    verb = parser.add_mutually_exclusive_group(required=True)
    verb.add_argument("--check", action="store_true", help="fail if a page is stale")
    verb.add_argument("--write", action="store_true", help="write the pages")
    parser.add_argument("--crds", type=Path, default=Path("crds"), help="directory of the CRDs")
    parser.add_argument("--out", type=Path, default=Path("docs/reference"), help="directory of the pages")
    options = parser.parse_args(arguments)
    wanted = pages([yaml.safe_load(path.read_text()) for path in sorted(options.crds.glob("*.yaml"))])
    stale = [name for name, text in wanted.items() if _read(options.out / name) != text]
    for name in stale:
        if options.write:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / name).write_text(wanted[name])
        print(f"{'wrote' if options.write else 'stale'} {options.out / name}")
    return 1 if stale and options.check else 0


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
