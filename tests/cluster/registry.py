"""A small image registry on the bridge's address: the host pushes, the node pulls, without TLS.

Called by `kind` when the bridge is up, and by tests that need an image by digest.
"""

import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from tests.cluster import binaries
from tests.cluster.controlplane_process import kill, running_pid, spawn
from tests.cluster.network import GATEWAY
from tests.cluster.paths import Paths
from tests.cluster.process import run, wait_until

ADDRESS = f"{GATEWAY}:5001"


def start(paths: Paths) -> None:
    """Start the registry unless it runs and answers."""
    if running_pid(_record(paths)) is not None and _answers():
        return
    kill(_record(paths))
    content = paths.state / "registry"
    content.mkdir(parents=True, exist_ok=True)
    crane = binaries.ensure("registry", paths) / "crane"
    command = [str(crane), "registry", "serve", "--address", ADDRESS, "--disk", str(content)]
    paths.logs.mkdir(parents=True, exist_ok=True)
    spawn(command, _record(paths), paths.logs / "registry.log", os.environ)
    wait_until(_answers, 20, f"the registry at {ADDRESS}")


def stop(paths: Paths) -> None:
    """Stop the registry and drop what was pushed to it."""
    kill(_record(paths))
    shutil.rmtree(paths.state / "registry", ignore_errors=True)


def push(archive: Path, repository: str, *, address: str = ADDRESS, paths: Paths | None = None) -> str:
    """Push a docker-archive and return the image's name by digest, as a pod would ask for it."""
    crane = binaries.ensure("registry", paths) / "crane"
    target = f"{address}/{repository}"
    pushed = run([crane, "push", "--insecure", archive, target], timeout=300).strip()
    return f"{target.rpartition(':')[0] if ':' in repository else target}@{pushed.rpartition('@')[2]}"


def crane(*arguments: str, paths: Paths | None = None) -> str:
    """Run crane against a registry without TLS and return what it printed."""
    return run([binaries.ensure("registry", paths) / "crane", *arguments, "--insecure"], timeout=300).strip()


def _answers() -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{ADDRESS}/v2/", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _record(paths: Paths) -> Path:
    return paths.state / "registry.pid"
