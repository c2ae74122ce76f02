"""Where the harness keeps things, all of it outside the repository.

Asked by every other module of the harness. Three directories with three lifetimes:
`cache` is dear and reused (programs, archives, container storage), `state` belongs to the cluster that
runs now (kubeconfig, audit log, records for cleaning up), `volatile` must not outlive a reboot (sockets).
"""

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = Path(__file__).resolve().parent / "files"


@dataclass(frozen=True)
class Paths:
    """The three directories of the harness and the places in them that several modules share."""

    cache: Path
    state: Path
    volatile: Path

    @property
    def locks(self) -> Path:
        return self.cache / "locks"

    @property
    def scratch(self) -> Path:
        """Half-made things; whatever lies here while nobody holds the lock is rubbish."""
        return self.cache / "scratch"

    @property
    def storage(self) -> Path:
        """Images and containers of the private Podman and Buildah."""
        return self.cache / "storage"

    @property
    def logs(self) -> Path:
        return self.cache / "logs"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def audit_log(self) -> Path:
        return self.state / "audit" / "audit.log"


def default_paths() -> Paths:
    """The directories of this user, by the XDG rules."""
    home = Path.home()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    state = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    runtime = Path("/run") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR") or state)
    return Paths(cache / "greffon", state / "greffon" / "cluster", runtime / "greffon-cluster")
