"""Where a pod finds its secrets, token and source, and how it is asked whether it works."""

import pytest

from greffon.resources.pod import user_id
from tests.unit.resources.samples import (
    CONTAINER,
    CONTAINER_JOB,
    CONTAINER_SERVICE,
    JOB,
    RULE,
    SERVICE,
    Json,
    container_of,
    with_run,
)
from tests.unit.resources.test_pod import template

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
SECRETS = [{"name": "db"}, {"name": "tls.example", "mountPath": "/var/run/greffon/secrets/tls"}]


@pytest.mark.parametrize("wire", [SERVICE, JOB, CONTAINER_SERVICE], ids=["service", "job", "container"])
def test_secrets_are_files_and_nothing_else(wire: Json) -> None:
    pod = template(with_run(wire, secrets=SECRETS))["spec"]
    container = pod["containers"][0]
    mounted = {
        volume["secret"]["secretName"]: next(
            m["mountPath"] for m in container["volumeMounts"] if m["name"] == volume["name"]
        )
        for volume in pod["volumes"]
        if "secret" in volume
    }
    assert mounted == {"db": "/var/run/greffon/secrets/db", "tls.example": "/var/run/greffon/secrets/tls"}
    assert all("valueFrom" not in variable for variable in container["env"])
    assert "envFrom" not in container


@pytest.mark.parametrize("wire", [SERVICE, JOB, CONTAINER_SERVICE, CONTAINER_JOB], ids=lambda w: str(w["type"]))
def test_a_token_is_there_only_with_rules(wire: Json) -> None:
    paths = [m["mountPath"] for m in container_of(template(wire))["volumeMounts"]]
    assert TOKEN_PATH not in paths
    with_rules = template(wire | {"permissions": {"rules": [RULE]}})
    assert TOKEN_PATH in [m["mountPath"] for m in container_of(with_rules)["volumeMounts"]]
    (volume,) = [v for v in with_rules["spec"]["volumes"] if "projected" in v]
    (token,) = [s["serviceAccountToken"] for s in volume["projected"]["sources"] if "serviceAccountToken" in s]
    assert token == {"path": "token", "expirationSeconds": 600}


def test_the_user_s_own_config_map_is_the_source_when_it_is_named() -> None:
    pod = template(JOB | {"source": {"configMap": {"name": "mine"}}})["spec"]
    (volume,) = [v for v in pod["volumes"] if v["name"] == "source"]
    assert volume["configMap"] == {"name": "mine", "defaultMode": 0o555}


def test_two_incarnations_of_a_plug_in_have_different_users() -> None:
    found = {user_id(f"uid-{number}") for number in range(50)}
    assert len(found) > 45
    assert all(20_000 <= user < 60_000 for user in found)


PULL: Json = {"image": {"ref": "r/x:1", "pullSecrets": [{"name": "a"}, {"name": "b"}]}}
PLACES: dict[str, tuple[Json, str, object]] = {
    "credentials for the registry": (
        CONTAINER | {"run": {"mode": "Job"}, "source": PULL},
        "imagePullSecrets",
        [{"name": "a"}, {"name": "b"}],
    ),
    "a sandboxed runtime": (JOB | {"sandbox": {"runtimeClassName": "gvisor"}}, "runtimeClassName", "gvisor"),
    "no runtime asked for": (JOB, "runtimeClassName", None),
    "a job ends": (JOB, "restartPolicy", "Never"),
    "a service is restarted": (SERVICE, "restartPolicy", None),
    "one replica needs no spreading": (SERVICE, "topologySpreadConstraints", None),
}


@pytest.mark.parametrize(("wire", "field", "value"), PLACES.values(), ids=PLACES)
def test_other_fields_of_the_pod(wire: Json, field: str, value: object) -> None:
    assert template(wire)["spec"].get(field) == value


def test_replicas_are_spread_softly_over_nodes() -> None:
    (spread,) = template(with_run(SERVICE, replicas=2))["spec"]["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    assert spread["topologyKey"] == "kubernetes.io/hostname"


READY: Json = {"ready": {"http": {"path": "/r", "port": 8080}, "initialDelaySeconds": 0, "failureThreshold": 2}}
LIVE: Json = {"live": {"tcp": {"port": 8080}, "periodSeconds": 7}}
PROBES: dict[str, tuple[Json, Json]] = {
    "a script service answers for itself": (
        SERVICE,
        {
            "readinessProbe": {
                "httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
                "periodSeconds": 2,
                "timeoutSeconds": 2,
            },
            "livenessProbe": {
                "httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
                "periodSeconds": 10,
                "timeoutSeconds": 5,
                "initialDelaySeconds": 10,
            },
        },
    ),
    "a container has the probes it declares, zeros left out": (
        with_run(CONTAINER_SERVICE, probes=READY | LIVE),
        {
            "readinessProbe": {
                "httpGet": {"path": "/r", "port": 8080, "scheme": "HTTP"},
                "failureThreshold": 2,
            },
            "livenessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 7},
        },
    ),
    "a container without probes has none": (CONTAINER_SERVICE, {}),
    "declared probes replace all of a script's own": (
        with_run(SERVICE, probes=LIVE),
        {"livenessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 7}},
    ),
    "a job has none": (JOB, {}),
}


@pytest.mark.parametrize(("wire", "probes"), PROBES.values(), ids=PROBES)
def test_probes(wire: Json, probes: Json) -> None:
    container = container_of(template(wire))
    assert {name: container[name] for name in container if name.endswith("Probe")} == probes
