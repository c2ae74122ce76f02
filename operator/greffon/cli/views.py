"""What the verbs read of objects, as frozen values. Pure; made from raw dictionaries by the stories.

Forgiving, and without the models of the operator: a line must be printed of an object that a newer or older operator
wrote, and reading one must not cost the import of a validator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plug-in: its body, and the parts that decisions look at."""

    body: Json

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.body["metadata"].get("namespace", ""))

    @property
    def generation(self) -> int:
        return int(self.body["metadata"].get("generation") or 0)

    @property
    def annotations(self) -> Mapping[str, str]:
        return dict(_part(self.body["metadata"], "annotations"))

    @property
    def labels(self) -> Mapping[str, str]:
        return dict(_part(self.body["metadata"], "labels"))

    @property
    def spec(self) -> Json:
        return _part(self.body, "spec")

    @property
    def status(self) -> Json:
        return _part(self.body, "status")

    @property
    def mode(self) -> str:
        """Service, Job, or "" for what has no pods."""
        return str(_part(self.spec, "run").get("mode", ""))

    @property
    def handled(self) -> Mapping[str, str]:
        return dict(_part(self.status, "handled"))

    @property
    def conditions(self) -> list[Json]:
        return _list(self.status, "conditions")

    @property
    def history(self) -> list[Json]:
        return _list(self.status, "history")

    @property
    def quarantined(self) -> list[Json]:
        return _list(self.status, "quarantined")

    def condition(self, kind: str) -> Json:
        """The condition of that type; an empty one when it is absent."""
        return next((found for found in self.conditions if found.get("type") == kind), {})

    def revision(self, role: str) -> str:
        """Name of the revision that is desired, active, lastGood or pinned; "" when there is none."""
        return str(_part(self.status, "revisions").get(role) or "")

    @property
    def is_current(self) -> bool:
        """Whether the status speaks about the spec as it is now."""
        return int(self.status.get("observedGeneration") or 0) >= self.generation


@dataclass(frozen=True, slots=True)
class Revision:
    """A PluginRevision."""

    body: Json

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def number(self) -> int:
        return int(self.spec.get("revision") or 0)

    @property
    def spec(self) -> Json:
        return _part(self.body, "spec")

    @property
    def version(self) -> str:
        return str(self.spec.get("version", ""))

    @property
    def state(self) -> str:
        return str(_part(self.body, "status").get("state", ""))

    @property
    def status(self) -> Json:
        return _part(self.body, "status")

    @property
    def last_words(self) -> str:
        """Of a revision that failed: the end of what it said, as the operator recorded it."""
        return str(self.status.get("lastWords") or "")

    @property
    def changes(self) -> list[str]:
        """Of a revision that failed: paths of the spec in which it differs from the one before."""
        found = self.status.get("changes")
        return [str(path) for path in found] if isinstance(found, list) else []

    @property
    def made(self) -> str:
        return str(self.body["metadata"].get("creationTimestamp") or "")

    @property
    def image(self) -> str:
        """The image as written, with the beginning of its digest."""
        image = _part(self.spec, "image")
        ref, digest = str(image.get("ref") or ""), str(image.get("digest") or "")
        return f"{ref} ({short(digest)})" if digest and digest not in ref else ref


def revisions_of(plugin: str, bodies: list[Json]) -> list[Revision]:
    """The plug-in's own revisions, the newest first."""
    found = [Revision(body) for body in bodies if _part(_part(body, "spec"), "pluginRef").get("name") == plugin]
    return sorted(found, key=lambda revision: -revision.number)


def runs_of(plugin: str, bodies: list[Json]) -> list[Json]:
    """The plug-in's own runs, the latest first."""
    found = [body for body in bodies if _part(_part(body, "spec"), "pluginRef").get("name") == plugin]
    return sorted(found, key=_age_and_name, reverse=True)


def short(digest: str) -> str:
    """A digest short enough to be compared by eye."""
    kind, colon, value = digest.partition(":")
    return f"{kind}{colon}{value[:12]}" if colon else digest[:12]


def _age_and_name(body: Json) -> tuple[str, str]:
    return str(body["metadata"].get("creationTimestamp") or ""), str(body["metadata"]["name"])


def _part(body: Mapping[str, Any], key: str) -> Json:
    found = body.get(key)
    return found if isinstance(found, dict) else {}


def _list(body: Mapping[str, Any], key: str) -> list[Json]:
    found = body.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
