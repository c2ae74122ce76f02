"""The only door to the API server: typed errors, retries, deadlines and metrics around raw JSON.

Called by `reconcile`, `engine.watch` and `engine.sweep`; the bytes travel through a `Transport`
(`kube.transport` for real, an in-memory API server in the tests).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

import orjson

from greffon.errors import ApiError, Conflict, Invalid, Unavailable, from_status
from greffon.kube.kinds import BY_KIND, VERSION, Resource

Json = dict[str, Any]
FIELD_MANAGER = "greffon"
APPLY = "application/apply-patch+yaml"
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
MUST_NOT_EXIST = "1"
"""A resourceVersion no object can have: an apply that carries it creates, or answers 409 and touches nothing."""


class Answer(Protocol):
    """Status line, headers and whole body of a response."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Transport(Protocol):
    """Moves one request. Raises `Unavailable` when no answer came."""

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: bytes | None,
        content_type: str,
        seconds: float,
    ) -> Answer: ...

    def stream(self, path: str, *, query: Mapping[str, str], idle: float) -> AsyncIterator[bytes]:
        """Yield the lines of a watch; ends when the server ends it. Raises ApiError."""
        ...


Observer = Callable[[str, str, int, float], None]
"""Called with (method, plural, status, seconds) after each attempt."""


