"""A watch under a scripted API server, and what it told. Used by the tests of `engine.watch`."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from greffon.engine.cache import Cache
from greffon.engine.queue import Key
from greffon.engine.watch import Watch
from greffon.errors import Invalid, Unavailable
from greffon.kube.api import Api
from greffon.kube.kinds import POD, Resource
from tests.unit.engine.virtual_time import virtually
from tests.unit.kube.scripted import Request, ScriptedTransport, Step, Stream, reply

Json = dict[str, Any]
LIST_IS_COMPLETE = {"k8s.io/initial-events-end": "true"}


def pod(name: str, version: int, uid: str = "") -> Json:
    """A pod as a watch sends it."""
    return {"metadata": {"namespace": "ns", "name": name, "uid": uid or f"uid-{name}", "resourceVersion": str(version)}}


def event(kind: str, name: str, version: int, uid: str = "") -> Json:
    """One line of a watch."""
    return {"type": kind, "object": pod(name, version, uid)}


def bookmark(version: int, **annotations: str) -> Json:
    """A sign of life that carries a position."""
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version), "annotations": annotations}}}


def complete(version: int) -> Json:
    """The bookmark that ends a streamed list."""
    return bookmark(version, **LIST_IS_COMPLETE)


def page(version: int, *items: Json, more: str = "") -> Step:
    """One page of a list."""
    return reply({"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(items)})


GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old", "reason": "Expired"}}
BROKEN = Unavailable("connection reset")
NO_STREAMED_LISTS = Invalid("sendInitialEvents is forbidden for watch", status=422)


@dataclass(frozen=True)
class Known:
    """What the cache keeps of a pod."""

    key: Key
    uid: str
    version: int
    owner: Key | None = None


class Outcome:
    """What a watch told, until the script was over. Its sink keeps a cache, as the operator's does."""

    def __init__(
        self,
        answers: Iterable[Step],
        streams: Iterable[Stream],
        cached: Iterable[Known] = (),
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._clock = clock
        self.told: list[str] = []
        self.cache: Cache[Known] = Cache()
        for entry in cached:
            self.cache.put(entry)
        self.signs = 0
        self.synced = False
        self.requests: list[Request] = virtually(self._run(answers, streams))

    async def _run(self, answers: Iterable[Step], streams: Iterable[Stream]) -> list[Request]:
        transport = ScriptedTransport(answers, streams)
        watch = Watch(
            Api(transport),
            POD,
            self._sink,
            namespace="ns",
            selector="app=x",
            known=lambda: self.cache.of_kind("Pod"),
            progress=self._sign,
            clock=self._clock,
        )
        task = asyncio.create_task(watch.run())
        over = asyncio.create_task(transport.over.wait())
        await asyncio.wait([task, over], return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if task.done():
            task.result()
        task.cancel()
        self.synced = watch.synced.is_set()
        return transport.requests

    def _sink(self, resource: Resource, kind: str, obj: Json) -> None:
        assert resource is POD
        meta = obj["metadata"]
        assert meta["namespace"] == "ns"
        self.told.append(f"{kind} {meta['name']}/{meta['uid']}@{meta['resourceVersion']}")
        key, version = Key("Pod", "ns", meta["name"]), int(meta["resourceVersion"])
        if kind == "DELETED":
            self.cache.drop(key, uid=meta["uid"], version=version)
        else:
            self.cache.put(Known(key, meta["uid"], version))

    def _sign(self, kind: str) -> None:
        assert kind == "Pod"
        self.signs += 1

    @property
    def positions(self) -> list[str]:
        """Where each watch began; "list" for one that began with a list."""
        watches = [request for request in self.requests if request.method == "WATCH"]
        return [request.query.get("resourceVersion", "list") for request in watches]


FIRST_LIST: list[Json] = [event("ADDED", "a", 1), event("ADDED", "b", 2), complete(3)]
TOLD_FIRST = ["ADDED a/uid-a@1", "ADDED b/uid-b@2"]
