"""Events are aggregated, bounded and written in the background; the loss of one never matters."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from greffon.errors import Forbidden, Unavailable
from greffon.kube.api import Api
from greffon.kube.recorder import LONGEST_QUEUE, QUIET_SECONDS, Recorder
from greffon.model.meta import Metadata, Object
from greffon.model.plugin import Plugin
from greffon.model.run import PluginRun
from tests.unit.engine.virtual_time import now, settle, virtually
from tests.unit.kube.scripted import Request, ScriptedTransport, Step, refusal, reply

PLUGIN = Plugin.model_construct(metadata=Metadata(name="p", namespace="ns", uid="u-1"))
OTHER = Plugin.model_construct(metadata=Metadata(name="q", namespace="ns", uid="u-2"))
RUN = PluginRun.model_construct(metadata=Metadata(name="r", namespace="ns", uid="u-3"))

Note = Callable[[Recorder], None]


def note(about: Object = PLUGIN, reason: str = "Failed", text: str = "because") -> Note:
    """Something to record."""
    return lambda recorder: recorder.record(about, "Warning", reason, text)


def written(notes: list[Note | float], answers: list[Step] | None = None) -> list[Request]:
    """The requests that follow; a number among the notes is a pause in seconds."""

    async def story() -> list[Request]:
        transport = ScriptedTransport(answers or [reply({})] * 100)
        recorder = Recorder(Api(transport, attempts=1), instance="greffon-abc", clock=now)
        task = asyncio.create_task(recorder.run())
        for item in notes:
            if isinstance(item, float):
                await asyncio.sleep(item)
            else:
                item(recorder)
        await settle()
        assert not task.done()
        task.cancel()
        return transport.requests

    return virtually(story())


LATER = QUIET_SECONDS + 1
STORIES: dict[str, tuple[list[Note | float], list[str]]] = {
    "one note is one Event": ([note()], ["POST"]),
    "a repeat within ten minutes writes nothing": ([note(), 60.0, note(), 60.0, note()], ["POST"]),
    "a repeat after ten minutes counts up the first Event": ([note(), LATER, note()], ["POST", "PATCH"]),
    "a storm writes once in ten minutes": (
        [note(), LATER, *([note()] * 50), LATER, *([note()] * 50)],
        ["POST", "PATCH", "PATCH"],
    ),
    "another reason is another Event": ([note(), note(reason="Other")], ["POST", "POST"]),
    "another message is another Event": ([note(), note(text="else")], ["POST", "POST"]),
    "another object is another Event": ([note(), note(OTHER)], ["POST", "POST"]),
}


@pytest.mark.parametrize(("notes", "methods"), STORIES.values(), ids=STORIES)
def test_aggregation(notes: list[Note | float], methods: list[str]) -> None:
    assert [request.method for request in written(notes)] == methods


def test_repeats_that_were_not_written_are_counted_and_told_with_the_next() -> None:
    first, second = written([note(), note(), note(), LATER, note()])
    assert second.body["series"]["count"] == 4
    assert second.path.rpartition("/")[2] == first.body["metadata"]["name"]


def test_an_event_tells_who_saw_what_of_whom() -> None:
    (request,) = written([note(RUN, "JobLost", "the Job is gone")])
    event = request.body
    assert event["regarding"] == {
        "apiVersion": "greffon.dev/v1alpha1",
        "kind": "PluginRun",
        "name": "r",
        "namespace": "ns",
        "uid": "u-3",
    }
    told = {key: event[key] for key in ("type", "reason", "note", "reportingInstance", "action")}
    assert told == {
        "type": "Warning",
        "reason": "JobLost",
        "note": "the Job is gone",
        "reportingInstance": "greffon-abc",
        "action": "Reconcile",
    }
    assert event["metadata"]["namespace"] == "ns"
    assert event["metadata"]["name"].startswith("r.")
    assert event["reportingController"] == "greffon.dev/operator"


def test_a_long_message_and_a_long_instance_are_cut_to_what_the_api_server_takes() -> None:
    async def story() -> Request:
        transport = ScriptedTransport([reply({})])
        recorder = Recorder(Api(transport), instance="i" * 500)
        task = asyncio.create_task(recorder.run())
        recorder.record(PLUGIN, "Normal", "R", "m" * 5000)
        await settle()
        task.cancel()
        return transport.requests[0]

    event = virtually(story()).body
    assert (len(event["note"]), len(event["reportingInstance"])) == (1000, 128)


def test_names_of_different_events_differ() -> None:
    requests = written([note(text=str(number)) for number in range(20)])
    assert len({request.body["metadata"]["name"] for request in requests}) == 20


FAILURES: dict[str, Step] = {
    "the API server is away": Unavailable("down"),
    "the right to write Events is missing": Forbidden("no"),
    "the Event is refused": refusal(422, "namespace is being terminated"),
    "the answer is no JSON": reply("<html>"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_an_event_that_cannot_be_written_does_not_stop_the_next(failure: Step) -> None:
    requests = written([note(), note(reason="Second")], [failure, reply({})])
    assert [request.body["reason"] for request in requests] == ["Failed", "Second"]


def test_a_flood_is_dropped_with_a_warning_and_never_blocks(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> int:
        transport = ScriptedTransport([reply({})] * (LONGEST_QUEUE + 10))
        recorder = Recorder(Api(transport), instance="i")
        with caplog.at_level(logging.WARNING):
            for number in range(LONGEST_QUEUE + 5):
                recorder.record(PLUGIN, "Normal", "R", str(number))
        task = asyncio.create_task(recorder.run())
        await asyncio.sleep(1)
        task.cancel()
        return len(transport.requests)

    assert virtually(story()) == LONGEST_QUEUE
    assert len(caplog.records) == 5


def test_old_series_are_forgotten_so_that_memory_stays_bounded() -> None:
    async def story() -> int:
        recorder = Recorder(Api(ScriptedTransport()), instance="i")
        for number in range(6000):
            recorder.record(PLUGIN, "Normal", "R", str(number))
        return len(recorder._series)

    assert virtually(story()) <= 4096
