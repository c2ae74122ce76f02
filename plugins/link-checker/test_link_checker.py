"""link-checker as a Service, against a web server on loopback with every sort of page."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.harness import Handler, Sample, listening
from tests.unit.runners.harness import Served

SAMPLE = Sample.load("link-checker")
RELEASE = threading.Event()


class Web(Handler):
    """Pages by name."""

    def respond(self) -> None:
        """Answer by the page's name; some pages do not know HEAD."""
        page = self.path.lstrip("/")
        if page.startswith("headless-") and self.command == "HEAD":
            self.answer(int(page.removeprefix("headless-")))
        elif page.startswith("moved-to-"):
            self.answer(301, Location=f"/{page.removeprefix('moved-to-')}")
        elif page == "slow":
            RELEASE.wait(20)
        elif page.isdigit():
            self.answer(int(page))
        else:
            self.answer(200, b"fine")


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """The address of the web server."""
    with listening(Web) as port:
        yield f"http://127.0.0.1:{port}"
        RELEASE.set()


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The plug-in, serving."""
    config = {"timeoutSeconds": 3, "ignorePrefixes": ["http://ignored."], "maxLinks": 20}
    with SAMPLE.workspace(tmp_path_factory.mktemp("checker"), config=config).serving(SAMPLE.entrypoint) as served:
        yield served


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("good", None),
        ("moved-to-good", None),
        ("headless-405", None),
        ("headless-404", None),
        ("404", "404"),
        ("410", "410"),
        ("500", "500"),
        ("moved-to-404", "404"),
        ("slow", "timed out"),
    ],
)
def test_a_page(page: str, problem: str | None, web: str, checker: Served) -> None:
    """Broken or not, and why."""
    answer = checker.post({"urls": [f"{web}/{page}"]})

    broken = [{"url": f"{web}/{page}", "problem": problem}] if problem else []
    assert (answer.status, answer.json) == (200, {"checked": 1, "left": 0, "broken": broken})


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("file:///etc/passwd", "not a web address"),
        ("ftp://example.com/x", "not a web address"),
        ("http://", "no host given"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("http://no-such-host.invalid/", ""),
    ],
)
def test_an_address_that_is_none(url: str, problem: str, checker: Served) -> None:
    """Said as a problem of that link, never a failure of the event."""
    answer = checker.post({"urls": [url]})

    assert answer.status == 200, answer.body
    assert problem in answer.json["broken"][0]["problem"]


def test_a_closed_port(checker: Served) -> None:
    """Nobody listens there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        answer = checker.post({"urls": [f"http://127.0.0.1:{bound.getsockname()[1]}/"]})

    assert "refused" in answer.json["broken"][0]["problem"]


def test_the_links_of_a_text(web: str, checker: Served) -> None:
    """All ways to write a link, each checked once; what is to be ignored is not."""
    text = f"""
    [a]({web}/404) and <{web}/410>, "{web}/good" and plain {web}/500.
    Again [b]({web}/404), ignored http://ignored.example/x, **{web}/good2**
    """

    answer = checker.post({"markdown": text})

    assert answer.json["checked"] == 5
    assert [entry["url"] for entry in answer.json["broken"]] == [f"{web}/404", f"{web}/410", f"{web}/500"]


def test_more_links_than_the_limit(web: str, checker: Served) -> None:
    """The rest is counted, not forgotten."""
    answer = checker.post({"urls": [f"{web}/{n}x" for n in range(25)]})

    assert answer.json == {"checked": 20, "left": 5, "broken": []}


@pytest.mark.parametrize("data", [[], {}, "text", None, {"url": "x"}])
def test_an_event_without_links_is_an_error_that_says_what_to_send(data: object, checker: Served) -> None:
    """The caller learns the two forms."""
    answer = checker.post(data)

    assert answer.status == 500
    assert 'send {"urls"' in answer.json["tail"]


def test_the_default_limits_fit_into_the_time_of_one_event() -> None:
    """Eight at a time, HEAD and GET, within the runner's minute."""
    config = SAMPLE.config

    assert -(-config["maxLinks"] // 8) * config["timeoutSeconds"] < 60


def test_it_is_idle_without_events(tmp_path: Path) -> None:
    """Healthy from the start, with the settings of the manifest and no network."""
    with SAMPLE.workspace(tmp_path).serving(SAMPLE.entrypoint) as served:
        assert served.request("GET", "/healthz").status == 200
