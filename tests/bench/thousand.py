"""N Plugins to all Ready, against N plain Deployments to all Available, in the same run.

Run by hand or by `make bench`: `python -m tests.bench.thousand --plugins 1000`. Brings up a control
plane with fake nodes, runs both halves and prints time ratio, API calls per Plugin, and what each
process used. It measures and asserts nothing; it fails only when an object never arrives.
"""

import argparse
import asyncio
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import report
from tests.bench.halves import Plan, run, say
from tests.bench.load import NotReadyError
from tests.cluster.controlplane import control_plane


def main() -> int:
    """Read the arguments, run, print."""
    options = _arguments()
    qps = "stock" if options.stock else "tuned"
    plan = Plan(
        options.plugins,
        not options.only_deployments,
        options.idle_seconds,
        options.timeout,
        f"{qps} QPS of the controller-manager, {options.nodes} fake nodes, N={options.plugins}",
    )
    with ExitStack() as stack:
        workdir = options.workdir or Path(stack.enter_context(TemporaryDirectory(prefix="greffon-bench-")))
        say(f"control plane with {options.nodes} fake nodes under {workdir}")
        plane = stack.enter_context(control_plane(workdir, kwok_nodes=options.nodes, tuned=not options.stock))
        try:
            result = asyncio.run(run(plane, plan))
        except NotReadyError as error:
            print(error, file=sys.stderr)
            return 1
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


if __name__ == "__main__":
    sys.exit(main())
