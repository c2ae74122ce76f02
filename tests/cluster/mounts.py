"""What is mounted below a directory, and taking it away.

Called by `exclusive` for scratch directories and by `leftovers` for the container storage.
"""

import re
from pathlib import Path

from tests.cluster.process import run


def mounted_below(directory: Path) -> list[Path]:
    """Mount points at or below `directory`, the deepest first."""
    table = Path("/proc/self/mountinfo").read_text()
    points = [Path(_unescape(line.split()[4])) for line in table.splitlines()]
    return sorted((p for p in points if p.is_relative_to(directory)), key=lambda p: len(p.parts), reverse=True)


def unmount_below(directory: Path) -> None:
    """Unmount everything at or below `directory`; lazily, because its users are already dead."""
    for point in mounted_below(directory):
        run(["umount", "--lazy", point])


def _unescape(field: str) -> str:
    """mountinfo writes blanks and backslashes as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
