"""JSON logs, one object a line, with key, number, generation and revision of the reconcile they
belong to. Set up by `__main__`.

Everything that may hold a user's text is a JSON string: no newline and no control character gets out unescaped.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from greffon.engine import scope

LONGEST = 2000


class JsonFormatter(logging.Formatter):
    """One line of JSON per record."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
        }
        if within := scope.current.get():
            key = within.key
            line |= {"kind": key.kind, "namespace": key.namespace, "name": key.name, "reconcile": within.number}
            line |= within.facts
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)[-8 * LONGEST :]
        return json.dumps(line, default=str)  # plain ASCII: every control and formatting character is escaped


FIELDS = ("reason", "ready", "outcome")
"""Extra fields a record may carry."""


def configure(level: str) -> None:
    """Send every log of the process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # kopf logs every event of every object; its warnings are enough.
    for chatty in ("kopf", "asyncio", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
