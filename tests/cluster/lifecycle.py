"""Coming up, going down, and being killed in between; run by name, because it takes the shared cluster away:

pytest tests/cluster/lifecycle.py
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import ensure, firewall, kind, leftovers
from tests.cluster.host_record import MODULES, NAMED_NETWORKS, changed_settings, recall, remember
from tests.cluster.paths import REPOSITORY, default_paths
from tests.cluster.process import run, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
PATHS = default_paths()
_LOG = PATHS.logs / "kind" / "creating-the-cluster.log"


@pytest.fixture(autouse=True)
def _no_cluster() -> Iterator[None]:
    kind.down(PATHS)
    yield
    kind.down(PATHS)


def kill_while(moment: str) -> None:
    """Start `up` in a process of its own and kill it as soon as kind says that it has come to `moment`."""
    _LOG.unlink(missing_ok=True)
    child = subprocess.Popen([sys.executable, "-m", "tests.cluster", "up"], cwd=REPOSITORY)
    try:
        wait_until(lambda: _LOG.is_file() and moment in _LOG.read_text(), 300, moment)
    finally:
        child.kill()
        child.wait()


def traces() -> list[str]:
    """What is seen on the machine with the eyes of somebody who does not know the harness."""
    names = ("conmon", "aardvark-dns", "crane", "kind")
    table = run(["ps", "-eo", "stat=,comm="]).splitlines()
    running = [line.split()[1] for line in table if not line.startswith("Z")]  # init's to reap
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return [
        *(name for name in running if name in names),
        *(mount for mount in mounts if "greffon" in mount or mount.startswith(str(NAMED_NETWORKS))),
        *(str(path) for path in Path("/sys/class/net").glob("greffon*")),
        *(str(path) for path in Path("/sys/fs/cgroup").rglob("libpod*")),
        *(chain for table in firewall.stale_chains() for chain in table.chains),
        *(str(path) for path in (PATHS.state, PATHS.volatile) if path.exists()),
        *(str(path) for path in (PATHS.storage / "volumes").glob("*") if path.is_dir()),
    ]


def test_nothing_is_left_after_down_and_the_machine_is_as_before() -> None:
    remember(PATHS)
    before = recall(PATHS)
    assert before is not None
    ensure()
    assert changed_settings(before), "a cluster changes the kernel's settings; else this proves nothing"
    assert leftovers.find(PATHS), "a running cluster is all leftovers; else the search is blind"
    kind.down(PATHS)
    assert traces() == []
    assert leftovers.find(PATHS) == []
    assert changed_settings(before) == {}
    assert MODULES.is_dir() == before.had_modules


def test_a_second_up_finds_the_cluster_again_at_once() -> None:
    first = ensure()
    node = first.run_kubectl("get", "node", first.require_node(), "-o", "jsonpath={.metadata.uid}")
    started = time.monotonic()
    second = ensure()
    assert second.run_kubectl("get", "node", second.require_node(), "-o", "jsonpath={.metadata.uid}") == node
    print(f"found again in {time.monotonic() - started:.1f} s")


@pytest.mark.parametrize("moment", ["Preparing nodes", "Writing configuration", "Installing CNI"])
def test_down_clears_away_a_run_that_was_killed_while(moment: str) -> None:
    remember(PATHS)
    before = recall(PATHS)
    assert before is not None
    kill_while(moment)
    kind.down(PATHS)
    assert traces() == []
    assert changed_settings(before) == {}


def test_up_makes_a_cluster_after_a_run_that_was_killed() -> None:
    kill_while("Starting control-plane")
    assert ensure().run_kubectl("get", "--raw", "/readyz") == "ok"


def test_a_node_that_stopped_is_replaced() -> None:
    cluster = ensure()
    cluster.run_engine("kill", cluster.require_node())
    assert ensure().run_kubectl("get", "--raw", "/readyz") == "ok"


def test_down_clears_away_a_node_whose_processes_were_killed_behind_the_engines_back() -> None:
    """As when a machine's supervisor ends everything: nobody is left who would unmount what the node had mounted."""
    cluster = ensure()
    pids = cluster.run_engine(
        "container", "inspect", "--format", "{{.State.ConmonPid}} {{.State.Pid}}", cluster.require_node()
    )
    for pid in map(int, pids.split()):  # the monitor first: it would clean up after the node
        os.kill(pid, signal.SIGKILL)
    kind.down(PATHS)
    assert traces() == []
    assert leftovers.find(PATHS) == []
