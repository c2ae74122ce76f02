"""What starts a plug-in, and what it tells others.

Part of `plugin.PluginSpec`.
"""

from pydantic import Field

from greffon.model.base import JsonObject, Model
from greffon.model.vocabulary import SelectorOperator


class EventTrigger(Model):
    """An event of the bus, by topic, if the filter holds."""

    topic: str
    filter: str | None = None


class LabelRequirement(Model):
    """One line of a selector's matchExpressions."""

    key: str
    operator: SelectorOperator
    values: tuple[str, ...] = ()


class LabelSelector(Model):
    """A label selector as everywhere in Kubernetes."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    match_expressions: tuple[LabelRequirement, ...] = ()


class WatchTrigger(Model):
    """A change of an object in the namespace."""

    api_version: str
    kind: str
    label_selector: LabelSelector | None = None


class HttpTrigger(Model):
    """A request to the gateway."""

    path: str


class Trigger(Model):
    """A named start: exactly one of cron, event, watch, http."""

    name: str
    cron: str | None = None
    time_zone: str | None = None
    event: EventTrigger | None = None
    watch: WatchTrigger | None = None
    http: HttpTrigger | None = None


class Publication(Model):
    """A topic that the plug-in may publish, and the shape of its data."""

    topic: str
    json_schema: JsonObject | None = Field(default=None, validation_alias="schema", serialization_alias="schema")


class Delivery(Model):
    """How hard the bus tries to hand an event over."""

    retries: int | None = None
    dead_letter: bool | None = None


class EventsSpec(Model):
    """The plug-in's part in the event bus."""

    publishes: tuple[Publication, ...] = ()
    delivery: Delivery | None = None
