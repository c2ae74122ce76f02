"""Plays the pods: each starts, becomes ready or fails, or ends, as its image behaves. Part of `cluster`."""

from __future__ import annotations

import asyncio
from typing import Any

from greffon.kube import kinds
from tests.reconcile.fake.behaviour import Images, job_status, service_status
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Change, Ref

Json = dict[str, Any]


class Kubelet:
    """Gives every pod its status in time.

    Attributes:
        images: what a test chose.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.images = Images()

    def notice(self, change: Change) -> None:
        """A listener of the store."""
        if change.ref.kind == kinds.POD.kind and change.type == "ADDED":
            delay = self.images.of(change.obj).start
            uid = change.obj["metadata"]["uid"]
            asyncio.get_running_loop().call_later(delay, self._act, change.ref, uid)

    def _act(self, ref: Ref, uid: str) -> None:
        pod = self._server.store.get(ref)
        if pod is None or pod["metadata"]["uid"] != uid:
            return
        behaviour = self.images.of(pod)
        ends = pod["spec"].get("restartPolicy") == "Never"
        status = (job_status if ends else service_status)(behaviour, self._server.store)
        self.report(ref, status)

    def report(self, ref: Ref, status: Json) -> None:
        """Write the status of a pod."""
        body = {"status": status}
        self._server.do("kubelet", "PATCH", kinds.POD, ref.namespace, ref.name, "status", body=body)
