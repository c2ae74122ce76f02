"""Writes: apply, patch, create, update, delete, with the preconditions and refusals of a real server. Used by `server`.

Each write is one step without an await: concurrent writers see each other's work whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reconcile.fake import applying, builtin, crd
from tests.reconcile.fake.merging import written
from tests.reconcile.fake.request import APPLY_TYPE, Refused, Request
from tests.reconcile.fake.schema import CUSTOM
from tests.reconcile.fake.store import Ref, Store

Json = dict[str, Any]
Rule = Callable[[Request, Json | None, Json], Refused | None]
"""May this write be made? Receives the request, the object before (None for a new one) and after it."""
_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


class Writer:
    """Carries out writes.

    Attributes:
        rules: authorization and admission; the first refusal wins.
        namespaces: phase by name; a namespace that is missing here does not exist.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rules: list[Rule] = []
        self.namespaces: dict[str, str] = {}

    def write(self, request: Request) -> tuple[int, Json, bool]:
        """Give (code, object, changed). Raises Refused."""
        if request.method == "POST":
            return self._post(request)
        live = self._store.get(request.ref)
        if request.method == "DELETE":
            return self._delete(request, live)
        if live is None:
            return self._absent(request)
        self._guard(request, live)
        return self._change(request, live)

    def _post(self, request: Request) -> tuple[int, Json, bool]:
        name = request.body["metadata"]["name"]
        if self._store.get(Ref(request.resource.kind, request.namespace, name)):
            raise Refused(409, f'{request.resource.plural} "{name}" already exists', reason="AlreadyExists")
        return self._create(request, name)

    def _absent(self, request: Request) -> tuple[int, Json, bool]:
        if request.content_type != APPLY_TYPE or request.subresource:
            raise Refused(404, f'{request.resource.plural} "{request.name}" not found')
        if uid := request.body["metadata"].get("uid"):
            text = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise Refused(409, text)
        return self._create(request, request.name)

    def _guard(self, request: Request, live: Json) -> None:
        """resourceVersion and uid of the body are preconditions."""
        meta, has = request.body.get("metadata") or {}, live["metadata"]
        if meta.get("resourceVersion") not in (None, has["resourceVersion"]):
            what = f'Operation cannot be fulfilled on {request.resource.plural} "{request.name}"'
            raise Refused(409, f"{what}: {_MODIFIED}")
        if meta.get("uid") not in (None, has["uid"]):
            self._invalid(request, f'metadata.uid: Invalid value: "{meta["uid"]}": field is immutable')

    def _create(self, request: Request, name: str) -> tuple[int, Json, bool]:
        phase = self.namespaces.get(request.namespace)
        if phase is None:
            raise Refused(404, f'namespaces "{request.namespace}" not found')
        ref = Ref(request.resource.kind, request.namespace, name)
        bare = {"apiVersion": request.resource.api_version, "kind": ref.kind, "metadata": {}}
        made, owned = written(request, bare, {})
        if phase == "Terminating":
            text = f"unable to create new content in namespace {request.namespace} because it is being terminated"
            raise Refused(403, f'{request.resource.plural} "{name}" is forbidden: {text}')
        self._admit(request, None, made)
        made["metadata"] |= self._store.identity(ref)
        if ref.kind not in builtin.WITHOUT_GENERATION:
            made["metadata"]["generation"] = 1
        return 201, self._store.put(ref, self._finished(request, made, owned, None), request.actor), True

    def _change(self, request: Request, live: Json) -> tuple[int, Json, bool]:
        made, owned = written(request, live, applying.managers_of(live))
        done = self._finished(request, made, owned, live)
        again = builtin.never_settles(request.resource.kind, request.body)
        if done == live and not again:
            return 200, live, False
        if fields := builtin.immutable_changes(request.resource.kind, live, done):
            self._invalid(request, f"{fields[0]}: Forbidden: field is immutable")
        self._admit(request, live, done)
        meta = done["metadata"]
        if "generation" in meta and (again or _spec(done) != _spec(live)):
            meta["generation"] += 1
        if "deletionTimestamp" in meta and not meta.get("finalizers"):
            return 200, self._store.remove(request.ref, request.actor), True
        return 200, self._store.put(request.ref, done, request.actor), True

    def _finished(self, request: Request, made: Json, owned: applying.Owned, live: Json | None) -> Json:
        """Defaults, validation, bookkeeping."""
        if request.resource.kind in CUSTOM:
            made = crd.admitted(request.resource.kind, made)
            known = crd.problems(request.resource.kind, live) if live else []
            # What is wrong already and stays as it is does not count (ratcheting).
            if found := [problem for problem in crd.problems(request.resource.kind, made) if problem not in known]:
                self._invalid(request, "; ".join(found))
        else:
            made = builtin.stored(request.resource.kind, made)
        entries = applying.managed_fields(owned, request.resource.api_version, live, self._store.timestamp())
        return made | {"metadata": made["metadata"] | ({"managedFields": entries} if entries else {})}

    def _admit(self, request: Request, live: Json | None, made: Json) -> None:
        for rule in self.rules:
            if refusal := rule(request, live, made):
                raise refusal

    def _invalid(self, request: Request, text: str) -> None:
        raise Refused(422, f'{request.resource.kind} "{request.name}" is invalid: {text}')

    def _delete(self, request: Request, live: Json | None) -> tuple[int, Json, bool]:
        if live is None:
            raise Refused(404, f'{request.resource.plural} "{request.name}" not found')
        meta = live["metadata"]
        wanted = (request.body.get("preconditions") or {}).get("uid")
        if wanted not in (None, meta["uid"]):
            text = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {meta['uid']}"
            raise Refused(409, text)
        self._admit(request, live, live)
        holds = list(meta.get("finalizers") or ())
        if request.body.get("propagationPolicy") == "Foreground" and "foregroundDeletion" not in holds:
            holds.append("foregroundDeletion")
        if not holds:
            return 200, self._store.remove(request.ref, request.actor), True
        stamp = {"deletionTimestamp": meta.get("deletionTimestamp") or self._store.timestamp(), "finalizers": holds}
        made = {**live, "metadata": {**meta, **stamp}}
        return 200, self._store.put(request.ref, made, request.actor), True


def _spec(obj: Json) -> Json:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}
