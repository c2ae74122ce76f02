"""Renders the charts with the pinned Helm, for the test_charts_*.py beside it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import binaries

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
OPERATOR = ROOT / "charts" / "greffon"
CRDS = ROOT / "charts" / "greffon-crds"
NAMESPACE = "greffon-system"
MONITORING = ("--api-versions", "monitoring.coreos.com/v1/ServiceMonitor")

EVERYTHING = """
image: {digest: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", pullPolicy: Always}
imagePullSecrets: [{name: pull}]
runners: {go: localhost/greffon/runner-go:dev, typescript: localhost/greffon/runner-node:dev}
settings: {logLevel: debug, workers: 4, httpPort: 9090, dnsNamespace: dns, dnsLabel: "app=coredns,tier=a"}
registries:
  plainHTTP: ["registry.example:5001"]
  private: ["registry.example:5001"]
  realms: [auth.example]
  nodeOnly: []
serviceAccount: {name: grafter, annotations: {team: platform}}
priorityClassName: system-cluster-critical
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: infra, operator: Exists}]
affinity: {nodeAffinity: {}}
topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]
podAnnotations: {note: "1"}
podLabels: {tier: platform}
networkPolicy:
  ingressFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  apiServer: {cidrs: [198.18.0.1/32], ports: [16443]}
  registries: {cidrs: [198.18.0.2/32], ports: [443, 5001]}
  extraEgress: [{to: [{ipBlock: {cidr: 169.254.20.10/32}}], ports: [{port: 53, protocol: UDP}]}]
metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}, service: {annotations: {a: b}}}
"""

# name → (values, further arguments): the ways of installing that every promise below must hold for.
VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "default": ("", ()),
    "namespaced": ("namespaces: [team-a, team-b]\nuserRoles: {create: false}\nadmission: {create: false}\n", ()),
    "everything": (EVERYTHING, MONITORING),
    "bare": (
        "rbac: {create: false}\nserviceAccount: {create: false, name: mine}\nuserRoles: {create: false}\n"
        "admission: {create: false}\nnetworkPolicy: {enabled: false}\n"
        "metrics: {service: {enabled: false}}\nrunAsUser: null\n"
        "ceiling: {rules: []}\n",
        (),
    ),
}


@dataclass(frozen=True)
class Rendered:
    """The objects that one installation would apply."""

    objects: tuple[Json, ...]

    def all(self, kind: str) -> list[Json]:
        """Every object of that kind."""
        return [o for o in self.objects if o["kind"] == kind]

    def one(self, kind: str, name: str = "greffon") -> Json:
        """The object of that kind and name, of which there must be exactly one."""
        (found,) = (o for o in self.all(kind) if o["metadata"]["name"] == name)
        return found

    def rules(self) -> Iterator[tuple[Json, Json]]:
        """(role, rule) for every Role and ClusterRole."""
        for role in (*self.all("Role"), *self.all("ClusterRole")):
            for rule in role.get("rules") or []:
                yield role, rule

    def pods(self) -> list[Json]:
        """The pod template of the operator, and the pod of `helm test`."""
        return [self.one("Deployment")["spec"]["template"], self.one("Pod", "greffon-test")]


def helm(*arguments: str, values: str = "") -> subprocess.CompletedProcess[str]:
    """Run Helm; values come on its standard input."""
    program = str(binaries.ensure("helm") / "helm")
    command = [program, *arguments, *(("--values", "-") if values else ())]
    return subprocess.run(command, input=values, capture_output=True, text=True, check=False, timeout=60)


def render(chart: Path, values: str = "", *arguments: str, release: str = "greffon") -> Rendered:
    """What `helm install` would apply, tests included."""
    result = helm("template", release, str(chart), "--namespace", NAMESPACE, *arguments, values=values)
    if result.returncode:
        raise AssertionError(result.stderr)
    loaded = yaml.load_all(result.stdout, Loader=yaml.CSafeLoader)
    return Rendered(tuple(document for document in loaded if document))


@cache
def variant(name: str) -> Rendered:
    """The operator chart in one of the ways of installing it; shared, so not to be changed."""
    values, arguments = VARIANTS[name]
    return render(OPERATOR, values, *arguments)
