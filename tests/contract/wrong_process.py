"""Wrong ways to run: fields of another mode, ports, probes, amounts, environment, Secrets, hooks."""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

from typing import Any, Final

from tests.contract.manifests import DROP, Manifest, changed, job, service, webhook
from tests.contract.wrong import Wrong

_RUN: Final = "spec.run"
_PORTS: Final = "spec.run.ports"
_READY: Final = "spec.run.probes.ready"
_ENV: Final = "spec.run.env"
_SECRETS: Final = "spec.run.secrets"
_LIMITS: Final = "spec.run.resources.limits"


def _http(**more: Any) -> dict[str, Any]:
    return {"http": {"path": "/healthz", "port": 8080}, **more}


def _mount(path: str) -> list[dict[str, str]]:
    return [{"name": "db", "mountPath": path}]


def _env(name: str, value: str = "x") -> list[dict[str, str]]:
    return [{"name": name, "value": value}]


def _requests(resource: str, request: str, limit: str) -> Manifest:
    amounts = {"requests": {resource: request}, "limits": {resource: limit}}
    return changed(service(), {"spec.run.resources": amounts})


MODES: Final = [
    Wrong("no run", service(), {_RUN: DROP}, "spec", "spec.run is missing"),
    Wrong("an unknown mode", service(), {"spec.run.mode": "Daemon"}, "spec.run.mode", '"Job"'),
    Wrong("a Webhook that runs", webhook(), {_RUN: {"mode": "Job"}}, _RUN, "not for type Webhook"),
    Wrong("a Webhook with hooks", webhook(), {"spec.hooks": {"preActivate": ["true"]}}, "spec", "not for type Webhook"),
    Wrong("replicas of a Job", job(), {"spec.run.replicas": 2}, "spec.run.replicas", "only for mode Service"),
    Wrong("ports of a Job", job(), {_PORTS: [{"name": "http", "port": 8080}]}, _PORTS, "only for mode Service"),
    Wrong("probes of a Job", job(), {_READY: _http()}, "spec.run.probes", "only for mode Service"),
    Wrong("a time limit of a Service", service(), {"spec.run.timeoutSeconds": 5}, "spec.run.timeoutSeconds", "only for mode Job"),
    Wrong("concurrency of a Service", service(), {"spec.run.concurrency": "Allow"}, "spec.run.concurrency", "only for mode Job"),
    Wrong("retries of a Service", service(), {"spec.run.retries": 1}, "spec.run.retries", "only for mode Job"),
    Wrong("replicas as text", service(), {"spec.run.replicas": "2"}, "spec.run.replicas", "of type integer"),
    Wrong("replicas as a fraction", service(), {"spec.run.replicas": 1.5}, "spec.run.replicas", "of type integer"),
    Wrong("replicas as a word of old YAML", service(), {"spec.run.replicas": True}, "spec.run.replicas", "must be of type int"),
    Wrong("replicas below zero", service(), {"spec.run.replicas": -1}, "spec.run.replicas", "greater than or equal to 0"),
    Wrong("a million replicas", service(), {"spec.run.replicas": 1000000}, "spec.run.replicas", "less than or equal to 100"),
    Wrong("a time limit of zero", job(), {"spec.run.timeoutSeconds": 0}, "spec.run.timeoutSeconds", "greater than or equal to 1"),
    Wrong("a million retries", job(), {"spec.run.retries": 1000000}, "spec.run.retries", "less than or equal to 10"),
    Wrong("an empty entrypoint", job(), {"spec.run.entrypoint": []}, "spec.run.entrypoint", "at least 1 items"),
    Wrong("an entrypoint without program", job(), {"spec.run.entrypoint": ["", "x"]}, "spec.run.entrypoint", "empty program"),
    Wrong("an entrypoint as one text", job(), {"spec.run.entrypoint": "python main.py"}, "spec.run.entrypoint", "of type array"),
    Wrong("a hook as one text", job(), {"spec.hooks.preActivate": "python check.py"}, "spec.hooks.preActivate", "of type array"),
    Wrong("a hook without program", job(), {"spec.hooks.preActivate": [""]}, "spec.hooks.preActivate", "empty program"),
]  # fmt: skip

