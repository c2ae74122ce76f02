"""The controller of Deployments, level-triggered like the real one: all replicas of the new template at once, then the
old ones go. Replica sets are left out: the operator never looks at them. Part of `cluster`."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import orjson

from greffon.kube import kinds
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Change, Ref

Json = dict[str, Any]
HASH = "pod-template-hash"


class Deployments:
    """Makes pods for Deployments and tells how far they are.

    Attributes:
        delay: seconds between a change and the reaction to it.
        refusal: why pods are refused (quota, admission); "" when they are not.
    """

    def __init__(self, server: Server) -> None:
        self._server, self._store = server, server.store
        self.delay, self.refusal = 0.1, ""
        self._due: set[Ref] = set()
        self._count = 0
        self._began: dict[tuple[str, int], float] = {}

    def notice(self, change: Change) -> None:
        """A listener of the store."""
        if change.ref.kind == kinds.DEPLOYMENT.kind and change.type != "DELETED":
            self._soon(change.ref)
        elif change.ref.kind == kinds.POD.kind and change.obj["metadata"]["labels"].get(HASH):
            owner = change.obj["metadata"]["ownerReferences"][0]["name"]
            self._soon(Ref(kinds.DEPLOYMENT.kind, change.ref.namespace, owner))

    def _soon(self, ref: Ref) -> None:
        if ref not in self._due:
            self._due.add(ref)
            asyncio.get_running_loop().call_later(self.delay, self._sync, ref)

    def _sync(self, ref: Ref) -> None:
        self._due.discard(ref)
        live = self._store.get(ref)
        if live is None or "deletionTimestamp" in live["metadata"]:
            return
        want, template = live["spec"]["replicas"], _digest(live["spec"]["template"])
        pods = self._pods(live)
        new = [name for name, pod in pods.items() if pod["metadata"]["labels"][HASH] == template]
        old = [name for name in pods if name not in new]
        ready = [name for name in new if _is_ready(pods[name])]
        for name in new[want:] + (old if len(ready) >= want else []):
            self._server.do("kcm", "DELETE", kinds.POD, ref.namespace, name)
        if not self.refusal:
            for _ in range(want - len(new)):
                self._make(live, template)
        self._report(ref, live)

    def _pods(self, live: Json) -> dict[str, Json]:
        uid, namespace = live["metadata"]["uid"], live["metadata"]["namespace"]
        return {
            ref.name: pod
            for ref, pod in self._store.all(kinds.POD.kind, namespace)
            if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences") or ())
        }

    def _make(self, live: Json, template: str) -> None:
        self._count += 1
        meta, spec = live["metadata"], live["spec"]["template"]
        pod = {
            "metadata": {
                "name": f"{meta['name']}-{template}-{self._count}",
                "labels": spec["metadata"]["labels"] | {HASH: template},
                "ownerReferences": [owner_of(live)],
            },
            "spec": spec["spec"],
        }
        self._server.do("kcm", "POST", kinds.POD, meta["namespace"], body=pod)

    def _report(self, ref: Ref, live: Json) -> None:
        pods, template = self._pods(live), _digest(live["spec"]["template"])
        new = [pod for pod in pods.values() if pod["metadata"]["labels"][HASH] == template]
        ready = [pod for pod in pods.values() if _is_ready(pod)]
        counts = {
            "replicas": len(pods),
            "updatedReplicas": len(new),
            "readyReplicas": len(ready),
            "availableReplicas": len(ready),
        }
        status: Json = {key: value for key, value in counts.items() if value}
        status["observedGeneration"] = live["metadata"]["generation"]
        done = len(pods) == len(new) == live["spec"]["replicas"] == sum(_is_ready(pod) for pod in new)
        status["conditions"] = self._conditions(ref, live, done=done)
        body = {"metadata": {}, "status": status}
        self._server.do("kcm", "PUT", kinds.DEPLOYMENT, ref.namespace, ref.name, "status", body=body)

    def _conditions(self, ref: Ref, live: Json, *, done: bool) -> list[Json]:
        loop, key = asyncio.get_running_loop(), (live["metadata"]["uid"], live["metadata"]["generation"])
        deadline = float(live["spec"].get("progressDeadlineSeconds", 600))
        if key not in self._began:
            self._began[key] = loop.time()
            loop.call_later(deadline + 0.1, self._soon, ref)
        late = not done and loop.time() - self._began[key] >= deadline
        reason = "NewReplicaSetAvailable" if done else "ProgressDeadlineExceeded" if late else "ReplicaSetUpdated"
        made = [{"type": "Progressing", "status": str(not late), "reason": reason}]
        if self.refusal:
            made.append({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": self.refusal})
        return made


def owner_of(obj: Json) -> Json:
    """A controller reference."""
    names = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": obj["metadata"]["name"]}
    return names | {"uid": obj["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}


def _is_ready(pod: Json) -> bool:
    containers = (pod.get("status") or {}).get("containerStatuses") or ()
    return any(container.get("ready") for container in containers)


def _digest(template: Json) -> str:
    return hashlib.sha256(orjson.dumps(template, option=orjson.OPT_SORT_KEYS)).hexdigest()[:8]
