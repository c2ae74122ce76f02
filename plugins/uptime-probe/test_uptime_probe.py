"""uptime-probe: the command of the manifest, against a loopback server in place of the status page."""

import socket
from pathlib import Path

import pytest

from plugins.harness import Handler, Sample, listening

SAMPLE = Sample.load("uptime-probe")
STATUS_PAGE = Sample.load("status-page")
URL = "http://plg-status-page:8080/config.json"


class Page(Handler):
    """A page that is there, and one that is not."""

    def respond(self) -> None:
        """Answer by path."""
        self.answer(200 if self.path == "/config.json" else 503, b"{}")


def command(url: str) -> list[str]:
    """Return what the manifest runs below the runner, with another address."""
    runner, script = SAMPLE.entrypoint[:3], SAMPLE.entrypoint[3:]
    assert runner == ("greffon-runner", "job", "--")
    assert script[-1] == URL
    return [*script[:-1], url]


@pytest.mark.parametrize(
    ("path", "exit_code", "status"), [("config.json", 0, 200), ("broken", 22, 503)], ids=["up", "down"]
)
def test_the_answer_of_the_page_is_the_result(path: str, exit_code: int, status: int, tmp_path: Path) -> None:
    """The exit code is curl's, the numbers are in the result."""
    with listening(Page) as port:
        ran = SAMPLE.workspace(tmp_path).job(command(f"http://127.0.0.1:{port}/{path}"))

    output = ran.report["output"]
    assert (ran.exit_code, output["status"], output["bytes"]) == (exit_code, str(status), 2 if exit_code == 0 else 0)
    assert 0 < output["seconds"] < 10


def test_a_page_that_does_not_listen_is_told(tmp_path: Path) -> None:
    """As it looks when the network refuses the connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        ran = SAMPLE.workspace(tmp_path).job(command(f"http://127.0.0.1:{bound.getsockname()[1]}/"))

    assert (ran.exit_code, ran.report["output"]["status"]) == (7, "000")
    assert "onnect" in ran.report["tail"]


def test_the_two_manifests_agree_on_the_connection() -> None:
    """Both sides must declare it, with the same port, or it is refused."""
    ports = [{"port": STATUS_PAGE.spec["run"]["ports"][0]["port"]}]

    assert SAMPLE.spec["permissions"]["egress"] == [{"plugin": "status-page", "ports": ports}]
    assert STATUS_PAGE.spec["permissions"]["ingress"] == [{"plugin": "uptime-probe", "ports": ports}]
    assert f"http://plg-{STATUS_PAGE.manifest['metadata']['name']}:{ports[0]['port']}/" in URL
