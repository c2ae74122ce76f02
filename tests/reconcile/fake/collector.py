"""The garbage collector: an object whose owners are all gone goes too. Part of `cluster`."""

from __future__ import annotations

import asyncio
from typing import Any

from greffon.kube.kinds import BY_KIND
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Change, Ref

Json = dict[str, Any]


class Collector:
    """Looks at owner references some time after each deletion and each creation.

    Attributes:
        delay: seconds between a deletion and its consequences.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.delay = 0.2

    def notice(self, change: Change) -> None:
        """A listener of the store."""
        owned = change.type == "ADDED" and change.obj["metadata"].get("ownerReferences")
        holds = "foregroundDeletion" in (change.obj["metadata"].get("finalizers") or ())
        if change.type == "DELETED" or owned or holds:
            asyncio.get_running_loop().call_later(self.delay, self.collect)

    def collect(self) -> None:
        """Remove what nobody owns any more; end the deletions that waited for it."""
        objects = list(self._server.store.all())
        alive = {obj["metadata"]["uid"] for _, obj in objects}
        dying = {obj["metadata"]["uid"] for _, obj in objects if self._waits(obj)}
        for ref, obj in objects:
            owners = {owner["uid"] for owner in obj["metadata"].get("ownerReferences") or ()}
            if owners and (not owners & alive or owners <= dying):
                self._delete(ref)
        for ref, obj in objects:
            if self._waits(obj) and not self._dependants(obj["metadata"]["uid"]):
                self._release(ref, obj)

    @staticmethod
    def _waits(obj: Json) -> bool:
        return "foregroundDeletion" in (obj["metadata"].get("finalizers") or ())

    def _dependants(self, uid: str) -> bool:
        return any(
            uid in {owner["uid"] for owner in obj["metadata"].get("ownerReferences") or ()}
            for _, obj in self._server.store.all()
        )

    def _delete(self, ref: Ref) -> None:
        if self._server.store.get(ref):
            self._server.do("gc", "DELETE", BY_KIND[ref.kind], ref.namespace, ref.name)

    def _release(self, ref: Ref, obj: Json) -> None:
        left = [name for name in obj["metadata"]["finalizers"] if name != "foregroundDeletion"]
        patch = {"metadata": {"finalizers": left or None}}
        self._server.do("gc", "PATCH", BY_KIND[ref.kind], ref.namespace, ref.name, body=patch)
