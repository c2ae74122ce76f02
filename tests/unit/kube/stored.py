"""An object as the API server stores it after our apply, undisturbed. Used wherever fingerprints are tested."""

import copy
from typing import Any

from tests.reconcile.fake.fields import paths, to_wire

Json = dict[str, Any]
_IDENTITY = ("name", "namespace", "uid")


def stored(obj: Json) -> Json:
    """The live object: server's own metadata added, our entry in managedFields, empty lists dropped."""
    live = copy.deepcopy(obj)
    meta = live["metadata"]
    owned = {key: value for key, value in meta.items() if key not in _IDENTITY}
    content = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    fields = to_wire(paths(obj["kind"], {"metadata": owned, **content}))
    meta |= {
        "uid": f"uid-of-{meta['name']}",
        "resourceVersion": "12",
        "generation": 1,
        "creationTimestamp": "2026-11-22T10:00:00Z",
        "managedFields": [entry("greffon", "Apply", fields)],
    }
    if "spec" in live:
        live["spec"] = {key: value for key, value in live["spec"].items() if value != []}
    return live


def entry(manager: str, operation: str, fields: Json, subresource: str = "") -> Json:
    """One line of managedFields."""
    made = {"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": fields}
    return made | ({"subresource": subresource} if subresource else {})
