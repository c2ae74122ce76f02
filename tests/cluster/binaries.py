"""Go programs of the harness, built from pinned modules and kept by content.

Called by whoever needs a program: `ensure("kubernetes") / "kubectl"`. A module is a directory under
`modules/` with a go.mod (its `tool` lines name the programs) and a go.sum; nothing is downloaded that the
go.sum does not pin. The directory's name has the hash of both files and of the Go version, so a change of
version never meets an old program.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.cluster.exclusive import exclusive, scratch
from tests.cluster.paths import Paths, default_paths
from tests.cluster.process import HarnessError, run, run_logged, stop_orphans

MODULES = Path(__file__).resolve().parent / "modules"


def modules() -> list[str]:
    """Names of all modules, in alphabetical order."""
    return sorted(file.parent.name for file in MODULES.glob("*/go.mod"))


def ensure(module: str, paths: Paths | None = None) -> Path:
    """The directory with the module's programs, built first if it is not there."""
    paths = paths or default_paths()
    target = paths.cache / "bin" / f"{module}-{key(module)}"
    if target.is_dir():
        return target
    with exclusive(paths.locks, f"go-{module}"):
        if not target.is_dir():
            _build(module, target, paths)
    return target


def ensure_all(names: Iterable[str], paths: Paths | None = None) -> Iterator[tuple[str, Path]]:
    """Build several modules one after the other; the compiler uses all processors already."""
    for name in names:
        yield name, ensure(name, paths)


def key(module: str) -> str:
    """Sixteen hex digits that change when the module's pins, its flags or the compiler change."""
    digest = hashlib.sha256()
    for part in (*_pins(module), " ".join(_flags(module)), _go_version(module)):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def kubernetes_version() -> str:
    """The release that the kubernetes module pins, like `v1.36.3`."""
    return pinned("kubernetes", "k8s.io/kubernetes")


def pinned(module: str, dependency: str) -> str:
    """The version of a dependency in the module's go.mod."""
    found = re.search(rf"^\s*{re.escape(dependency)} (v\S+)", _pins(module)[0], re.MULTILINE)
    if found is None:
        raise HarnessError(f"modules/{module}/go.mod does not require {dependency}")
    return found[1]


def source_directory(module: str, dependency: str) -> Path:
    """Where the source of a dependency lies in the module cache (downloaded first if need be)."""
    run(["go", "mod", "download", dependency], cwd=MODULES / module, timeout=600)
    return Path(run(["go", "list", "-m", "-f", "{{.Dir}}", dependency], cwd=MODULES / module).strip())


def _build(module: str, target: Path, paths: Paths) -> None:
    logs = paths.logs / f"go-{module}"
    stop_orphans(logs)
    with scratch(paths.scratch, f"go-{module}") as directory:
        command = ["go", "install", *_flags(module), "tool"]
        env = {"CGO_ENABLED": "0", "GOBIN": str(directory / "bin")}
        run_logged(f"building {module}", command, logs, env=env, cwd=MODULES / module)
        target.parent.mkdir(parents=True, exist_ok=True)
        (directory / "bin").rename(target)


def _flags(module: str) -> list[str]:
    linker = ["-s", "-w"]
    if module == "kubernetes":  # without these the server says that it is v0.0.0
        version = kubernetes_version()
        major, minor = version.removeprefix("v").split(".")[:2]
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
            linker += [f"-X {package}.{name}={value}" for name, value in values.items()]
    return ["-trimpath", "-ldflags", " ".join(linker)]


def _pins(module: str) -> tuple[str, str]:
    directory = MODULES / module
    if not (directory / "go.mod").is_file():
        raise HarnessError(f"there is no module {module!r}; there are: {', '.join(modules())}")
    return (directory / "go.mod").read_text(), (directory / "go.sum").read_text()


def _go_version(module: str) -> str:
    """The compiler that a module directory gets: its go.mod may ask for a newer one than the default."""
    try:
        return run(["go", "version"], cwd=MODULES / module)
    except FileNotFoundError as error:
        raise HarnessError("the harness builds its programs with Go; install Go 1.26 or newer") from error
