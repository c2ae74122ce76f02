"""Everything that is built, as a whole: order, ownership, form. What holds for the golden Plugins holds for all."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.kube.kinds import CHILDREN
from greffon.kube.owned import fingerprint_of_desired, fingerprint_of_live
from greffon.model.plugin import PluginSpec
from greffon.model.quantity import canonical_quantity
from greffon.resources.desired import desired
from tests.unit.kube.stored import stored
from tests.unit.resources.samples import (
    CONTAINER_JOB,
    CONTAINER_SERVICE,
    CONTEXT,
    IDENTITY,
    JOB,
    NAMES,
    RULE,
    SERVICE,
    WEBHOOK,
    Json,
    built,
    golden_children,
    with_run,
)
from tests.unit.resources.specs import specs

ACCOUNT = ["NetworkPolicy", "ServiceAccount"]
ROLE = ["Role", "RoleBinding"]
RULES: Json = {"permissions": {"rules": [RULE]}}
CRON: Json = {"triggers": [{"name": n, "cron": "0 3 * * *", "timeZone": "Etc/UTC"} for n in ("one", "two")]}
WHOLE: dict[str, tuple[Json, list[str]]] = {
    "a script service": (SERVICE, [*ACCOUNT, "ConfigMap", "Service", "Deployment"]),
    "a script service with rules": (SERVICE | RULES, [*ACCOUNT, *ROLE, "ConfigMap", "Service", "Deployment"]),
    "a service with replicas": (
        with_run(SERVICE, replicas=2),
        [*ACCOUNT, "ConfigMap", "Service", "PodDisruptionBudget", "Deployment"],
    ),
    "a container service without ports": (CONTAINER_SERVICE, [*ACCOUNT, "Deployment"]),
    "a container service with configuration": (
        CONTAINER_SERVICE | {"config": {"values": {"a": 1}}},
        [*ACCOUNT, "ConfigMap", "Deployment"],
    ),
    "a suspended service keeps everything": (
        SERVICE | {"suspend": True},
        [*ACCOUNT, "ConfigMap", "Service", "Deployment"],
    ),
    "a job that waits for runs": (JOB, [*ACCOUNT, "ConfigMap"]),
    "a job with two schedules": (CONTAINER_JOB | CRON, [*ACCOUNT, "CronJob", "CronJob"]),
    "a webhook has nothing to confine": (WEBHOOK, []),
    "an empty list of rules grants nothing": (JOB | {"permissions": {"rules": []}}, [*ACCOUNT, "ConfigMap"]),
}


@pytest.mark.parametrize(("wire", "kinds"), WHOLE.values(), ids=WHOLE)
def test_which_objects_in_which_order(wire: Json, kinds: list[str]) -> None:
    assert [obj["kind"] for obj in built(wire)] == kinds


CONFINEMENT = {"NetworkPolicy", "ServiceAccount", "Role", "RoleBinding", "ConfigMap"}
WORKLOADS = {"Deployment", "CronJob", "Job"}
ALL = [pytest.param(obj, id=f"{name}: {obj['kind']}") for name in NAMES for obj in golden_children(name)]


@pytest.mark.parametrize("name", NAMES)
def test_confinement_comes_before_what_it_confines(name: str) -> None:
    kinds = [obj["kind"] for obj in golden_children(name)]
    last_confinement = max((n for n, kind in enumerate(kinds) if kind in CONFINEMENT), default=-1)
    first_workload = min((n for n, kind in enumerate(kinds) if kind in WORKLOADS), default=99)
    assert last_confinement < first_workload


@pytest.mark.parametrize("obj", ALL)
def test_the_envelope_of_every_child(obj: Json) -> None:
    meta = obj["metadata"]
    assert (obj["apiVersion"], obj["kind"]) in {(r.api_version, r.kind) for r in CHILDREN}
    assert meta["name"].startswith("plg-")
    (owner,) = meta["ownerReferences"]
    assert owner["controller"] is True
    assert owner["blockOwnerDeletion"] is True
    assert owner["kind"] == ("PluginRun" if obj["kind"] == "Job" else "Plugin")
    labels = meta["labels"]
    assert labels["app.kubernetes.io/managed-by"] == "greffon"
    assert labels["greffon.dev/plugin"] == labels["app.kubernetes.io/name"]
    assert labels["greffon.dev/plugin-uid"] == (
        owner["uid"] if obj["kind"] != "Job" else labels["greffon.dev/plugin-uid"]
    )
    assert set(meta) == {"name", "namespace", "labels", "ownerReferences"}
    assert "status" not in obj


@pytest.mark.parametrize("obj", ALL)
def test_the_api_server_stores_every_child_as_it_was_applied(obj: Json) -> None:
    assert fingerprint_of_live(obj["kind"], stored(obj)) == fingerprint_of_desired(obj)


@pytest.mark.parametrize("obj", ALL)
def test_the_form_of_every_child(obj: Json) -> None:
    assert list(blemishes(obj)) == []


@settings(max_examples=30, deadline=None)
@given(specs())
def test_the_form_of_every_child_of_any_spec(spec: PluginSpec) -> None:
    for obj in desired(IDENTITY, spec, 1, CONTEXT):
        assert list(blemishes(obj)) == []
        assert fingerprint_of_live(obj["kind"], stored(obj)) == fingerprint_of_desired(obj)


@settings(max_examples=15, deadline=None)
@given(specs(), st.randoms())
def test_the_same_spec_gives_the_same_bytes_in_whatever_order_it_was_written(spec: PluginSpec, chance: Any) -> None:
    first = orjson.dumps(desired(IDENTITY, spec, 1, CONTEXT))
    again = PluginSpec.parse(shuffled(spec.to_wire(), chance))
    assert orjson.dumps(desired(IDENTITY, again, 1, CONTEXT)) == first


def shuffled(value: Any, chance: Any) -> Any:
    """The same JSON with the keys of every object in another order."""
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    return {name: shuffled(value[name], chance) for name in names}


EMPTY_ON_PURPOSE = {("NetworkPolicy", "spec.ingress"), ("NetworkPolicy", "spec.egress")}
"""Written even when empty: an opening that somebody adds is then ours to take back."""


def blemishes(obj: Json) -> Iterator[str]:
    """What the API server would store in another form than it was written."""
    for path, value in walk(obj, ""):
        if value is None:
            yield f"{path} is null"
        if value in ([], {}) and (obj["kind"], path) not in EMPTY_ON_PURPOSE:
            yield f"{path} is empty"
        if value == "" and path.endswith(".value"):
            yield f"{path} is an empty variable, which the API server leaves out"
        if path.rpartition(".")[2] in ("cpu", "memory", "ephemeral-storage", "sizeLimit") and (
            value != canonical_quantity(str(value))
        ):
            yield f"{path} is not canonical: {value!r}"
        if value in (0, False) and path.rpartition(".")[2] in ("minReadySeconds", "paused", "hostNetwork"):
            yield f"{path} is a zero that the API server leaves out"


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value with its path; items have no index."""
    yield path, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from walk(child, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for child in value:
            yield from walk(child, path)
