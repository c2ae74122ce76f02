"""From the body of a request to the new content of an object, by the request's own rules. Called by `writing`."""

from __future__ import annotations

from typing import Any

from tests.reconcile.fake import applying
from tests.reconcile.fake.applying import Manager, Owned
from tests.reconcile.fake.builtin import WITH_STATUS
from tests.reconcile.fake.request import APPLY_TYPE, JSON_PATCH_TYPE, Refused, Request
from tests.reconcile.fake.store import copy_of

Json = dict[str, Any]


def written(request: Request, live: Json, owned: Owned) -> tuple[Json, Owned]:
    """The object after the write, before defaults, and who owns what of it."""
    kind, before, body = request.resource.kind, applying.content(live), _scoped(request)
    if request.content_type == APPLY_TYPE:
        who = Manager(request.query["fieldManager"], "Apply", request.subresource)
        after, owned = applying.apply(kind, before, body, owned, who)
    else:
        who = Manager(request.query.get("fieldManager", request.actor), "Update", request.subresource)
        after = _edited(request, live) if request.content_type == JSON_PATCH_TYPE else _sent(request, before, body)
        owned = applying.update(kind, before, after, owned, who)
    server = {key: value for key, value in live["metadata"].items() if key in applying.SERVER_FIELDS}
    frame = {"apiVersion": live["apiVersion"], "kind": live["kind"]}
    return copy_of({**frame, **after, "metadata": {**after.get("metadata", {}), **server}}), owned


def _sent(request: Request, before: Json, body: Json) -> Json:
    return _merged(before, body) if request.method == "PATCH" else _replaced(request, before, body)


def _edited(request: Request, live: Json) -> Json:
    """JSON patch (RFC 6902): `test` on metadata and `replace` of whole fields; more is not sent."""
    after = applying.content(live)
    for operation in request.body["operations"]:
        match operation["op"], operation["path"].split("/"):
            case "test", ["", "metadata", name]:
                if live["metadata"][name] != operation["value"]:
                    raise Refused(422, f"the server rejected our request: testing value /metadata/{name} failed")
            case "replace", ["", name]:
                after = after | {name: operation["value"]}
            case other:
                raise Refused(400, f"this server does not know {other}")
    return after


def _scoped(request: Request) -> Json:
    """The body, reduced to what this endpoint may change."""
    if request.subresource == "status":
        return {"status": request.body.get("status") or {}}
    found = applying.content(request.body)
    if request.resource.kind in WITH_STATUS:
        found.pop("status", None)
    return found


def _replaced(request: Request, before: Json, body: Json) -> Json:
    if request.subresource:
        return before | body
    kept = {"status": before["status"]} if "status" in before and request.resource.kind in WITH_STATUS else {}
    return body | kept


def _merged(value: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    base = value if isinstance(value, dict) else {}
    made = {key: _merged(base.get(key), child) for key, child in patch.items() if child is not None}
    return {key: child for key, child in base.items() if key not in patch} | made
