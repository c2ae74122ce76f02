"""An image is built again exactly when something that it is made of changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import dockerfile

TEXT = """\
# a comment
ARG BASE_IMAGE=some:image
FROM ${BASE_IMAGE} AS operator
COPY site/ /opt/site/
RUN one \\
 && two
FROM ${BASE_IMAGE} AS runner
COPY --chmod=755 runner.sh /usr/bin/
FROM runner AS bash
RUN install bash
FROM scratch AS picked
COPY --from=operator /opt/site/ /site/
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "site" / "__pycache__").mkdir(parents=True)
    (tmp_path / "site" / "a.py").write_text("a = 1\n")
    (tmp_path / "runner.sh").write_text("#!/bin/sh\n")
    return tmp_path


def key(target: str, context: Path, text: str = TEXT) -> str:
    return dockerfile.key(target, text, context, dockerfile.tree_digest)


def test_stages_know_what_they_copy_and_what_they_build_on() -> None:
    stages = dockerfile.parse(TEXT)
    assert list(stages) == ["picked", "bash", "runner", "operator"]
    assert stages["runner"].sources == ("runner.sh",)
    assert stages["picked"].sources == ()
    assert [stage.name for stage in dockerfile.stages_of("bash", stages)] == ["bash", "runner"]
    assert [stage.name for stage in dockerfile.stages_of("picked", stages)] == ["picked", "operator"]


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda context: (context / name).write_text(text)


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        pytest.param(_write("site/a.py", "a = 2\n"), {"operator", "picked"}, id="a copied file has other content"),
        pytest.param(_write("site/b.py", ""), {"operator", "picked"}, id="a file is added to a copied directory"),
        pytest.param(_write("runner.sh", "exit\n"), {"runner", "bash"}, id="a file of an earlier stage changes"),
        pytest.param(lambda c: (c / "runner.sh").chmod(0o755), {"runner", "bash"}, id="a file becomes executable"),
        pytest.param(_write("other.txt", "x"), set(), id="a file that nothing copies is added"),
        pytest.param(_write("site/__pycache__/a.pyc", "x"), set(), id="a compiled file is added"),
    ],
)
def test_a_change_rebuilds_the_targets_that_it_goes_into(
    context: Path, change: Callable[[Path], object], rebuilt: set[str]
) -> None:
    targets = ("operator", "runner", "bash", "picked")
    before = {target: key(target, context) for target in targets}
    change(context)
    assert {target for target in targets if key(target, context) != before[target]} == rebuilt


def test_an_instruction_rebuilds_its_own_stage_only(context: Path) -> None:
    changed = TEXT.replace("&& two", "&& three")
    assert key("operator", context, changed) != key("operator", context)
    assert key("bash", context, changed) == key("bash", context)
