"""Asks registries what tags stand for, and remembers. The I/O around `pinning`; called by `reconcile.plugin`.

An answer that a revision has recorded stays in force when the registry fails: what runs never depends on it. Without
one, a new spec waits and what ran before runs on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol

from greffon.kube.recorder import Recorder
from greffon.model.conditions import Reason
from greffon.model.plugin import Plugin
from greffon.reconcile import pinning
from greffon.reconcile.admit import Refusal
from greffon.reconcile.health import State
from greffon.reconcile.observe import Observation
from greffon.security.image_ref import ImageRef, parse
from greffon.security.registry_auth import Credentials
from greffon.security.registry_errors import ImageDenied, ImageNotFound, RegistryError, RegistryUnavailable

PATIENCE_SECONDS = 2.0
"""How long a worker waits for a registry; a slow one must not hold up other plug-ins."""
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 15.0, 300.0
MOST = 4096
"""Questions remembered, the newest ones."""


class Digests(Protocol):
    """A registry, as far as it is needed here; see `security.registry`."""

    async def digest(self, ref: ImageRef, credentials: Credentials | None = None) -> str:
        """What a tag stands for. Raises RegistryError."""

    async def close(self) -> None:
        """Give back what is held."""


Keyring = Callable[[Plugin, ImageRef], Awaitable[Credentials | None]]
"""Credentials for an image of a plug-in, None to ask without."""


@dataclass(slots=True)
class _Question:
    """One resolution under way or done. `failures`: how many have failed in a row before it."""

    about: tuple[pinning.Occasion, str]
    answer: asyncio.Task[str]
    failures: int = 0
    failed_at: float | None = None


class Resolver:
    """Gives each plug-in's image the digest that it keeps until the next occasion.

    Args:
        node_only: hosts in image names that are no registries: such images exist on nodes only, and keep their tag.
    """

    def __init__(self, registry: Digests, keyring: Keyring, recorder: Recorder, *, node_only: Collection[str]) -> None:
        self._registry, self._keyring, self._recorder = registry, keyring, recorder
        self._node_only = frozenset(node_only)
        self._questions: dict[str, _Question] = {}

    async def pin(self, o: Observation) -> Observation | Refusal:
        """The same observation, its spec with the image by digest. Never raises."""
        plugin = o.plugin
        image = plugin.spec.source.image
        if image is None:
            return o
        try:
            ref = parse(image.ref)
        except ValueError as error:
            return Refusal(Reason.INVALID_SPEC, f"spec.source.image.ref: {error}")
        if ref.digest or ref.host in self._node_only:
            return o
        known = pinning.recorded(o)
        if known and not pinning.is_due(plugin):
            return _pinned(o, ref.pinned(known))
        return await self._ask(o, ref, known)

    async def _ask(self, o: Observation, ref: ImageRef, known: str) -> Observation | Refusal:
        question = self._question(o.plugin, ref)
        await asyncio.wait({question.answer}, timeout=PATIENCE_SECONDS)
        if not question.answer.done():
            text = f"asking the registry {ref.host} what the tag of spec.source.image.ref stands for"
            return Refusal(Reason.PROGRESSING, text, State.WORKING, PATIENCE_SECONDS)
        error = question.answer.exception()
        if error is None:
            return _pinned(o, ref.pinned(question.answer.result()))
        if not isinstance(error, RegistryError):
            del self._questions[o.plugin.uid]  # a defect: the next try is a new question
            raise error
        if known:
            text = f"{error}; the plug-in keeps what the tag stood for before: {known}"
            self._recorder.record(o.plugin, "Warning", str(_reason(error)), text)
            return _pinned(o, ref.pinned(known))
        return self._unresolved(question, error)

    def _question(self, plugin: Plugin, ref: ImageRef) -> _Question:
        """The one that is under way or answered, or a new one."""
        about = (pinning.occasion(plugin), str(ref))
        found = self._questions.get(plugin.uid)
        if found and found.about == about and not self._is_worth_another_try(found):
            return found
        failures = found.failures + 1 if found and found.about == about else 0
        if found:
            found.answer.cancel()
        while len(self._questions) >= MOST:
            del self._questions[next(iter(self._questions))]
        made = _Question(about, asyncio.create_task(self._digest(plugin, ref)), failures)
        made.answer.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen: no warning of asyncio
        self._questions[plugin.uid] = made
        return made

    async def _digest(self, plugin: Plugin, ref: ImageRef) -> str:
        return await self._registry.digest(ref, await self._keyring(plugin, ref))

    def _is_worth_another_try(self, question: _Question) -> bool:
        if not question.answer.done() or question.answer.exception() is None:
            return False
        return question.failed_at is not None and _now() >= question.failed_at + _pause(question)

    def _unresolved(self, question: _Question, error: RegistryError) -> Refusal:
        if question.failed_at is None:
            question.failed_at = _now()
        left = max(question.failed_at + _pause(question) - _now(), 0.1)
        state = State.WORKING if isinstance(error, RegistryUnavailable) else State.FAILING
        return Refusal(_reason(error), str(error), state, left)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _pinned(o: Observation, ref: str) -> Observation:
    return replace(o, plugin=pinning.pinned(o.plugin, ref), written=pinning.written(o.plugin))


def _pause(question: _Question) -> float:
    error = question.answer.exception()
    asked = error.retry_after if isinstance(error, RegistryUnavailable) else None
    return asked or min(FIRST_RETRY_SECONDS * 2.0**question.failures, LAST_RETRY_SECONDS)


def _reason(error: RegistryError) -> Reason:
    if isinstance(error, ImageNotFound):
        return Reason.IMAGE_NOT_FOUND
    return Reason.IMAGE_DENIED if isinstance(error, ImageDenied) else Reason.REGISTRY_UNAVAILABLE
