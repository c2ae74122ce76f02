"""What the environment says, read once by `__main__` and handed to `job` and `serve`. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from . import CONTRACT
from .errors import UsageError

GRACE_SECONDS = 10.0
TERMINATION_LOG = "/dev/termination-log"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one runner process."""

    event_path: str = "/plugin/event/event.json"
    termination_log: str = TERMINATION_LOG
    timeout_seconds: float | None = None
    grace_seconds: float = GRACE_SECONDS


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings in an environment; raise `UsageError` for values that make no sense."""
    return Settings(
        event_path=environment.get("GREFFON_EVENT") or Settings().event_path,
        termination_log=environment.get("GREFFON_TERMINATION_LOG") or TERMINATION_LOG,
        timeout_seconds=_seconds(environment, "GREFFON_TIMEOUT_SECONDS"),
        grace_seconds=_seconds(environment, "GREFFON_GRACE_SECONDS") or GRACE_SECONDS,
    )


def script_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the script: ours, plus what makes it behave in a read-only container."""
    defaults = {
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GREFFON_CONFIG": "/plugin/config/config.json",
        "GREFFON_EVENT": Settings().event_path,
    }
    # HOME is forced: for an unknown UID the container engine sets it to "/", which is read-only.
    return {**defaults, **environment, "HOME": "/tmp", "GREFFON_CONTRACT": CONTRACT}  # noqa: S108


def _seconds(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise UsageError(f"{name}={text!r} is not a number of seconds")
    return seconds or None