class Api:
    """Get, list, apply, delete and watch as raw dictionaries.

    Args:
        transport: moves the bytes.
        in_flight: requests under way at once (16 to 32 saturate an API server; more only adds latency).
        attempts: tries per request on `Unavailable`, with capped exponential back-off and jitter.
        timeout: seconds per try.
        observe: receives method, plural, status and seconds of each try.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        in_flight: int = 32,
        attempts: int = 4,
        timeout: float = 30.0,
        observe: Observer = lambda *_: None,
    ) -> None:
        self._transport = transport
        self._slots = asyncio.Semaphore(in_flight)
        self._attempts = attempts
        self._timeout = timeout
        self._observe = observe

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Json:
        """Read one object. Raises NotFound, Forbidden, Unavailable."""
        return await self._call("GET", resource, resource.path(namespace, name))

    async def serves(self, resource: Resource) -> bool:
        """Whether discovery, as clients read it, names this kind already (it lags behind a new CRD)."""
        group = resource.api_version.partition("/")[0]
        groups = await self._call("GET", resource, "/apis")
        if all(found["name"] != group for found in groups.get("groups") or ()):
            return False
        found = await self._call("GET", resource, resource.root)
        return any(kind["name"] == resource.plural for kind in found.get("resources") or ())

    async def server_version(self) -> str:
        """The release of the API server, like `v1.36.3`."""
        return str((await self._call("GET", VERSION, "/version")).get("gitVersion") or "")

    async def pages(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        selector: str = "",
        metadata_only: bool = False,
        page: int = 500,
    ) -> AsyncIterator[tuple[list[Json], str]]:
        """Yield pages of (items, resourceVersion of the list)."""
        query = {"limit": str(page)} | ({"labelSelector": selector} if selector else {})
        accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" if metadata_only else JSON
        while True:
            answer = await self._call("GET", resource, resource.path(namespace), query=query, content_type=accept)
            yield answer.get("items") or [], answer["metadata"].get("resourceVersion", "")
            if not (token := answer["metadata"].get("continue")):
                return
            query["continue"] = token

    async def apply(self, obj: Json, *, uid: str | None) -> Json:
        """Server-side apply with force; gives the object as stored.

        Args:
            obj: desired state. Fields left out are given up.
            uid: the object this write is meant for; None means it must not exist yet.

        Raises:
            Conflict: the object exists (uid None) or is another one (uid given). Nothing was changed.
        """
        meta = obj["metadata"]
        guard = {"uid": uid} if uid else {"resourceVersion": MUST_NOT_EXIST}
        body = {**obj, "metadata": {**meta, **guard}}
        resource = BY_KIND[obj["kind"]]
        path = resource.path(meta["namespace"], meta["name"])
        try:
            return await self._call("PATCH", resource, path, query=_APPLY, body=body, content_type=APPLY)
        except Invalid as error:
            # This is how the server says that a namesake with another uid has taken the place.
            if uid and "metadata.uid" in str(error):
                raise Conflict(str(error), status=409, reason="Conflict") from error
            raise

    async def replace_spec(self, obj: Json, *, uid: str) -> Json:
        """Make `spec` exactly this, whoever added to it; what the server gives by default comes back by itself.

        Raises:
            Conflict: the object is another one now. Nothing was changed.
        """
        meta, resource = obj["metadata"], BY_KIND[obj["kind"]]
        body = [
            {"op": "test", "path": "/metadata/uid", "value": uid},
            {"op": "replace", "path": "/spec", "value": obj["spec"]},
        ]
        path = resource.path(meta["namespace"], meta["name"])
        query = {"fieldManager": FIELD_MANAGER}
        try:
            return await self._call("PATCH", resource, path, query=query, body=body, content_type=JSON_PATCH)
        except Invalid as error:
            if "testing value /metadata/uid failed" in str(error):
                raise Conflict(str(error), status=409, reason="Conflict") from error
            raise

    async def apply_status(self, obj: Json) -> Json:
        """Server-side apply on the status subresource; `metadata.uid` guards against a namesake."""
        meta = obj["metadata"]
        resource = BY_KIND[obj["kind"]]
        path = resource.path(meta["namespace"], meta["name"], "status")
        return await self._call("PATCH", resource, path, query=_APPLY, body=obj, content_type=APPLY)

    async def create(self, obj: Json) -> Json:
        """POST an object; for kinds that are written once (Events)."""
        resource = BY_KIND[obj["kind"]]
        path = resource.path(obj["metadata"]["namespace"])
        return await self._call("POST", resource, path, query={"fieldManager": FIELD_MANAGER}, body=obj)

    async def merge(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        """JSON merge patch; for counters that have no other writer (Event series)."""
        return await self._call(
            "PATCH",
            resource,
            resource.path(namespace, name),
            body=patch,
            content_type="application/merge-patch+json",
        )

    async def delete(self, resource: Resource, namespace: str, name: str, *, uid: str) -> None:
        """Delete exactly this object, its dependants in the background. An absent one is fine.

        Raises:
            Conflict: another object has the name now. Nothing was changed.
        """
        body = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
        }
        try:
            await self._call("DELETE", resource, resource.path(namespace, name), body=body)
        except ApiError as error:
            if error.status != 404:
                raise

    async def watch(
        self, resource: Resource, namespace: str | None = None, *, selector: str = "", version: str = ""
    ) -> AsyncIterator[Json]:
        """Yield watch events; with no version, first every existing object, then a bookmark that ends the list.

        Raises:
            Gone: the version is too old. Invalid: the server cannot stream the initial list.
        """
        query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(random.randint(280, 320))}  # noqa: S311 - spreads reconnects
        if selector:
            query["labelSelector"] = selector
        if version:
            query["resourceVersion"] = version
        else:
            query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        async for line in self._transport.stream(resource.path(namespace), query=query, idle=340.0):
            event = _decoded(line)
            if event["type"] == "ERROR":
                raise _from_status_object(event["object"])
            yield event

    async def _call(
        self,
        method: str,
        resource: Resource,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: Json | list[Json] | None = None,
        content_type: str = JSON,
    ) -> Json:
        try:
            payload = None if body is None else orjson.dumps(body)
        except TypeError as error:  # nested deeper than JSON can be written
            raise Invalid(f"cannot be written: {error}", status=400) from None
        for attempt in range(1, self._attempts + 1):
            try:
                return await self._once(method, resource, path, query, payload, content_type)
            except Unavailable as error:
                if attempt == self._attempts:
                    raise
                await asyncio.sleep(_pause(attempt, error.retry_after))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _once(
        self,
        method: str,
        resource: Resource,
        path: str,
        query: Mapping[str, str],
        payload: bytes | None,
        content_type: str,
    ) -> Json:
        async with self._slots:
            start = time.monotonic()
            status = 0
            try:
                answer = await self._transport.send(
                    method, path, query=query, body=payload, content_type=content_type, seconds=self._timeout
                )
                status = answer.status
            finally:
                self._observe(method, resource.plural, status, time.monotonic() - start)
        if status >= 300:  # redirects are not followed
            raise _from_body(answer)
        return _decoded(answer.body)


_APPLY = {"fieldManager": FIELD_MANAGER, "force": "true"}


def _pause(attempt: int, retry_after: float | None) -> float:
    back_off = min(0.2 * 2.0**attempt, 5.0) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
    return max(back_off, min(retry_after or 0.0, 30.0))


def _decoded(text: bytes) -> Json:
    """Something between us and the API server may cut or replace an answer: that is no answer."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        # The API server stores objects ten times as deep as orjson reads: one such object must not blind us.
        value = _decoded_slowly(text)
    if not isinstance(value, dict):
        raise Unavailable("the answer is not a JSON object")
    return value


def _decoded_slowly(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unavailable(f"the answer is not JSON: {error}") from error


def _from_body(answer: Answer) -> ApiError:
    try:
        status = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        status = {}
    if not isinstance(status, dict):
        status = {}
    retry = answer.headers.get("Retry-After", "")
    return from_status(
        answer.status,
        str(status.get("message") or f"HTTP {answer.status}"),
        reason=str(status.get("reason") or ""),
        retry_after=float(retry) if retry.isascii() and retry.isdigit() else None,
    )


def _from_status_object(status: Json) -> ApiError:
    return from_status(
        int(status.get("code") or 500),
        str(status.get("message") or "watch error"),
        reason=str(status.get("reason") or ""),
    )
