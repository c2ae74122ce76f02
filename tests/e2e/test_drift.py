"""Whoever changes or deletes a child, it comes back; foreign objects are left as they are (promise 6)."""

from __future__ import annotations

import json
from functools import partial

import pytest

from tests.e2e.world import Json, World, script

RULES = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "reason": "reads"}]


def everything(name: str = "all") -> Json:
    """A plug-in that has every kind of child a Service can have."""
    run = {"ports": [{"name": "http", "port": 8080}], "replicas": 2, "resources": {"requests": {"cpu": "10m"}}}
    permissions = {"rules": RULES, "egress": [{"plugin": "other", "ports": [{"port": 8080}]}]}
    return script(name, "cat", mode="Service", type_="Python", run=run, permissions=permissions)


def scheduled() -> Json:
    triggers = [{"name": "nightly", "cron": "0 3 * * *", "timeZone": "Etc/UTC"}]
    return script("timer", "echo hello", triggers=triggers)


KINDS = [
    "deployment",
    "service",
    "serviceaccount",
    "role",
    "rolebinding",
    "networkpolicy",
    "poddisruptionbudget",
    "configmap",
]

MUTATIONS: dict[str, tuple[str, Json]] = {
    "the image of the Deployment": (
        "deployment",
        {"spec": {"template": {"spec": {"containers": [{"name": "plugin", "image": "localhost/evil:1"}]}}}},
    ),
    "the replicas of the Deployment": ("deployment", {"spec": {"replicas": 0}}),
    "the read-only root of the Deployment": (
        "deployment",
        {
            "spec": {
                "template": {
                    "spec": {"containers": [{"name": "plugin", "securityContext": {"readOnlyRootFilesystem": False}}]}
                }
            }
        },
    ),
    "a container that was added to the Deployment": (
        "deployment",
        {"spec": {"template": {"spec": {"containers": [{"name": "guest", "image": "localhost/guest:1"}]}}}},
    ),
    "a variable that was added to our container": (
        "deployment",
        {
            "spec": {
                "template": {
                    "spec": {"containers": [{"name": "plugin", "env": [{"name": "LD_PRELOAD", "value": "/opt/x.so"}]}]}
                }
            }
        },
    ),
    "a pause and a host alias, which we never set": (
        "deployment",
        {
            "spec": {
                "paused": True,
                "template": {"spec": {"hostAliases": [{"ip": "198.18.9.9", "hostnames": ["api.example"]}]}},
            }
        },
    ),
    "a port that was added to the Service": (
        "service",
        {"spec": {"ports": [{"name": "http", "port": 8080}, {"name": "more", "port": 22, "targetPort": 22}]}},
    ),
    "the rules of the Role": ("role", {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
    "the subjects of the RoleBinding": (
        "rolebinding",
        {"subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]},
    ),
    "the egress of the NetworkPolicy": ("networkpolicy", {"spec": {"egress": [{}]}}),
    "an ingress where none was declared": ("networkpolicy", {"spec": {"ingress": [{}]}}),
    "the token switch of the ServiceAccount": ("serviceaccount", {"automountServiceAccountToken": True}),
    "the selector of the Service": ("service", {"spec": {"selector": {"greffon.dev/plugin": "another"}}}),
    "the budget": ("poddisruptionbudget", {"spec": {"maxUnavailable": 2}}),
    "our label on the NetworkPolicy": (
        "networkpolicy",
        {"metadata": {"labels": {"app.kubernetes.io/managed-by": "somebody"}}},
    ),
    "the owner of the Role": ("role", {"metadata": {"ownerReferences": None}}),
}


def identity(obj: Json) -> str:
    return str(obj["metadata"]["uid"])


def owned_part(obj: Json) -> Json:
    """The object without what the API server keeps about it."""
    meta = {key: obj["metadata"].get(key) for key in ("labels", "ownerReferences", "name")}
    return {**{key: value for key, value in obj.items() if key not in ("metadata", "status")}, "metadata": meta}


def find(world: World, kind: str) -> Json:
    """The child of that kind."""
    if kind == "configmap":
        return world.items("configmaps", "greffon.dev/plugin=all")[0]
    return world.get(kind, "plg-all")


def is_as_before(world: World, kind: str, before: Json) -> bool:
    return owned_part(find(world, kind)) == owned_part(before)


def comes_back(world: World, kind: str, before: Json) -> bool:
    """Another object with the same content is there (a Service gets a new address)."""
    live = [o for o in world.items(kind, "greffon.dev/plugin=all") if "deletionTimestamp" not in o["metadata"]]
    new = [o for o in live if identity(o) != identity(before)]
    return any(kind == "service" or owned_part(o) == owned_part(before) for o in new)


def test_every_kind_of_child_comes_back_when_it_is_deleted_or_changed(world: World) -> None:
    world.apply(everything(), scheduled())
    world.wait_ready("all", 90)
    world.wait_ready("timer")
    for kind in KINDS:
        before = find(world, kind)
        world.kubectl("delete", kind, before["metadata"]["name"], "--wait=false")
        world.eventually(f"{kind} is made again", partial(comes_back, world, kind, before), 60)
    world.wait_ready("all", 90)
    for what, (kind, patch) in MUTATIONS.items():
        before = find(world, kind)
        world.kubectl(
            "patch",
            kind,
            before["metadata"]["name"],
            "--type=strategic" if kind in ("deployment", "service") else "--type=merge",
            "-p",
            json.dumps(patch),
        )
        world.eventually(f"{what} is put back", partial(is_as_before, world, kind, before), 60)
    (cron,) = world.items("cronjobs")
    world.kubectl(
        "patch", "cronjob", cron["metadata"]["name"], "--type=merge", "-p", '{"spec":{"schedule":"* * * * *"}}'
    )
    world.eventually(
        "the schedule is put back", lambda: world.items("cronjobs")[0]["spec"]["schedule"] == "0 3 * * *", 30
    )
    world.kubectl("delete", "cronjob", cron["metadata"]["name"])
    world.eventually("the CronJob is made again", lambda: len(world.items("cronjobs")) == 1, 30)
    told = world.eventually(
        "Events tell of it", lambda: [e for e in world.items("events") if e.get("reason") == "DriftRepaired"], 30
    )
    assert told


def test_what_a_refused_spec_left_running_stays_confined_and_can_be_stopped(world: World) -> None:
    world.apply(everything())
    world.wait_ready("all", 90)
    beyond = everything() | {"spec": everything()["spec"] | {"version": "2.0.0"}}
    beyond["spec"]["permissions"] = {"egress": [{"fqdn": "api.example", "ports": [{"port": 443}]}]}
    world.apply(beyond)
    world.wait_reason("all", "FQDNUnsupported")

    for kind in ("networkpolicy", "serviceaccount"):
        (gone,) = [item for item in world.items(kind) if item["metadata"]["name"].startswith("plg-all")]
        world.kubectl("delete", kind, gone["metadata"]["name"])
        world.eventually(f"the {kind} is back", partial(is_another, world, kind, gone), 60)
    assert world.condition("all", "Available")["status"] == "True"

    beyond["spec"]["suspend"] = True
    world.apply(beyond)
    world.eventually("its pods end", lambda: not world.items("pods"), 90)


def is_another(world: World, kind: str, gone: Json) -> bool:
    """Whether an object has been made again."""
    found = [item["metadata"] for item in world.items(kind) if item["metadata"]["name"] == gone["metadata"]["name"]]
    return bool(found) and found[0]["uid"] != gone["metadata"]["uid"]


FOREIGN = {
    "serviceaccount": {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "plg-mine"}},
    "deployment": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "plg-mine", "labels": {"team": "b"}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "x", "image": "localhost/x:1"}]},
            },
        },
    },
    "networkpolicy": {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "plg-mine"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    },
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_object_with_our_name_stays_byte_identical(world: World, kind: str) -> None:
    world.apply(FOREIGN[kind])
    if kind == "deployment":
        world.kubectl("wait", "deployment/plg-mine", "--for=jsonpath={.status.observedGeneration}=1", "--timeout=30s")
    before = world.kubectl("get", kind, "plg-mine", "-o", "json", "--show-managed-fields")

    world.apply(script("mine", "cat", mode="Service"))
    message = world.wait_reason("mine", "ChildConflict", 30)

    assert "plg-mine" in message, message
    assert world.condition("mine", "ChildConflict")["status"] == "True"
    assert world.kubectl("get", kind, "plg-mine", "-o", "json", "--show-managed-fields") == before
    world.kubectl("delete", kind, "plg-mine")
    world.wait_ready("mine", 360)
    assert world.condition("mine", "ChildConflict") == {}
