"""The objects, their versions and their history. Owned by `server`; read by `streaming` and `cluster`.

Every object in here is a value: whoever wants to change one makes a copy and puts it.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from greffon.model.base import to_rfc3339

Json = dict[str, Any]
_UIDS = uuid.UUID("6f1d0c52-6a8e-4bcb-9d4b-f0b3f2a60b11")


@dataclass(frozen=True, slots=True)
class Ref:
    """Names an object."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One committed write.

    Attributes:
        obj: the state after it; of a deletion the last state, with the version of the deletion.
        at: loop time.
    """

    revision: int
    type: str
    ref: Ref
    obj: Json
    before: Json | None
    actor: str
    at: float


class Store:
    """A versioned map with history.

    Attributes:
        revision: version of the newest write, common to all kinds as in etcd.
        floor: the history up to here has been compacted away.
        listeners: called with each change, at once.

    Args:
        now: wall clock for timestamps.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.revision = 100
        self.floor = 0
        self.listeners: list[Callable[[Change], None]] = []
        self.changes: list[Change] = []
        self._objects: dict[Ref, Json] = {}
        self._of_kind: dict[str, list[Change]] = {}
        self._incarnations: dict[Ref, int] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def timestamp(self) -> str:
        """Now, as the API server writes it."""
        return to_rfc3339(self._now())

    def get(self, ref: Ref) -> Json | None:
        """The object; not to be changed."""
        return self._objects.get(ref)

    def all(self, kind: str = "", namespace: str = "") -> Iterator[tuple[Ref, Json]]:
        """Objects in the order of a list: by namespace and name."""
        found = [
            (ref, obj)
            for ref, obj in self._objects.items()
            if (not kind or ref.kind == kind) and (not namespace or ref.namespace == namespace)
        ]
        return iter(sorted(found, key=lambda pair: (pair[0].kind, pair[0].namespace, pair[0].name)))

    def identity(self, ref: Ref) -> Json:
        """Metadata of a new object. The uid depends on nothing but name and number of earlier namesakes."""
        count = self._incarnations[ref] = self._incarnations.get(ref, 0) + 1
        uid = str(uuid.uuid5(_UIDS, f"{ref.kind}/{ref.namespace}/{ref.name}/{count}"))
        return {"name": ref.name, "namespace": ref.namespace, "uid": uid, "creationTimestamp": self.timestamp()}

    def put(self, ref: Ref, obj: Json, actor: str) -> Json:
        """Commit a new state."""
        before = self._objects.get(ref)
        self.revision += 1
        stored = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.revision)}}
        self._objects[ref] = stored
        self._commit("MODIFIED" if before else "ADDED", ref, stored, before, actor)
        return stored

    def remove(self, ref: Ref, actor: str) -> Json:
        """Commit a deletion."""
        before = self._objects.pop(ref)
        self.revision += 1
        last = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.revision)}}
        self._commit("DELETED", ref, last, before, actor)
        return last

    def _commit(self, type_: str, ref: Ref, obj: Json, before: Json | None, actor: str) -> None:
        change = Change(self.revision, type_, ref, obj, before, actor, asyncio.get_running_loop().time())
        self.changes.append(change)
        self._of_kind.setdefault(change.ref.kind, []).append(change)
        self.wake(change.ref.kind)
        for listener in self.listeners:
            listener(change)

    def since(self, kind: str, revision: int) -> list[Change]:
        """Changes of a kind after a version."""
        log = self._of_kind.get(kind, [])
        return log[bisect.bisect_right(log, revision, key=lambda change: change.revision) :]

    async def wait(self, kind: str) -> None:
        """Wait for the next change of a kind."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(kind, []).append(future)
        await future

    def wake(self, kind: str = "") -> None:
        """End the waiting for a kind, or for every kind."""
        for waited in [kind] if kind else list(self._waiting):
            for future in self._waiting.pop(waited, ()):
                if not future.done():
                    future.set_result(None)

    def compact(self) -> None:
        """Forget the history: whoever wants to watch from here or earlier must list again."""
        self.revision += 1
        self.floor = self.revision


def encoded(value: Any) -> bytes:
    """JSON as the server writes it: however deep an object is nested."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def copy_of(obj: Json) -> Json:
    """A deep copy of plain JSON, at a tenth of the cost of `copy.deepcopy`."""
    made: Json = orjson.loads(encoded(obj))
    return made
