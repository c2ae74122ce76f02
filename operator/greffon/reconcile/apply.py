"""Carries out a plan: one server-side apply per changed object, in steps, and turns refusals into troubles.

Called by `reconcile.plugin`. The only code that writes children.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from greffon.engine.queue import Key
from greffon.errors import Conflict, Forbidden, Invalid, NotFound
from greffon.kube import kinds
from greffon.kube.api import Api
from greffon.kube.owned import fingerprint_of_desired, has_additions
from greffon.model import keys
from greffon.reconcile.intake import Intake
from greffon.reconcile.observe import is_ours
from greffon.reconcile.plan import Plan, Write, key_of
from greffon.reconcile.seen import Seen, seen
from greffon.reconcile.trouble import Trouble, conflict, trouble

Json = dict[str, Any]
_RIGHTS = ("RoleBinding", "Role")


class Applier:
    """Writes children.

    Attributes:
        accepted: objects that the server stores in another form than applied; see `reconcile.plan`.

    Args:
        wrote: called with (kind, "create" | "update" | "delete") after each successful write.
    """

    def __init__(self, api: Api, intake: Intake, *, wrote: Callable[[str, str], None] = lambda *_: None) -> None:
        self._api, self._intake, self._wrote = api, intake, wrote
        self.accepted: dict[Key, tuple[str, str]] = {}

    async def carry_out(self, plan: Plan, plugin_uid: str) -> tuple[Seen | Trouble, ...]:
        """Take rights back, write step by step, remove the rest; a step with a trouble is the last one.

        Raises:
            Unavailable: no answer; the whole pass is to be repeated.
        """
        rights = sorted((c for c in plan.prune if c.key.kind in _RIGHTS), key=lambda c: _RIGHTS.index(c.key.kind))
        for child in rights:  # what was taken back is gone before anything else, whatever the rest meets
            await self.remove(child)
        results: list[Seen | Trouble] = []
        for step in plan.steps:
            results += await asyncio.gather(*(self.write(write, plugin_uid) for write in step))
            if any(isinstance(result, Trouble) for result in results):
                return tuple(results)
        for child in plan.prune:
            if child not in rights:
                await self.remove(child)
        return tuple(results)

    async def has_vanished(self, entry: Seen) -> bool:
        """Whether a user's object is gone, or replaced, although no event said so; the cache is told then.

        Raises:
            Unavailable: no answer came.
        """
        resource, key = kinds.BY_KIND[entry.key.kind], entry.key
        try:
            live = await self._api.get(resource, key.namespace, key.name)
        except NotFound:
            meta = {
                "namespace": key.namespace,
                "name": key.name,
                "uid": entry.uid,
                "resourceVersion": str(entry.version),
            }
            self._intake.sink(resource, "DELETED", {"metadata": meta})
            return True
        if live["metadata"]["uid"] == entry.uid:
            return "deletionTimestamp" in live["metadata"]
        self._intake.sink(resource, "MODIFIED", live)
        return True

    async def remove(self, child: Seen) -> None:
        """Delete exactly this object; a namesake that came after it stays."""
        resource = kinds.BY_KIND[child.key.kind]
        try:
            await self._api.delete(resource, child.key.namespace, child.key.name, uid=child.uid)
        except Conflict:
            pass
        else:
            self._wrote(child.key.kind, "delete")
        self._intake.forget(child.key, child.uid)
        self.accepted.pop(child.key, None)

    async def write(self, write: Write, owner_uid: str) -> Seen | Trouble:
        """Apply one object; a refusal is a Trouble. Raises Unavailable when no answer came."""
        try:
            return await self._apply(write)
        except Conflict:
            return await self._meet(write, owner_uid)
        except (Forbidden, Invalid, NotFound) as error:
            return trouble(write.obj, error)

    async def _apply(self, write: Write) -> Seen:
        stored = await self._api.apply(write.obj, uid=write.uid)
        if write.uid and has_additions(stored):
            stored = await self._api.replace_spec(write.obj, uid=stored["metadata"]["uid"])
        entry = self._intake.remember(kinds.BY_KIND[write.obj["kind"]], stored)
        want = fingerprint_of_desired(write.obj)
        if entry.fingerprint != want:
            self.accepted[entry.key] = (want, entry.fingerprint)
        self._wrote(entry.key.kind, "update" if write.uid else "create")
        return entry

    async def _meet(self, write: Write, owner_uid: str) -> Seen | Trouble:
        """The name is taken, or the object was replaced: look at it, then decide. Foreign objects are left alone."""
        key = key_of(write.obj)
        resource = kinds.BY_KIND[key.kind]
        try:
            live = seen(resource, await self._api.get(resource, key.namespace, key.name))
        except NotFound:
            return await self._apply(Write(write.obj, None))
        if not is_ours(live, owner_uid):
            return conflict(key, of_predecessor=_is_of_predecessor(live, write.obj))
        try:
            return await self._apply(Write(write.obj, live.uid))
        except (Forbidden, Invalid, NotFound) as error:
            return trouble(write.obj, error)


def _is_of_predecessor(live: Seen, wanted: Json) -> bool:
    """It was made for another incarnation of the same plug-in; the garbage collector is on its way."""
    labels = wanted["metadata"]["labels"]
    plugin_of = live.owner.name if live.owner else ""
    return (
        live.plugin_uid not in ("", labels[keys.LABEL_PLUGIN_UID])
        and live.controller == live.plugin_uid
        and plugin_of == labels[keys.LABEL_PLUGIN]
    )
