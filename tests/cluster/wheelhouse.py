"""The Python packages of the operator's image, unpacked into `build/operator-site`.

Called by `images` before the target `operator` is built. Every dependency is one that the lock file pins by
hash; those are fetched and unpacked once for each lock file, so that a change of the operator itself costs
seconds. Nothing is fetched inside an image build.
"""

import hashlib
import shutil
import sys
import tomllib
from pathlib import Path

from tests.cluster.dockerfile import tree_digest
from tests.cluster.exclusive import exclusive, scratch
from tests.cluster.paths import REPOSITORY, Paths
from tests.cluster.process import HarnessError, run_logged, stop_orphans

SITE = REPOSITORY / "build" / "operator-site"
_PYTHON = (3, 11)  # that of the base image: compiled modules are copied as they are
_PROJECT = ("pyproject.toml", "README.md", "operator/greffon")
_LOCK = REPOSITORY / "requirements-operator.lock"
_DONE = SITE.with_suffix(".key")
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def ensure(paths: Paths) -> str:
    """Make the directory fit the sources; returns a key of what it holds."""
    if sys.version_info[:2] != _PYTHON:
        raise HarnessError("the operator's image is built with Python 3.11, like the Python inside it")
    with exclusive(paths.locks, "wheels"):
        wanted = _digest(*(tree_digest(REPOSITORY / name) for name in _PROJECT), _LOCK.read_text())
        if not (_DONE.is_file() and _DONE.read_text() == wanted):
            stop_orphans(paths.logs / "wheels")
            with scratch(paths.scratch, "wheels") as directory:
                _make(directory, paths)
            _DONE.write_text(wanted)
    return wanted


def _make(directory: Path, paths: Paths) -> None:
    dependencies = _dependencies(directory, paths)
    wheel = _project_wheel(directory, paths)
    _DONE.unlink(missing_ok=True)
    shutil.rmtree(SITE, ignore_errors=True)
    SITE.parent.mkdir(exist_ok=True)
    shutil.copytree(dependencies, SITE, symlinks=True)  # with times: compiled files name their source's
    _unpack("unpacking the operator", [wheel], SITE, paths)


def _dependencies(directory: Path, paths: Paths) -> Path:
    """The unpacked dependencies of this lock file."""
    target = paths.cache / "python" / f"dependencies-{_digest(_LOCK.read_text(), sys.version)}"
    if not target.is_dir():
        wheels, site = directory / "wheels", directory / "site"
        command = [*_PIP, "wheel", "--require-hashes", "-r", _LOCK, "-w", wheels]
        run_logged("wheels of the operator's dependencies", command, paths.logs / "wheels")
        _unpack("unpacking the dependencies", sorted(wheels.glob("*.whl")), site, paths)
        target.parent.mkdir(parents=True, exist_ok=True)
        site.rename(target)
    return target


def _project_wheel(directory: Path, paths: Paths) -> Path:
    """The operator's own wheel, built from a copy because setuptools writes beside the sources."""
    source = directory / "project"
    for name in _PROJECT:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (REPOSITORY / name).is_file():
            source.mkdir(exist_ok=True)
            shutil.copyfile(REPOSITORY / name, source / name)
    wheels = directory / "project-wheel"
    command = [*_PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, source]
    env = {"PYTHONPATH": str(_build_tools(directory, paths))}
    run_logged("wheel of the operator", command, paths.logs / "wheels", env=env)
    return next(wheels.glob("*.whl"))


def _build_tools(directory: Path, paths: Paths) -> Path:
    """What pyproject.toml wants for building; pip would fetch it anew each time."""
    wanted: list[str] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["build-system"]["requires"]
    target = paths.cache / "python" / f"build-tools-{_digest(*wanted, sys.version)}"
    if not target.is_dir():
        command = [*_PIP, "install", "--target", directory / "tools", *wanted]
        run_logged("tools for building the operator", command, paths.logs / "wheels")
        (directory / "tools").rename(target)
    return target


def _unpack(label: str, wheels: list[Path], site: Path, paths: Paths) -> None:
    command = [*_PIP, "install", "--no-index", "--no-deps", "--target", site, *wheels]
    run_logged(label, command, paths.logs / "wheels")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
