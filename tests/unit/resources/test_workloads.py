"""Deployment, Service, budget, CronJob and Job: numbers, switches and whose they are."""

from typing import Any

import pytest

from greffon.model.plugin import Plugin
from greffon.resources.run_job import job_of, ownership
from tests.unit.resources.samples import (
    CONTAINER_JOB,
    CONTEXT,
    JOB,
    SERVICE,
    Json,
    built,
    container_of,
    only,
    run_of,
    with_run,
)

CRON: Json = {"triggers": [{"name": "nightly", "cron": "0 3 * * *", "timeZone": "Europe/Paris"}]}


def at(obj: Any, path: str) -> Any:
    """The value at a dotted path, None when there is none."""
    for step in path.split("."):
        obj = obj.get(step) if isinstance(obj, dict) else None
    return obj


DEPLOYMENTS: dict[str, tuple[Json, dict[str, Any]]] = {
    "as it comes": (
        SERVICE,
        {
            "replicas": 1,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "progressDeadlineSeconds": 300,
            "minReadySeconds": None,
            "revisionHistoryLimit": 1,
        },
    ),
    "three replicas": (with_run(SERVICE, replicas=3), {"replicas": 3}),
    "no replicas": (with_run(SERVICE, replicas=0), {"replicas": 0}),
    "suspended": (with_run(SERVICE, replicas=3) | {"suspend": True}, {"replicas": 0}),
    "not suspended": (with_run(SERVICE, replicas=3) | {"suspend": False}, {"replicas": 3}),
    "the old revision stops first": (
        SERVICE | {"rollout": {"strategy": "Recreate"}},
        {"strategy": {"type": "Recreate"}},
    ),
    "a deadline": (SERVICE | {"rollout": {"progressDeadlineSeconds": 60}}, {"progressDeadlineSeconds": 60}),
    "a soak": (SERVICE | {"rollout": {"soakSeconds": 15}}, {"minReadySeconds": 15}),
}


