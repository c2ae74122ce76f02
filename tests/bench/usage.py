"""CPU and memory of a process, from /proc.

Called by `thousand` before and after each half, for the operator and for each component.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a process has used since it started."""

    cpu_seconds: float
    rss_mib: float
    peak_rss_mib: float

    def since(self, earlier: "Usage") -> "Usage":
        """CPU of the time between; memory as it is now."""
        return Usage(self.cpu_seconds - earlier.cpu_seconds, self.rss_mib, self.peak_rss_mib)


def usage(pid: int) -> Usage:
    """Read a live process, user and system time together."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    fields = stat[stat.rindex(")") + 2 :].split()
    ticks = int(fields[11]) + int(fields[12])
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return Usage(ticks / _TICKS, _mib(status["VmRSS"]), _mib(status["VmHWM"]))


def _mib(text: str) -> float:
    return int(text.split()[0]) / 1024
