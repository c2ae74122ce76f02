"""From an HTTP request to the event that the script reads on stdin. Pure, but for an id and time that are left out.

Called by `service`. CloudEvents 1.0 in binary and structured form, and plain JSON, become the same shape.
"""

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from .output import parse
from .wire import Refused, Request

PLAIN_TYPE = "dev.greffon.http"
_STRUCTURED = "application/cloudevents+json"
_REQUIRED = ("id", "source", "type")


def from_request(request: Request) -> bytes:
    """Return the event as JSON; raise `Refused` for what is not an event."""
    kind = _media_type(request.headers)
    if kind == _STRUCTURED:
        event = _checked(_json(request.body))
    elif kind.startswith("application/cloudevents"):
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{kind} is not supported; send {_STRUCTURED}")
    elif "ce-specversion" in request.headers:
        event = _binary(request, kind)
    else:
        event = _plain(request)
    return json.dumps(event).encode()


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _plain(request: Request) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": request.path,
        "type": PLAIN_TYPE,
        "time": _now(),
        "data": _json(request.body),
    }


def _binary(request: Request, kind: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in request.headers.items() if name.startswith("ce-")
    }
    if kind:
        event["datacontenttype"] = kind
    return _checked(event | _binary_data(request.body, kind))


def _binary_data(body: bytes, kind: str) -> dict[str, Any]:
    if not body:
        return {}
    if kind in ("", "application/json") or kind.endswith("+json"):
        return {"data": _json(body)}
    try:
        return {"data": body.decode()}
    except UnicodeDecodeError:
        return {"data_base64": base64.b64encode(body).decode()}


def _checked(event: Any) -> dict[str, Any]:
    if not isinstance(event, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "a CloudEvent is a JSON object")
    missing = [name for name in _REQUIRED if not isinstance(event.get(name), str) or not event[name]]
    if missing:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the CloudEvent lacks {', '.join(missing)}")
    if event.get("specversion") != "1.0":
        raise Refused(HTTPStatus.BAD_REQUEST, "only CloudEvents with specversion 1.0 are understood")
    return {"time": _now(), "data": None, **event}


def _json(body: bytes) -> Any:
    if not body.strip():
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is empty; send JSON")
    try:
        return parse(body)
    except (ValueError, RecursionError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
