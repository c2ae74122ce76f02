"""The operator's pod meets the restricted level, is reachable only where it listens, and is probed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.chart_render import VARIANTS, variant

Json = dict[str, Any]
POD_FIELDS: dict[tuple[str, ...], Any] = {
    ("securityContext", "runAsNonRoot"): True,
    ("securityContext", "seccompProfile"): {"type": "RuntimeDefault"},
    ("enableServiceLinks",): False,
    ("hostNetwork",): None,
    ("hostPID",): None,
    ("hostIPC",): None,
    ("automountServiceAccountToken",): True,
}
CONTAINER_FIELDS: dict[tuple[str, ...], Any] = {
    ("securityContext", "allowPrivilegeEscalation"): False,
    ("securityContext", "privileged"): False,
    ("securityContext", "readOnlyRootFilesystem"): True,
    ("securityContext", "capabilities"): {"drop": ["ALL"]},
    ("securityContext", "runAsUser"): None,
    ("lifecycle",): None,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_each_pod_is_confined(name: str) -> None:
    for pod in variant(name).pods():
        spec = pod["spec"]
        assert {path: at(spec, path) for path in POD_FIELDS} == POD_FIELDS
        (container,) = spec["containers"]
        assert {path: at(container, path) for path in CONTAINER_FIELDS} == CONTAINER_FIELDS
        assert "initContainers" not in spec
        for amounts in ("requests", "limits"):
            assert set(container["resources"][amounts]) == {"cpu", "memory", "ephemeral-storage"}
        assert {kind for volume in spec["volumes"] for kind in volume if kind != "name"} <= {"emptyDir", "configMap"}
        assert not any("hostPort" in port for port in container.get("ports", []))


def test_pods_run_as_one_unprivileged_user_unless_the_platform_chooses() -> None:
    for pod in variant("default").pods():
        context = pod["spec"]["securityContext"]
        assert {context[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {65532}
    for pod in variant("bare").pods():
        assert "runAsUser" not in pod["spec"]["securityContext"]


def test_accounts_give_no_token_to_pods_that_do_not_ask() -> None:
    accounts = variant("default").all("ServiceAccount")

    assert [account["automountServiceAccountToken"] for account in accounts] == [False, False]


def test_two_operators_never_write_at_the_same_time() -> None:
    spec = variant("default").one("Deployment")["spec"]

    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert variant("default").all("PodDisruptionBudget") == []


@pytest.mark.parametrize(
    ("probe", "path"), [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
)
def test_a_busy_operator_has_time_to_answer_a_probe(probe: str, path: str) -> None:
    (container,) = variant("default").one("Deployment")["spec"]["template"]["spec"]["containers"]

    assert container[probe]["httpGet"] == {"path": path, "port": "http"}
    assert container[probe]["timeoutSeconds"] >= 5


@pytest.mark.parametrize(("name", "port"), [("default", 8080), ("everything", 9090)])
def test_port_of_container_service_and_policy_are_the_same(name: str, port: int) -> None:
    rendered = variant(name)
    (container,) = rendered.one("Deployment")["spec"]["template"]["spec"]["containers"]

    assert container["ports"] == [{"name": "http", "containerPort": port, "protocol": "TCP"}]
    assert rendered.one("Service")["spec"]["ports"][0] | {"port": port} == rendered.one("Service")["spec"]["ports"][0]
    assert rendered.one("NetworkPolicy")["spec"]["ingress"][0]["ports"] == [{"port": port, "protocol": "TCP"}]


@pytest.mark.parametrize("name", ["default", "everything"])
def test_selectors_find_the_operator_and_not_the_test_pod(name: str) -> None:
    rendered = variant(name)
    operator, test = (pod["metadata"]["labels"] for pod in rendered.pods())
    selectors = [
        rendered.one("Deployment")["spec"]["selector"]["matchLabels"],
        rendered.one("Service")["spec"]["selector"],
        rendered.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]

    assert all(selector.items() <= operator.items() for selector in selectors)
    assert not any(selector.items() <= test.items() for selector in selectors)


def test_the_service_monitor_finds_the_service() -> None:
    rendered = variant("everything")
    monitor = rendered.one("ServiceMonitor")["spec"]
    service = rendered.one("Service")

    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]


def test_the_operator_may_speak_to_dns_the_api_server_and_registries_only() -> None:
    policy = variant("default").one("NetworkPolicy")["spec"]

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]
    dns, api_server, registries = policy["egress"]
    assert dns["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ]
    assert {port["port"] for port in dns["ports"]} == {53}
    assert api_server == {"ports": [{"port": 443, "protocol": "TCP"}, {"port": 6443, "protocol": "TCP"}]}
    assert registries["ports"] == [{"port": 443, "protocol": "TCP"}]
    assert registries["to"] == [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}},
    ]


def test_each_opening_of_the_network_can_be_narrowed() -> None:
    policy = variant("everything").one("NetworkPolicy")["spec"]
    dns, api_server, registries, further = policy["egress"]

    assert "from" in policy["ingress"][0]
    assert dns["to"][0]["podSelector"]["matchLabels"] == {"app": "coredns", "tier": "a"}
    assert api_server == {
        "ports": [{"port": 16443, "protocol": "TCP"}],
        "to": [{"ipBlock": {"cidr": "198.18.0.1/32"}}],
    }
    assert [port["port"] for port in registries["ports"]] == [443, 5001]
    assert registries["to"] == [{"ipBlock": {"cidr": "198.18.0.2/32"}}]
    assert further["to"] == [{"ipBlock": {"cidr": "169.254.20.10/32"}}]


@pytest.mark.parametrize("kind", ["ServiceAccount", "ConfigMap", "Role", "RoleBinding", "Pod"])
def test_objects_of_helm_test_are_hooks_and_vanish_after_success(kind: str) -> None:
    annotations = variant("default").one(kind, "greffon-test")["metadata"]["annotations"]

    assert annotations["helm.sh/hook"] == "test"
    assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
    assert annotations["helm.sh/hook-weight"] == ("0" if kind == "Pod" else "-1")


def at(tree: Json, path: tuple[str, ...]) -> Any:
    """The value at a path, None if there is none."""
    found: Any = tree
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found
