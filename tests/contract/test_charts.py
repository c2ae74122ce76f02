"""The charts render for every way of installing them, and refuse what is misspelt."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from greffon.settings import Settings, from_environment
from tests.contract.chart_render import CRDS, EVERYTHING, MONITORING, OPERATOR, ROOT, VARIANTS, helm, render, variant


@pytest.mark.parametrize("chart", [OPERATOR, CRDS], ids=lambda chart: chart.name)
def test_helm_finds_nothing_to_complain_about(chart: Path) -> None:
    result = helm("lint", "--strict", str(chart))

    assert result.returncode == 0, result.stdout + result.stderr
    assert "[WARNING]" not in result.stdout
    assert "[ERROR]" not in result.stdout


@pytest.mark.parametrize("name", VARIANTS)
def test_every_namespaced_object_says_where_it_goes(name: str) -> None:
    cluster_wide = {
        "ClusterRole",
        "ClusterRoleBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
    for item in variant(name).objects:
        assert ("namespace" in item["metadata"]) == (item["kind"] not in cluster_wide), item["metadata"]["name"]
        assert item["metadata"]["labels"]["app.kubernetes.io/part-of"] == "greffon"


REFUSED = {
    "a misspelt setting": ("settings: {worker: 4}", "worker"),
    "a misspelt top-level key": ("replicas: 2", "replicas"),
    "a number as text": ('settings: {workers: "many"}', "/settings/workers"),
    "no worker at all": ("settings: {workers: 0}", "/settings/workers"),
    "an unknown log level": ("settings: {logLevel: trace}", "/settings/logLevel"),
    "a privileged port, which a non-root process cannot open": ("settings: {httpPort: 80}", "/settings/httpPort"),
    "a DNS label without a value": ("settings: {dnsLabel: coredns}", "/settings/dnsLabel"),
    "a digest that is none": ("image: {digest: latest}", "/image/digest"),
    "an image with a scheme": ("runners: {python: 'https://example.com/a'}", "/runners/python"),
    "a namespace name that cannot exist": ("namespaces: [Team_A]", "/namespaces/0"),
    "root": ("runAsUser: 0", "/runAsUser"),
    "a ceiling with a wildcard verb": (
        "ceiling: {rules: [{apiGroups: [''], resources: [pods], verbs: ['*']}]}",
        "/ceiling/rules/0/verbs",
    ),
    "a ceiling with every resource": (
        "ceiling: {rules: [{apiGroups: [''], resources: ['*'], verbs: [get]}]}",
        "/ceiling/rules/0/resources",
    ),
    "a ceiling with every group": (
        "ceiling: {rules: [{apiGroups: ['*'], resources: [pods], verbs: [get]}]}",
        "/ceiling/rules/0/apiGroups",
    ),
    "a ceiling with Secrets": (
        "ceiling: {rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}",
        "/ceiling/rules/0/resources",
    ),
    "a ceiling that lets plug-ins change plug-ins": (
        "ceiling: {rules: [{apiGroups: [greffon.dev], resources: [plugins], verbs: [get]}]}",
        "/ceiling/rules/0/apiGroups",
    ),
    "a ceiling that lets plug-ins act for others": (
        "ceiling: {rules: [{apiGroups: [''], resources: [users], verbs: [impersonate]}]}",
        "/ceiling/rules/0/verbs",
    ),
    "a ServiceMonitor without a Service to find": (
        "metrics: {serviceMonitor: {enabled: true}, service: {enabled: false}}",
        "metrics.service.enabled=true",
    ),
    "no ServiceAccount named when none is made": ("serviceAccount: {create: false}", "serviceAccount.name is needed"),
}


@pytest.mark.parametrize("situation", REFUSED)
def test_values_that_cannot_work_are_refused_with_their_place(situation: str) -> None:
    values, place = REFUSED[situation]
    result = helm("template", "greffon", str(OPERATOR), *MONITORING, values=values)

    assert result.returncode != 0
    assert place in result.stderr


def test_a_misspelt_key_of_the_crd_chart_is_refused() -> None:
    assert "keeep" in helm("template", "greffon-crds", str(CRDS), values="keeep: false").stderr


def test_a_service_monitor_on_a_cluster_without_that_kind_is_refused_with_the_remedy() -> None:
    result = helm("template", "greffon", str(OPERATOR), values="metrics: {serviceMonitor: {enabled: true}}")

    assert result.returncode != 0
    assert "set metrics.serviceMonitor.enabled=false" in result.stderr


@pytest.mark.parametrize("chart", [OPERATOR, CRDS], ids=lambda chart: chart.name)
def test_a_cluster_that_is_too_old_is_refused(chart: Path) -> None:
    assert helm("template", "x", str(chart), "--kube-version", "1.30.0").returncode == 0
    assert "incompatible with Kubernetes" in helm("template", "x", str(chart), "--kube-version", "1.29.9").stderr


def test_without_values_the_operator_gets_the_defaults_of_its_own_settings() -> None:
    images = {"Python": "localhost/greffon/runner-python:dev", "Bash": "localhost/greffon/runner-bash:dev"}

    assert from_environment(operator_environment("default")) == Settings(
        runner_images=images, ceiling_role="greffon-ceiling", authors_recorded=True
    )


def test_every_value_arrives_in_the_operators_settings() -> None:
    settings = from_environment(operator_environment("everything"))

    assert set(settings.runner_images) == {"Python", "Bash", "Go", "TypeScript"}
    assert (settings.log_level, settings.workers, settings.http_port) == ("debug", 4, 9090)
    assert (settings.dns_namespace, settings.dns_labels) == ("dns", {"app": "coredns", "tier": "a"})
    hosts = settings.registries
    assert (hosts.plain_http, hosts.private) == (("registry.example:5001",), ("registry.example:5001",))
    assert (hosts.realms, hosts.node_only) == (("auth.example",), ())
    assert from_environment(operator_environment("namespaced")).namespaces == ("team-a", "team-b")


def test_a_release_of_another_name_shares_no_object_with_the_first() -> None:
    def names(release: str) -> set[tuple[str, str]]:
        return {(o["kind"], o["metadata"]["name"]) for o in render(OPERATOR, release=release).objects}

    assert names("greffon") & names("second") == set()


def test_chart_and_package_have_one_version() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for chart in (OPERATOR, CRDS):
        about = yaml.safe_load((chart / "Chart.yaml").read_text())
        assert (about["version"], about["appVersion"]) == (package, package)


def test_the_full_set_of_values_reaches_the_pod() -> None:
    spec: dict[str, Any] = variant("everything").one("Deployment")["spec"]["template"]["spec"]

    assert spec["containers"][0]["image"] == "localhost/greffon/operator@sha256:" + 64 * "a"
    wanted = yaml.safe_load(EVERYTHING)
    for key in ("imagePullSecrets", "priorityClassName", "nodeSelector", "tolerations", "topologySpreadConstraints"):
        assert spec[key] == wanted[key]


def operator_environment(name: str) -> dict[str, str]:
    """The environment of the operator's container."""
    (container,) = variant(name).one("Deployment")["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"]}
