"""Packages are installed where that is ours to do, and only those that are missing."""

import os
from pathlib import Path

import pytest

from tests.cluster import system
from tests.cluster.process import HarnessError


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an `apt-get` that only writes down what it is asked."""
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path / "calls"


def test_what_is_missing_is_installed(calls: Path, tmp_path: Path) -> None:
    system.require_packages(tmp_path, lambda package: package not in ("podman", "buildah"))
    update, install = calls.read_text().splitlines()
    assert update == "-q update"
    assert install == "-q install -y --no-install-recommends podman buildah"


def test_nothing_is_asked_for_when_nothing_is_missing(calls: Path, tmp_path: Path) -> None:
    system.require_packages(tmp_path, lambda package: True)
    assert not calls.exists()


def test_another_distribution_is_told_what_it_needs(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HarnessError, match=r"needs these programs.*podman$"):
        system.require_packages(tmp_path, lambda package: package != "podman")


def test_without_root_the_other_ways_are_named(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(HarnessError, match="start Docker, or name a cluster of your own in GREFFON_TEST_KUBECONFIG"):
        system.require_packages(tmp_path, lambda package: False)
    assert not calls.exists()
