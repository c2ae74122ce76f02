"""Reads: one object, and lists in pages that all show the same moment. Used by `server`."""

from __future__ import annotations

import itertools
from typing import Any

from greffon.kube.kinds import BY_KIND
from tests.reconcile.fake.request import DISCOVERY, Refused, Request
from tests.reconcile.fake.store import Store

Json = dict[str, Any]


class Reader:
    """Serves GET.

    Attributes:
        undiscovered: plurals that discovery does not name yet, as for some time after a CRD was made.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.undiscovered: set[str] = set()
        self._rest: dict[str, tuple[int, list[Json]]] = {}
        self._tokens = itertools.count(1)

    def read(self, request: Request) -> Json:
        """Answer any read."""
        if request.resource.kind == DISCOVERY:
            return self._discovery(request.resource.api_version)
        return self._get(request) if request.name else self._page(request)

    def _discovery(self, root: str) -> Json:
        known = [resource for resource in BY_KIND.values() if resource.plural not in self.undiscovered]
        groups = sorted({resource.api_version.split("/")[0] for resource in known if "/" in resource.api_version})
        plurals = [resource.plural for resource in known if resource.root == root]
        return {"groups": [{"name": name} for name in groups], "resources": [{"name": name} for name in plurals]}

    def _get(self, request: Request) -> Json:
        """One object."""
        found = self._store.get(request.ref)
        if found is None:
            raise Refused(404, f'{request.resource.plural} "{request.name}" not found')
        return found

    def _page(self, request: Request) -> Json:
        """A page; a continued list shows the moment of its first page, or is refused when that was compacted away."""
        token = request.query.get("continue")
        if token:
            version, items = self._rest.pop(token, (0, []))
            if version < self._store.floor:
                raise Refused(410, "The provided continue parameter is too old to display a consistent list result.")
        else:
            version, items = self._store.revision, self._selected(request)
        size = int(request.query.get("limit") or 0) or len(items)
        page, rest = items[:size], items[size:]
        metadata: Json = {"resourceVersion": str(version)}
        if rest:
            metadata["continue"] = f"page-{next(self._tokens)}"
            self._rest[metadata["continue"]] = (version, rest)
        return {"kind": f"{request.resource.kind}List", "metadata": metadata, "items": self._shape(request, page)}

    def _selected(self, request: Request) -> list[Json]:
        found = self._store.all(request.resource.kind, request.namespace)
        return [obj for _, obj in found if selects(request.query.get("labelSelector", ""), obj)]

    @staticmethod
    def _shape(request: Request, items: list[Json]) -> list[Json]:
        if "PartialObjectMetadataList" not in request.content_type:
            return items
        frame = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        return [frame | {"metadata": obj["metadata"]} for obj in items]


def selects(selector: str, obj: Json) -> bool:
    """Whether an object has the labels of `key=value,key=value`."""
    labels = obj["metadata"].get("labels") or {}
    pairs = (part.partition("=") for part in selector.split(",") if part)
    return all(labels.get(key) == value for key, _, value in pairs)
