"""Defaults as applied: what a spec leaves out, and how declared and default amounts fit together."""

from typing import Any

import pytest
from hypothesis import given, settings

from greffon.model.plugin import PluginSpec
from greffon.model.quantity import canonical_quantity, parse_quantity
from greffon.resources.context import Context
from greffon.resources.effective import Cron, Effective, Port, as_status, effective
from tests.unit.resources.samples import (
    CONTAINER_JOB,
    CONTAINER_SERVICE,
    CONTEXT,
    JOB,
    SERVICE,
    WEBHOOK,
    Json,
    spec_of,
    with_run,
)
from tests.unit.resources.specs import specs


def of(wire: Json) -> Effective:
    """The effective values of a spec."""
    return effective(spec_of(wire), CONTEXT)


DEFAULTS: dict[str, Any] = {
    "replicas": 1,
    "timeout_seconds": 300,
    "concurrency": "Forbid",
    "retries": 0,
    "seccomp": "RuntimeDefault",
    "runtime_class": None,
    "strategy": "Surge",
    "progress_deadline_seconds": 300,
    "soak_seconds": 0,
    "history_limit": 10,
    "env": (),
    "secrets": (),
    "crons": (),
    "pull_secrets": (),
    "config": None,
}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items(), ids=DEFAULTS)
def test_what_a_spec_may_leave_out(name: str, value: object) -> None:
    assert getattr(of(JOB), name) == value
    assert getattr(of(CONTAINER_SERVICE), name) == value


DECLARED: dict[str, tuple[Json, str, Any]] = {
    "no replicas": (with_run(SERVICE, replicas=0), "replicas", 0),
    "no retries": (with_run(JOB, retries=0), "retries", 0),
    "no soak": (SERVICE | {"rollout": {"soakSeconds": 0}}, "soak_seconds", 0),
    "an empty configuration": (JOB | {"config": {"values": {}}}, "config", {}),
    "a schema without values": (JOB | {"config": {"schema": {}}}, "config", None),
    "an own entrypoint": (with_run(JOB, entrypoint=["python", "-m", "x"]), "entrypoint", ("python", "-m", "x")),
    "a profile of the node": (JOB | {"sandbox": {"seccomp": "Localhost/x"}}, "seccomp", "Localhost/x"),
    "an empty sandbox": (JOB | {"sandbox": {}}, "seccomp", "RuntimeDefault"),
    "a secret in its own place": (
        with_run(JOB, secrets=[{"name": "db", "mountPath": "/var/run/greffon/secrets/x"}]),
        "secrets",
        (("db", "/var/run/greffon/secrets/x"),),
    ),
    "a secret where secrets are": (
        with_run(JOB, secrets=[{"name": "db"}]),
        "secrets",
        (("db", "/var/run/greffon/secrets/db"),),
    ),
    "only cron triggers are schedules": (
        JOB | {"triggers": [{"name": "a", "cron": "0 3 * * *"}, {"name": "b", "http": {"path": "/x"}}]},
        "crons",
        (Cron("a", "0 3 * * *", None),),
    ),
}


@pytest.mark.parametrize(("wire", "name", "value"), DECLARED.values(), ids=DECLARED)
def test_what_a_spec_declares(wire: Json, name: str, value: object) -> None:
    assert getattr(of(wire), name) == value


PORTS: dict[str, tuple[Json, tuple[Port, ...]]] = {
    "a script service has the runner's port": (SERVICE, (Port("http", 8080, "TCP"),)),
    "declared ports replace it": (with_run(SERVICE, ports=[{"name": "x", "port": 9000}]), (Port("x", 9000, "TCP"),)),
    "a protocol is kept": (
        with_run(CONTAINER_SERVICE, ports=[{"name": "x", "port": 9000, "protocol": "UDP"}]),
        (Port("x", 9000, "UDP"),),
    ),
    "a container has only what it declares": (CONTAINER_SERVICE, ()),
    "a job has none": (JOB, ()),
    "a webhook has none": (WEBHOOK, ()),
}


@pytest.mark.parametrize(("wire", "ports"), PORTS.values(), ids=PORTS)
def test_ports(wire: Json, ports: tuple[Port, ...]) -> None:
    assert of(wire).ports == ports


ENTRYPOINTS = {"Python": ("python", "main.py"), "Bash": ("bash", "main.sh"), "Go": ("main",), "Container": ()}


@pytest.mark.parametrize(("type_", "words"), ENTRYPOINTS.items(), ids=ENTRYPOINTS)
def test_what_is_started_by_default(type_: str, words: tuple[str, ...]) -> None:
    wire = CONTAINER_JOB if type_ == "Container" else JOB | {"type": type_}
    assert of(wire).entrypoint == words


