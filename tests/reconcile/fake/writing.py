"""Writes: apply, patch, create, update, delete, with the preconditions and refusals of a real server. Used by `server`.

Each write is one step without an await: concurrent writers see each other's work whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reconcile.fake import applying, builtin, crd
from tests.reconcile.fake.applying import Manager
from tests.reconcile.fake.request import APPLY_TYPE, Refused, Request
from tests.reconcile.fake.schema import CUSTOM
from tests.reconcile.fake.store import Ref, Store, copy_of

Json = dict[str, Any]
Rule = Callable[[Request, Json | None, Json], Refused | None]
"""May this write be made? Receives the request, the object before (None for a new one) and after it."""


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
        if request.method == "DELETE":
            return 200, self._delete(request), True
        live = self._store.get(request.ref) if request.name else None
        if request.method == "POST":
            name = request.body["metadata"]["name"]
            if self._store.get(Ref(request.resource.kind, request.namespace, name)):
                raise Refused(409, f'{request.resource.plural} "{name}" already exists', reason="AlreadyExists")
            return self._create(request, name)
        if live is None:
            return self._absent(request)
        self._guard(request, live)
        return self._change(request, live)

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
        if meta.get("resourceVersion") not in (None, "", "0", has["resourceVersion"]):
            text = "the object has been modified; please apply your changes to the latest version and try again"
            raise Refused(409, f'Operation cannot be fulfilled on {request.resource.plural} "{request.name}": {text}')
        if meta.get("uid") not in (None, has["uid"]):
            text = f'metadata.uid: Invalid value: "{meta["uid"]}": field is immutable'
            raise Refused(422, f'{request.resource.kind} "{request.name}" is invalid: {text}')

    def _create(self, request: Request, name: str) -> tuple[int, Json, bool]:
        phase = self.namespaces.get(request.namespace)
        if phase is None:
            raise Refused(404, f'namespaces "{request.namespace}" not found')
        ref = Ref(request.resource.kind, request.namespace, name)
        meta = request.body["metadata"]
        bare = {"apiVersion": request.resource.api_version, "kind": ref.kind, "metadata": {}}
        body = {**request.body, "metadata": {k: v for k, v in meta.items() if k not in applying.SERVER_FIELDS}}
        if ref.kind in builtin.WITH_STATUS:
            body.pop("status", None)
        made, owned = _written(request, bare, body, {})
        if phase == "Terminating":
            text = f"unable to create new content in namespace {request.namespace} because it is being terminated"
            raise Refused(403, f'{request.resource.plural} "{name}" is forbidden: {text}')
        self._admit(request, None, made)
        made["metadata"] |= self._store.identity(ref)
        if ref.kind not in builtin.WITHOUT_GENERATION:
            made["metadata"]["generation"] = 1
        return 201, self._store.put(ref, self._finished(request, made, owned, None), request.actor), True

    def _change(self, request: Request, live: Json) -> tuple[int, Json, bool]:
        scope = _scoped(request, live)
        owned = applying.managers_of(live)
        made, owned = _written(request, live, scope, owned)
        self._keep_immutable(request, live, made)
        if made != live:
            self._admit(request, live, made)
        if _spec(made) != _spec(live) and "generation" in live["metadata"]:
            made["metadata"]["generation"] += 1
        done = self._finished(request, made, owned, live)
        if done == live and not builtin.never_settles(request.resource.kind, request.body):
            return 200, live, False
        if done == live:
            done["metadata"]["generation"] += 1
        if "deletionTimestamp" in done["metadata"] and not done["metadata"].get("finalizers"):
            return 200, self._store.remove(request.ref, request.actor), True
        return 200, self._store.put(request.ref, done, request.actor), True

    def _keep_immutable(self, request: Request, live: Json, made: Json) -> None:
        if fields := builtin.immutable_changes(request.resource.kind, live, made):
            text = f'{request.resource.kind} "{request.name}" is invalid: {fields[0]}: field is immutable'
            raise Refused(422, text)

    def _admit(self, request: Request, live: Json | None, made: Json) -> None:
        for rule in self.rules:
            if refusal := rule(request, live, made):
                raise refusal

    def _finished(self, request: Request, made: Json, owned: applying.Owned, live: Json | None) -> Json:
        """Defaults, validation, bookkeeping."""
        kind = request.resource.kind
        if kind in CUSTOM:
            made = crd.admitted(kind, made)
            if found := crd.problems(kind, made):
                raise Refused(422, f'{kind} "{made["metadata"]["name"]}" is invalid: {"; ".join(found)}')
        else:
            made = builtin.stored(kind, made)
        entries = applying.managed_fields(owned, request.resource.api_version, live, self._store.timestamp())
        return made | {"metadata": {**made["metadata"], "managedFields": entries}}

    def _delete(self, request: Request) -> Json:
        live = self._store.get(request.ref)
        if live is None:
            raise Refused(404, f'{request.resource.plural} "{request.name}" not found')
        wanted = (request.body.get("preconditions") or {}).get("uid")
        if wanted not in (None, live["metadata"]["uid"]):
            text = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {live['metadata']['uid']}"
            raise Refused(409, text)
        self._admit(request, live, live)
        meta = live["metadata"]
        holds = list(meta.get("finalizers") or ())
        if request.body.get("propagationPolicy") == "Foreground":
            holds.append("foregroundDeletion")
        if not holds:
            return self._store.remove(request.ref, request.actor)
        stamp = {"deletionTimestamp": meta.get("deletionTimestamp") or self._store.timestamp(), "finalizers": holds}
        return self._store.put(request.ref, {**live, "metadata": {**meta, **stamp}}, request.actor)


def _scoped(request: Request, live: Json) -> Json:
    """The body, reduced to what this endpoint may change."""
    body = request.body
    if request.subresource == "status":
        return {"status": body.get("status") or {}}
    kept = {k: v for k, v in body.items() if k != "status" or request.resource.kind not in builtin.WITH_STATUS}
    meta = {k: v for k, v in (body.get("metadata") or {}).items() if k not in applying.SERVER_FIELDS}
    return {**kept, "metadata": meta}


def _written(request: Request, live: Json, body: Json, owned: applying.Owned) -> tuple[Json, applying.Owned]:
    """The new object by the request's own rules of merging, and who owns what of it."""
    kind, before = request.resource.kind, applying.content(live)
    who = Manager(request.query.get("fieldManager", request.actor), "Update", request.subresource)
    if request.content_type == APPLY_TYPE:
        who = Manager(request.query["fieldManager"], "Apply", request.subresource)
        after, owned = applying.apply(kind, before, body, owned, who)
    else:
        after = _patched(request, before, body)
        owned = applying.update(kind, before, after, owned, who)
    server = {key: value for key, value in live["metadata"].items() if key in applying.SERVER_FIELDS}
    frame = {"apiVersion": live["apiVersion"], "kind": live["kind"]}
    return copy_of({**frame, **after, "metadata": {**after.get("metadata", {}), **server}}), owned


def _patched(request: Request, before: Json, body: Json) -> Json:
    if request.method == "PATCH":
        return _merged(before, {k: v for k, v in body.items() if k not in ("apiVersion", "kind")})
    rest = {key: value for key, value in applying.content(body).items() if key != "status"}
    if request.subresource:
        return before | {"status": body["status"]}
    return rest | {key: before[key] for key in ("status",) if key in before} | _event_status(request, body)


def _event_status(request: Request, body: Json) -> Json:
    has = request.resource.kind not in builtin.WITH_STATUS and "status" in body
    return {"status": body["status"]} if has else {}


def _merged(value: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    base = value if isinstance(value, dict) else {}
    made = {key: _merged(base.get(key), child) for key, child in patch.items() if child is not None}
    return {key: child for key, child in base.items() if key not in patch} | made


def _spec(obj: Json) -> Json:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}
