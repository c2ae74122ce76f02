"""What a test knows about the cluster that it runs on.

Made by the providers, returned by `ensure`, used by fixtures and by the CLI.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.cluster.process import run

Provider = Literal["docker", "podman", "existing"]


@dataclass(frozen=True)
class Cluster:
    """A cluster that answers. `audit_log` and `node` are None when it is not ours (provider `existing`).

    Attributes:
        registry: host and port of a registry that the nodes pull from and tests push to.
        registry_is_plain: it is spoken to without TLS.
    """

    name: str
    provider: Provider
    kubeconfig: Path
    kubectl: Path
    helm: Path
    registry: str | None
    registry_is_plain: bool = True
    audit_log: Path | None = None
    node: str | None = None
    engine: str = ""
    engine_env: Mapping[str, str] = field(default_factory=dict)

    def run_kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 60) -> str:
        """Run kubectl against this cluster and return what it printed."""
        command = [self.kubectl, "--kubeconfig", self.kubeconfig, *arguments]
        return run(command, stdin=stdin, timeout=timeout)

    def run_helm(self, *arguments: str, timeout: float = 300) -> str:
        """Run Helm against this cluster and return what it printed."""
        return run([self.helm, "--kubeconfig", self.kubeconfig, *arguments], timeout=timeout)

    def run_on_node(self, *arguments: str, timeout: float = 60) -> str:
        """Run a program on the node, as root; only for a cluster of the harness."""
        return self.run_engine("exec", self.require_node(), *arguments, timeout=timeout)

    def pause_node(self) -> None:
        """Freeze every process of the node: from outside, the machine hangs."""
        self.run_engine("pause", self.require_node())

    def resume_node(self) -> None:
        """Let a frozen node go on."""
        self.run_engine("unpause", self.require_node())

    def run_engine(self, *arguments: str, timeout: float = 60) -> str:
        """Run the container engine (`podman` or `docker`) that the node is a container of."""
        self.require_node()
        return run([self.engine, *arguments], env=self.engine_env, timeout=timeout)

    def require_node(self) -> str:
        """The node's container, or a clear refusal."""
        if self.node is None:
            raise ValueError("an existing cluster's nodes are not the harness's to touch")
        return self.node
