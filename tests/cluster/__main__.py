"""`python -m tests.cluster VERB`: the harness by hand.

Progress goes to standard error, results to standard output. Exit codes: 0 fine, 1 something failed,
2 usage, 3 `status` found no cluster.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.cluster import binaries, ensure, existing, images, kind, leftovers
from tests.cluster.model import Cluster
from tests.cluster.paths import default_paths
from tests.cluster.process import HarnessError, say

_EPILOG = f"""\
environment:
  {existing.KUBECONFIG}  use this cluster; nothing of it is started or stopped
  {existing.REGISTRY}    where that cluster pulls the images from; you push them there
  GREFFON_TEST_REGISTRY_PLAIN_HTTP  true when that registry is spoken to without TLS
  GREFFON_TEST_NODE_IMAGE  with Docker: another node image than kind's own, from a mirror say
  GREFFON_TEST_ENGINE      docker or podman, instead of what is found
  XDG_CACHE_HOME, XDG_STATE_HOME  where programs and images, kubeconfig and audit log are kept
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and do what it says."""
    options = _parser().parse_args(arguments)
    verb: Callable[[argparse.Namespace], int] = options.verb
    try:
        return verb(options)
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m tests.cluster",
        description="The cluster that the tests run on.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _verb(verbs, "up", _up, "have a cluster that answers, and say how to reach it")
    _verb(verbs, "down", _down, "remove the cluster and all that it left; caches stay")
    _verb(verbs, "status", _status, "say whether there is a cluster (code 3: no), and what is left of one")
    _verb(verbs, "kubeconfig", _kubeconfig, "print the path of the kubeconfig file")
    load = _verb(verbs, "load-image", _load_image, "put an image into the cluster, built first if need be")
    load.add_argument("image", metavar="NAME|ARCHIVE", help=f"{', '.join(images.TARGETS)}, or a docker-archive")
    _verb(verbs, "images", _images, "build all images of the project and print their archives")
    build = _verb(verbs, "binaries", _binaries, "build the programs of the harness and print where they are")
    build.add_argument("modules", nargs="*", metavar="MODULE", help="one or more; all of them by default")
    return parser


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    function: Callable[[argparse.Namespace], int],
    purpose: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=purpose, description=purpose)
    parser.set_defaults(verb=function)
    return parser


def _up(_: argparse.Namespace) -> int:
    _describe(ensure())
    return 0


def _down(_: argparse.Namespace) -> int:
    if existing.named():
        raise HarnessError(f"{existing.KUBECONFIG} names a cluster of yours; it is not ours to take down")
    paths = default_paths()
    kind.down(paths)
    left = leftovers.find(paths)
    for line in left:
        print(f"left behind: {line}", file=sys.stderr)
    if not left:
        say("nothing is left behind")
    return 1 if left else 0


def _status(_: argparse.Namespace) -> int:
    cluster = _running()
    if cluster is not None:
        _describe(cluster)
        return 0
    print("no cluster")
    for line in leftovers.find(default_paths()):
        print(f"left behind: {line}")
    return 3


def _kubeconfig(_: argparse.Namespace) -> int:
    cluster = _running()
    if cluster is None:
        raise HarnessError("there is no cluster; `up` makes one")
    print(cluster.kubeconfig)
    return 0


def _load_image(options: argparse.Namespace) -> int:
    cluster = _running()
    if cluster is None:
        raise HarnessError("there is no cluster; `up` makes one")
    built = options.image in images.TARGETS and cluster.provider != "existing"
    archive = images.ensure(options.image) if built else Path(options.image)
    print("\n".join(images.load(cluster, archive)))
    return 0


def _images(_: argparse.Namespace) -> int:
    for target in images.TARGETS:
        print(images.ensure(target))
    return 0


def _binaries(options: argparse.Namespace) -> int:
    for name, directory in binaries.ensure_all(options.modules or binaries.modules()):
        print(f"{name}\t{directory}")
    return 0


def _running() -> Cluster | None:
    kubeconfig = existing.named()
    return existing.connect(kubeconfig, default_paths()) if kubeconfig else kind.running(default_paths())


def _describe(cluster: Cluster) -> None:
    facts = {
        "cluster": f"{cluster.name} ({cluster.provider})",
        "kubeconfig": cluster.kubeconfig,
        "kubectl": cluster.kubectl,
        "helm": cluster.helm,
        "registry": cluster.registry or "none",
        "audit log": cluster.audit_log or "none",
    }
    for name, value in facts.items():
        print(f"{name + ':':12}{value}")


if __name__ == "__main__":
    sys.exit(main())
