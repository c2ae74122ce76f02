"""What a wrong manifest is: a right one, one change, and what the API server must say about it."""

from dataclasses import dataclass
from typing import Any

from tests.contract.manifests import Manifest, changed


@dataclass(frozen=True)
class Wrong:
    """One way to get a manifest wrong."""

    situation: str
    base: Manifest
    changes: dict[str, Any]
    field: str
    """Where the complaint must point to."""
    says: str
    """Part of what it must say."""

    @property
    def manifest(self) -> Manifest:
        """The wrong manifest."""
        return changed(self.base, self.changes)
