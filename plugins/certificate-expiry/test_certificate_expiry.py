"""certificate-expiry against real TLS servers on loopback."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plugins.harness import Handler, Sample, Server, listening
from plugins.tls import certificate, server_context

SAMPLE = Sample.load("certificate-expiry")


def tls(path: Path) -> Callable[[Server], None]:
    """Put TLS in front of a server."""

    def secure(server: Server) -> None:
        server.socket = server_context(path).wrap_socket(server.socket, server_side=True)

    return secure


@contextlib.contextmanager
def endpoint(folder: Path, days: float) -> Iterator[str]:
    """Serve a self-signed certificate that has so many days left, or is expired when they are negative."""
    with listening(Handler, tls(certificate(folder, timedelta(days=days)))) as port:
        yield f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("days", "exit_code", "lists"),
    [
        pytest.param(200.5, 0, {"due": [], "soon": []}, id="long valid"),
        pytest.param(20.5, 0, {"due": [], "soon": [20]}, id="expires soon"),
        pytest.param(3.5, 1, {"due": [3], "soon": []}, id="is due"),
        pytest.param(-2.5, 1, {"due": [-3], "soon": []}, id="has expired"),
        pytest.param(365 * 40, 0, {"due": [], "soon": []}, id="lives beyond 2049, where the date has another form"),
    ],
)
def test_a_certificate(days: float, exit_code: int, lists: dict[str, list[int]], tmp_path: Path) -> None:
    """By the days that it has left."""
    with endpoint(tmp_path, days) as address:
        ran = SAMPLE.workspace(tmp_path, config={"endpoints": [address]}).job(SAMPLE.entrypoint)

    output = ran.report["output"]
    assert ran.exit_code == exit_code, ran.stderr.decode()
    assert {name: [entry["daysLeft"] for entry in output[name]] for name in lists} == lists
    assert (output["checked"], output["unreachable"]) == (1, [])


def test_the_date_is_the_certificates(tmp_path: Path) -> None:
    """To the second, in UTC."""
    before = datetime.now(UTC).replace(microsecond=0)
    with endpoint(tmp_path, 10) as address:
        ran = SAMPLE.workspace(tmp_path, config={"endpoints": [address]}).job(SAMPLE.entrypoint)

    told = datetime.fromisoformat(ran.report["output"]["soon"][0]["notAfter"])
    assert timedelta(0) <= told - before - timedelta(days=10) < timedelta(seconds=60)


def test_what_cannot_be_checked_fails_the_run_but_not_the_others(tmp_path: Path) -> None:
    """Nothing listens, no TLS, a name that is none; the good one is checked all the same."""
    with (
        endpoint(tmp_path, 100) as good,
        socket.create_server(("127.0.0.1", 0)) as silent,
        listening(Handler) as plain,
        socket.socket() as bound,
    ):
        bound.bind(("127.0.0.1", 0))  # but does not listen
        closed = f"127.0.0.1:{bound.getsockname()[1]}"
        mute = f"127.0.0.1:{silent.getsockname()[1]}"
        wrong = [closed, mute, f"127.0.0.1:{plain}", "no-port:https", "a..b:443"]
        config = {"endpoints": [*wrong, good], "timeoutSeconds": 1}
        ran = SAMPLE.workspace(tmp_path, config=config).job(SAMPLE.entrypoint)

    output = ran.report["output"]
    assert (ran.exit_code, output["checked"]) == (1, 6)
    assert [entry["endpoint"] for entry in output["unreachable"]] == wrong
    assert all(entry["error"] for entry in output["unreachable"])


def test_an_event_names_other_endpoints(tmp_path: Path) -> None:
    """As `kubectl create` of a PluginRun with an input does."""
    with endpoint(tmp_path, 100) as address:
        event = json.dumps({"endpoints": [address]}).encode()
        ran = SAMPLE.workspace(tmp_path).job(SAMPLE.entrypoint, event=event)

    assert (ran.exit_code, ran.report["output"]["checked"]) == (0, 1)


def test_many_endpoints_still_fit_into_the_result(tmp_path: Path) -> None:
    """The lists are cut, the counts and the exit code are not."""
    endpoints = [f"a-host-with-a-long-name-{n}.example.com:no-port" for n in range(100)]

    ran = SAMPLE.workspace(tmp_path, config={"endpoints": endpoints}).job(SAMPLE.entrypoint)

    assert (ran.exit_code, ran.report["truncated"], ran.report["output"]["checked"]) == (1, False, 100)
