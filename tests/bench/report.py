"""The benchmark's result as data and as text. Pure.

Called by `thousand` with what it measured.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.bench.usage import Usage
from tests.cluster.audit import Request

LOAD_GENERATOR = "load generator"


@dataclass(frozen=True)
class Half:
    """One half of a run: N objects from the first POST until the last one is there."""

    count: int
    seconds: float
    writes: int
    """Mutating requests of everybody that took effect."""
    processes: dict[str, Usage]


@dataclass(frozen=True)
class Calls:
    """The operator's own requests, by verb and resource."""

    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    writes: int = 0


@dataclass(frozen=True)
class Result:
    """One run; the plug-in half is absent when only the baseline was asked for."""

    machine: str
    settings: str
    deployments: Half
    plugins: Half | None = None
    calls: Calls = field(default_factory=Calls)
    idle_seconds: float = 0.0
    idle_writes: int = 0


def operator_calls(finished: Iterable[Request], user: str) -> Calls:
    """Group the requests of `user`; watches count when they end, so a running one is not there."""
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    writes = 0
    for request in finished:
        if request.call.user != user:
            continue
        what = "/".join(filter(None, [request.call.resource or "(no resource)", request.call.subresource]))
        (refused if request.refused else done)[f"{request.call.verb} {what}"] += 1
        writes += request.mutating and not request.refused
    return Calls(dict(done.most_common()), dict(refused.most_common()), writes)


def count_writes(finished: Iterable[Request]) -> int:
    """Mutating requests of everybody that took effect."""
    return sum(request.mutating and not request.refused for request in finished)


def text(result: Result) -> str:
    """The result as a plain table."""
    lines = [f"machine    {result.machine}", f"settings   {result.settings}", ""]
    lines += _half("plain Deployments, all Available", result.deployments)
    if result.plugins is not None:
        lines += _half("Plugins, all Ready", result.plugins)
        lines += _comparison(result, result.plugins)
    return "\n".join(lines)


def _half(title: str, half: Half) -> list[str]:
    rate = half.count / half.seconds
    lines = [
        f"{half.count} {title}",
        f"  {'time':<22}{half.seconds:9.1f} s   {rate:.1f}/s",
        f"  {'writes of everybody':<22}{half.writes:9d}     {half.writes / half.count:.2f} each",
        f"  {'process':<22}{'CPU s':>9}{'ms each':>9}{'RSS MiB':>9}{'peak':>7}",
    ]
    for name, used in half.processes.items():
        each = 1000 * used.cpu_seconds / half.count
        row = f"{used.cpu_seconds:9.2f}{each:9.2f}{used.rss_mib:9.0f}{used.peak_rss_mib:7.0f}"
        lines.append(f"  {name:<22}{row}")
    return [*lines, ""]


def _comparison(result: Result, plugins: Half) -> list[str]:
    plain, count = result.deployments, plugins.count
    time_ratio = plugins.seconds / count / (plain.seconds / plain.count)
    cpu_ratio = _cpu_each(plugins) / _cpu_each(plain)
    lines = [
        f"time per Plugin / time per Deployment   {time_ratio:.2f}",
        f"CPU per Plugin / CPU per Deployment     {cpu_ratio:.2f}   (all processes but the load generator)",
        f"operator writes per Plugin              {result.calls.writes / count:.3f}",
        f"operator writes in {result.idle_seconds:.0f} idle seconds       {result.idle_writes}",
        "",
        f"{'operator calls':<42}{'total':>8}{'each':>9}",
    ]
    for what, number in result.calls.done.items():
        lines.append(f"  {what:<40}{number:8d}{number / count:9.3f}")
    for what, number in result.calls.refused.items():
        lines.append(f"  {what + ' (refused)':<40}{number:8d}{number / count:9.3f}")
    return lines


def _cpu_each(half: Half) -> float:
    used = [item.cpu_seconds for name, item in half.processes.items() if name != LOAD_GENERATOR]
    return sum(used) / half.count
