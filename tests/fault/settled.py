"""When a namespace has come to rest: nothing is under way any more. Used by the fault tests."""

from __future__ import annotations

from collections.abc import Collection

from tests.e2e.world import Json, World


def wait_until_settled(world: World, *, leaving: Collection[str] = (), seconds: float = 240) -> None:
    """Wait until every Plugin has its verdict, every run its outcome, and what is leaving has left.

    Args:
        leaving: names of Plugins that were deleted.
    """
    world.eventually("everything has settled", lambda: not unsettled(world, leaving), seconds)


def unsettled(world: World, leaving: Collection[str] = ()) -> list[str]:
    """Names of what is still under way."""
    found = [obj["metadata"]["name"] for obj in world.items("plugins,pluginruns,pods") if _is_under_way(obj)]
    return found + [name for name in leaving if world.children(name)]


def _is_under_way(obj: Json) -> bool:
    meta, status = obj["metadata"], obj.get("status") or {}
    if "deletionTimestamp" in meta:
        return True
    match obj["kind"]:
        case "Plugin":
            conditions = {c["type"]: c["status"] for c in status.get("conditions") or ()}
            return status.get("observedGeneration") != meta["generation"] or conditions.get("Reconciling") != "False"
        case "PluginRun":
            return "outcome" not in status
        case _:
            return False
