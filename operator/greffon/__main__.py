"""`greffon-operator`: reads settings, starts the operator of `app`, stops it in order.

Order: caches first, workers after. On a stop signal workers finish what they have in hand; children need nothing from
this process to keep running.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys

import uvloop

from greffon import __version__
from greffon.app import Operator
from greffon.errors import SettingsError
from greffon.kube.transport import HttpTransport, load_configuration
from greffon.observe import logs
from greffon.settings import Settings, from_environment

_log = logging.getLogger("greffon")


def main() -> int:
    """Run until a stop signal. Exit codes: 0 stopped on request, 1 a watch ended for good, 2 wrong settings."""
    try:
        settings = from_environment(os.environ)
    except SettingsError as error:
        print(f"greffon-operator: {error}", file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    # The API server stores objects 10,000 levels deep; kopf reads them with Python's own recursive reader.
    sys.setrecursionlimit(30_000)
    # Long-lived caches make full collections costly; what exists after the imports never needs one.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    configuration = await load_configuration(os.environ.get("KUBECONFIG"))
    transport = HttpTransport(configuration)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    _log.info("greffon %s starts", __version__)
    instance = os.environ.get("HOSTNAME") or socket.gethostname()
    try:
        await Operator(settings, transport, configuration, instance=instance).run(stop)
    except Exception:
        _log.exception("the operator ends; a new process takes over where it stopped")
        return 1
    finally:
        await transport.close()
    _log.info("greffon stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
