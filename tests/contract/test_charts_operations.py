"""docs/operations.md tells the truth about rights, metrics, settings and reasons."""

from __future__ import annotations

import inspect
import re
from itertools import product

import greffon.settings
from greffon.model.conditions import Reason
from greffon.observe.metrics import Metrics
from tests.contract.chart_render import ROOT, variant

TEXT = (ROOT / "docs" / "operations.md").read_text()
EXPLAINED_ELSEWHERE = ("process_", "python_")


def test_each_right_of_the_operator_is_explained() -> None:
    explained: set[tuple[str, str, str]] = set()
    for group, resources, verbs, why in table("rights"):
        assert why
        group = "" if group == "core" else group
        explained |= set(product([group], resources.split(", "), verbs.split(", ")))
    rules = variant("default").one("ClusterRole")["rules"]

    assert explained == {r for rule in rules for r in product(rule["apiGroups"], rule["resources"], rule["verbs"])}


def test_each_metric_is_explained_with_its_labels() -> None:
    registered = {
        name: set(collector._labelnames)
        for collector, names in Metrics().registry._collector_to_names.items()
        for name in names
        if hasattr(collector, "_labelnames") and name == exposed(collector)
    }

    assert registered
    assert {name: set(labels.split(", ")) for name, labels, why in table("metrics") if why} == registered


def test_each_alert_asks_for_a_metric_that_exists() -> None:
    known = {name for name, _, _ in table("metrics")} | {"up"}
    expressions = re.findall(r"^\| [^|]+ \| `([^`]+)` \| [^|]+ \|$", TEXT.partition("Worth an alert:")[2], re.MULTILINE)

    assert len(expressions) >= 5
    for expression in expressions:
        bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)", "", expression)
        names = set(re.findall(r"[a-z_]{2,}", bare)) - {"absent", "sum", "rate", "increase"}
        assert names
        assert names <= known, expression


def test_each_setting_is_listed_under_its_variable() -> None:
    wanted = set(re.findall(r'"(GREFFON_[A-Z_]+)"', inspect.getsource(greffon.settings)))
    listed = set(re.findall(r"GREFFON_[A-Z_]+", TEXT))
    listed |= {f"GREFFON_RUNNER{short}" for short in re.findall(r"`…(_[A-Z]+_IMAGE)`", TEXT)}

    assert listed == wanted


def test_each_reason_named_exists() -> None:
    named = set(re.findall(r"^\| plug-in ([^|]+) \|", TEXT, re.MULTILINE))
    words = {word for cell in named for word in re.findall(r"`([A-Z]\w+)`", cell)}

    assert words
    assert words <= {str(reason) for reason in Reason}


def table(mark: str) -> list[list[str]]:
    """The rows between two marks, without head and back-quotes."""
    text = TEXT.partition(f"<!-- {mark}: begin -->")[2].partition(f"<!-- {mark}: end -->")[0]
    rows = [[cell.strip().replace("`", "") for cell in row.split("|")[1:-1]] for row in text.strip().splitlines()]
    return rows[2:]


def exposed(collector: object) -> str:
    """The name a user sees: counters end in `_total`."""
    name, kind = str(getattr(collector, "_name", "")), getattr(collector, "_type", "")
    return f"{name}_total" if kind == "counter" else name
