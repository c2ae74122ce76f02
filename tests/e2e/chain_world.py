"""One plug-in of the real cluster, changed by plain requests and seen as a whole. Used by `test_chain`.

What is seen is brought into the form of the in-memory API, so that both chains are judged by the same rules: the
plug-in's UID, user id and namespace become those of every plug-in, and what nodes and controllers of Kubernetes add is
left out, each with the reason beside it.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from greffon.kube import kinds
from tests.e2e.world import Json
from tests.reconcile.chain_ends import End
from tests.reconcile.chain_specs import NAME
from tests.reconcile.view import condition

_OURS = "/apis/greffon.dev/v1alpha1"
_PLACES = {
    "/api/v1": ("pods", "services", "configmaps", "serviceaccounts"),
    "/apis/apps/v1": ("deployments",),
    "/apis/batch/v1": ("jobs", "cronjobs"),
    "/apis/rbac.authorization.k8s.io/v1": ("roles", "rolebindings"),
    "/apis/networking.k8s.io/v1": ("networkpolicies",),
    "/apis/policy/v1": ("poddisruptionbudgets",),
    _OURS: ("pluginrevisions", "pluginruns"),
}
_TOKEN = re.compile(r"kube-api-access-[a-z0-9]{5}")
_COUNTED = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
_POLL_SECONDS = 0.25
NOTHING = End("", None, {})


@dataclass(frozen=True)
class Subject:
    """The plug-in of a namespace.

    Args:
        namespace: a word that stands nowhere else, for it is replaced wherever it is found.
    """

    connection: http.client.HTTPConnection
    namespace: str

    def put(self, spec: Json) -> str:
        """Create it or replace its spec; gives what the API server says against it, field and cause."""
        path = f"{_OURS}/namespaces/{self.namespace}/plugins"
        if found := self._plugin():
            code, answer = self._send("PUT", f"{path}/{NAME}?fieldValidation=Strict", found | {"spec": spec})
        else:
            meta = {"name": NAME, "namespace": self.namespace}
            body = {"apiVersion": kinds.PLUGIN.api_version, "kind": kinds.PLUGIN.kind, "metadata": meta, "spec": spec}
            code, answer = self._send("POST", f"{path}?fieldValidation=Strict", body)
        if code in (HTTPStatus.OK, HTTPStatus.CREATED):
            return ""
        assert code in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST), answer
        return str(answer["message"])

    def delete(self) -> None:
        """Without waiting for its children."""
        self._send("DELETE", f"{_OURS}/namespaces/{self.namespace}/plugins/{NAME}")

    def wait_gone(self, seconds: float) -> None:
        """Until nothing of it remains."""
        deadline = time.monotonic() + seconds
        while (end := self.look("")) != NOTHING:
            assert time.monotonic() < deadline, f"in {self.namespace} remain {list(end.others)}"
            time.sleep(_POLL_SECONDS)

    def rest(self, answer: str, seconds: float) -> End:
        """Wait until nothing moves any more and two looks show the same; fails with what still moves."""
        deadline, before, moving = time.monotonic() + seconds, None, "the plug-in"
        while time.monotonic() < deadline:
            if not (moving := undecided(self._plugin())):
                end = self.look(answer)
                if not (moving := undecided(end.plugin) or under_way(end)) and end == before:
                    return end
                before, moving = end, moving or "the objects"
            time.sleep(_POLL_SECONDS)
        raise AssertionError(f"the plug-in of {self.namespace} did not come to rest within {seconds:.0f} s: {moving}")

    def look(self, answer: str) -> End:
        """All there is now."""
        plugin = self._plugin()
        found = [obj for root, plurals in _PLACES.items() for plural in plurals for obj in self._list(root, plural)]
        if plugin is None:
            return End(answer, None, {_key(obj): obj for obj in found})
        uid = plugin["metadata"]["uid"]
        others = [self._alike(obj, uid) for obj in found]
        return End(answer, self._alike(plugin, uid), {_key(obj): obj for obj in others})

    def _plugin(self) -> Json | None:
        code, found = self._send("GET", f"{_OURS}/namespaces/{self.namespace}/plugins/{NAME}")
        return found if code == HTTPStatus.OK else None

    def _list(self, root: str, plural: str) -> list[Json]:
        code, found = self._send("GET", f"{root}/namespaces/{self.namespace}/{plural}?{_LABELLED}{NAME}")
        assert code == HTTPStatus.OK, found
        head = {"kind": found["kind"].removesuffix("List")}
        return [head | obj for obj in found["items"]]

    def _alike(self, obj: Json, uid: str) -> Json:
        made: Json = json.loads(json.dumps(obj).replace(uid, "<uid>").replace(self.namespace, "<namespace>"))
        return _shaped(made)

    def _send(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        self.connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


_LABELLED = "labelSelector=greffon.dev%2Fplugin%3D"


def undecided(plugin: Json | None) -> str:
    """What the operator has still to do; "" when it has said its last word."""
    if plugin is None:
        return ""
    if plugin["status"].get("observedGeneration") != plugin["metadata"]["generation"]:
        return "the operator has not seen the spec"
    if condition(plugin, "Reconciling").get("status") != "False":
        return str(condition(plugin, "Ready")["message"]) or "the plug-in"
    return ""


def under_way(end: End) -> str:
    """What of its objects still moves; "" when nothing does."""
    return next((f"{name}: {why}" for name, obj in end.others.items() if (why := _unfinished(obj))), "")


def _unfinished(obj: Json) -> str:
    if "deletionTimestamp" in obj["metadata"]:
        return "leaves"
    if obj["kind"] == kinds.DEPLOYMENT.kind:
        status, wanted = obj["status"], obj["spec"]["replicas"]
        counts = [status.get(count, 0) for count in _COUNTED]
        return "" if counts == [wanted] * len(counts) and status["current"] else f"{counts} of {wanted}"
    if obj["kind"] == kinds.POD.kind:
        return "" if all(one["ready"] for one in obj["status"]["containerStatuses"]) else "is not ready"
    return ""


def _key(obj: Json) -> str:
    return f"{obj['kind']} {obj['metadata']['name']}"


def _shaped(obj: Json) -> Json:
    match obj["kind"]:
        case kinds.PLUGIN.kind | kinds.PLUGIN_REVISION.kind:
            return obj
        case kinds.SERVICE.kind:
            return _service(obj)
        case kinds.DEPLOYMENT.kind:
            return _deployment(obj)
        case kinds.POD.kind:
            return _pod(obj)
    return _other(obj)


def _other(obj: Json) -> Json:
    if obj.pop("status", None) is not None:  # written by controllers of Kubernetes
        _by_others(obj)
    return _masked(obj)


def _service(obj: Json) -> Json:
    for field in ("clusterIP", "clusterIPs"):
        obj["spec"][field] = "<address>"  # the next free one
    return _other(obj)


def _deployment(obj: Json) -> Json:
    status, generation = obj.get("status") or {}, obj["metadata"]["generation"]
    obj["metadata"].get("annotations", {}).pop("deployment.kubernetes.io/revision", None)  # counts its rollouts
    _by_others(obj)
    kept = {count: status[count] for count in _COUNTED if count in status}
    return _masked(obj) | {"status": kept | {"current": status.get("observedGeneration") == generation}}


def _pod(obj: Json) -> Json:
    made: Json = json.loads(_TOKEN.sub("kube-api-access", json.dumps(obj)))
    meta, spec = made["metadata"], made["spec"]
    for field in ("generateName", "generation"):
        meta.pop(field, None)  # of its ReplicaSet, whose name ends in a hash
    for owner in meta["ownerReferences"]:
        owner.pop("name")
    _by_others(made)
    spec.pop("nodeName", None)  # the scheduler's
    statuses = made["status"].get("containerStatuses") or [{"ready": False}]
    return _masked(made) | {"status": {"containerStatuses": [{"ready": one["ready"]} for one in statuses]}}


def _by_others(obj: Json) -> None:
    """What the API server counts of objects that the cluster's own controllers and the kubelet write too."""
    for field in ("managedFields", "resourceVersion"):
        obj["metadata"].pop(field, None)


def _masked(obj: Json) -> Json:
    made: Json = _prune(obj)
    return made


def _prune(value: Any) -> Any:
    if isinstance(value, list):
        return [_prune(item) for item in value]
    if isinstance(value, dict):
        return {key: "<id>" if key in _USER_IDS else _prune(item) for key, item in value.items()}
    return value


_USER_IDS = frozenset({"runAsUser", "runAsGroup", "fsGroup"})
"""Made of the UID."""
