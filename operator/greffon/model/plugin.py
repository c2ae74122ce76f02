"""Plugin: what should run, as its author writes it, and what became of it.

Parsed by `reconcile.observe`; `resources` renders it. Fields that the YAML leaves out stay None here: the
defaults are applied in one place, `resources.effective`, and shown in `status.effective`.
"""

from pydantic import Field

from greffon.model.base import Forgiving, JsonObject, Model
from greffon.model.events import EventsSpec, Trigger
from greffon.model.meta import Object
from greffon.model.permissions import Permissions
from greffon.model.plugin_status import PluginStatus
from greffon.model.run_spec import RunSpec
from greffon.model.source import Source
from greffon.model.vocabulary import Criticality, PluginType, RolloutStrategy


class About(Model):
    """Who made the plug-in and what it is for; shown, never acted on."""

    description: str | None = None
    author: str | None = None
    contact: str | None = None
    categories: tuple[str, ...] = ()
    homepage: str | None = None


class Hooks(Model):
    """Argument lists that run as short Jobs around an activation."""

    pre_activate: tuple[str, ...] | None = None
    post_activate: tuple[str, ...] | None = None
    pre_deactivate: tuple[str, ...] | None = None


class Config(Model):
    """Settings that the plug-in reads as JSON, and the schema they obey."""

    values: JsonObject | None = None
    # `schema` is a method of pydantic's base class.
    json_schema: JsonObject | None = Field(default=None, validation_alias="schema", serialization_alias="schema")


class Sandbox(Model):
    """How strictly the pod is confined."""

    profile: str | None = None
    runtime_class_name: str | None = None
    seccomp: str | None = None


class Dependency(Model):
    """Another plug-in of the namespace that must be ready first."""

    plugin: str
    version: str | None = None


class Compatibility(Model):
    """Version ranges of the platform that the plug-in supports."""

    kubernetes: str | None = None
    greffon: str | None = None


class Rollout(Model):
    """How a new revision takes over."""

    strategy: RolloutStrategy | None = None
    progress_deadline_seconds: int | None = None
    soak_seconds: int | None = None


class Rollback(Model):
    """When to go back by itself, and how far one can go back."""

    auto: bool | None = None
    watch_seconds: int | None = None
    max_crashes: int | None = None
    history_limit: int | None = None


class PluginSpec(Model):
    """What the author of a plug-in declares."""

    type: PluginType
    version: str
    about: About | None = None
    criticality: Criticality | None = None
    suspend: bool | None = None
    source: Source
    run: RunSpec | None = None
    hooks: Hooks | None = None
    config: Config | None = None
    triggers: tuple[Trigger, ...] = ()
    events: EventsSpec | None = None
    permissions: Permissions | None = None
    sandbox: Sandbox | None = None
    depends_on: tuple[Dependency, ...] = ()
    compatibility: Compatibility | None = None
    rollout: Rollout | None = None
    rollback: Rollback | None = None


class Plugin(Object):
    """One extension of the platform."""

    spec: PluginSpec
    status: Forgiving[PluginStatus] = PluginStatus()
