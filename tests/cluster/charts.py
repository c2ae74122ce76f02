"""`make chart`: lint both charts and package them into dist/ with the Helm of the harness."""

import sys

from tests.cluster import binaries
from tests.cluster.paths import REPOSITORY
from tests.cluster.process import HarnessError, run

CHARTS = ("greffon-crds", "greffon")


def main() -> int:
    """Lint and package. Exit codes: 0 done, 1 Helm complains."""
    helm, helm3 = binaries.ensure("helm") / "helm", binaries.ensure("helm3") / "helm"
    try:
        for chart in CHARTS:
            for program in (helm, helm3):
                print(run([program, "lint", "--strict", REPOSITORY / "charts" / chart]).strip())
            print(run([helm, "package", REPOSITORY / "charts" / chart, "--destination", REPOSITORY / "dist"]).strip())
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
