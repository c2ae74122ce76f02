"""Create, replace and delete objects on a real API server, and see its whole answer.

Used by the tests that try the CRDs for real. Plain HTTP: the answer's causes are what is looked at.
"""

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any

from greffon.model import keys
from tests.cluster.controlplane import ControlPlane

Manifest = dict[str, Any]
NAMESPACE = "default"
_JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    code: int
    body: dict[str, Any]

    @property
    def accepted(self) -> bool:
        """Whether the object was taken."""
        return self.code in (http.HTTPStatus.OK, http.HTTPStatus.CREATED)

    @property
    def message(self) -> str:
        """The message for people; empty for an accepted object."""
        return "" if self.accepted else str(self.body.get("message", ""))

    @property
    def causes(self) -> list[dict[str, str]]:
        """The single complaints, each with field and message."""
        found: list[dict[str, str]] = (self.body.get("details") or {}).get("causes") or []
        return found


class Server:
    """One connection to the API server.

    Args:
        user: whom the administrator impersonates; "" is the administrator.
    """

    def __init__(self, plane: ControlPlane, user: str = "") -> None:
        self._headers = {"Impersonate-User": user} if user else {}
        pki = plane.layout.pki
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._connection = http.client.HTTPSConnection("127.0.0.1", plane.layout.ports.api, timeout=30, context=context)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def create(self, manifest: Manifest, *, dry_run: bool = True) -> Answer:
        """POST as kubectl does: unknown and duplicate fields are errors."""
        return self.send("POST", collection(manifest["kind"]), json.dumps(manifest), dry_run=dry_run)

    def replace(self, manifest: Manifest, *, dry_run: bool = True) -> Answer:
        """PUT without a resourceVersion."""
        path = f"{collection(manifest['kind'])}/{manifest['metadata']['name']}"
        return self.send("PUT", path, json.dumps(manifest), dry_run=dry_run)

    def get(self, kind: str, name: str) -> Answer:
        """GET one object."""
        return self.send("GET", f"{collection(kind)}/{name}")

    def send(
        self, method: str, path: str, text: str = "", *, dry_run: bool = False, content: str = _JSON, more: str = ""
    ) -> Answer:
        """One request with a body as it stands; `more` belongs to the query."""
        query = "" if method == "GET" else "?fieldValidation=Strict" + ("&dryRun=All" if dry_run else "") + more
        self._connection.request(
            method, path + query, body=text.encode() or None, headers=self._headers | {"Content-Type": content}
        )
        response = self._connection.getresponse()
        read = response.read()
        # A path that nobody serves yet is answered in plain text.
        is_json = response.headers.get_content_type() == "application/json"
        return Answer(response.status, json.loads(read) if is_json else {"message": read.decode()})


def collection(kind: str) -> str:
    """URL path of a kind in the test namespace."""
    scope = "" if kind == keys.KIND_POLICY else f"/namespaces/{NAMESPACE}"
    return f"/apis/{keys.API_VERSION}{scope}/{keys.PLURALS[kind]}"