@pytest.mark.parametrize(("wire", "expected"), DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_deployments(wire: Json, expected: dict[str, Any]) -> None:
    spec = only(built(wire), "Deployment")["spec"]
    assert {path: at(spec, path) for path in expected} == expected


def test_selectors_pick_the_pods_of_this_incarnation_and_every_pod_carries_them() -> None:
    objects = built(with_run(SERVICE, replicas=2))
    deployment = only(objects, "Deployment")["spec"]
    ours = deployment["selector"]["matchLabels"]
    serving = ours | {"greffon.dev/serves": "true"}
    assert only(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == ours
    assert only(objects, "Service")["spec"]["selector"] == serving
    assert only(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == serving
    assert serving.items() <= deployment["template"]["metadata"]["labels"].items()
    assert deployment["template"]["metadata"]["labels"]["greffon.dev/revision"] == "3"


def test_the_service_is_for_the_cluster_alone_and_maps_ports_one_to_one() -> None:
    ports = [{"name": "http", "port": 8443}, {"name": "syslog", "port": 5140, "protocol": "UDP"}]
    spec = only(built(with_run(SERVICE, ports=ports)), "Service")["spec"]
    assert spec["type"] == "ClusterIP"
    assert [(p["name"], p["port"], p["targetPort"], p["protocol"]) for p in spec["ports"]] == [
        ("http", 8443, 8443, "TCP"),
        ("syslog", 5140, 5140, "UDP"),
    ]


def test_at_most_one_replica_may_be_taken_away_on_purpose() -> None:
    assert only(built(with_run(SERVICE, replicas=3)), "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


CRONS: dict[str, tuple[Json, dict[str, Any]]] = {
    "as it comes": (
        JOB | CRON,
        {
            "schedule": "0 3 * * *",
            "timeZone": "Europe/Paris",
            "concurrencyPolicy": "Forbid",
            "suspend": False,
            "startingDeadlineSeconds": 300,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate.spec.backoffLimit": 0,
            "jobTemplate.spec.activeDeadlineSeconds": 360,
        },
    ),
    "suspended": (JOB | CRON | {"suspend": True}, {"suspend": True}),
    "replacing": (with_run(JOB, concurrency="Replace") | CRON, {"concurrencyPolicy": "Replace"}),
    "without a zone": (JOB | {"triggers": [{"name": "n", "cron": "0 3 * * *"}]}, {"timeZone": None}),
    "retries have time of their own": (
        with_run(JOB, retries=2, timeoutSeconds=100) | CRON,
        {"jobTemplate.spec.backoffLimit": 2, "jobTemplate.spec.activeDeadlineSeconds": 480},
    ),
}


@pytest.mark.parametrize(("wire", "expected"), CRONS.values(), ids=CRONS)
def test_schedules(wire: Json, expected: dict[str, Any]) -> None:
    spec = only(built(wire), "CronJob")["spec"]
    assert {path: at(spec, path) for path in expected} == expected


def test_two_schedules_are_two_objects_that_differ_in_name_schedule_and_trigger() -> None:
    triggers = [{"name": n, "cron": c, "timeZone": "Etc/UTC"} for n, c in (("a", "0 1 * * *"), ("b", "0 2 * * *"))]
    one, two = (obj for obj in built(JOB | {"triggers": triggers}) if obj["kind"] == "CronJob")
    assert one["metadata"]["name"] != two["metadata"]["name"]
    told = [container_of(obj["spec"]["jobTemplate"]["spec"]["template"])["env"] for obj in (one, two)]
    assert {"name": "GREFFON_TRIGGER", "value": "Cron:a"} in told[0]
    assert {"name": "GREFFON_TRIGGER", "value": "Cron:b"} in told[1]


def plugin(wire: Json) -> Plugin:
    """A Plugin with that spec."""
    meta = {"name": "sample", "namespace": "team-a", "uid": "plugin-uid"}
    return Plugin.parse({"metadata": meta, "spec": wire})


RUNS: dict[str, tuple[Json, Json, dict[str, Any]]] = {
    "the plug-in's own limit": (with_run(JOB, timeoutSeconds=100), {}, {"spec.activeDeadlineSeconds": 160}),
    "a limit of the run": (
        with_run(JOB, timeoutSeconds=100),
        {"timeoutSeconds": 10},
        {"spec.activeDeadlineSeconds": 70},
    ),
    "retries": (with_run(JOB, retries=3), {}, {"spec.backoffLimit": 3, "spec.activeDeadlineSeconds": 1440}),
    "its input": (
        JOB,
        {"input": {"b": 1, "a": "ü\n"}},
        {"spec.template.metadata.annotations": {"internal.greffon.dev/event": '{"b":1,"a":"ü\\n"}'}},
    ),
    "no input": (JOB, {"input": None}, {"spec.template.metadata.annotations": None}),
    "an empty input": (JOB, {"input": {}}, {"spec.template.metadata.annotations": None}),
    "a container": (CONTAINER_JOB, {}, {"spec.template.spec.restartPolicy": "Never"}),
    "a suspended plug-in's Job is not made suspended": (JOB | {"suspend": True}, {}, {"spec.suspend": None}),
}


@pytest.mark.parametrize(("wire", "run", "expected"), RUNS.values(), ids=RUNS)
def test_the_job_of_a_run(wire: Json, run: Json, expected: dict[str, Any]) -> None:
    subject = plugin(wire)
    job = job_of(run_of(subject, **run), subject, subject.spec, 4, CONTEXT)
    assert {path: at(job, path) for path in expected} == expected


def test_a_run_s_job_belongs_to_the_run_and_its_pods_say_so() -> None:
    subject = plugin(JOB)
    run = run_of(subject)
    job = job_of(run, subject, subject.spec, 4, CONTEXT)
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == ("PluginRun", run.name, run.uid, True)
    for labels in (job["metadata"]["labels"], job["spec"]["template"]["metadata"]["labels"]):
        assert labels["greffon.dev/run"] == run.name
        assert labels["greffon.dev/plugin-uid"] == subject.uid
    told = {item["name"]: item.get("value") for item in container_of(job["spec"]["template"])["env"]}
    assert (told["GREFFON_TRIGGER"], told["GREFFON_RUN"], told["GREFFON_REVISION"]) == ("Manual", run.name, "4")


def test_two_runs_never_share_a_job_and_one_run_never_has_two() -> None:
    subject = plugin(JOB)
    first, again = (job_of(run_of(subject), subject, subject.spec, number, CONTEXT) for number in (4, 5))
    other_run = run_of(subject).model_copy(
        update={"metadata": run_of(subject).metadata.model_copy(update={"uid": "x"})}
    )
    other = job_of(other_run, subject, subject.spec, 4, CONTEXT)
    assert first["metadata"]["name"] == again["metadata"]["name"] != other["metadata"]["name"]


def test_a_run_goes_away_with_its_plug_in_but_is_not_controlled_by_it() -> None:
    subject = plugin(JOB)
    made = ownership(run_of(subject), subject)
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Plugin", "plugin-uid", False)
    assert set(made) == {"apiVersion", "kind", "metadata"}