PORTS_AND_PROBES: Final = [
    Wrong("port 0", service(), {_PORTS: [{"name": "a", "port": 0}]}, f"{_PORTS}[0].port", "greater than or equal to 1024"),
    Wrong("a privileged port", service(), {_PORTS: [{"name": "a", "port": 80}]}, f"{_PORTS}[0].port", "greater than or equal to 1024"),
    Wrong("port 65536", service(), {_PORTS: [{"name": "a", "port": 65536}]}, f"{_PORTS}[0].port", "less than or equal to 65535"),
    Wrong("a port name of 16 characters", service(), {_PORTS: [{"name": "a" * 16, "port": 8080}]}, f"{_PORTS}[0].name", "may not be more than 15"),
    Wrong("the same port number twice", service(), {_PORTS: [{"name": "a", "port": 8080}, {"name": "b", "port": 8080}]}, _PORTS, "same port number twice"),
    Wrong("two ports of one name", service(), {_PORTS: [{"name": "a", "port": 8080}, {"name": "a", "port": 8081}]}, _PORTS, "two ports of the same name"),
    Wrong("a probe with a host", service(), {_READY: {"http": {"path": "/", "port": 8080, "host": "169.254.169.254"}}}, "", 'unknown field "spec.run.probes.ready.http.host"'),
    Wrong("a probe that runs a program", service(), {_READY: {"exec": {"command": ["true"]}}}, "", 'unknown field "spec.run.probes.ready.exec"'),
    Wrong("a probe of both kinds", service(), {_READY: _http(tcp={"port": 8080})}, _READY, "exactly one of http and tcp"),
    Wrong("a probe with period 0", service(), {_READY: _http(periodSeconds=0)}, f"{_READY}.periodSeconds", "greater than or equal to 1"),
    Wrong("a probe slower than its period", service(), {_READY: _http(periodSeconds=5, timeoutSeconds=6)}, _READY, "longer than periodSeconds"),
    Wrong("a probe path without slash", service(), {_READY: {"http": {"path": "healthz", "port": 8080}}}, f"{_READY}.http.path", "should match"),
    Wrong("a probe path with line breaks", service(), {_READY: {"http": {"path": "/a\r\nHost: b", "port": 8080}}}, f"{_READY}.http.path", "should match"),
]  # fmt: skip

AMOUNTS: Final = [
    Wrong("no cpu at all", service(), {_LIMITS: {"cpu": "0"}}, f"{_LIMITS}.cpu", "between 1m and 512"),
    Wrong("cpu below zero", service(), {_LIMITS: {"cpu": "-1"}}, f"{_LIMITS}.cpu", "between 1m and 512"),
    Wrong("5000 cores, a forgotten m", service(), {_LIMITS: {"cpu": 5000}}, f"{_LIMITS}.cpu", "for example 250m"),
    Wrong("cpu 1e99", service(), {_LIMITS: {"cpu": "1e99"}}, f"{_LIMITS}.cpu", "between 1m and 512"),
    Wrong("cpu in words", service(), {_LIMITS: {"cpu": "two"}}, f"{_LIMITS}.cpu", "for example 250m"),
    Wrong("memory of a tenth of a byte", service(), {_LIMITS: {"memory": "100m"}}, f"{_LIMITS}.memory", "with a unit"),
    Wrong("64 bytes of memory, a forgotten Mi", service(), {_LIMITS: {"memory": 64}}, f"{_LIMITS}.memory", "between 1Mi and 4Ti"),
    Wrong("an exbibyte of memory", service(), {_LIMITS: {"memory": "1Ei"}}, f"{_LIMITS}.memory", "between 1Mi and 4Ti"),
    Wrong("fractions of bytes", service(), {_LIMITS: {"memory": "2000000.5"}}, f"{_LIMITS}.memory", "with a unit"),
    Wrong("no disk at all", service(), {_LIMITS: {"ephemeral-storage": "0"}}, f"{_LIMITS}.ephemeral-storage", "between 1Mi and 4Ti"),
    Wrong("an unknown resource", service(), {_LIMITS: {"gpu": 1}}, "", 'unknown field "spec.run.resources.limits.gpu"'),
    Wrong("cpu request above limit", _requests("cpu", "2", "500m"), {}, "spec.run.resources.requests", "requests.cpu is larger"),
    Wrong("memory request above limit", _requests("memory", "1Gi", "1000Mi"), {}, "spec.run.resources.requests", "requests.memory is larger"),
    Wrong("disk request above limit", _requests("ephemeral-storage", "2Gi", "1Gi"), {}, "spec.run.resources.requests", "requests.ephemeral-storage is larger"),
]  # fmt: skip

