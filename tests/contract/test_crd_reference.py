"""The pages of the API reference are fresh and complete."""

from pathlib import Path

import pytest

from greffon.estate.crd_reference import kind_page, main, pages
from greffon.model.conditions import ConditionType, Reason
from tests.contract.crds import CRDS, KINDS, REPOSITORY, nodes

PAGES = REPOSITORY / "docs" / "reference"
ARGUMENTS = ["--crds", str(REPOSITORY / "crds"), "--out"]


def as_markdown(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("*", "\\*")


def test_the_pages_are_fresh() -> None:
    for name, text in pages(list(CRDS.values())).items():
        fresh = (PAGES / name).read_text() == text
        assert fresh, f"docs/reference/{name} is stale: run python -m greffon.estate.crd_reference --write"


def test_there_is_no_page_that_nobody_writes() -> None:
    assert {path.name for path in PAGES.iterdir()} == set(pages(list(CRDS.values())))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_shows_every_field_and_every_message(kind: str) -> None:
    page = kind_page(CRDS[kind])
    for path, node in nodes(kind):
        if path.startswith(("spec.", "status.")) and not path.endswith(("[]", "{}")):
            assert f"| `{path}` |" in page
        for rule in node.get("x-kubernetes-validations", []):
            assert as_markdown(rule["message"]) in page


def test_every_word_of_a_condition_is_explained() -> None:
    page = pages([])["conditions.md"]
    for word in (*ConditionType, *Reason):
        assert f"| `{word}` | {word.meaning} |" in page


def test_check_fails_until_write_has_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ARGUMENTS, str(tmp_path), "--check"]) == 1
    assert main([*ARGUMENTS, str(tmp_path), "--write"]) == 0
    capsys.readouterr()
    assert main([*ARGUMENTS, str(tmp_path), "--check"]) == 0
    (tmp_path / "plugin.md").write_text("old")
    assert main([*ARGUMENTS, str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().out == f"stale {tmp_path}/plugin.md\n"
