"""What people do: create, change and delete objects, without the network's faults. Part of `world`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from greffon.kube.kinds import BY_KIND
from tests.reconcile.fake.server import Server
from tests.reconcile.fake.store import Ref, copy_of

Json = dict[str, Any]


class User:
    """Somebody with kubectl."""

    def __init__(self, server: Server, namespace: str, actor: str = "user") -> None:
        self._server, self._namespace, self._actor = server, namespace, actor

    def create(self, obj: Json) -> Json:
        """Create an object; its namespace is the user's unless it names another."""
        namespace = obj["metadata"].get("namespace", self._namespace)
        return self._server.do(self._actor, "POST", BY_KIND[obj["kind"]], namespace, body=obj)

    def find(self, kind: str, name: str, namespace: str = "") -> Json | None:
        """The live object."""
        found = self._server.store.get(Ref(kind, namespace or self._namespace, name))
        return copy_of(found) if found else None

    def get(self, kind: str, name: str, namespace: str = "") -> Json:
        """The live object, which must exist."""
        found = self.find(kind, name, namespace)
        assert found is not None, f"{kind} {name} does not exist"
        return found

    def edit(self, kind: str, name: str, change: Callable[[Json], Any], *, sub: str = "") -> Json:
        """Read, change, replace."""
        obj = self.get(kind, name)
        change(obj)
        return self._server.do(self._actor, "PUT", BY_KIND[kind], self._namespace, name, sub, body=obj)

    def respec(self, name: str, **spec: Any) -> Json:
        """Set fields of a Plugin's spec."""
        return self.edit("Plugin", name, lambda o: o["spec"].update(spec))

    def annotate(self, kind: str, name: str, **annotations: str | None) -> Json:
        """Merge-patch annotations; `reconcile` stands for `greffon.dev/reconcile`."""
        patch = {"metadata": {"annotations": {f"greffon.dev/{key}": value for key, value in annotations.items()}}}
        return self._server.do(self._actor, "PATCH", BY_KIND[kind], self._namespace, name, body=patch)

    def delete(self, kind: str, name: str, *, policy: str = "Background") -> None:
        """Delete an object."""
        body = {"propagationPolicy": policy}
        self._server.do(self._actor, "DELETE", BY_KIND[kind], self._namespace, name, body=body)
