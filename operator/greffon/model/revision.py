"""PluginRevision: an immutable snapshot of one activated version of a plug-in.

Written by the operator at each activation; read to go back, to compare and to show history.
"""

from greffon.model.base import Forgiving, JsonObject, Model, Time
from greffon.model.meta import Object
from greffon.model.vocabulary import RevisionState


class RevisionPluginRef(Model):
    """The plug-in this revision belongs to, by identity."""

    name: str
    uid: str


class RevisionImage(Model):
    """The image as written and the bytes it stood for."""

    ref: str
    digest: str | None = None


class PluginRevisionSpec(Model):
    """What was activated. Never changes."""

    plugin_ref: RevisionPluginRef
    revision: int
    version: str
    content_hash: str
    written_hash: str | None = None
    permissions_hash: str | None = None
    config_hash: str | None = None
    sources: tuple[str, ...] = ()
    image: RevisionImage | None = None
    parent: str | None = None
    plugin: JsonObject


class PluginRevisionStatus(Model):
    """Where the revision stands now."""

    state: RevisionState = RevisionState.ACTIVE
    cause: str | None = None
    message: str | None = None
    time: Time | None = None
    crashes: int | None = None
    last_words: str | None = None
    changes: tuple[str, ...] = ()


class PluginRevision(Object):
    """One numbered activation."""

    spec: PluginRevisionSpec
    status: Forgiving[PluginRevisionStatus] = PluginRevisionStatus()