IMAGES: dict[str, tuple[Json, str | None]] = {
    "a container is its image": (CONTAINER_JOB, "registry.test/x:1.0.0"),
    "a script is its runner": (JOB, "registry.test/runner-python:1"),
    "a script without a runner is nothing": (JOB | {"type": "Go"}, None),
    "a webhook is nothing": (WEBHOOK, None),
}


@pytest.mark.parametrize(("wire", "image"), IMAGES.values(), ids=IMAGES)
def test_what_runs(wire: Json, image: str | None) -> None:
    only_python = Context(runner_images={"Python": "registry.test/runner-python:1"})
    assert effective(spec_of(wire), only_python).image == image


NOTHING: Json = {}
AMOUNTS: dict[str, tuple[Json, Json, Json]] = {
    "nothing declared": (NOTHING, {"cpu": "50m", "memory": "64Mi"}, {"cpu": "500m", "memory": "256Mi"}),
    "a limit above the default request": ({"limits": {"memory": "128Mi"}}, {"memory": "64Mi"}, {"memory": "128Mi"}),
    "a limit below the default request pulls it down": (
        {"limits": {"memory": "32Mi", "cpu": "10m"}},
        {"memory": "32Mi", "cpu": "10m"},
        {"memory": "32Mi", "cpu": "10m"},
    ),
    "a request below the default limit": ({"requests": {"cpu": "400m"}}, {"cpu": "400m"}, {"cpu": "500m"}),
    "a request above the default limit pushes it up": (
        {"requests": {"memory": "1Gi", "cpu": 2}},
        {"memory": "1Gi", "cpu": "2"},
        {"memory": "1Gi", "cpu": "2"},
    ),
    "both declared": (
        {"requests": {"cpu": "1"}, "limits": {"cpu": "1500m"}},
        {"cpu": "1"},
        {"cpu": "1500m"},
    ),
    "the same amount written in two ways": (
        {"requests": {"memory": "1024Mi"}, "limits": {"memory": "1Gi"}},
        {"memory": "1Gi"},
        {"memory": "1Gi"},
    ),
    "amounts are written as the API server keeps them": (
        {"requests": {"cpu": "0.25", "memory": "65536Ki"}, "limits": {"cpu": "1000m", "memory": "0.5Gi"}},
        {"cpu": "250m", "memory": "64Mi"},
        {"cpu": "1", "memory": "512Mi"},
    ),
    "local disk": (
        {"limits": {"ephemeral-storage": "10Mi"}},
        {"ephemeral-storage": "10Mi"},
        {"ephemeral-storage": "10Mi"},
    ),
}


@pytest.mark.parametrize(("declared", "requests", "limits"), AMOUNTS.values(), ids=AMOUNTS)
def test_amounts(declared: Json, requests: Json, limits: Json) -> None:
    found = of(with_run(JOB, resources=declared)).resources
    assert {name: found["requests"][name] for name in requests} == requests
    assert {name: found["limits"][name] for name in limits} == limits


@settings(max_examples=40, deadline=None)
@given(specs())
def test_no_request_is_above_its_limit_and_a_declared_amount_is_never_changed(spec: PluginSpec) -> None:
    made = effective(spec, CONTEXT).resources
    for name, request in made["requests"].items():
        assert parse_quantity(request) <= parse_quantity(made["limits"][name])
    declared = spec.run.resources.to_wire() if spec.run and spec.run.resources else {}
    for part, amounts in declared.items():
        for name, amount in amounts.items():
            assert made[part][name] == canonical_quantity(amount)


SHOWN: dict[str, tuple[Json, set[str]]] = {
    "a service": (
        SERVICE,
        {"image", "entrypoint", "resources", "replicas", "ports", "strategy", "progressDeadlineSeconds"},
    ),
    "a job": (JOB, {"image", "entrypoint", "resources", "timeoutSeconds", "concurrency", "retries"}),
    "a container whose image knows what to start": (
        CONTAINER_SERVICE,
        {"image", "resources", "replicas", "strategy", "progressDeadlineSeconds"},
    ),
    "a webhook": (WEBHOOK, set()),
    "a script without a runner": (
        JOB | {"type": "Go"},
        {"entrypoint", "resources", "timeoutSeconds", "concurrency", "retries"},
    ),
}


@pytest.mark.parametrize(("wire", "names"), SHOWN.values(), ids=SHOWN)
def test_what_a_status_shows(wire: Json, names: set[str]) -> None:
    only_python = Context(runner_images={"Python": "x"})
    assert set(as_status(effective(spec_of(wire), only_python))) == names


def test_a_status_shows_zeros() -> None:
    assert as_status(of(with_run(SERVICE, replicas=0)))["replicas"] == 0
    assert as_status(of(with_run(JOB, retries=0)))["retries"] == 0
