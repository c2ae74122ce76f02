"""What the watches have told so far, as small digests, never as bodies.

Filled by `engine.intake` and by the answers to our own writes; read by `reconcile.observe`. The digest type is the
caller's: this machine knows nothing of plug-ins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from greffon.engine.queue import Key


class Entry(Protocol):
    """What the cache needs to know about a digest."""

    @property
    def key(self) -> Key: ...
    @property
    def uid(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def owner(self) -> Key | None:
        """The object to reconcile when this one changes; None for an object that stands for itself."""


E = TypeVar("E", bound=Entry)


class Cache(Generic[E]):
    """Digests by key, and by the key of their owner.

    An older version never replaces a newer one: the answer to our own write may arrive before its watch event.
    """

    def __init__(self) -> None:
        self._entries: dict[Key, E] = {}
        self._owned: dict[Key, dict[Key, None]] = {}
        self._gone: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> E | None:
        """The digest, or None when no such object is known."""
        return self._entries.get(key)

    def owned(self, owner: Key) -> tuple[E, ...]:
        """Digests of the objects that belong to `owner`, in the order in which they became known."""
        return tuple(self._entries[key] for key in self._owned.get(owner, ()))

    def of_kind(self, kind: str) -> Iterator[E]:
        """Every digest of a kind."""
        return (entry for key, entry in self._entries.items() if key.kind == kind)

    def put(self, entry: E) -> bool:
        """Remember a digest; False when it tells nothing new (older or equal version of the same object)."""
        known = self._entries.get(entry.key)
        if known and known.version >= entry.version:
            return False  # versions of one kind are ordered, across namesakes too
        if self._gone.get(entry.uid, -1) >= entry.version:
            return False  # the deletion was seen before this older echo
        self._unlink(entry.key)
        self._entries[entry.key] = entry
        if entry.owner:
            self._owned.setdefault(entry.owner, {})[entry.key] = None
        return True

    def drop(self, key: Key, *, uid: str | None = None, version: int = 0) -> E | None:
        """Forget an object that is gone; gives its last digest. A namesake with another uid stays."""
        known = self._entries.get(key)
        if uid and version:
            self._remember_gone(uid, version)
        if known is None or (uid is not None and known.uid != uid):
            return None
        self._unlink(key)
        return known

    def _unlink(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry and entry.owner and (siblings := self._owned.get(entry.owner)):
            siblings.pop(key, None)
            if not siblings:
                del self._owned[entry.owner]

    def _remember_gone(self, uid: str, version: int) -> None:
        self._gone[uid] = version
        while len(self._gone) > 4096:  # echoes come within seconds; older memories are useless
            self._gone.pop(next(iter(self._gone)))
