"""The two halves of the benchmark: plain Deployments first, then Plugins under the operator.

Called by `thousand` with a running control plane; what it returns is printed by `report`.
"""

import asyncio
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.bench import objects, operator_process, report
from tests.bench.load import Load, connect
from tests.bench.usage import usage
from tests.cluster import audit
from tests.cluster.controlplane import ControlPlane

_WARM_UP = 20
# Writes that trail behind the last readiness: events, endpoints, the last status.
_SETTLE_SECONDS = 3.0
_NAMESPACES = "/api/v1/namespaces"
_DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
_PLUGINS = "/apis/greffon.dev/v1alpha1/namespaces/{}/plugins"


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    count: int
    with_plugins: bool
    idle_seconds: float
    timeout: float
    settings: str


@dataclass(frozen=True)
class _Objects:
    """The objects of one half, and how to see that one of them has arrived."""

    collection: str
    bodies: list[dict[str, Any]]
    arrived: Callable[[dict[str, Any]], bool]


async def run(plane: ControlPlane, plan: Plan) -> report.Result:
    """Warm up, measure the baseline, remove it, measure the plug-ins."""
    async with connect(plane.kubeconfig) as load:
        say("warm-up")
        await _half(plane, load, "warm-up", _deployments(_WARM_UP), plan.timeout)
        await load.delete_all(_DEPLOYMENTS.format("warm-up"), plan.timeout)
        say(f"{plan.count} plain Deployments")
        plain = await _half(plane, load, "plain", _deployments(plan.count), plan.timeout)
        if not plan.with_plugins:
            return report.Result(_machine(), plan.settings, plain)
        say("removing them")
        await load.delete_all(_DEPLOYMENTS.format("plain"), plan.timeout)
        return await _with_operator(plane, load, plan, plain)


async def _with_operator(plane: ControlPlane, load: Load, plan: Plan, plain: report.Half) -> report.Result:
    operator_process.install(plane)
    with operator_process.operator(plane) as pid:
        say(f"{plan.count} Plugins")
        since = audit.mark(plane.audit_log)
        half = await _half(plane, load, "plugins", _plugins(plan.count), plan.timeout, {"operator": pid})
        calls = _operator_calls(plane, since)
        say(f"idle for {plan.idle_seconds:.0f} s")
        since = audit.mark(plane.audit_log)
        await asyncio.sleep(plan.idle_seconds)
        idle = _operator_calls(plane, since)
    return report.Result(_machine(), plan.settings, plain, half, calls, plan.idle_seconds, idle.writes)


def _operator_calls(plane: ControlPlane, since: int) -> report.Calls:
    return report.operator_calls(audit.requests(plane.audit_log, since), operator_process.USER)


def _deployments(count: int) -> _Objects:
    bodies = [objects.deployment(number) for number in range(count)]
    return _Objects(_DEPLOYMENTS, bodies, objects.is_available)


def _plugins(count: int) -> _Objects:
    return _Objects(_PLUGINS, [objects.plugin(number) for number in range(count)], objects.is_ready)


async def _half(
    plane: ControlPlane,
    load: Load,
    namespace: str,
    what: _Objects,
    seconds: float,
    others: dict[str, int] | None = None,
) -> report.Half:
    collection, count = what.collection.format(namespace), len(what.bodies)
    await load.create(_NAMESPACES, [{"metadata": {"name": namespace}}])
    await load.until(f"{_NAMESPACES}/{namespace}/serviceaccounts", 1, lambda _: True, seconds)
    pids = {**(others or {}), **plane.pids, report.LOAD_GENERATOR: os.getpid()}
    before = {name: usage(pid) for name, pid in pids.items()}
    since, started = audit.mark(plane.audit_log), time.monotonic()
    await asyncio.gather(load.until(collection, count, what.arrived, seconds), load.create(collection, what.bodies))
    elapsed = time.monotonic() - started
    used = {name: usage(pid).since(before[name]) for name, pid in pids.items()}
    await asyncio.sleep(_SETTLE_SECONDS)
    writes = report.count_writes(audit.requests(plane.audit_log, since))
    return report.Half(count, elapsed, writes, used)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    busy = os.getloadavg()[2]  # of the last 15 minutes: shows whether others used the machine too
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, load {busy:.1f}, Linux {platform.release()}, Python {python}"


def say(text: str) -> None:
    """One line of progress; standard output is kept for the result."""
    print(f"… {text}", file=sys.stderr, flush=True)
