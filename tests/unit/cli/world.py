"""A person with `greffon` in front of an in-memory API server, and an operator that answers as a test says."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import orjson

from greffon.cli.console import Console
from greffon.cli.door import Door
from greffon.cli.problems import Place
from greffon.cli.session import Session, Story, tell
from greffon.kube.api import Answer
from greffon.kube.kinds import BY_KIND
from tests.reconcile.fake import request as wire
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Change
from tests.reconcile.loop import here

Json = dict[str, Any]
NAMESPACE = "team-a"
PLACE = Place("https://cluster.example:6443", "prod", NAMESPACE)
Operator = Callable[[Json], Json | None]
"""Body of an object in, its new status out; None to leave it."""


class World:
    """Everything a test may look at.

    Attributes:
        logs: lines by name of the pod.
        refuse: (method, end of the path) → the server's refusal.
        refused: how often that was answered.
    """

    def __init__(self) -> None:
        self.loop = here()
        self.server = Server(self.loop.now)
        self.server.writer.namespaces = {NAMESPACE: "Active", "team-b": "Active"}
        self.out, self.err = io.StringIO(), io.StringIO()
        self.logs: dict[str, list[str]] = {}
        self.asked_logs: list[tuple[str, dict[str, str]]] = []
        self.refuse: dict[tuple[str, str], wire.Refused] = {}
        self.refused = 0
        self.session = Session(Door(_Wire(self)), PLACE, Console(self.out, self.err), self.loop.now)

    def create(self, obj: Json, namespace: str = NAMESPACE) -> None:
        """Put an object there with its status."""
        status = obj.get("status")
        name = obj["metadata"]["name"]
        self.server.do("someone", "POST", BY_KIND[obj["kind"]], namespace, body=obj)
        if status is not None:
            self.set_status(obj["kind"], name, status, namespace)

    def set_status(self, kind: str, name: str, status: Json, namespace: str = NAMESPACE) -> None:
        """As the operator, or a kubelet, would."""
        body = {"status": status}
        merge = "application/merge-patch+json"
        self.server.do("operator", "PATCH", BY_KIND[kind], namespace, name, "status", body=body, content_type=merge)

    def operator(self, kind: str, answer: Operator) -> None:
        """Let somebody answer each change of a kind, a moment later."""
        loop = asyncio.get_running_loop()

        def act(obj: Json) -> None:
            status = answer(obj)
            if status is not None and status != obj.get("status"):
                self.set_status(kind, obj["metadata"]["name"], status)

        def notice(change: Change) -> None:
            if change.ref.kind == kind and change.type != "DELETED":
                loop.call_later(0.5, act, change.obj)

        self.server.store.listeners.append(notice)

    async def tell(self, story: Story) -> int:
        """Carry out a story; gives its exit code."""
        return await tell(story, self.session)

    def sent(self) -> list[tuple[str, Json]]:
        """Every write of the person: (verb kind/name, body)."""
        found = [entry.request for entry in self.server.log.writes("person")]
        return [(f"{r.verb} {r.resource.kind}/{r.name or r.body['metadata']['name']}", r.body) for r in found]


class _Wire:
    """The transport of the person: the fake server's, with generated names and logs."""

    def __init__(self, world: World) -> None:
        self._world, self._client = world, world.server.client("person")

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: bytes | None,
        content_type: str,
        seconds: float,
    ) -> Answer:
        for (verb, end), refusal in self._world.refuse.items():
            if method == verb and path.endswith(end):
                self._world.refused += 1
                return wire.refusal(refusal)
        if method == "POST" and body and (prefix := orjson.loads(body)["metadata"].get("generateName")):
            made = orjson.loads(body)
            made["metadata"]["name"] = f"{prefix}x7k2p"
            body = orjson.dumps(made)
        return await self._client.send(method, path, query=query, body=body, content_type=content_type, seconds=seconds)

    def stream(self, path: str, *, query: Mapping[str, str], idle: float) -> AsyncIterator[bytes]:
        return self._client.stream(path, query=query, idle=idle)

    async def log(self, path: str, *, query: Mapping[str, str]) -> AsyncIterator[bytes]:
        pod = path.split("/")[-2]
        self._world.asked_logs.append((pod, dict(query)))
        for text in self._world.logs.get(pod, []):
            yield text.encode()
