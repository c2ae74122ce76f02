"""The test cluster itself: one kind node, brought up, found again, taken down.

Called by the package's `ensure` and by the CLI. `up` is idempotent: a healthy cluster of the wanted make is
returned as it is, anything else is cleared away first. `engine` says where the node runs, `leftovers` sees
to it that nothing stays behind.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.cluster import binaries, engine, kind_config, leftovers, registry
from tests.cluster.engine import Engine
from tests.cluster.exclusive import exclusive, sweep
from tests.cluster.model import Cluster
from tests.cluster.network import check_ranges
from tests.cluster.paths import Paths
from tests.cluster.process import (
    CommandError,
    HarnessError,
    run,
    run_logged,
    say,
    step,
    stop_orphans,
    succeeds,
    wait_until,
)

NAME = "greffon"
_NODE = f"{NAME}-control-plane"


def up(paths: Paths) -> Cluster:
    """A cluster that answers, with network policies, name service and registry ready."""
    with _alone(paths):
        wanted = engine.choose(paths)
        cluster = _describe(wanted, paths)
        make = kind_config.render(NAME, wanted.node_image, paths)
        if _is_made(make, paths) and _is_healthy(cluster, patience=20):
            registry.start(paths)
            return cluster
        _clear(_engine_in_use(paths) or wanted, paths)
        _create(wanted, cluster, make, paths)
        return cluster


def down(paths: Paths) -> None:
    """Delete the cluster and everything that it left on the machine; caches stay."""
    with _alone(paths):
        _clear(_engine_in_use(paths) or engine.choose(paths), paths)
        with exclusive(paths.locks, "images"):
            sweep(paths.locks, paths.scratch)
        shutil.rmtree(paths.state, ignore_errors=True)
        shutil.rmtree(paths.volatile, ignore_errors=True)


def running(paths: Paths) -> Cluster | None:
    """The cluster if it is up and answers; changes nothing."""
    used = _engine_in_use(paths)
    if used is None or not _made(paths).is_file():
        return None
    cluster = _describe(used, paths)
    return cluster if _is_healthy(cluster, patience=2) else None


def load(cluster: Cluster, archive: Path) -> None:
    """Put the images of a docker-archive into the node."""
    command = [binaries.ensure("kind") / "kind", "load", "image-archive", archive, "--name", NAME]
    run(command, env=cluster.engine_env, timeout=300)


@contextlib.contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    with exclusive(paths.locks, "cluster"):
        stop_orphans(paths.logs / "kind")
        yield


def _describe(used: Engine, paths: Paths) -> Cluster:
    return Cluster(
        name=NAME,
        provider=used.name,
        kubeconfig=paths.kubeconfig,
        kubectl=binaries.ensure("kubernetes", paths) / "kubectl",
        helm=binaries.ensure("helm", paths) / "helm",
        registry=registry.ADDRESS,
        audit_log=paths.audit_log,
        node=_NODE,
        engine=used.name,
        engine_env=used.environment,
    )


def _create(wanted: Engine, cluster: Cluster, make: str, paths: Paths) -> None:
    paths.state.mkdir(parents=True, exist_ok=True)
    (paths.state / "engine").write_text(wanted.name)
    engine.prepare(wanted, paths)
    program = binaries.ensure("kind", paths) / "kind"
    check_ranges()
    config = kind_config.write(make, registry.ADDRESS, paths)
    command = [program, "create", "cluster", "--config", config, "--kubeconfig", paths.kubeconfig]
    command += ["--wait", "180s", "--retain"]
    run_logged("creating the cluster", command, paths.logs / "kind", env=wanted.environment)
    registry.start(paths)
    _await_services(cluster)
    _made(paths).write_text(make)


def _await_services(cluster: Cluster) -> None:
    """A bare pod needs the ServiceAccount, a test needs names and enforced policies."""
    with step("waiting for name service and network policies"):
        cluster.run_kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=60s")
        # kube-proxy, and what enforces policies: kindnet of kind's own node image, kube-router of ours.
        daemons = cluster.run_kubectl("-n", "kube-system", "get", "daemonsets", "-o", "name").split()
        for workload in (*daemons, "deployment/coredns"):
            command = ("-n", "kube-system", "rollout", "status", workload, "--timeout=120s")
            cluster.run_kubectl(*command, timeout=130)


def _clear(used: Engine, paths: Paths) -> None:
    """Delete the node, whatever state it is in, then what it left."""
    with exclusive(paths.locks, "images"):  # an image build works in the storage that is unmounted here
        engine.remove_node(used, _NODE, paths)
        registry.stop(paths)
        engine.remove_network(used)
        leftovers.remove(paths)
    for file in (_made(paths), paths.kubeconfig, paths.state / "loaded.json"):
        file.unlink(missing_ok=True)


def _is_healthy(cluster: Cluster, patience: float) -> bool:
    """Whether the API server is ready; a busy or paused machine gets some patience, a stopped one none."""
    try:
        state = cluster.run_engine("container", "inspect", "--format", "{{.State.Status}}", _NODE).strip()
    except CommandError:
        return False
    if state not in ("running", "paused"):
        return False
    ready = [cluster.kubectl, "--kubeconfig", cluster.kubeconfig, "get", "--raw", "/readyz"]
    try:
        wait_until(lambda: succeeds(ready, timeout=5), patience, "the API server")
    except HarnessError as error:
        say(str(error))
        return False
    return True


def _is_made(make: str, paths: Paths) -> bool:
    return _made(paths).is_file() and _made(paths).read_text() == make


def _made(paths: Paths) -> Path:
    """Written last: a cluster without it was not finished."""
    return paths.state / "made.yaml"


def _engine_in_use(paths: Paths) -> Engine | None:
    file = paths.state / "engine"
    return engine.named(file.read_text(), paths) if file.is_file() else None
