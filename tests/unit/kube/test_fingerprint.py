"""Drift is seen by what is left of our apply: the fingerprint stays as long as nobody interferes, and not longer."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from greffon.kube.owned import fingerprint_of_desired, fingerprint_of_live
from tests.unit.kube.stored import entry, stored

Json = dict[str, Any]


def child(kind: str, **body: Any) -> Json:
    """A child as the builders make it."""
    owner = {"apiVersion": "greffon.dev/v1alpha1", "kind": "Plugin", "name": "p", "uid": "u", "controller": True}
    meta = {"name": "plg-p", "namespace": "ns", "labels": {"greffon.dev/plugin": "p"}, "ownerReferences": [owner]}
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, **body}


CONTAINER = {"name": "plugin", "image": "i:1", "env": [{"name": "A", "value": "1"}]}
OBJECTS: dict[str, Json] = {
    "an account": child("ServiceAccount", automountServiceAccountToken=False),
    "a role": child("Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]),
    "files": child("ConfigMap", immutable=True, data={"a": "1", "b": ""}),
    "a closed policy": child("NetworkPolicy", spec={"podSelector": {}, "ingress": [], "egress": []}),
    "an open policy": child("NetworkPolicy", spec={"podSelector": {}, "ingress": [], "egress": [{"ports": []}]}),
    "a deployment": child("Deployment", spec={"replicas": 2, "template": {"spec": {"containers": [CONTAINER]}}}),
}


@pytest.mark.parametrize("obj", OBJECTS.values(), ids=OBJECTS)
def test_an_undisturbed_object_has_the_fingerprint_of_what_was_applied(obj: Json) -> None:
    assert fingerprint_of_live(obj["kind"], stored(obj)) == fingerprint_of_desired(obj)


def test_the_order_of_keys_and_the_server_s_own_fields_do_not_count() -> None:
    obj = OBJECTS["a deployment"]
    turned = {key: obj[key] for key in reversed(obj)} | {"status": {"replicas": 2}}
    turned["metadata"] = {key: obj["metadata"][key] for key in reversed(obj["metadata"])} | {"resourceVersion": "1"}
    assert fingerprint_of_desired(turned) == fingerprint_of_desired(obj)


def _mine(live: Json) -> Json:
    fields: Json = live["metadata"]["managedFields"][0]["fieldsV1"]
    return fields


def _scaled(live: Json) -> None:
    live["spec"]["replicas"] = 9
    del _mine(live)["f:spec"]["f:replicas"]


def _rules_widened(live: Json) -> None:
    live["rules"][0]["verbs"] = ["*"]
    del _mine(live)["f:rules"]


def _label_removed(live: Json) -> None:
    del live["metadata"]["labels"]["greffon.dev/plugin"]
    del _mine(live)["f:metadata"]["f:labels"]


def _owner_removed(live: Json) -> None:
    del live["metadata"]["ownerReferences"]
    del _mine(live)["f:metadata"]["f:ownerReferences"]


def _env_changed(live: Json) -> None:
    live["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "2"


def _opened(live: Json) -> None:
    live["spec"]["ingress"] = [{}]


def _wiped(live: Json) -> None:
    live["metadata"]["managedFields"] = []


def _renamed_manager(live: Json) -> None:
    live["metadata"]["managedFields"][0]["manager"] = "somebody"


def _by_update(live: Json) -> None:
    live["metadata"]["managedFields"][0]["operation"] = "Update"


def _on_status(live: Json) -> None:
    live["metadata"]["managedFields"][0]["subresource"] = "status"


def _status(live: Json) -> None:
    live["status"] = {"readyReplicas": 2}
    fields: Json = {"f:status": {"f:readyReplicas": {}}}
    live["metadata"]["managedFields"].insert(0, entry("kube-controller-manager", "Update", fields, "status"))


def _foreign_label(live: Json) -> None:
    live["metadata"]["labels"]["argocd"] = "x"
    fields: Json = {"f:metadata": {"f:labels": {"f:argocd": {}}}}
    live["metadata"]["managedFields"].insert(0, entry("argocd", "Update", fields))


def _our_updates_first(live: Json) -> None:
    live["metadata"]["managedFields"].insert(0, entry("greffon", "Update", {"f:data": {}}))
    live["metadata"]["managedFields"].insert(0, entry("greffon", "Apply", {"f:status": {}}, "status"))


def _newer_version(live: Json) -> None:
    live["metadata"] |= {"resourceVersion": "99", "generation": 7, "uid": "other"}


def _sidecar(live: Json) -> None:
    live["spec"]["template"]["spec"]["containers"].append({"name": "guest", "image": "g:1"})
    fields: Json = {'k:{"name":"guest"}': {".": {}, "f:name": {}, "f:image": {}}}
    _edited(live, {"f:spec": {"f:template": {"f:spec": {"f:containers": fields}}}})


def _host_network(live: Json) -> None:
    live["spec"]["template"]["spec"]["hostNetwork"] = True
    _edited(live, {"f:spec": {"f:template": {"f:spec": {"f:hostNetwork": {}}}}})


def _under_our_name(live: Json) -> None:
    live["spec"]["paused"] = True
    _edited(live, {"f:spec": {"f:paused": {}}}, "greffon")


def _same_value(live: Json) -> None:
    _edited(live, {"f:spec": {"f:replicas": {}}})


def _restarted(live: Json) -> None:
    annotations: Json = {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}
    _edited(live, {"f:spec": {"f:template": {"f:metadata": {"f:annotations": annotations}}}})


def _scaled_to_the_same(live: Json) -> None:
    live["metadata"]["managedFields"].append(entry("hpa", "Update", {"f:spec": {"f:minReady": {}}}, "scale"))


def _pull_secret(live: Json) -> None:
    _edited(live, {"f:imagePullSecrets": {'k:{"name":"cloud"}': {}}})


def _edited(live: Json, fields: Json, manager: str = "kubectl-edit") -> None:
    live["metadata"]["managedFields"].append(entry(manager, "Update", fields))


INTERFERENCES: dict[str, tuple[str, Callable[[Json], None], bool]] = {
    "somebody scaled it": ("a deployment", _scaled, True),
    "somebody widened a role": ("a role", _rules_widened, True),
    "somebody removed our label": ("files", _label_removed, True),
    "somebody removed the owner": ("files", _owner_removed, True),
    "somebody changed a variable, and the path was not lost": ("a deployment", _env_changed, True),
    "somebody opened a policy that we keep closed": ("a closed policy", _opened, True),
    "somebody opened the other direction of a policy": ("an open policy", _opened, True),
    "the bookkeeping was wiped": ("files", _wiped, True),
    "another manager took our place": ("files", _renamed_manager, True),
    "only an update of ours is left": ("files", _by_update, True),
    "only a status of ours is left": ("files", _on_status, True),
    "somebody added a container": ("a deployment", _sidecar, True),
    "somebody added a field that we do not set": ("a deployment", _host_network, True),
    "somebody did so under our name": ("a deployment", _under_our_name, True),
    "somebody wrote what we wrote": ("a deployment", _same_value, False),
    "somebody asked for new pods": ("a deployment", _restarted, False),
    "a subresource was written": ("a deployment", _scaled_to_the_same, False),
    "the cloud added a pull secret to the account": ("an account", _pull_secret, False),
    "the status was written": ("a deployment", _status, False),
    "a tool added its own label": ("a deployment", _foreign_label, False),
    "other entries under our name come first": ("files", _our_updates_first, False),
    "version, generation and identity do not count": ("files", _newer_version, False),
}


@pytest.mark.parametrize(("name", "interfere", "shows"), INTERFERENCES.values(), ids=INTERFERENCES)
def test_interference(name: str, interfere: Callable[[Json], None], shows: bool) -> None:
    obj = copy.deepcopy(OBJECTS[name])
    live = stored(obj)
    interfere(live)
    assert (fingerprint_of_live(obj["kind"], live) != fingerprint_of_desired(obj)) is shows


def test_an_object_that_is_not_ours_at_all_has_no_fingerprint() -> None:
    assert fingerprint_of_live("ConfigMap", {"metadata": {"name": "x"}}) == ""
