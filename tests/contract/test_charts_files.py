"""What is generated into the charts is fresh: `python -m tests.contract.chart_files` has nothing to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.chart_files import (
    CHARTS,
    CRD_COPIES,
    documented_values,
    readme_with_table,
    undocumented_leaves,
)
from tests.contract.chart_files import CRDS as CRD_SOURCES
from tests.contract.chart_render import CRDS, OPERATOR, render

KEEP = {"helm.sh/resource-policy": "keep"}


def sources() -> dict[str, dict[str, Any]]:
    """The hand-written CRDs by name."""
    loaded = [yaml.safe_load(path.read_text()) for path in sorted(CRD_SOURCES.glob("*.yaml"))]
    return {crd["metadata"]["name"]: crd for crd in loaded}


def test_the_chart_carries_the_very_text_of_each_crd() -> None:
    wanted = {path.name: path.read_bytes() for path in CRD_SOURCES.glob("*.yaml")}

    assert wanted
    assert {path.name: path.read_bytes() for path in CRD_COPIES.iterdir()} == wanted


def test_the_chart_installs_each_crd_unchanged_but_for_the_keep_mark() -> None:
    installed = {crd["metadata"]["name"]: crd for crd in render(CRDS).objects}

    assert {name: crd["metadata"].pop("annotations") for name, crd in installed.items()} == dict.fromkeys(
        sources(), KEEP
    )
    assert installed == sources()


def test_without_keep_the_crds_carry_no_mark() -> None:
    assert {crd["metadata"]["name"]: crd for crd in render(CRDS, "keep: false").objects} == sources()


def test_the_operator_chart_announces_each_crd() -> None:
    annotations = yaml.safe_load((OPERATOR / "Chart.yaml").read_text())["annotations"]
    announced = {(crd["name"], crd["kind"]) for crd in yaml.safe_load(annotations["artifacthub.io/crds"])}

    assert announced == {(name, crd["spec"]["names"]["kind"]) for name, crd in sources().items()}


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_the_readme_lists_every_value_with_its_default(chart: Path) -> None:
    assert undocumented_leaves(chart) == []
    assert (chart / "README.md").read_text() == readme_with_table(chart)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_the_schema_knows_every_value_and_no_other(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text())
    listed = {value.path for value in documented_values(chart)}

    assert set(schema_paths(schema["properties"], listed)) - {"global"} == listed


def schema_paths(properties: dict[str, Any], listed: set[str], prefix: str = "") -> Iterator[str]:
    """Dotted paths of all properties, down to those that are documented as a whole."""
    for name, schema in properties.items():
        path = prefix + name
        if "properties" in schema and path not in listed:
            yield from schema_paths(schema["properties"], listed, f"{path}.")
        else:
            yield path
