"""What a test may do with its namespace and see of it, through kubectl as a user would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from tests.cluster import Cluster, HarnessError

Json = dict[str, Any]
CHILD_KINDS = (
    "deployments,jobs,cronjobs,pods,services,configmaps,serviceaccounts,roles,rolebindings,"
    "networkpolicies,poddisruptionbudgets,pluginrevisions,pluginruns"
)


@dataclass(frozen=True)
class World:
    """One namespace of the cluster."""

    cluster: Cluster
    namespace: str

    def create_namespace(self) -> None:
        """Make it, with Pod Security "restricted" enforced, and wait until pods can be made in it."""
        self.cluster.run_kubectl("create", "-f", "-", stdin=json.dumps(strict_namespace(self.namespace)))
        self.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=30s")

    def delete_namespace(self, seconds: int = 90) -> None:
        """Remove it; a namespace that hangs is a failure of the test."""
        self.cluster.run_kubectl("delete", "namespace", self.namespace, f"--timeout={seconds}s", timeout=seconds + 15)

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """kubectl in this namespace; raises HarnessError with its message when it fails."""
        return self.cluster.run_kubectl("-n", self.namespace, *arguments, stdin=stdin, timeout=timeout)

    def refusal(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl complains of; fails when it does not complain."""
        try:
            printed = self.kubectl(*arguments, stdin=stdin)
        except HarnessError as error:
            return str(error)
        raise AssertionError(f"kubectl {' '.join(arguments)} was expected to be refused, but printed: {printed}")

    def apply(self, *objects: Json | str) -> None:
        """kubectl apply of dictionaries or YAML texts."""
        texts = [obj if isinstance(obj, str) else yaml.safe_dump(obj) for obj in objects]
        self.kubectl("apply", "-f", "-", stdin="\n---\n".join(texts))

    def get(self, kind: str, name: str) -> Json:
        """One object."""
        found: Json = json.loads(self.kubectl("get", kind, name, "-o", "json"))
        return found

    def items(self, kinds: str, selector: str = "") -> list[Json]:
        """Objects of some kinds."""
        more = ("-l", selector) if selector else ()
        found: list[Json] = json.loads(self.kubectl("get", kinds, "-o", "json", *more))["items"]
        return found

    def children(self, plugin: str) -> list[Json]:
        """Everything that carries the plug-in's label."""
        return self.items(CHILD_KINDS, f"greffon.dev/plugin={plugin}")

    def wait_ready(self, plugin: str, seconds: int = 30) -> None:
        """As a user waits."""
        condition = ("--for=condition=Ready", f"plugin/{plugin}", f"--timeout={seconds}s")
        self.kubectl("wait", *condition, timeout=seconds + 30)

    def wait_reason(self, plugin: str, reason: str, seconds: int = 60) -> str:
        """Wait until Ready has this reason; gives its message."""
        self.kubectl(
            "wait",
            f"plugin/{plugin}",
            f"--timeout={seconds}s",
            '--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=' + reason,
            timeout=seconds + 30,
        )
        return str(self.condition(plugin, "Ready")["message"])

    def condition(self, plugin: str, type_: str) -> Json:
        """One condition; an empty one when it is absent."""
        # The conditions alone: a spec may be nested deeper than Python reads.
        text = self.kubectl("get", "plugin", plugin, "-o", "jsonpath={.status.conditions}")
        return next((c for c in json.loads(text or "[]") if c["type"] == type_), {})

    def run(self, plugin: str, name: str, event: Json | None = None, seconds: int = 90) -> Json:
        """Run a Job plug-in once and wait for its end; gives the PluginRun."""
        spec: Json = {"pluginRef": {"name": plugin}} | ({"input": event} if event else {})
        self.apply(
            {"apiVersion": "greffon.dev/v1alpha1", "kind": "PluginRun", "metadata": {"name": name}, "spec": spec}
        )
        self.kubectl("wait", f"pluginrun/{name}", "--for=jsonpath={.status.outcome}", f"--timeout={seconds}s")
        return self.get("pluginrun", name)

    def eventually(self, what: str, seen: Callable[[], Any], seconds: float = 60) -> Any:
        """Poll until `seen` gives something true (kubectl has no event for every wish); fails with `what`."""
        deadline = time.monotonic() + seconds
        while not (found := seen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.5)
        return found


def strict_namespace(name: str) -> Json:
    """A Namespace that takes only pods of the level "restricted"."""
    labels = {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def plugin(name: str, **spec: Any) -> Json:
    """A Plugin manifest."""
    return {
        "apiVersion": "greffon.dev/v1alpha1",
        "kind": "Plugin",
        "metadata": {"name": name},
        "spec": {"version": "1.0.0", **spec},
    }


def script(name: str, text: str, *, mode: str = "Job", type_: str = "Bash", **spec: Any) -> Json:
    """A Plugin made of one inline file. Keys of `run` go in as `run={…}`."""
    file = "main.sh" if type_ == "Bash" else "main.py"
    run = {"mode": mode, **spec.pop("run", {})}
    return plugin(name, type=type_, source={"inline": {"files": {file: text}}}, run=run, **spec)
