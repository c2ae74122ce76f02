"""Walks the main road and shows each step: `python -m tests.demo [--namespace NAME] [--keep]`.

Uses the cluster that GREFFON_TEST_KUBECONFIG names, the one of the harness if it runs, or brings one up.
Exit codes: 0 every step was seen, 1 a step failed, 2 the machine lacks something.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests import installation
from tests.cluster import HarnessError, ensure
from tests.demo.road import Road


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(
        prog="make demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--namespace", default="greffon-demo", help="namespace to use (default: %(default)s)")
    parser.add_argument("--remove", action="store_true", help="remove the namespace at the end (default: leave it)")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        step("A cluster (the first time, its programs and images are built: about 20 minutes on two cores)")
        cluster = ensure()
        step("The operator, installed by Helm")
        installation.install(cluster, say=lambda text: print(f"   {text} …", flush=True))
        road = Road(cluster, options.namespace)
        for title, walk in road.steps():
            step(title)
            walk()
        if options.remove:
            road.leave()
    except HarnessError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 2
    except AssertionError as error:
        print(f"\ndemo: not seen: {error}", file=sys.stderr)
        return 1
    step(f"Done in {time.monotonic() - started:.0f} s")
    print(road.farewell())
    return 0


def step(title: str) -> None:
    """A heading."""
    print(f"\n== {title}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