ENVIRONMENT: Final = [
    *(
        Wrong(f"the variable {name}", service(), {_ENV: _env(name)}, f"{_ENV}[0].name", "reserved name")
        for name in ("PATH", "LD_PRELOAD", "PYTHONPATH", "KUBERNETES_SERVICE_HOST", "GREFFON_RUN", "NATS_CREDS")
    ),
    Wrong("a variable with =", service(), {_ENV: _env("a=b")}, f"{_ENV}[0].name", "should match"),
    Wrong("a variable without name", service(), {_ENV: _env("")}, f"{_ENV}[0].name", "at least 1 chars"),
    Wrong("a variable without value", service(), {_ENV: [{"name": "A"}]}, f"{_ENV}[0].value", "Required value"),
    Wrong("a variable from a Secret", service(), {_ENV: [{"name": "A", "value": "", "valueFrom": {}}]}, "", 'unknown field "spec.run.env[0].valueFrom"'),
    Wrong("a value of a megabyte", service(), {_ENV: _env("A", "x" * 2**20)}, f"{_ENV}[0].value", "may not be more than 4096"),
    Wrong("a value with NUL", service(), {_ENV: _env("A", "a\u0000")}, f"{_ENV}[0].value", "NUL character"),
    Wrong("two variables that differ in case", service(), {_ENV: _env("LEVEL") + _env("level")}, _ENV, "same name twice"),
    *(
        Wrong(f"a Secret at {path}", service(), {_SECRETS: _mount(path)}, f"{_SECRETS}[0].mountPath", "/var/run/greffon/secrets/<directory>")
        for path in (
            "/", "/etc", "/proc", "relative", "../../etc", "/var/run/docker.sock", "/var/run/secrets/kubernetes.io",
            "/var/run/greffon/secrets", "/var/run/greffon/secrets/", "/var/run/greffon/secrets//db",
            "/var/run/greffon/secrets/../db", "/var/run/greffon/secrets/a/../../b", "/srv/../var/run/greffon/secrets/a",
        )
    ),
    Wrong("a Secret of another namespace", service(), {_SECRETS: [{"name": "other/db"}]}, f"{_SECRETS}[0].name", "should match"),
    Wrong("a Secret with a namespace", service(), {_SECRETS: [{"name": "db", "namespace": "other"}]}, "", 'unknown field "spec.run.secrets[0].namespace"'),
    Wrong("the same Secret twice", service(), {_SECRETS: [{"name": "db"}, {"name": "db", "mountPath": "/var/run/greffon/secrets/x"}]}, _SECRETS, "same Secret twice"),
    Wrong("one Secret inside another", service(), {_SECRETS: [{"name": "a"}, {"name": "b", "mountPath": "/var/run/greffon/secrets/a/b"}]}, _SECRETS, "lie inside each other"),
]  # fmt: skip
