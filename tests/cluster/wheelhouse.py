"""The Python packages of the operator's image, unpacked: `build/wheels` and `build/operator-site`.

Called by `images` before the target `operator` is built. Every package is one that the lock file pins by
hash. Nothing is fetched inside an image build.
"""

import hashlib
import shutil
import sys
from pathlib import Path

from tests.cluster.dockerfile import tree_digest
from tests.cluster.exclusive import exclusive, scratch
from tests.cluster.paths import REPOSITORY, Paths
from tests.cluster.process import HarnessError, run_logged, stop_orphans

WHEELS = REPOSITORY / "build" / "wheels"
SITE = REPOSITORY / "build" / "operator-site"
_PYTHON = (3, 11)  # that of the base image: compiled modules are copied as they are
_PROJECT = ("pyproject.toml", "README.md", "operator/greffon")
_LOCK = REPOSITORY / "requirements-operator.lock"
_DONE = SITE.with_suffix(".key")


def key() -> str:
    """Changes with the lock file and with the project's own package."""
    parts = [_LOCK, *(REPOSITORY / name for name in _PROJECT)]
    return hashlib.sha256("".join(tree_digest(part) for part in parts).encode()).hexdigest()


def ensure(paths: Paths) -> str:
    """Make the directories fit the sources; returns the `key` of what they hold."""
    if sys.version_info[:2] != _PYTHON:
        raise HarnessError("the operator's image is built with Python 3.11, like the Python inside it")
    with exclusive(paths.locks, "wheels"):
        wanted = key()
        if not (_DONE.is_file() and _DONE.read_text() == wanted):
            stop_orphans(paths.logs / "wheels")
            _make(paths)
            _DONE.write_text(wanted)
    return wanted


def _make(paths: Paths) -> None:
    logs = paths.logs / "wheels"
    _DONE.unlink(missing_ok=True)
    for directory in (WHEELS, SITE):
        shutil.rmtree(directory, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    pinned = ["wheel", "--require-hashes", "-r", _LOCK, "-w", WHEELS]
    run_logged("wheels of the operator's dependencies", [*pip, *pinned], logs)
    with scratch(paths.scratch, "wheels") as directory:  # setuptools writes beside the sources
        _copy_project(directory)
        run_logged("wheel of the operator", [*pip, "wheel", "--no-deps", "-w", WHEELS, directory], logs)
    offline = ["install", "--no-index", "--find-links", WHEELS, "--no-deps", "--target", SITE]
    run_logged("unpacking the wheels", [*pip, *offline, *sorted(WHEELS.glob("*.whl"))], logs)


def _copy_project(target: Path) -> None:
    for name in _PROJECT:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copyfile(source, target / name)
