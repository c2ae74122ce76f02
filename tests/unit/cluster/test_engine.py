"""Docker is taken where it works completely; otherwise our own Podman; the user may decide."""

import pytest

from tests.cluster import engine, node_image
from tests.cluster.engine import CHOICE, NODE_IMAGE
from tests.cluster.paths import Paths, default_paths
from tests.cluster.process import HarnessError

UPSTREAM = "kindest/node:v1.99.0"


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setattr(engine, "_released_image", lambda: UPSTREAM)
    monkeypatch.setattr(node_image, "reference", lambda: "localhost/made-here:1")
    return default_paths()


def machine(*working: str) -> "Answers":
    return Answers(set(working))


class Answers:
    """Stands for a machine: says which commands succeed on it."""

    def __init__(self, working: set[str]) -> None:
        self._working = working

    def __call__(self, argv: list[str], timeout: float) -> bool:
        return " ".join(argv[:3]) in self._working or " ".join(argv) in self._working


@pytest.mark.parametrize(
    ("wanted", "answers", "taken"),
    [
        pytest.param("", machine("docker info", "docker manifest inspect"), "docker", id="Docker and a registry"),
        pytest.param("", machine("docker info", "docker image inspect"), "docker", id="Docker and its image"),
        pytest.param("", machine("docker info"), "podman", id="Docker, but nowhere to get the image from"),
        pytest.param("", machine(), "podman", id="no Docker engine"),
        pytest.param("docker", machine("docker info"), "docker", id="Docker is wanted"),
        pytest.param("podman", machine("docker info", "docker image inspect"), "podman", id="Podman is wanted"),
    ],
)
def test_the_engine_fits_the_machine(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, wanted: str, answers: Answers, taken: str
) -> None:
    monkeypatch.setenv(CHOICE, wanted)
    chosen = engine.choose(paths, answers)
    assert chosen.name == taken
    assert chosen.environment["KIND_EXPERIMENTAL_PROVIDER"] == taken
    assert chosen.node_image == (UPSTREAM if taken == "docker" else "localhost/made-here:1")


def test_a_node_image_that_the_user_names_is_taken_with_docker(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NODE_IMAGE, "mirror.example/kindest/node:v1")
    asked = machine("docker info", "docker image inspect mirror.example/kindest/node:v1")
    assert engine.choose(paths, asked).node_image == "mirror.example/kindest/node:v1"
    assert engine.choose(paths, machine()).node_image == "localhost/made-here:1"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        pytest.param("lxc", "it may be docker or podman", id="an engine that is not supported"),
        pytest.param("docker", "is the engine running", id="Docker is wanted but does not answer"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, wanted: str, message: str
) -> None:
    monkeypatch.setenv(CHOICE, wanted)
    with pytest.raises(HarnessError, match=message):
        engine.choose(paths, machine())
