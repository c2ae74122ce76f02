"""The pod template beyond its sandbox: what the process is told, what it finds, and that nothing is expanded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.resources.kubelet import expanded
from tests.unit.resources.samples import (
    CONTAINER_JOB,
    CONTAINER_SERVICE,
    IDENTITY,
    JOB,
    SERVICE,
    Json,
    built,
    container_of,
    pod_templates,
    with_run,
)
from tests.unit.resources.specs import DOLLARS, HOSTILE

CRON: Json = {"triggers": [{"name": "nightly", "cron": "0 3 * * *", "timeZone": "Etc/UTC"}]}


def template(wire: Json) -> Json:
    """The only pod template of a spec; a Job gets a schedule for that."""
    (made,) = pod_templates(built(wire | (CRON if wire["run"]["mode"] == "Job" else {})))
    return made


def environment(wire: Json) -> dict[str, str]:
    """The variables as the process sees them."""
    listed = container_of(template(wire))["env"]
    raw = {item["name"]: item.get("value", "") for item in listed}
    assert len(raw) == len(listed), "a name is given twice"
    return {name: expanded(value, raw) for name, value in raw.items()}


def arguments(wire: Json) -> list[str]:
    """What is started, as the container runtime gets it."""
    container = container_of(template(wire))
    return [expanded(word, environment(wire)) for word in (*container.get("command", []), *container.get("args", []))]


LITERALS = st.one_of(HOSTILE, DOLLARS)


@settings(max_examples=100, deadline=None)
@given(LITERALS)
def test_a_variable_arrives_as_it_was_written(value: str) -> None:
    wire = with_run(SERVICE, env=[{"name": "A", "value": "other"}, {"name": "X", "value": value}])
    assert environment(wire)["X"] == value


@settings(max_examples=60, deadline=None)
@given(st.lists(LITERALS, min_size=1, max_size=3), st.sampled_from([SERVICE, JOB, CONTAINER_SERVICE, CONTAINER_JOB]))
def test_an_argument_arrives_as_it_was_written(words: list[str], wire: Json) -> None:
    given_words = ["program", *words]
    assert arguments(with_run(wire, entrypoint=given_words))[-len(given_words) :] == given_words


STARTS: dict[str, tuple[Json, list[str]]] = {
    "a script job": (JOB, ["job", "--", "python", "main.py"]),
    "a script service": (SERVICE, ["serve", "--port", "8080", "--", "python", "main.py"]),
    "a script service on its own port": (
        with_run(SERVICE, ports=[{"name": "x", "port": 9000}]),
        ["serve", "--port", "9000", "--", "python", "main.py"],
    ),
    "an argument that looks like an option of the runner": (
        with_run(JOB, entrypoint=["python", "--port"]),
        ["job", "--", "python", "--port"],
    ),
    "a container whose image knows": (CONTAINER_JOB, []),
    "a container with an entrypoint": (with_run(CONTAINER_JOB, entrypoint=["/bin/x", "-v"]), ["/bin/x", "-v"]),
}


@pytest.mark.parametrize(("wire", "words"), STARTS.values(), ids=STARTS)
def test_what_is_started(wire: Json, words: list[str]) -> None:
    assert arguments(wire) == words


def test_a_runner_is_never_replaced_by_the_entrypoint() -> None:
    assert "command" not in container_of(template(with_run(JOB, entrypoint=["sh", "-c", "x"])))


TOLD: dict[str, tuple[Json, dict[str, str | None]]] = {
    "a service": (
        SERVICE,
        {
            "GREFFON_CONTRACT": "v1",
            "GREFFON_PLUGIN": IDENTITY.name,
            "GREFFON_NAMESPACE": IDENTITY.namespace,
            "GREFFON_VERSION": "1.0.0",
            "GREFFON_REVISION": "3",
            "GREFFON_MODE": "Service",
            "GREFFON_TRIGGER": "",
            "GREFFON_RUN": "",
            "GREFFON_CONFIG": "/plugin/config/config.json",
            "GREFFON_EVENT": None,
            "GREFFON_TIMEOUT_SECONDS": None,
        },
    ),
    "a scheduled job": (
        JOB,
        {
            "GREFFON_MODE": "Job",
            "GREFFON_TRIGGER": "Cron:nightly",
            "GREFFON_RUN": "",
            "GREFFON_EVENT": "/plugin/event/event.json",
            "GREFFON_TIMEOUT_SECONDS": "300",
        },
    ),
    "a job with its own time": (with_run(JOB, timeoutSeconds=7), {"GREFFON_TIMEOUT_SECONDS": "7"}),
    "a container without configuration": (CONTAINER_SERVICE, {"GREFFON_CONFIG": None}),
}


@pytest.mark.parametrize(("wire", "told"), TOLD.values(), ids=TOLD)
def test_what_the_process_is_told(wire: Json, told: dict[str, str | None]) -> None:
    found = environment(wire)
    assert {name: found.get(name) for name in told} == told
