"""The parts of a running operator and their order of start and stop. Built by `__main__`; the tests build it upon an
in-memory API server, with their own event source in place of kopf.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from functools import partial
from typing import Any

from greffon.cluster import ApiServers, Ceiling, ServerVersion, follow
from greffon.engine import source, workers
from greffon.engine.cache import Cache
from greffon.engine.health import Health
from greffon.engine.queue import Key, Priority, Queue
from greffon.engine.sweep import Sweep
from greffon.engine.watch import Sink, Watch
from greffon.kube import kinds
from greffon.kube.api import Api, Transport
from greffon.kube.kinds import Resource
from greffon.kube.recorder import Recorder
from greffon.model import keys
from greffon.observe import http
from greffon.observe.metrics import Metrics
from greffon.reconcile.apply import Applier
from greffon.reconcile.archive import Archive
from greffon.reconcile.bundle import Bundler
from greffon.reconcile.intake import Intake
from greffon.reconcile.keeper import Keeper
from greffon.reconcile.keyring import Keyring
from greffon.reconcile.neighbours import Neighbours
from greffon.reconcile.plugin import PluginReconciler
from greffon.reconcile.report import Reporter
from greffon.reconcile.resolver import Digests, Resolver
from greffon.reconcile.run import RunReconciler
from greffon.reconcile.seen import Seen
from greffon.resources.context import Context
from greffon.security.registry import Registry
from greffon.security.registry_door import Access
from greffon.settings import Settings

_log = logging.getLogger(__name__)
CEILING_SECONDS = 20.0
"""How soon a wider or narrower ceiling is noticed."""
USER_KINDS = (kinds.PLUGIN, kinds.PLUGIN_RUN)
OWNED = f"{keys.LABEL_MANAGED_BY}={keys.MANAGED_BY}"
Source = Callable[[Collection[Resource], Sink, asyncio.Event], Awaitable[None]]
"""Runs until the event is set, handing events of these kinds to the sink."""


class Operator:
    """Everything of one operator process.

    Args:
        configuration: of the `kubernetes` package, handed on to kopf; unused when `events` is given.
        events: another source of the users' kinds than kopf.
        registry: where tags are resolved; None asks the registries themselves.
        now: wall clock.
    """

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        configuration: Any = None,
        *,
        instance: str,
        events: Source | None = None,
        registry: Digests | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings, self._configuration = settings, configuration
        self._events = events or self._kopf
        self.metrics = m = Metrics()
        self.api = Api(transport, observe=m.request)
        self.cache: Cache[Seen] = Cache()
        self.queue = Queue(on_add=m.added, on_retry=m.retried, on_get=m.waited)
        neighbours = Neighbours(self.cache)
        self.intake = Intake(self.cache, self.queue, neighbours)
        self.health = Health(_limits(settings))
        self.recorder = Recorder(self.api, instance=instance)
        self.servers = ApiServers(self.api)
        self.version = ServerVersion(self.api)
        self.ceiling = Ceiling(self.api, settings.ceiling_role)
        applier = Applier(self.api, self.intake, wrote=m.wrote)
        reporter = Reporter(self.api, self.intake, self.recorder, grace=settings.status_grace_seconds, fleet=m.fleet)
        archive = Archive(self.api)
        keeper = Keeper(applier, reporter, archive, Bundler(self.api, archive))
        self.registry = registry or Registry(_access(settings))
        resolver = Resolver(self.registry, Keyring(self.api), self.recorder, node_only=settings.registries.node_only)
        self._reconcilers: dict[str, workers.Reconciler] = {
            "Plugin": PluginReconciler(
                self.cache, applier, reporter, resolver, keeper, neighbours, self.context, now
            ).reconcile,
            "PluginRun": RunReconciler(self.api, self.cache, applier, reporter, archive, self.context, now).reconcile,
        }
        self.sweep = Sweep(
            self.api,
            self.cache,
            USER_KINDS,
            self.intake.sink,
            namespaces=settings.namespaces,
            every=settings.sweep_seconds,
            progress=self.health.progress,
            repaired=lambda kind: m.sweep_repairs.labels(kind).inc(),
        )
        self.watches = [
            Watch(
                self.api,
                kind,
                self.intake.sink,
                namespace=ns,
                selector=OWNED,
                known=partial(self._cached, kind, ns),
                progress=self.health.progress,
                relist_after=settings.resync_seconds,
            )
            for kind in kinds.WATCHED
            for ns in settings.namespaces or (None,)
        ]

    def context(self) -> Context:
        """Facts for the builders, as known now."""
        s = self.settings
        return Context(
            s.runner_images,
            s.dns_namespace,
            s.dns_labels,
            self.servers.known,
            self.ceiling.known,
            self.version.known,
            s.authors_recorded,
        )

    def keys(self) -> list[Key]:
        """Every key of the users' kinds."""
        return [entry.key for kind in USER_KINDS for entry in self.cache.of_kind(kind.kind)]

    def _cached(self, kind: Resource, namespace: str | None) -> list[Seen]:
        return [e for e in self.cache.of_kind(kind.kind) if namespace in (None, e.key.namespace)]

    def _all_again(self) -> None:
        for key in self.keys():
            self.queue.add(key, Priority.RESYNC)

    async def run(self, stop: asyncio.Event) -> None:
        """Start everything, wait for `stop`, end in order. Raises what ended a part for good."""
        self.metrics.watch_queue(self.queue, self.settings.workers)
        self.metrics.watch_health(self.health)
        server = await http.serve(self.health, self.metrics.registry, self.settings.http_port)
        try:
            async with asyncio.TaskGroup() as group:
                background = [group.create_task(part) for part in self._background()]
                await self._fill()
                crew = [group.create_task(part) for part in self._crew()]
                await self._events(USER_KINDS, self.intake.sink, stop)
                await self._finish()
                for task in (*crew, *background):
                    task.cancel()
        finally:
            self.queue.close()
            await self.registry.close()
            await server.cleanup()

    def _background(self) -> list[Any]:
        return [self.health.beat(), self.recorder.run(), *(watch.run() for watch in self.watches)]

    def _crew(self) -> list[Any]:
        s = self.settings
        work = [workers.work(self.queue, self._reconcilers, self.metrics.reconcile) for _ in range(s.workers)]
        return [
            *work,
            self.sweep.run(),
            workers.resync(self.queue, self.keys, s.resync_seconds),
            follow(self.version, s.sweep_seconds, self._all_again),
            follow(self.servers, s.sweep_seconds, self._all_again),
            follow(self.ceiling, min(s.sweep_seconds, CEILING_SECONDS), self._all_again),
        ]

    async def _fill(self) -> None:
        """The barrier: no worker decides anything before it could see everything."""
        await self.servers.refresh()
        await self.ceiling.refresh()
        await self.version.refresh()
        await self.sweep.first()
        for kind in USER_KINDS:  # kopf asks once which kinds there are, and never watches one it was not told of
            while not await self.api.serves(kind):
                _log.info("discovery does not name %s yet", kind.plural)
                await asyncio.sleep(0.5)
        await asyncio.gather(*(watch.synced.wait() for watch in self.watches))
        self.health.synced()
        _log.info("caches are filled: %d objects", len(self.cache))

    async def _finish(self, seconds: float = 10.0) -> None:
        """Let the workers end what they hold; what waits will be found again by the next process."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.queue.quiesce()

    async def _kopf(self, resources: Collection[Resource], sink: Sink, stop: asyncio.Event) -> None:
        made = source.registry(resources, sink, lambda: source.connection_info(self._configuration))
        self.health.require(partial(source.missing_watchers, resources))
        await source.run(made, namespaces=self.settings.namespaces, stop=stop, ready=asyncio.Event())


def _access(settings: Settings) -> Access:
    hosts = settings.registries
    return Access(plain_http=hosts.plain_http, private=hosts.private, realms=hosts.realms)


def _limits(settings: Settings) -> dict[str, float]:
    """Seconds without a sign of life after which a kind's watch counts as dead."""
    swept = {kind.kind: settings.sweep_seconds * 3.6 for kind in USER_KINDS}
    return swept | {kind.kind: 400.0 for kind in kinds.WATCHED}
