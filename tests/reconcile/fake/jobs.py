"""The controllers of Jobs and CronJobs, level-triggered. A schedule fires when a test says so. Part of `cluster`."""

from __future__ import annotations

import asyncio
from typing import Any

from greffon.kube import kinds
from tests.reconcile.fake.deployments import owner_of
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Change, Ref

Json = dict[str, Any]


class Jobs:
    """Makes pods for Jobs and tells how they ended.

    Attributes:
        delay: seconds between a change and the reaction to it.
    """

    def __init__(self, server: Server) -> None:
        self._server, self._store = server, server.store
        self.delay = 0.1
        self._due: set[Ref] = set()

    def notice(self, change: Change) -> None:
        """A listener of the store."""
        if change.ref.kind == kinds.JOB.kind and change.type != "DELETED":
            self._soon(change.ref)
            if change.type == "ADDED":
                limit = float(change.obj["spec"].get("activeDeadlineSeconds") or 10**9)
                asyncio.get_running_loop().call_later(limit, self._stop, change.ref, change.obj["metadata"]["uid"])
        elif change.ref.kind == kinds.POD.kind:
            owner = (change.obj["metadata"].get("ownerReferences") or [{}])[0]
            if owner.get("kind") == kinds.JOB.kind:
                self._soon(Ref(kinds.JOB.kind, change.ref.namespace, owner["name"]))

    def fire(self, namespace: str, cron_job: str, number: int = 1) -> str:
        """What the schedule of a CronJob does; gives the name of the Job."""
        live = self._store.get(Ref(kinds.CRON_JOB.kind, namespace, cron_job))
        if live is None or live["spec"]["suspend"]:
            return ""
        template, name = live["spec"]["jobTemplate"], f"{cron_job}-{29_000_000 + number}"
        labels = (template.get("metadata") or {}).get("labels") or {}
        meta = {"name": name, "labels": labels, "ownerReferences": [owner_of(live)]}
        self._server.do("kcm", "POST", kinds.JOB, namespace, body={"metadata": meta, "spec": template["spec"]})
        return name

    def _soon(self, ref: Ref) -> None:
        if ref not in self._due:
            self._due.add(ref)
            asyncio.get_running_loop().call_later(self.delay, self._sync, ref)

    def _sync(self, ref: Ref) -> None:
        self._due.discard(ref)
        live = self._store.get(ref)
        if live is None or "deletionTimestamp" in live["metadata"] or _has_ended(live):
            return
        phases = [(pod.get("status") or {}).get("phase", "Pending") for _, pod in self._pods(live)]
        failed = phases.count("Failed")
        if "Succeeded" in phases:
            self._end(live, "Complete", "CompletionsReached", "")
        elif failed > live["spec"]["backoffLimit"]:
            self._end(live, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        elif failed == len(phases):
            self._make(live, failed)

    def _stop(self, ref: Ref, uid: str) -> None:
        live = self._store.get(ref)
        if live and live["metadata"]["uid"] == uid and not _has_ended(live):
            for pod, _ in self._pods(live):
                self._server.do("kcm", "DELETE", kinds.POD, pod.namespace, pod.name)
            self._end(live, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline")

    def _pods(self, live: Json) -> list[tuple[Ref, Json]]:
        uid, namespace = live["metadata"]["uid"], live["metadata"]["namespace"]
        return [
            (ref, pod)
            for ref, pod in self._store.all(kinds.POD.kind, namespace)
            if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences") or ())
        ]

    def _make(self, live: Json, number: int) -> None:
        meta, template = live["metadata"], live["spec"]["template"]
        pod_meta = {**template["metadata"], "name": f"{meta['name']}-{number}", "ownerReferences": [owner_of(live)]}
        body = {"metadata": pod_meta, "spec": template["spec"]}
        self._server.do("kcm", "POST", kinds.POD, meta["namespace"], body=body)
        self._report(live, {"active": 1, "startTime": self._store.timestamp()})

    def _end(self, live: Json, type_: str, reason: str, message: str) -> None:
        now = self._store.timestamp()
        condition = {"type": type_, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now}
        status = (live.get("status") or {}) | {"active": 0, "conditions": [condition]}
        self._report(live, status | ({"completionTime": now} if type_ == "Complete" else {}))

    def _report(self, live: Json, status: Json) -> None:
        meta = live["metadata"]
        body = {"metadata": {}, "status": status}
        self._server.do("kcm", "PUT", kinds.JOB, meta["namespace"], meta["name"], "status", body=body)


def _has_ended(live: Json) -> bool:
    return any(c["type"] in ("Complete", "Failed") for c in (live.get("status") or {}).get("conditions") or ())
