"""Metrics: the fleet counted right, label sets fixed, and never a user's text in a label."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.engine.health import Health
from greffon.engine.queue import Key, Queue
from greffon.observe.metrics import Metrics

Place = tuple[str, str, str]
GOOD, BAD = ("Python", "True", "Available"), ("Python", "False", "CrashLoop")
PLACES = st.sampled_from([GOOD, BAD, ("Bash", "True", "Idle"), None])
KEYS = st.sampled_from([Key("Plugin", ns, name) for ns in "ab" for name in "xy"])


def value(metrics: Metrics, series: str, /, **labels: str) -> float | None:
    """A sample, None when there is none."""
    return metrics.registry.get_sample_value(series, labels)


def fleet(metrics: Metrics) -> dict[Place, float]:
    """Plug-ins by type, readiness and reason, zeros left out."""
    samples = [s for family in metrics.registry.collect() if family.name == "greffon_plugins" for s in family.samples]
    return {(s.labels["type"], s.labels["ready"], s.labels["reason"]): s.value for s in samples if s.value}


X, Y = Key("Plugin", "a", "x"), Key("Plugin", "a", "y")
FLEETS: dict[str, tuple[list[tuple[Key, Place | None]], dict[Place, float]]] = {
    "none": ([], {}),
    "one": ([(X, GOOD)], {GOOD: 1}),
    "told twice": ([(X, GOOD), (X, GOOD)], {GOOD: 1}),
    "it changes its place": ([(X, GOOD), (X, BAD)], {BAD: 1}),
    "two in one place": ([(X, GOOD), (Y, GOOD)], {GOOD: 2}),
    "one goes": ([(X, GOOD), (Y, GOOD), (X, None)], {GOOD: 1}),
    "one goes that was never there": ([(X, None)], {}),
    "it comes back": ([(X, GOOD), (X, None), (X, GOOD)], {GOOD: 1}),
}


@pytest.mark.parametrize(("told", "expected"), FLEETS.values(), ids=FLEETS)
def test_the_fleet(told: list[tuple[Key, Place | None]], expected: dict[Place, float]) -> None:
    metrics = Metrics()
    for key, place in told:
        metrics.fleet(key, place)
    assert fleet(metrics) == expected


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(KEYS, PLACES), max_size=30))
def test_the_fleet_is_what_was_told_last_of_each(told: list[tuple[Key, Place | None]]) -> None:
    metrics = Metrics()
    last: dict[Key, Place | None] = {}
    for key, place in told:
        metrics.fleet(key, place)
        last[key] = place
    places = [place for place in last.values() if place]
    assert fleet(metrics) == {place: places.count(place) for place in places}


EXPECTED_LABELS = {
    "controller_runtime_reconcile": {"controller", "result"},
    "controller_runtime_reconcile_errors": {"controller"},
    "controller_runtime_reconcile_time_seconds": {"controller"},
    "controller_runtime_max_concurrent_reconciles": {"controller"},
    "controller_runtime_active_workers": {"controller"},
    "workqueue_depth": {"name"},
    "workqueue_adds": {"name"},
    "workqueue_retries": {"name"},
    "workqueue_queue_duration_seconds": {"name"},
    "rest_client_requests": {"code", "method", "resource"},
    "rest_client_request_duration_seconds": {"verb", "resource"},
    "greffon_plugins": {"type", "ready", "reason"},
    "greffon_child_writes": {"kind", "verb"},
    "greffon_sweep_repairs": {"kind"},
    "greffon_watch_age_seconds": {"kind"},
}


def test_label_sets_are_fixed_and_hold_no_name_of_a_user() -> None:
    metrics = Metrics()
    use_everything(metrics)
    found = {
        family.name: {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in metrics.registry.collect()
        if not family.name.startswith(("process_", "python_"))
    }
    assert found == EXPECTED_LABELS
    assert not {"namespace", "name_of_plugin", "plugin"} & set().union(*found.values())


def use_everything(metrics: Metrics) -> None:
    """One sample of every series."""
    health = Health({"Pod": 10.0})
    metrics.watch_queue(Queue(), 16)
    metrics.watch_health(health)
    metrics.fleet(X, GOOD)
    metrics.request("GET", "pods", 200, 0.1)
    metrics.reconcile("Plugin", "error", 0.1)
    metrics.added()
    metrics.retried()
    metrics.waited(0.1)
    metrics.wrote("Role", "create")
    metrics.sweep_repairs.labels("Plugin").inc()


COUNTERS: dict[str, tuple[Callable[[Metrics], None], str, dict[str, str]]] = {
    "a reconcile": (
        lambda m: m.reconcile("Plugin", "success", 0.1),
        "controller_runtime_reconcile_total",
        {"controller": "plugin", "result": "success"},
    ),
    "a failed reconcile": (
        lambda m: m.reconcile("PluginRun", "error", 0.1),
        "controller_runtime_reconcile_errors_total",
        {"controller": "pluginrun"},
    ),
    "a request": (
        lambda m: m.request("PATCH", "roles", 409, 0.1),
        "rest_client_requests_total",
        {"code": "409", "method": "PATCH", "resource": "roles"},
    ),
    "a request without an answer": (
        lambda m: m.request("GET", "pods", 0, 0.1),
        "rest_client_requests_total",
        {"code": "<error>", "method": "GET", "resource": "pods"},
    ),
    "a key": (lambda m: m.added(), "workqueue_adds_total", {"name": "greffon"}),
    "a retry": (lambda m: m.retried(), "workqueue_retries_total", {"name": "greffon"}),
    "a wait": (lambda m: m.waited(0.2), "workqueue_queue_duration_seconds_count", {"name": "greffon"}),
    "a write": (lambda m: m.wrote("Role", "create"), "greffon_child_writes_total", {"kind": "Role", "verb": "create"}),
}


@pytest.mark.parametrize(("use", "name", "labels"), COUNTERS.values(), ids=COUNTERS)
def test_counters(use: Callable[[Metrics], None], name: str, labels: dict[str, str]) -> None:
    metrics = Metrics()
    use(metrics)
    use(metrics)
    assert value(metrics, name, **labels) == 2


def test_a_success_is_no_error() -> None:
    metrics = Metrics()
    metrics.reconcile("Plugin", "success", 0.1)
    assert value(metrics, "controller_runtime_reconcile_errors_total", controller="plugin") is None


def test_depth_and_busy_workers_are_read_when_asked_for() -> None:
    metrics, queue = Metrics(), Queue()
    metrics.watch_queue(queue, 16)
    queue.add(X)
    queue.add(Y)
    assert value(metrics, "workqueue_depth", name="greffon") == 2
    assert value(metrics, "controller_runtime_active_workers", controller="greffon") == 0
    assert value(metrics, "controller_runtime_max_concurrent_reconciles", controller="greffon") == 16


def test_the_age_of_each_watch_is_read_when_asked_for() -> None:
    moment = [100.0]
    metrics, health = Metrics(), Health({"Pod": 10.0, "Job": 10.0}, clock=lambda: moment[0])
    metrics.watch_health(health)
    moment[0] = 107.0
    health.progress("Job")
    assert value(metrics, "greffon_watch_age_seconds", kind="Pod") == 7
    assert value(metrics, "greffon_watch_age_seconds", kind="Job") == 0


def test_ten_thousand_plug_ins_do_not_make_more_series() -> None:
    metrics = Metrics()
    for number in range(10_000):
        metrics.fleet(Key("Plugin", f"ns-{number % 100}", str(number)), GOOD if number % 2 else BAD)
    assert fleet(metrics) == {GOOD: 5000, BAD: 5000}
