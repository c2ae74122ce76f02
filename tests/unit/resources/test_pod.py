"""The pod template beyond its sandbox: what the process is told, what it finds, and that nothing is expanded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.resources.pod import user_id
from tests.unit.resources.kubelet import expanded
from tests.unit.resources.samples import (
    CONTAINER,
    CONTAINER_JOB,
    CONTAINER_SERVICE,
    IDENTITY,
    JOB,
    RULE,
    SERVICE,
    Json,
    built,
    container_of,
    pod_templates,
    with_run,
)
from tests.unit.resources.specs import DOLLARS, HOSTILE

CRON: Json = {"triggers": [{"name": "nightly", "cron": "0 3 * * *", "timeZone": "Etc/UTC"}]}
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path


def template(wire: Json) -> Json:
    """The only pod template of a spec; a Job gets a schedule for that."""
    (made,) = pod_templates(built(wire | (CRON if wire["run"]["mode"] == "Job" else {})))
    return made


def environment(wire: Json) -> dict[str, str]:
    """The variables as the process sees them."""
    listed = container_of(template(wire))["env"]
    raw = {item["name"]: item.get("value", "") for item in listed}
    assert len(raw) == len(listed), "a name is given twice"
    return {name: expanded(value, raw) for name, value in raw.items()}


def arguments(wire: Json) -> list[str]:
    """What is started, as the container runtime gets it."""
    container = container_of(template(wire))
    return [expanded(word, environment(wire)) for word in (*container.get("command", []), *container.get("args", []))]


LITERALS = st.one_of(HOSTILE, DOLLARS)


@settings(max_examples=100, deadline=None)
@given(LITERALS)
def test_a_variable_arrives_as_it_was_written(value: str) -> None:
    wire = with_run(SERVICE, env=[{"name": "A", "value": "other"}, {"name": "X", "value": value}])
    assert environment(wire)["X"] == value


@settings(max_examples=60, deadline=None)
@given(st.lists(LITERALS, min_size=1, max_size=3), st.sampled_from([SERVICE, JOB, CONTAINER_SERVICE, CONTAINER_JOB]))
def test_an_argument_arrives_as_it_was_written(words: list[str], wire: Json) -> None:
    given_words = ["program", *words]
    assert arguments(with_run(wire, entrypoint=given_words))[-len(given_words) :] == given_words


STARTS: dict[str, tuple[Json, list[str]]] = {
    "a script job": (JOB, ["job", "--", "python", "main.py"]),
    "a script service": (SERVICE, ["serve", "--port", "8080", "--", "python", "main.py"]),
    "a script service on its own port": (
        with_run(SERVICE, ports=[{"name": "x", "port": 9000}]),
        ["serve", "--port", "9000", "--", "python", "main.py"],
    ),
    "an argument that looks like an option of the runner": (
        with_run(JOB, entrypoint=["python", "--port"]),
        ["job", "--", "python", "--port"],
    ),
    "a container whose image knows": (CONTAINER_JOB, []),
    "a container with an entrypoint": (with_run(CONTAINER_JOB, entrypoint=["/bin/x", "-v"]), ["/bin/x", "-v"]),
}


@pytest.mark.parametrize(("wire", "words"), STARTS.values(), ids=STARTS)
def test_what_is_started(wire: Json, words: list[str]) -> None:
    assert arguments(wire) == words


def test_a_runner_is_never_replaced_by_the_entrypoint() -> None:
    assert "command" not in container_of(template(with_run(JOB, entrypoint=["sh", "-c", "x"])))


TOLD: dict[str, tuple[Json, dict[str, str | None]]] = {
    "a service": (
        SERVICE,
        {
            "GREFFON_CONTRACT": "v1",
            "GREFFON_PLUGIN": IDENTITY.name,
            "GREFFON_NAMESPACE": IDENTITY.namespace,
            "GREFFON_VERSION": "1.0.0",
            "GREFFON_REVISION": "3",
            "GREFFON_MODE": "Service",
            "GREFFON_TRIGGER": "",
            "GREFFON_RUN": "",
            "GREFFON_CONFIG": "/plugin/config/config.json",
            "GREFFON_EVENT": None,
            "GREFFON_TIMEOUT_SECONDS": None,
        },
    ),
    "a scheduled job": (
        JOB,
        {
            "GREFFON_MODE": "Job",
            "GREFFON_TRIGGER": "Cron:nightly",
            "GREFFON_RUN": "",
            "GREFFON_EVENT": "/plugin/event/event.json",
            "GREFFON_TIMEOUT_SECONDS": "300",
        },
    ),
    "a job with its own time": (with_run(JOB, timeoutSeconds=7), {"GREFFON_TIMEOUT_SECONDS": "7"}),
    "a container without configuration": (CONTAINER_SERVICE, {"GREFFON_CONFIG": None}),
}


@pytest.mark.parametrize(("wire", "told"), TOLD.values(), ids=TOLD)
def test_what_the_process_is_told(wire: Json, told: dict[str, str | None]) -> None:
    found = environment(wire)
    assert {name: found.get(name) for name in told} == told


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
