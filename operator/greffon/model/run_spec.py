"""How a plug-in runs: mode, process, ports, probes, limits, environment, mounted Secrets.

Part of `plugin.PluginSpec`; absent for type Webhook.
"""

from pydantic import Field

from greffon.model.base import Model
from greffon.model.quantity import QuantityText
from greffon.model.vocabulary import Concurrency, Protocol, RunMode


class Port(Model):
    """A port that the process listens on."""

    name: str
    port: int
    protocol: Protocol | None = None


class HttpCheck(Model):
    """A GET that must answer 200 to 399."""

    path: str
    port: int


class TcpCheck(Model):
    """A connection that must be accepted."""

    port: int


class Probe(Model):
    """Exactly one of http and tcp, and how often to ask."""

    http: HttpCheck | None = None
    tcp: TcpCheck | None = None
    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None
    failure_threshold: int | None = None


class Probes(Model):
    """When the process may be given work, and when it must be restarted."""

    ready: Probe | None = None
    live: Probe | None = None


class ResourceList(Model):
    """Amounts of each resource, as written; `quantity` gives their values."""

    cpu: QuantityText | None = None
    memory: QuantityText | None = None
    ephemeral_storage: QuantityText | None = Field(
        default=None, validation_alias="ephemeral-storage", serialization_alias="ephemeral-storage"
    )


class Resources(Model):
    """What the plug-in is promised and what it may use."""

    requests: ResourceList | None = None
    limits: ResourceList | None = None


class EnvVar(Model):
    """A literal value; Secrets never come by environment."""

    name: str
    value: str


class SecretMount(Model):
    """A Secret of the namespace as read-only files."""

    name: str
    mount_path: str | None = None


class RunSpec(Model):
    """The process and its surroundings."""

    mode: RunMode
    entrypoint: tuple[str, ...] | None = None
    # Service only
    replicas: int | None = None
    ports: tuple[Port, ...] = ()
    probes: Probes | None = None
    # Job only
    timeout_seconds: int | None = None
    concurrency: Concurrency | None = None
    retries: int | None = None
    # both
    resources: Resources | None = None
    env: tuple[EnvVar, ...] = ()
    secrets: tuple[SecretMount, ...] = ()
