"""A request, its path taken apart, and the answers to it. Made by `server`, logged by `log`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from greffon.kube.kinds import BY_KIND, SECRET, Resource
from tests.reconcile.fake.store import Ref, encoded

Json = dict[str, Any]
DISCOVERY = "Discovery"
"""Stands for the kind of `/apis` and `/apis/GROUP/VERSION`, which list kinds."""
APPLY_TYPE = "application/apply-patch+yaml"
JSON_PATCH_TYPE = "application/json-patch+json"
_BY_PLACE = {(r.root, r.plural): r for r in (*BY_KIND.values(), SECRET)}
_REASONS = {
    400: "BadRequest",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class Refused(Exception):  # noqa: N818 - named like the answers of the server
    """The server says no."""

    def __init__(self, code: int, message: str, *, reason: str = "", retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.reason = reason or _REASONS.get(code, "Unknown")
        self.retry_after = retry_after

    def status(self) -> Json:
        """The `Status` object that is the body of the answer."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """Status line, headers and body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for.

    Attributes:
        actor: who asks; the log tells operator, users and controllers apart.
        number: position in the log, counted over all actors.
    """

    actor: str
    number: int
    method: str
    resource: Resource
    namespace: str
    name: str
    subresource: str
    query: Mapping[str, str]
    body: Json
    content_type: str

    @property
    def ref(self) -> Ref:
        """The object that is asked for."""
        return Ref(self.resource.kind, self.namespace, self.name)

    @property
    def verb(self) -> str:
        """The verb as an audit log has it."""
        match self.method:
            case "GET":
                return "watch" if self.query.get("watch") else "get" if self.name else "list"
            case "PATCH":
                return "apply" if self.content_type == APPLY_TYPE else "patch"
            case _:
                return {"POST": "create", "PUT": "update", "DELETE": "delete"}[self.method]

    @property
    def writes(self) -> bool:
        """Whether it asks for a change."""
        return self.method != "GET"

    def __str__(self) -> str:
        place = "/".join(part for part in (self.namespace, self.name, self.subresource) if part)
        return f"{self.actor}: {self.verb} {self.resource.kind} {place}"


def parse(
    actor: str, number: int, method: str, path: str, query: Mapping[str, str], body: bytes | None, content_type: str
) -> Request:
    """Take a path apart: `/apis/GROUP/VERSION[/namespaces/NS]/PLURAL[/NAME[/SUB]]`, or less for discovery."""
    parts = path.strip("/").split("/")
    size = 2 if parts[0] == "api" else 3
    root, rest = "/" + "/".join(parts[:size]), parts[size:]
    if not rest:
        return Request(actor, number, method, Resource(root, DISCOVERY, ""), "", "", "", {}, {}, content_type)
    namespace = rest[1] if rest[0] == "namespaces" else ""
    rest = rest[2:] if namespace else rest
    resource = _BY_PLACE.get((root, rest[0]))
    if resource is None:
        raise Refused(404, "the server could not find the requested resource")
    name, sub = ([*rest[1:], "", ""])[:2]
    content: Json = orjson.loads(body) if body else {}
    if content_type == JSON_PATCH_TYPE:
        content = {"operations": content}
    return Request(actor, number, method, resource, namespace, name, sub, dict(query), content, content_type)


def answer(code: int, body: Any) -> Answer:
    """A whole answer from JSON."""
    return Answer(code, encoded(body))


def refusal(error: Refused) -> Answer:
    """The answer to a refused request."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    return Answer(error.code, orjson.dumps(error.status()), headers)
