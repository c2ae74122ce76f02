"""Which bytes an image's tag stands for: pure decisions around the registry's answer. Called by `reconcile.resolver`.

A tag is resolved once for each generation of the spec and for each restart that is asked for. The answer stands in the
PluginRevision, so that neither the kubelet nor a new process of ours ever asks what a running plug-in is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

from greffon.model import keys
from greffon.model.plugin import Plugin
from greffon.reconcile.observe import Observation
from greffon.reconcile.requests import LONGEST_TOKEN
from greffon.resources.revisions import digest, snapshot


@dataclass(frozen=True, slots=True)
class Occasion:
    """What makes one resolution: another generation of the spec, or another token of a restart."""

    generation: int
    restart: str


def occasion(plugin: Plugin) -> Occasion:
    """The present one."""
    return Occasion(plugin.generation, plugin.annotations.get(keys.ANNOTATION_RESTART, "")[:LONGEST_TOKEN])


def is_due(plugin: Plugin) -> bool:
    """Something was asked for that the status does not show yet."""
    now, handled = occasion(plugin), plugin.status.handled or {}
    restart = bool(now.restart) and handled.get("restart") != now.restart
    return restart or plugin.status.observed_generation != now.generation


def written(plugin: Plugin) -> str:
    """Hash of the content as its author wrote it, tag and all."""
    return digest(snapshot(plugin.spec))


def recorded(o: Observation) -> str:
    """The digest that the newest revision of the same writing has; "" when there is none."""
    now = written(o.plugin)
    return next((fact.digest for fact in reversed(o.revisions) if fact.written == now), "")


def pinned(plugin: Plugin, ref: str) -> Plugin:
    """The plug-in with its image's name replaced by one that has a digest."""
    source = plugin.spec.source
    if source.image is None:
        raise AssertionError("only an image has a tag")
    image = source.image.model_copy(update={"ref": ref})
    spec = plugin.spec.model_copy(update={"source": source.model_copy(update={"image": image})})
    return plugin.model_copy(update={"spec": spec})
