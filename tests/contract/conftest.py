"""One API server for all tests that try the CRDs for real."""

import time
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from tests.cluster.controlplane import ControlPlane, control_plane
from tests.contract.api import Server, collection
from tests.contract.crds import CRD_FILES, KINDS

_SERVED_WITHIN_SECONDS = 60.0


@pytest.fixture(scope="session")
def crd_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane without controllers that serves the five kinds."""
    with control_plane(tmp_path_factory.mktemp("crds"), controllers=False, audit=False) as plane:
        plane.kubectl("apply", "--server-side", *(f"--filename={path}" for path in CRD_FILES))
        yield plane


@pytest.fixture(scope="session")
def crd_server(crd_plane: ControlPlane) -> Iterator[Server]:
    """A connection to that API server, once it answers for every kind."""
    server = Server(crd_plane)
    deadline = time.monotonic() + _SERVED_WITHIN_SECONDS
    for kind in KINDS:
        while server.send("GET", collection(kind)).code != HTTPStatus.OK:
            # The condition Established comes before the handler answers; nothing announces the handler.
            assert time.monotonic() < deadline, f"the API server does not serve {kind}"
            time.sleep(0.05)
    yield server
    server.close()
