"""Keeps the generated parts of the charts fresh: `python -m tests.contract.chart_files`.

Run by hand (or by `make chart`) after a CRD or a chart value changed; test_charts_files.py fails until it was.
Two things are generated: the CRD copies inside charts/greffon-crds (Helm packages only what lies in a chart's own
folder), and the values tables in the chart READMEs (from the `# --` comments in values.yaml).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CRDS = ROOT / "crds"
CRD_COPIES = ROOT / "charts" / "greffon-crds" / "files"
CHARTS = (ROOT / "charts" / "greffon", ROOT / "charts" / "greffon-crds")
BEGIN, END = "<!-- values: begin (generated) -->\n", "<!-- values: end -->\n"
LONGEST_DEFAULT = 60  # a longer one (the ceiling's rules) is read better in values.yaml


@dataclass(frozen=True)
class Value:
    """One documented key of values.yaml."""

    path: str
    default: object
    text: str


def documented_values(chart: Path) -> list[Value]:
    """Every key that has a `# --` comment, in the order of the file."""
    source = (chart / "values.yaml").read_text()
    defaults = yaml.safe_load(source)
    return [Value(path, _at(defaults, path), text) for path, text in _commented_keys(source)]


def undocumented_leaves(chart: Path) -> list[str]:
    """Keys of values.yaml that neither have a comment of their own nor lie below one that has."""
    known = tuple(value.path for value in documented_values(chart))
    leaves = _leaves(yaml.safe_load((chart / "values.yaml").read_text()))
    return [leaf for leaf in leaves if not any(leaf == k or leaf.startswith(k + ".") for k in known)]


def values_table(chart: Path) -> str:
    """The Markdown table for the chart's README."""
    rows = [f"| `{v.path}` | {_shown(v.default)} | {v.text} |" for v in documented_values(chart)]
    return "\n".join(["| Key | Default | Meaning |", "|---|---|---|", *rows]) + "\n"


def readme_with_table(chart: Path) -> str:
    """The README as it should be: hand-written text around a fresh table."""
    text = (chart / "README.md").read_text()
    head, _, rest = text.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"{chart.name}/README.md has lost its marks {BEGIN.strip()} and {END.strip()}")
    return f"{head}{BEGIN}{values_table(chart)}{END}{tail}"


def _commented_keys(source: str) -> Iterator[tuple[str, str]]:
    """(dotted path, comment) for each key that directly follows a `# --` comment."""
    path: list[tuple[int, str]] = []
    comment = ""
    for line in source.splitlines():
        if found := re.match(r" *# -- (.*)", line):
            comment = found[1]
        elif found := re.match(r"( *)([A-Za-z][\w-]*):", line):
            indent = len(found[1])
            path = [(i, name) for i, name in path if i < indent] + [(indent, found[2])]
            if comment:
                yield ".".join(name for _, name in path), comment
            comment = ""


def _at(values: object, path: str) -> object:
    for name in path.split("."):
        assert isinstance(values, dict), f"{path} is not in values.yaml"
        values = values[name]
    return values


def _leaves(values: dict[str, object], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def _shown(default: object) -> str:
    text = json.dumps(default)
    return f"`{text}`" if len(text) <= LONGEST_DEFAULT else "see values.yaml"


def main() -> None:
    """Write what is out of date, and say what was written."""
    wanted = {CRD_COPIES / path.name: path.read_text() for path in sorted(CRDS.glob("*.yaml"))}
    for stale in set(CRD_COPIES.glob("*.yaml")) - set(wanted):
        stale.unlink()
        print(f"removed {stale.relative_to(ROOT)}")
    wanted |= {chart / "README.md": readme_with_table(chart) for chart in CHARTS}
    for path, text in wanted.items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
