"""The project's images: built from the Dockerfile, kept as archives by content, put into the cluster.

Called by fixtures through `provide`, and by the CLI. With Docker the Dockerfile's own base image is used;
without, a Debian made here, and Buildah in the private storage.
"""

import hashlib
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.cluster import debian, dockerfile, engine, kind, podman, wheelhouse
from tests.cluster.exclusive import exclusive
from tests.cluster.model import Cluster
from tests.cluster.mounts import unmount_below
from tests.cluster.paths import REPOSITORY, Paths, default_paths
from tests.cluster.process import HarnessError, run_logged, stop_orphans
from tests.cluster.system import require_packages

TARGETS = ("operator", "runner-python", "runner-bash")
BASE = "localhost/greffon/base:dev"
_BASE_PACKAGES = ("python3", "ca-certificates")
_KEPT_ARCHIVES = 3


def reference(cluster: Cluster, target: str) -> str:
    """The name by which a pod on this cluster asks for the image."""
    if cluster.provider == "existing":
        if cluster.registry is None:
            raise HarnessError("an existing cluster takes images from a registry: set GREFFON_TEST_REGISTRY")
        return f"{cluster.registry}/greffon/{target}:dev"
    return f"localhost/greffon/{target}:dev"


def provide(cluster: Cluster, target: str, paths: Paths | None = None) -> str:
    """Have the image of a target in the cluster, built and loaded if need be; returns its name.

    On an existing cluster the user has pushed it to the registry.
    """
    if cluster.provider != "existing":
        load(cluster, ensure(target, paths), paths)
    return reference(cluster, target)


def load(cluster: Cluster, archive: Path, paths: Paths | None = None) -> list[str]:
    """Put a docker-archive into the node unless it is there; returns the names of its images."""
    if cluster.provider == "existing":
        raise HarnessError("images of an existing cluster come from its registry; push them there")
    paths = paths or default_paths()
    names = _names(archive)
    record = paths.state / "loaded.json"
    with exclusive(paths.locks, "loading"):
        loaded: dict[str, str] = json.loads(record.read_text()) if record.is_file() else {}
        known = archive.parent == _archives(paths)  # whose names change with their content
        if not known or any(loaded.get(name) != archive.name for name in names):
            kind.load(cluster, archive)
            record.write_text(json.dumps({**loaded, **dict.fromkeys(names, archive.name)}))
    return names


def ensure(target: str, paths: Paths | None = None) -> Path:
    """The docker-archive of a target, built if its sources changed."""
    if target not in TARGETS:
        raise HarnessError(f"there is no image {target!r}; there are: {', '.join(TARGETS)}")
    paths = paths or default_paths()
    builder = engine.choose(paths)
    made = {REPOSITORY / "build/operator-site": wheelhouse.ensure(paths)} if target == "operator" else {}
    return build(target, REPOSITORY, made, builder.name, paths)


def build(target: str, context: Path, made: Mapping[Path, str], builder: str, paths: Paths) -> Path:
    """The docker-archive of a target of the Dockerfile in `context`; `made` has digests known beforehand."""
    text = (context / "Dockerfile").read_text()
    content = dockerfile.key(target, text, context, lambda path: made.get(path) or dockerfile.tree_digest(path))
    base = debian.key(_BASE_PACKAGES) if builder == "podman" else ""
    name = hashlib.sha256(f"{content}{base}{builder}".encode()).hexdigest()[:16]
    archive = _archives(paths) / f"{target}-{name}.tar"
    with exclusive(paths.locks, "images"):
        if not archive.is_file():
            stop_orphans(paths.logs / "images")
            archive.parent.mkdir(parents=True, exist_ok=True)
            half = archive.with_suffix(".new")
            half.unlink(missing_ok=True)
            (_build_with_docker if builder == "docker" else _build_with_buildah)(target, context, half, paths)
            half.rename(archive)
            _forget_older(target, archive)
        archive.touch()  # the one used last is forgotten last
    return archive


def _build_with_docker(target: str, context: Path, archive: Path, paths: Paths) -> None:
    name, logs = f"localhost/greffon/{target}:dev", paths.logs / "images"
    run_logged(f"building {target}", ["docker", "build", "--target", target, "-t", name, context], logs)
    run_logged(f"saving {target}", ["docker", "save", "--output", archive, name], logs)


def _build_with_buildah(target: str, context: Path, archive: Path, paths: Paths) -> None:
    require_packages(paths.logs / "system")
    env, logs = podman.configure(paths), paths.logs / "images"
    try:
        base = _ensure_base(paths)
        name = f"localhost/greffon/{target}:dev"
        options = ["--target", target, "--build-arg", f"BASE_IMAGE={base}", "--tag", name]
        command = ["buildah", "bud", *options, "--file", context / "Dockerfile", context]
        run_logged(f"building {target}", command, logs, env=env)
        run_logged(f"saving {target}", ["buildah", "push", name, f"docker-archive:{archive}:{name}"], logs, env=env)
        podman.podman(paths, "image", "prune", "--force")
    finally:
        if not podman.podman(paths, "ps", "--all", "--quiet").strip():
            unmount_below(paths.storage)  # with a node there, the mount is the node's as well


def _ensure_base(paths: Paths) -> str:
    """The base image under a name with its content's key, and as `BASE` for whoever builds by hand."""
    name = f"localhost/greffon/base:{debian.key(_BASE_PACKAGES)}"
    if not podman.has_image(paths, name):
        packed = debian.archive("base", _BASE_PACKAGES, paths)
        command = ["podman", "import", "--change", "ENV LANG=C.UTF-8", packed, name]
        run_logged("storing the base image", command, paths.logs / "images", env=podman.environment(paths))
    podman.podman(paths, "tag", name, BASE)
    return name


def _forget_older(target: str, archive: Path) -> None:
    """Keep the last few archives: going back and forth between two versions should cost nothing."""
    others = archive.parent.glob(f"{target}-????????????????.tar")
    for old in sorted(others, key=lambda file: file.stat().st_mtime, reverse=True)[_KEPT_ARCHIVES:]:
        old.unlink()


def _names(archive: Path) -> list[str]:
    try:
        with tarfile.open(archive) as content:
            manifest = content.extractfile("manifest.json")
            images = json.load(manifest) if manifest else []
    except (OSError, KeyError, tarfile.TarError, ValueError) as error:
        raise HarnessError(f"{archive} cannot be read as a docker-archive: {error}") from error
    return [name for image in images for name in image["RepoTags"] or []]


def _archives(paths: Paths) -> Path:
    return paths.cache / "images"
