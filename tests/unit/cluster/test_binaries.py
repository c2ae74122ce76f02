"""Programs are built once for what pins them, whole or not at all."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster import binaries
from tests.cluster.paths import Paths
from tests.cluster.process import CommandError, HarnessError

GO = """#!/bin/sh
case "$1" in
version) echo go version "${FAKE_GO_VERSION:-go1.26}" linux/amd64 ;;
install)
    echo "$@" >> "$FAKE_GO_LOG"; mkdir -p "$GOBIN"; sleep 0.2
    echo program > "$GOBIN/tool"; exit "${FAKE_GO_CODE:-0}" ;;
esac
"""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A module directory with two modules, and a `go` that only writes down what it is asked."""
    for name, requirement in (("kubernetes", "k8s.io/kubernetes v1.36.3"), ("tool", "example.org/tool v0.1.0")):
        (tmp_path / "modules" / name).mkdir(parents=True)
        (tmp_path / "modules" / name / "go.mod").write_text(f"module {name}\n\nrequire (\n\t{requirement}\n)\n")
        (tmp_path / "modules" / name / "go.sum").write_text("sums\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go").write_text(GO)
    (tmp_path / "bin" / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_GO_LOG", str(tmp_path / "calls"))
    monkeypatch.setattr(binaries, "MODULES", tmp_path / "modules")
    return Paths(tmp_path / "cache", tmp_path / "state", tmp_path / "run")


def calls(paths: Paths) -> list[str]:
    file = paths.cache.parent / "calls"
    return file.read_text().splitlines() if file.is_file() else []


def test_a_module_is_built_the_first_time_only(paths: Paths) -> None:
    directory = binaries.ensure("tool", paths)
    assert (directory / "tool").read_text() == "program\n"
    assert binaries.ensure("tool", paths) == directory
    assert calls(paths) == ["install -trimpath -ldflags -s -w tool"]


def test_two_runs_at_once_build_once(paths: Paths) -> None:
    start = threading.Barrier(2)

    def ensure() -> Path:
        start.wait()
        return binaries.ensure("tool", paths)

    with ThreadPoolExecutor(2) as pool:
        directories = [run.result() for run in [pool.submit(ensure), pool.submit(ensure)]]
    assert directories[0] == directories[1]
    assert len(calls(paths)) == 1


def test_kubernetes_is_told_its_own_version(paths: Paths) -> None:
    binaries.ensure("kubernetes", paths)
    assert "-X k8s.io/component-base/version.gitVersion=v1.36.3" in calls(paths)[0]
    assert "-X k8s.io/client-go/pkg/version.gitMinor=36" in calls(paths)[0]


@pytest.mark.parametrize(
    "file",
    [pytest.param("go.mod", id="another version is required"), pytest.param("go.sum", id="another sum is pinned")],
)
def test_a_change_of_the_pins_builds_anew_beside_the_old(paths: Paths, file: str) -> None:
    old = binaries.ensure("tool", paths)
    with (binaries.MODULES / "tool" / file).open("a") as pins:
        pins.write("// changed\n")
    assert binaries.ensure("tool", paths) != old
    assert old.is_dir()


def test_another_compiler_builds_anew(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    old = binaries.ensure("tool", paths)
    monkeypatch.setenv("FAKE_GO_VERSION", "go1.27")
    assert binaries.ensure("tool", paths) != old


def test_a_build_that_fails_leaves_nothing_that_looks_built(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GO_CODE", "1")
    with pytest.raises(CommandError):
        binaries.ensure("tool", paths)
    assert not (paths.cache / "bin").exists()
    monkeypatch.setenv("FAKE_GO_CODE", "0")
    assert (binaries.ensure("tool", paths) / "tool").is_file()


def test_an_unknown_module_is_refused_with_the_names_of_those_that_exist(paths: Paths) -> None:
    with pytest.raises(HarnessError, match="there is no module 'nonsense'; there are: kubernetes, tool"):
        binaries.ensure("nonsense", paths)


def test_a_machine_without_go_is_told_what_to_install(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HarnessError, match="install Go"):
        binaries.ensure("tool", paths)
