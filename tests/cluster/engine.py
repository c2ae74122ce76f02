"""Which container engine holds the node: Docker where it works, otherwise our own Podman.

Called by `kind`. Docker is taken only if its engine answers and kind's own node image can be had; then
nothing is self-made. Otherwise Podman gets a private configuration and the image of `node_image`.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tests.cluster import binaries, host_record, node_image, podman
from tests.cluster.mounts import unmount_below
from tests.cluster.network import BRIDGE, GATEWAY, NODE_NETWORK
from tests.cluster.paths import Paths
from tests.cluster.process import HarnessError, run, say, succeeds
from tests.cluster.system import require_packages

CHOICE = "GREFFON_TEST_ENGINE"
NODE_IMAGE = "GREFFON_TEST_NODE_IMAGE"
_DOCKER_NETWORK = "greffon"
_DOCKER = {"KIND_EXPERIMENTAL_PROVIDER": "docker", "KIND_EXPERIMENTAL_DOCKER_NETWORK": _DOCKER_NETWORK}


@dataclass(frozen=True)
class Engine:
    """An engine and the environment in which kind and we use it."""

    name: Literal["docker", "podman"]
    environment: Mapping[str, str]
    node_image: str


def named(name: str, paths: Paths) -> Engine:
    """The engine that an earlier run took."""
    if name == "docker":
        return Engine("docker", _DOCKER, _upstream_image())
    return Engine("podman", podman.environment(paths), node_image.reference())


def choose(paths: Paths, answers: Callable[..., bool] = succeeds) -> Engine:
    """The engine for this machine; the variable GREFFON_TEST_ENGINE decides if it is set."""
    wanted = os.environ.get(CHOICE, "")
    if wanted not in ("", "docker", "podman"):
        raise HarnessError(f"{CHOICE} is {wanted!r}; it may be docker or podman")
    if wanted != "podman" and answers(["docker", "info"], timeout=10):
        image = _upstream_image()
        if wanted == "docker" or _is_within_reach(image, answers):
            return named("docker", paths)
    elif wanted == "docker":
        raise HarnessError(f"{CHOICE} is docker, but `docker info` fails: is the engine running?")
    return named("podman", paths)


def prepare(engine: Engine, paths: Paths) -> None:
    """Make the engine ready: packages, configuration, node image, network."""
    if engine.name == "podman":
        require_packages(paths.logs / "system")
        host_record.remember(paths)
        host_record.MODULES.mkdir(parents=True, exist_ok=True)  # kind mounts it; minimal machines lack it
        podman.configure(paths)
        node_image.ensure(paths)
    elif not succeeds(["docker", "network", "inspect", _DOCKER_NETWORK]):
        addresses = ["--subnet", str(NODE_NETWORK), "--gateway", str(GATEWAY)]
        bridge = ["--driver", "bridge", "--opt", f"com.docker.network.bridge.name={BRIDGE}"]
        run(["docker", "network", "create", *bridge, *addresses, _DOCKER_NETWORK])


def remove_node(engine: Engine, name: str, paths: Paths) -> None:
    """Kill and delete the node's container, in whatever state it is, together with its volumes."""
    if engine.name == "podman" and not podman.is_configured(paths):
        return
    env = engine.environment
    if succeeds([engine.name, "container", "inspect", name], env=env):
        say("removing the node")
        succeeds([engine.name, "unpause", name], env=env)  # a paused container cannot be killed
        removal = [engine.name, "rm", "--force", "--volumes", name]
        if not succeeds(removal, timeout=120, env=env):
            # The node's processes were killed behind the engine's back: it stumbles over mounts that it has forgotten.
            unmount_below(paths.storage)
            run(removal, env=env)
    if engine.name == "podman":  # kind gives its volumes names, so they do not go with the container
        podman.podman(paths, "volume", "prune", "--force")


def remove_network(engine: Engine) -> None:
    """Docker keeps a network until it is told; Podman's bridge goes with its last container."""
    if engine.name == "docker" and succeeds(["docker", "network", "inspect", _DOCKER_NETWORK]):
        run(["docker", "network", "rm", _DOCKER_NETWORK])


def _upstream_image() -> str:
    """The node image to take with Docker: one that the user names, of a mirror say, or kind's own."""
    return os.environ.get(NODE_IMAGE) or _released_image()


def _released_image() -> str:
    """The node image that the pinned kind was released with."""
    defaults = binaries.source_directory("kind", "sigs.k8s.io/kind") / "pkg/apis/config/defaults/image.go"
    found = re.search(r'Image = "([^"]+)"', defaults.read_text())
    if found is None:
        raise HarnessError("the pinned kind does not say which node image it takes")
    return found[1]


def _is_within_reach(image: str, answers: Callable[..., bool]) -> bool:
    here = answers(["docker", "image", "inspect", image], timeout=10)
    return here or answers(["docker", "manifest", "inspect", image], timeout=30)
