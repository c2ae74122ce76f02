"""The part of Kubernetes object metadata that the operator reads.

Used by every kind of this package.
"""

from pydantic import Field

from greffon.model.base import Model, Time


class OwnerReference(Model):
    """Who owns an object; only the UID identifies, names are reused."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(Model):
    """Identity of an object and the few facts about it that decisions need."""

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def deleting(self) -> bool:
        """Whether deletion has been asked for."""
        return self.deletion_timestamp is not None


class Object(Model):
    """What all kinds have in common; the properties save callers a step."""

    metadata: Metadata

    @property
    def name(self) -> str:
        """Name within the namespace."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """Namespace, empty for cluster-scoped kinds."""
        return self.metadata.namespace

    @property
    def uid(self) -> str:
        """Identity that survives no recreation."""
        return self.metadata.uid

    @property
    def generation(self) -> int:
        """Counts changes of the spec."""
        return self.metadata.generation

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations, empty when there are none."""
        return self.metadata.annotations

    @property
    def labels(self) -> dict[str, str]:
        """Labels, empty when there are none."""
        return self.metadata.labels

    @property
    def deleting(self) -> bool:
        """Whether deletion has been asked for."""
        return self.metadata.deleting
