"""The images that a self-made node runs its control plane from, put into its containerd beforehand.

Called by `node_image` after `node_tree`. The names are those that the pinned kubeadm asks for; the content
is our static programs. kube-proxy's and kube-router's images also have iptables with its match modules and
libraries, copied out of the node's own Debian.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.controlplane_process import kill, spawn
from tests.cluster.docker_archive import Image, write_image
from tests.cluster.paths import Paths
from tests.cluster.process import run, step, succeeds, wait_until

KUBE_ROUTER = "localhost/greffon/kube-router:pinned"
_PAUSE_IN_CONTAINERD = "registry.k8s.io/pause:3.10"  # kind's containerd configuration names this one
_XTABLES = ("/usr/sbin/xtables-legacy-multi", "/usr/sbin/xtables-nft-multi")
_PAUSE = "trap 'exit 0' TERM INT; while :; do /bin/busybox sleep 2000000 & wait; done"


def preload(tree: Path, directory: Path, paths: Paths) -> None:
    """Build all component images and import them into the tree's `/var/lib/containerd`."""
    with step("component images"), ThreadPoolExecutor(2) as pool:
        archives = list(pool.map(lambda image: write_image(image, directory), _images(tree, paths)))
    with step("importing component images"), _containerd(tree, directory, paths) as client:
        for file in archives:
            run([*client, "images", "import", "--all-platforms", "--no-unpack", "--digests", file], timeout=300)
        for name in run([*client, "images", "ls", "-q"]).split():
            run([*client, "images", "label", name, "io.cri-containerd.pinned=pinned"])


def _images(tree: Path, paths: Paths) -> Iterator[Image]:
    kubernetes = binaries.ensure("kubernetes", paths)
    version = ["--kubernetes-version", binaries.kubernetes_version()]
    for reference in run([kubernetes / "kubeadm", "config", "images", "list", *version]).split():
        yield _component(reference, kubernetes, tree, paths)
    yield _pause(_PAUSE_IN_CONTAINERD)
    program = binaries.ensure("kube-router", paths) / "kube-router"
    yield _with_iptables(KUBE_ROUTER, program, tree, ["/usr/sbin/ipset", "/bin/ip"])


def _component(reference: str, kubernetes: Path, tree: Path, paths: Paths) -> Image:
    match reference.rpartition(":")[0].rpartition("/")[2]:
        case "pause":
            return _pause(reference)
        case "etcd":
            return _static(reference, "usr/local/bin/etcd", kubernetes / "server")
        case "coredns":
            return _static(reference, "coredns", binaries.ensure("coredns", paths) / "coredns")
        case "kube-proxy":
            return _with_iptables(reference, kubernetes / "kube-proxy", tree, ["/usr/sbin/nft"])
        case name:
            return _static(reference, f"usr/local/bin/{name}", kubernetes / name)


def _static(reference: str, place: str, program: Path) -> Image:
    return Image(reference, [f"/{place}"], {place: program})


def _pause(reference: str) -> Image:
    """A shell that waits: it reaps the children that a pod leaves to it and ends at once when told to."""
    return Image(reference, ["/bin/busybox", "sh", "-c", _PAUSE], {"bin/busybox": Path("/bin/busybox")}, {}, ())


def _with_iptables(reference: str, program: Path, tree: Path, others: Sequence[str]) -> Image:
    modules = [f"/{path.relative_to(tree)}" for path in sorted(tree.glob("usr/lib/*/xtables/*.so"))]
    files = _with_libraries([*_XTABLES, *others, *modules], tree)
    place = f"usr/local/bin/{program.name}"
    names = [f"{family}{verb}" for family in ("iptables", "ip6tables") for verb in ("", "-save", "-restore")]
    # kind's entrypoint selects the legacy variant on the node; two variants at once would not see each other.
    links = {f"usr/sbin/{name}": "xtables-legacy-multi" for name in names}
    return Image(reference, [f"/{place}"], {**files, place: program}, links, ("tmp", "run"))


def _with_libraries(programs: Sequence[str], tree: Path) -> dict[str, Path]:
    """The programs and every shared library that they load, by their place in an image."""
    lines = run(["chroot", tree, "ldd", *programs]).splitlines()
    words = (word for line in lines for word in line.split() if not line.endswith(":"))
    places = [*programs, *sorted({word for word in words if word.startswith("/")})]
    real = run(["chroot", tree, "readlink", "-f", *places]).split()
    return {place.lstrip("/"): tree / path.lstrip("/") for place, path in zip(places, real, strict=True)}


@contextlib.contextmanager
def _containerd(tree: Path, directory: Path, paths: Paths) -> Iterator[list[str]]:
    """A containerd of our own that keeps its content in the tree; yields the client's first arguments."""
    paths.volatile.mkdir(parents=True, exist_ok=True)
    socket = paths.volatile / "import.sock"  # a socket's path may have 107 characters only
    config = directory / "containerd.toml"
    root = tree / "var/lib/containerd"
    config.write_text(
        f'version = 2\nroot = "{root}"\nstate = "{directory}/state"\n'
        f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "{socket}"\n'
    )
    record = paths.logs / "node-image" / "containerd.running"
    record.parent.mkdir(parents=True, exist_ok=True)
    spawn(["/usr/bin/containerd", "--config", str(config)], record, record.with_suffix(".log"), os.environ)
    try:
        client = ["ctr", "--address", str(socket), "--namespace", "k8s.io"]
        wait_until(lambda: succeeds([*client, "images", "ls"]), 30, "containerd for the import")
        yield client
    finally:
        kill(record)
        for leftover in (socket, Path(f"{socket}.ttrpc")):
            leftover.unlink(missing_ok=True)


def image_inputs() -> Iterable[str]:
    """What else than programs and packages decides the content of these images."""
    return KUBE_ROUTER, _PAUSE_IN_CONTAINERD, _PAUSE
