"""The steps of the demo. Each shows what kubectl shows, and fails when it is not what it should be."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import Cluster, HarnessError, images

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
IMAGE = "localhost/greffon/runner-python:dev"
"""As the samples name it; a cluster of the user's own has it in the user's registry."""
Json = dict[str, Any]


class Road:
    """One walk in one namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._samples = sorted(PLUGINS.glob("*/plugin.yaml"))

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Titles and walks, in order."""
        return [
            ("A namespace that takes only confined pods", self._namespace_is_strict),
            (f"kubectl apply: {len(self._samples)} plug-ins", self._apply),
            ("All of them become Ready", self._ready),
            ("What runs, and in which sandbox", self._look),
            ("Isolation: an undeclared connection is refused, a declared one is allowed", self._isolation),
            ("A run of a Job plug-in, with its result", self._run),
            ("A new version becomes a new revision", self._new_version),
            ("A bad version is rolled back by itself, and the good one goes on answering", self._bad_version),
            ("A deleted child comes back", self._drift),
            ("A deleted plug-in leaves nothing behind", self._delete),
        ]

    def farewell(self) -> str:
        """How to look around and how to clean up."""
        kubectl = f"{self._cluster.kubectl} --kubeconfig {self._cluster.kubeconfig} -n {self._namespace}"
        return "\n".join(
            [
                "Look around:",
                f"  {kubectl} get plugins -o wide",
                f"  {kubectl} describe plugin status-page",
                f"  {kubectl} get pluginruns,pluginrevisions,pods,networkpolicies",
                f"  {kubectl.replace(self._namespace, 'greffon-system')} logs deployment/greffon",
                "Clean up:",
                f"  {kubectl} delete namespace {self._namespace}    # the demo only",
                "  make cluster-down    # the whole cluster",
            ]
        )

    def leave(self) -> None:
        """Remove the namespace."""
        self._kubectl("delete", "namespace", self._namespace, "--timeout=90s")

    def _namespace_is_strict(self) -> None:
        label = "pod-security.kubernetes.io/enforce"
        meta = {"name": self._namespace, "labels": {label: "restricted"}}
        self._kubectl(
            "apply", "-f", "-", stdin=yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        )
        self._kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=30s")
        self._show("get", "namespace", self._namespace, "-L", label)

    def _apply(self) -> None:
        for manifest in self._samples:
            print(f"   $ kubectl -n {self._namespace} apply -f {manifest}")
            print(f"     {self._kubectl('apply', '-f', '-', stdin=self._text(manifest)).strip()}")

    def _text(self, manifest: Path) -> str:
        """A sample, with its image where this cluster has it."""
        return manifest.read_text().replace(IMAGE, images.reference(self._cluster, "runner-python"))

    def _ready(self) -> None:
        started = time.monotonic()
        self._kubectl("wait", "--for=condition=Ready", "plugins", "--all", "--timeout=120s", timeout=140)
        self._show("get", "plugins", "-o", "wide")
        print(f"   all Ready after {time.monotonic() - started:.1f} s")

    def _look(self) -> None:
        self._show(
            "get", "deployments,cronjobs,networkpolicies,serviceaccounts", "-l", "app.kubernetes.io/managed-by=greffon"
        )

    def _isolation(self) -> None:
        pods = json.loads(self._kubectl("get", "pods", "-l", "greffon.dev/plugin=status-page", "-o", "json"))["items"]
        address = pods[0]["status"]["podIP"]
        print(f"   link-checker → status-page at {address}:8080: not declared by either side")
        self._expect(not self._connects("deployment/plg-link-checker", address), "an undeclared connection is refused")
        print("   refused, as it should be")
        print("   uptime-probe → status-page: declared as egress here and as ingress there")
        done = self._once("uptime-probe", "demo-allowed")
        self._expect(
            done["status"].get("outcome") == "Succeeded", f"a declared connection is allowed: {done['status']}"
        )
        print(f"   allowed: {json.dumps(done['status'].get('output'))}")

    def _run(self) -> None:
        done = self._once("stale-workload-report", "demo-report")
        self._show("get", "pluginruns")
        self._expect(done["status"].get("outcome") == "Succeeded", f"the run succeeds: {done['status']}")
        print(f"   result: {json.dumps(done['status'].get('output'))[:300]}")

    def _new_version(self) -> None:
        self._kubectl("apply", "-f", "-", stdin=yaml.safe_dump(self._status_page("1.1.0")))
        active = "--for=jsonpath={.status.revisions.active}=status-page-r2"
        self._kubectl("wait", "plugin/status-page", active, "--timeout=90s", timeout=100)
        self._show("get", "pluginrevisions", "-l", "greffon.dev/plugin=status-page")
        self._show("get", "plugin", "status-page")

    def _bad_version(self) -> None:
        bad = self._status_page("1.2.0")
        bad["spec"]["run"]["entrypoint"] = ["python3", "-c", "raise SystemExit('version 1.2.0 has a defect')"]
        print("   status-page 1.2.0 ends with exit code 1 as soon as it starts")
        self._kubectl("apply", "-f", "-", stdin=yaml.safe_dump(bad))
        started, answers = time.monotonic(), []
        while self._reason("status-page") != "RolledBack":
            self._expect(time.monotonic() - started < 150, "the bad version is rolled back within 150 s")
            done = self._once("uptime-probe", "demo-visit")
            answers.append(done["status"].get("outcome"))
        print(f"   rolled back after {time.monotonic() - started:.0f} s")
        print(f"   visits by uptime-probe meanwhile: {len(answers)}, answered: {answers.count('Succeeded')}")
        self._expect(set(answers) <= {"Succeeded"}, f"every visit is answered: {answers}")
        self._show("get", "plugin", "status-page", "-o", "wide")
        self._show("get", "pluginrevisions", "-l", "greffon.dev/plugin=status-page")
        print("   the author goes back in Git, and the plug-in is Ready again")
        self._kubectl("apply", "-f", "-", stdin=yaml.safe_dump(self._status_page("1.1.0")))
        self._kubectl("wait", "--for=condition=Ready", "plugin/status-page", "--timeout=60s", timeout=80)

    def _status_page(self, version: str) -> Json:
        """The sample with another version and title."""
        manifest: Json = yaml.safe_load(self._text(PLUGINS / "status-page" / "plugin.yaml"))
        manifest["spec"]["version"] = version
        manifest["spec"]["config"]["values"]["title"] = f"Platform status, edition {version}"
        return manifest

    def _reason(self, plugin: str) -> str:
        path = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].reason}'
        return self._kubectl("get", "plugin", plugin, path).strip()

    def _drift(self) -> None:
        before = self._uid("networkpolicy", "plg-status-page")
        self._show("delete", "networkpolicy", "plg-status-page")
        self._await(
            "the NetworkPolicy is made again", lambda: self._uid("networkpolicy", "plg-status-page") not in ("", before)
        )
        print("   it is there again")

    def _delete(self) -> None:
        self._show("delete", "plugin", "link-checker")
        kinds = (
            "plugins,pluginruns,pluginrevisions,deployments,pods,services,configmaps,serviceaccounts,networkpolicies"
        )
        chosen = ("get", kinds, "-l", "greffon.dev/plugin=link-checker", "-o", "name")
        self._await("nothing of it remains", lambda: not self._kubectl(*chosen).strip())
        self._show(*chosen[:-2])

    def _once(self, plugin: str, name: str) -> Json:
        """Run a plug-in and wait for the end of the run."""
        self._kubectl("delete", "pluginrun", name, "--ignore-not-found")
        manifest = {
            "apiVersion": "greffon.dev/v1alpha1",
            "kind": "PluginRun",
            "metadata": {"name": name},
            "spec": {"pluginRef": {"name": plugin}},
        }
        self._kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest))
        self._kubectl("wait", f"pluginrun/{name}", "--for=jsonpath={.status.outcome}", "--timeout=120s", timeout=140)
        found: Json = json.loads(self._kubectl("get", "pluginrun", name, "-o", "json"))
        return found

    def _connects(self, workload: str, address: str) -> bool:
        code = f"import socket; socket.create_connection(('{address}', 8080), 3)"
        try:
            self._kubectl("exec", workload, "--", "python3", "-c", code)
        except HarnessError:
            return False
        return True

    def _uid(self, kind: str, name: str) -> str:
        return self._kubectl("get", kind, name, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}").strip()

    def _await(self, what: str, seen: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not seen():
            self._expect(time.monotonic() < deadline, f"{what} within {seconds:.0f} s")
            time.sleep(0.5)

    def _expect(self, fact: bool, what: str) -> None:
        if not fact:
            raise AssertionError(what)

    def _kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 60) -> str:
        return self._cluster.run_kubectl("-n", self._namespace, *arguments, stdin=stdin, timeout=timeout)

    def _show(self, *arguments: str) -> None:
        """Print the command as a user types it, and what it prints."""
        print(f"   $ kubectl -n {self._namespace} {' '.join(arguments)}")
        for line in (self._kubectl(*arguments).strip() or "(nothing)").splitlines():
            print(f"     {line}")
