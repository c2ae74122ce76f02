"""A kind node image made here, for machines without Docker or without an image registry.

Called by `kind` when its engine is Podman. The image is known by a key over everything that it is made of
and stays in the private storage; making it takes about two minutes once the programs are built.
"""

import contextlib
import hashlib
from pathlib import Path

from tests.cluster import binaries, debian, node_components, node_tree, podman
from tests.cluster.exclusive import exclusive, scratch
from tests.cluster.paths import FILES, Paths
from tests.cluster.process import CommandError, run_logged, say, stop_orphans

_RECIPE = "1"  # raise it when a change of the code below changes the image
_MODULES = ("kubernetes", "kube-router", "coredns", "kind")
_CHANGES = (
    'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]',
    "ENV container=docker",
    "STOPSIGNAL SIGRTMIN+3",
)


def reference() -> str:
    """The image's name; its tag changes with anything that goes into it."""
    digest = hashlib.sha256()
    keys = (f"{module} {binaries.key(module)}" for module in _MODULES)
    files = ((FILES / name).read_text() for name in ("kube-router.yaml", "ptp.conflist"))
    inputs = (_RECIPE, debian.SUITE, *node_tree.PACKAGES, *node_components.image_inputs(), *keys, *files)
    for part in inputs:
        digest.update(part.encode() + b"\0")
    return f"localhost/greffon/kind-node:{digest.hexdigest()[:16]}"


def ensure(paths: Paths) -> str:
    """The name of the image, which is then in the private storage."""
    name = reference()
    if podman.has_image(paths, name):
        return name
    with exclusive(paths.locks, "node-image"):
        if not podman.has_image(paths, name):
            _build(name, paths)
    return name


def _build(name: str, paths: Paths) -> None:
    say(f"making the node image {name}; it is kept for the next time")
    logs = paths.logs / "node-image"
    stop_orphans(logs)
    for module in _MODULES:
        binaries.ensure(module, paths)
    packed = debian.archive("node", node_tree.PACKAGES, paths)
    with scratch(paths.scratch, "node-image") as directory:
        tree = directory / "tree"
        tree.mkdir()
        run_logged("unpacking Debian", ["tar", "-C", tree, "-xpf", packed], logs)
        node_tree.complete(tree, paths)
        node_components.preload(tree, directory, paths)
        _import(name, tree, directory / "node.tar", paths)
    _forget_others(name, paths)


def _import(name: str, tree: Path, packed: Path, paths: Paths) -> None:
    logs = paths.logs / "node-image"
    run_logged("packing the node", ["tar", "-C", tree, "--numeric-owner", "-cf", packed, "."], logs)
    changes = [argument for change in _CHANGES for argument in ("--change", change)]
    command = ["podman", "import", *changes, packed, name]
    run_logged("storing the node image", command, logs, env=podman.environment(paths))


def _forget_others(name: str, paths: Paths) -> None:
    """Drop the images of earlier recipes, two thirds of a gigabyte each; one that is in use stays."""
    same = ["--filter", f"reference={name.rpartition(':')[0]}", "--format", "{{.Repository}}:{{.Tag}}"]
    for other in podman.podman(paths, "images", *same).split():
        if other != name:
            with contextlib.suppress(CommandError):
                podman.podman(paths, "image", "rm", other)
