"""Whole objects: for one Plugin of each type and mode, the children byte for byte.

After an intended change look at the difference of `GREFFON_UPDATE_GOLDEN=1 pytest tests/unit/resources/test_golden.py`.
The files also prove determinism: every test run has another hash seed.
"""

import os

import pytest
import yaml

from tests.unit.resources.samples import GOLDEN, NAMES, Json, golden_children

UPDATE = "GREFFON_UPDATE_GOLDEN"


class _Dumper(yaml.SafeDumper):
    """No anchors: each object is to be read on its own."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def as_text(objects: list[Json]) -> str:
    """YAML documents in the order in which the objects are written."""
    return "".join(
        "---\n" + yaml.dump(obj, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True) for obj in objects
    )


@pytest.mark.parametrize("name", NAMES)
def test_children(name: str) -> None:
    path = GOLDEN / f"{name}.children.yaml"
    made = as_text(golden_children(name))
    if os.environ.get(UPDATE):
        path.write_text(made)
    assert made == path.read_text()
    assert list(yaml.safe_load_all(made)) == golden_children(name), "the file cannot be read back as what was built"


def test_every_type_and_mode_has_its_golden_plugin() -> None:
    scripts = [f"{kind}-{mode}" for kind in ("bash", "go", "python", "typescript") for mode in ("job", "service")]
    assert sorted([*scripts, "container-job", "container-service", "webhook"]) == NAMES


def test_no_golden_file_is_left_over() -> None:
    assert {path.name.removesuffix(".children.yaml") for path in GOLDEN.glob("*.children.yaml")} == set(NAMES)
