"""What an older revision ran: its snapshot read from the API server, once, and turned into a spec. Called by
`reconcile.plugin` when another revision runs than the spec asks for."""

from __future__ import annotations

from typing import Any

from greffon.errors import NotFound
from greffon.kube import kinds
from greffon.kube.api import Api
from greffon.model import keys
from greffon.model.errors import SpecError
from greffon.model.plugin import Plugin, PluginSpec
from greffon.resources.revisions import NOT_REVISIONED

Json = dict[str, Any]
MOST = 200


class Archive:
    """Snapshots by revision; they are immutable, so that one read of each is enough."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._snapshots: dict[tuple[str, int], Json] = {}

    async def spec(self, plugin: Plugin, number: int) -> PluginSpec | None:
        """The spec of a revision, handled as the user's newest spec says; None when it is gone or cannot be read.

        Raises:
            ApiError: the API server could not be asked.
        """
        snapshot = await self._snapshot(plugin, number)
        if snapshot is None:
            return None
        try:
            return Plugin.parse(revived(plugin, snapshot)).spec
        except SpecError:
            return None

    async def _snapshot(self, plugin: Plugin, number: int) -> Json | None:
        key = (plugin.uid, number)
        if key not in self._snapshots:
            name = keys.revision_name(plugin.name, number)
            try:
                found = await self._api.get(kinds.PLUGIN_REVISION, plugin.namespace, name)
            except NotFound:
                return None
            if found["spec"]["pluginRef"]["uid"] != plugin.uid:
                return None
            while len(self._snapshots) >= MOST:
                del self._snapshots[next(iter(self._snapshots))]
            self._snapshots[key] = found["spec"]["plugin"]
        return self._snapshots[key]


def revived(plugin: Plugin, snapshot: Json) -> Json:
    """A Plugin in wire form: what runs is the snapshot's, how it is handled and how many replicas is the user's."""
    current = plugin.spec.to_wire()
    spec = snapshot | {name: current[name] for name in NOT_REVISIONED if name in current}
    if "run" in spec:
        replicas = (current.get("run") or {}).get("replicas")
        service = spec["run"].get("mode") == "Service"
        spec["run"] = spec["run"] | ({"replicas": replicas} if replicas is not None and service else {})
    identity = {"name": plugin.name, "namespace": plugin.namespace, "uid": plugin.uid}
    return {"apiVersion": kinds.PLUGIN.api_version, "kind": "Plugin", "metadata": identity, "spec": spec}
