"""How a change ended, and whether two ends are the same. Pure but for `look`; used by `test_chain`.

Masked is only what must differ between a plug-in of two hundred changes and one of a single change, each with the
reason beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from greffon.kube import kinds
from greffon.model import keys
from tests.reconcile.chain_specs import NAME
from tests.reconcile.fake.deployments import HASH
from tests.reconcile.fake.store import copy_of
from tests.reconcile.view import condition
from tests.reconcile.world import NAMESPACE, World

Json = dict[str, Any]
_NUMBER = "#"
_BY_SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
"""Given by the API server: they count its writes and its time."""


@dataclass(frozen=True)
class End:
    """What is there once nothing moves any more: the answer to the user, the Plugin, and every other object but Events
    by "Kind name"."""

    answer: str
    plugin: Json | None
    others: dict[str, Json]

    @property
    def number(self) -> str:
        """Number of the revision that the spec asks for; "" when there is none."""
        desired = ((self.plugin or {}).get("status") or {}).get("revisions", {}).get("desired", "")
        return str(desired).rpartition("-r")[2]


def look(world: World, answer: str) -> End:
    """The end of a change."""
    found = {f"{ref.kind} {ref.name}": obj for ref, obj in world.store.all(namespace=NAMESPACE)}
    others = {name: obj for name, obj in found.items() if obj["kind"] not in (kinds.EVENT.kind, kinds.PLUGIN.kind)}
    return End(answer, found.get(f"{kinds.PLUGIN.kind} {NAME}"), others)


def accepted(end: End) -> Json:
    """All that an accepted spec decides: every object, and the whole status."""
    plugin = end.plugin or {}
    past = _past(end)
    shown = {name: _bare(obj, end) for name, obj in end.others.items() if name not in past}
    pods = [obj for obj in shown.values() if obj["kind"] == kinds.POD.kind]
    revision = shown.pop(f"{kinds.PLUGIN_REVISION.kind} {keys.revision_name(NAME, int(end.number or 0))}", {})
    named = {name: obj for name, obj in shown.items() if obj["kind"] != kinds.POD.kind}
    return {"objects": named, "revision": _revision(revision, plugin), "pods": pods, "status": status(end)}


def _past(end: End) -> set[str]:
    """History: other revisions than the desired one, and files that only those mount. A fresh plug-in has none."""
    revisions = {name: obj for name, obj in end.others.items() if obj["kind"] == kinds.PLUGIN_REVISION.kind}
    old = {name: obj for name, obj in revisions.items() if str(obj["spec"]["revision"]) != end.number}
    now = {source for name, obj in revisions.items() if name not in old for source in obj["spec"].get("sources", ())}
    files = {source for obj in old.values() for source in obj["spec"].get("sources", ())}
    return set(old) | {f"{kinds.CONFIG_MAP.kind} {source}" for source in files - now}


def _bare(obj: Json, end: End) -> Json:
    """An object without what the server counts, and with `#` for the number of the desired revision."""
    made = copy_of(obj)
    meta = made["metadata"]
    for key in _BY_SERVER:
        meta.pop(key, None)
    if isinstance(made.get("status"), dict):
        made["status"].pop("observedGeneration", None)  # counts the writes of the child's spec
    if made["kind"] == kinds.POD.kind:
        del meta["name"], meta["labels"][HASH]  # counted by its controller; hash of a template with the number in it
        for owner in meta["ownerReferences"]:
            del owner["uid"]  # of a Deployment, which after a change of mode is another one
        made["status"] = [status["ready"] for status in made["status"]["containerStatuses"]]  # times of its process
    for template in _templates(made):
        _unnumber(template, end.number)
    return made


def _templates(obj: Json) -> Iterator[Json]:
    spec = obj.get("spec") or {}
    match obj["kind"]:
        case kinds.POD.kind:
            yield obj
        case kinds.DEPLOYMENT.kind:
            yield spec["template"]
        case kinds.CRON_JOB.kind:
            yield spec["jobTemplate"]["spec"]["template"]


def _unnumber(template: Json, number: str) -> None:
    """Of pods: the label and the variable that tell the revision, if they tell the desired one."""
    labels = template["metadata"]["labels"]
    if labels[keys.LABEL_REVISION] == number:
        labels[keys.LABEL_REVISION] = _NUMBER
    for variable in template["spec"]["containers"][0]["env"]:
        if (variable["name"], variable.get("value")) == ("GREFFON_REVISION", number):
            variable["value"] = _NUMBER


def _revision(revision: Json, plugin: Json) -> Json:
    """The desired revision without its number, its name, which has the number in it, and the one before it."""
    if not revision:
        return {}
    del revision["metadata"]["name"], revision["spec"]["revision"]
    revision["spec"].pop("parent", None)
    if condition(plugin, "Ready")["status"] != "True":
        del revision["status"]  # one that has served before is marked so until it serves again
    return revision


def too_many(end: End) -> list[str]:
    """History is masked, but it is bounded: by its limit, or by what is wanted and what one would go back to."""
    plugin = end.plugin or {}
    limit = (plugin["spec"].get("rollback") or {}).get("historyLimit", 10)
    kept = sum(obj["kind"] == kinds.PLUGIN_REVISION.kind for obj in end.others.values())
    return [f"{kept} revisions are kept, the limit is {limit}"] if kept > max(limit, 2) else []


def status(end: End) -> Json:
    """A status without times, history and what the history alone decides (`lastGood`); generations become the question
    whether they are up to date."""
    plugin = end.plugin or {}
    made = copy_of(plugin["status"])
    generation = plugin["metadata"]["generation"]
    made.pop("history", None)
    made.get("revisions", {}).pop("lastGood", None)
    made["observedGeneration"] = made.get("observedGeneration") == generation
    made["conditions"] = {entry["type"]: _condition(entry, generation, end) for entry in made["conditions"]}
    return made | {"revisions": {role: _role(name, end) for role, name in made.get("revisions", {}).items()}}


def _condition(entry: Json, generation: int, end: End) -> Json:
    message = re.sub(rf"\br{end.number}\b", f"r{_NUMBER}", entry["message"]) if end.number else entry["message"]
    current = entry["observedGeneration"] == generation
    return {"status": entry["status"], "reason": entry["reason"], "message": message, "current": current}


def _role(name: str, end: End) -> str:
    return _NUMBER if end.number and name == keys.revision_name(NAME, int(end.number)) else name


def verdict(end: End) -> Json:
    """What a refused spec decides of a status: all but what runs on (`Available`, `revisions`, ready replicas), which
    is of the spec before it."""
    made = status(end)
    made["conditions"].pop("Available", None)
    made.pop("revisions", None)
    made.get("replicas", {}).pop("ready", None)
    return made


def serving(end: End) -> Json:
    """Whether something serves, and which revisions are said to be wanted and to run."""
    plugin = end.plugin or {}
    revisions = {role: plugin["status"].get("revisions", {}).get(role) for role in ("desired", "active", "lastGood")}
    return revisions | {"available": condition(plugin, "Available").get("status")}
