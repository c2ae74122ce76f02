"""Metrics under controller-runtime's names, so that stock dashboards and alerts work, plus a few `greffon_*`.

Fed by queue, workers, API door and reporters; served by `observe.http`. No label ever carries a user's text.
"""

from __future__ import annotations

from collections import Counter as Tally
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from greffon.engine.health import Health
from greffon.engine.queue import Key, Queue

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_QUEUE = "greffon"


class Metrics:
    """Every series of the operator, in a registry of its own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # the library leaves it untyped
        r = self.registry = CollectorRegistry()
        ProcessCollector(registry=r)
        PlatformCollector(registry=r)
        GCCollector(registry=r)
        self.reconciles = Counter(
            "controller_runtime_reconcile", "Reconciles by result.", ["controller", "result"], registry=r
        )
        self.reconcile_errors = Counter(
            "controller_runtime_reconcile_errors", "Reconciles that failed.", ["controller"], registry=r
        )
        self.reconcile_seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Time per reconcile.",
            ["controller"],
            buckets=_SECONDS,
            registry=r,
        )
        self.workers = Gauge("controller_runtime_max_concurrent_reconciles", "Workers.", ["controller"], registry=r)
        self.active = Gauge("controller_runtime_active_workers", "Busy workers.", ["controller"], registry=r)
        self.depth = Gauge("workqueue_depth", "Keys that wait.", ["name"], registry=r)
        self.adds = Counter("workqueue_adds", "Keys added.", ["name"], registry=r)
        self.retries = Counter("workqueue_retries", "Keys added after a failure.", ["name"], registry=r)
        self.queue_seconds = Histogram(
            "workqueue_queue_duration_seconds", "Time a key waited.", ["name"], buckets=_SECONDS, registry=r
        )
        self.requests = Counter(
            "rest_client_requests", "Requests to the API server.", ["code", "method", "resource"], registry=r
        )
        self.request_seconds = Histogram(
            "rest_client_request_duration_seconds",
            "Time per request.",
            ["verb", "resource"],
            buckets=_SECONDS,
            registry=r,
        )
        self.plugins = Gauge("greffon_plugins", "Plug-ins.", ["type", "ready", "reason"], registry=r)
        self.writes = Counter("greffon_child_writes", "Writes of children.", ["kind", "verb"], registry=r)
        self.sweep_repairs = Counter(
            "greffon_sweep_repairs", "Objects whose event a watch had missed.", ["kind"], registry=r
        )
        self.watch_age = Gauge(
            "greffon_watch_age_seconds", "Time since the last sign of life of a watch.", ["kind"], registry=r
        )
        self._fleet: dict[Key, tuple[str, str, str]] = {}
        self._tally: Tally[tuple[str, str, str]] = Tally()

    def watch_queue(self, queue: Queue, workers: int) -> None:
        """Read depth and busy workers whenever the metrics are asked for."""
        self.depth.labels(_QUEUE).set_function(lambda: len(queue))
        self.active.labels(_QUEUE).set_function(lambda: queue.processing)
        self.workers.labels(_QUEUE).set(workers)

    def watch_health(self, health: Health) -> None:
        """Show the ages of the watches."""
        for kind, _ in health.ages():
            self.watch_age.labels(kind).set_function(partial(health.age, kind))

    def request(self, method: str, plural: str, status: int, seconds: float) -> None:
        """Note one try of a request; status 0 means that no answer came."""
        self.requests.labels(str(status or "<error>"), method, plural).inc()
        self.request_seconds.labels(method, plural).observe(seconds)

    def reconcile(self, kind: str, result: str, seconds: float) -> None:
        """Note one reconcile."""
        controller = kind.lower()
        self.reconciles.labels(controller, result).inc()
        self.reconcile_seconds.labels(controller).observe(seconds)
        if result == "error":
            self.reconcile_errors.labels(controller).inc()

    def added(self) -> None:
        """Note a key that was added."""
        self.adds.labels(_QUEUE).inc()

    def retried(self) -> None:
        """Note a key that failed."""
        self.retries.labels(_QUEUE).inc()

    def waited(self, seconds: float) -> None:
        """Note how long a key waited."""
        self.queue_seconds.labels(_QUEUE).observe(seconds)

    def wrote(self, kind: str, verb: str) -> None:
        """Note a write of a child."""
        self.writes.labels(kind, verb).inc()

    def fleet(self, key: Key, now: tuple[str, str, str] | None) -> None:
        """Count a Plugin under (type, ready, reason); None takes it out."""
        before = self._fleet.pop(key, None)
        if before:
            self._count(before, -1)
        if now:
            self._fleet[key] = now
            self._count(now, 1)

    def _count(self, place: tuple[str, str, str], change: int) -> None:
        self._tally[place] += change
        self.plugins.labels(*place).set(self._tally[place])
