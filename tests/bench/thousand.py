"""N Plugins to all Ready, against N plain Deployments to all Available, in the same run.

Run by hand or by `make bench`: `python -m tests.bench.thousand --plugins 1000`. Brings up a control
plane with fake nodes, runs both halves and prints time ratio, API calls per Plugin, and what each
process used. It measures and asserts nothing; it fails only when an object never arrives.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import objects, operator_process, report
from tests.bench.load import Load, connect
from tests.bench.usage import Usage, usage
from tests.cluster import audit
from tests.cluster.controlplane import ControlPlane, control_plane

_WARM_UP = 20
_SETTLE_SECONDS = 3.0
_DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
_PLUGINS = "/apis/greffon.dev/v1alpha1/namespaces/{}/plugins"


def main() -> int:
    """Read the arguments, run, print."""
    options = _arguments()
    with ExitStack() as stack:
        workdir = options.workdir or Path(stack.enter_context(TemporaryDirectory(prefix="greffon-bench-")))
        _say(f"control plane with {options.nodes} fake nodes under {workdir}")
        tuned = not options.stock
        plane = stack.enter_context(control_plane(workdir, kwok_nodes=options.nodes, tuned=tuned))
        result = asyncio.run(_run(plane, options))
    print(report.text(result))
    if options.json:
        options.json.write_text(json.dumps(asdict(result), indent=1) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.thousand", description=__doc__)
    parser.add_argument("--plugins", type=int, default=1000, help="objects of each half (default: 1000)")
    parser.add_argument("--only-deployments", action="store_true", help="the baseline alone")
    parser.add_argument("--nodes", type=int, default=20, help="fake nodes (default: 20)")
    parser.add_argument("--stock", action="store_true", help="controller-manager at its stock 20 requests/s")
    parser.add_argument("--idle-seconds", type=float, default=30, help="time to count idle writes")
    parser.add_argument("--timeout", type=float, default=900, help="seconds a half may take")
    parser.add_argument("--workdir", type=Path, help="keep state and logs here (default: temporary)")
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    return parser.parse_args()


async def _run(plane: ControlPlane, options: argparse.Namespace) -> report.Result:
    settings = f"{'stock' if options.stock else 'tuned'} QPS, {options.nodes} fake nodes, N={options.plugins}"
    async with connect(plane.kubeconfig) as load:
        await _warm_up(plane, load, options.timeout)
        _say(f"{options.plugins} plain Deployments")
        plain = await _half(plane, load, "plain", _deployments(options.plugins), options.timeout, {})
        if options.only_deployments:
            return report.Result(_machine(), settings, plain)
        await load.delete_all(_DEPLOYMENTS.format("plain"))
        return await _plugins(plane, load, options, settings, plain)


async def _plugins(
    plane: ControlPlane, load: Load, options: argparse.Namespace, settings: str, plain: report.Half
) -> report.Result:
    operator_process.install(plane)
    log = plane.layout.directory / "log" / "operator.log"
    with operator_process.operator(plane, log) as pid:
        _say(f"{options.plugins} Plugins")
        since = audit.mark(plane.audit_log)
        half = await _half(plane, load, "plugins", _plugin_set(options.plugins), options.timeout, {"operator": pid})
        await asyncio.sleep(_SETTLE_SECONDS)
        calls = report.operator_calls(audit.requests(plane.audit_log, since), operator_process.USER)
        _say(f"idle for {options.idle_seconds:.0f} s")
        since = audit.mark(plane.audit_log)
        await asyncio.sleep(options.idle_seconds)
        idle = report.operator_calls(audit.requests(plane.audit_log, since), operator_process.USER)
    return report.Result(_machine(), settings, plain, half, calls, options.idle_seconds, idle.writes)


async def _warm_up(plane: ControlPlane, load: Load, seconds: float) -> None:
    """Fill caches and connections of every component; not measured."""
    _say("warm-up")
    await _half(plane, load, "warm-up", _deployments(_WARM_UP), seconds, {})
    await load.delete_all(_DEPLOYMENTS.format("warm-up"))


_Set = tuple[str, list[dict[str, Any]], Callable[[dict[str, Any]], bool]]


def _deployments(count: int) -> _Set:
    bodies = [objects.deployment(number) for number in range(count)]
    return _DEPLOYMENTS, bodies, lambda live: objects.condition(live, "Available").get("status") == "True"


def _plugin_set(count: int) -> _Set:
    bodies = [objects.plugin(number) for number in range(count)]
    return _PLUGINS, bodies, _is_ready


def _is_ready(live: dict[str, Any]) -> bool:
    ready = objects.condition(live, "Ready")
    current = ready.get("observedGeneration") == live["metadata"]["generation"]
    return current and ready.get("status") == "True"


async def _half(
    plane: ControlPlane, load: Load, namespace: str, what: _Set, seconds: float, extra: dict[str, int]
) -> report.Half:
    collection, bodies, arrived = what[0].format(namespace), what[1], what[2]
    await load.create("/api/v1/namespaces", [{"metadata": {"name": namespace}}])
    await load.until(f"/api/v1/namespaces/{namespace}/serviceaccounts", 1, lambda _: True, seconds)
    pids = {**extra, **plane.pids, "load generator": os.getpid()}
    before = {name: usage(pid) for name, pid in pids.items()}
    since = audit.mark(plane.audit_log)
    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(load.until(collection, len(bodies), arrived, seconds))
        group.create_task(load.create(collection, bodies))
    elapsed = time.monotonic() - started
    used: dict[str, Usage] = {name: usage(pid).since(before[name]) for name, pid in pids.items()}
    writes = report.count_writes(audit.requests(plane.audit_log, since))
    return report.Half(len(bodies), elapsed, writes, used)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def _say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
