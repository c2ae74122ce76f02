"""How a run ended, read from its Job and the termination message of its pod; the message is a stranger's."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.model.conditions import Reason
from greffon.model.vocabulary import RunOutcome
from greffon.reconcile.facts import JobFacts, PodFacts
from greffon.reconcile.result import OUTPUT_LIMIT, Ending, ending_of
from tests.unit.reconcile.situations import ago, job, pod

OK, FAILED, TIMED_OUT = RunOutcome.SUCCEEDED, RunOutcome.FAILED, RunOutcome.TIMED_OUT


def ended(exit_code: int, ended: str = "Error", **facts: Any) -> PodFacts:
    """A pod of a run that is over."""
    return pod(phase="Failed", ready=False, ended=ended, exit_code=exit_code, **{"finished_at": ago(60)} | facts)


VERDICTS: dict[str, tuple[JobFacts, list[PodFacts], RunOutcome, Reason, int | None, str]] = {
    "it succeeded": (job("Complete"), [ended(0, "Completed")], OK, Reason.COMPLETED, 0, "exit code 0"),
    "it succeeded and its pod is gone": (job("Complete"), [], OK, Reason.COMPLETED, None, "exit code 0"),
    "it succeeded at the second attempt": (
        job("Complete"),
        [ended(1, finished_at=ago(90)), ended(0, "Completed", finished_at=ago(60))],
        OK,
        Reason.COMPLETED,
        0,
        "",
    ),
    "it failed": (job("BackoffLimitExceeded"), [ended(3)], FAILED, Reason.FAILED, 3, "exit code 3"),
    "the newest attempt speaks": (
        job("BackoffLimitExceeded"),
        [ended(3, finished_at=ago(10)), ended(4, finished_at=ago(90))],
        FAILED,
        Reason.FAILED,
        3,
        "exit code 3",
    ),
    "its pod is gone": (
        job("BackoffLimitExceeded", message="Job has reached the limit"),
        [],
        FAILED,
        Reason.FAILED,
        None,
        "Job has reached the limit",
    ),
    "nobody says why": (job("Failed"), [], FAILED, Reason.FAILED, None, "failed: Failed"),
    "a pod that never started says nothing": (
        job("BackoffLimitExceeded", message="x"),
        [pod(exit_code=None)],
        FAILED,
        Reason.FAILED,
        None,
        "failed: x",
    ),
    "it used too much memory": (
        job("BackoffLimitExceeded"),
        [ended(137, "OOMKilled")],
        FAILED,
        Reason.OOM_KILLED,
        137,
        "limits.memory",
    ),
    "it was killed, and nobody says for what": (
        job("BackoffLimitExceeded"),
        [ended(137)],
        FAILED,
        Reason.FAILED,
        137,
        "limits.memory",
    ),
    "the runner stopped it in time": (
        job("BackoffLimitExceeded"),
        [ended(124)],
        TIMED_OUT,
        Reason.TIMED_OUT,
        124,
        "time",
    ),
    "the Job's deadline stopped it": (job("DeadlineExceeded"), [], TIMED_OUT, Reason.TIMED_OUT, None, "time limit"),
}


@pytest.mark.parametrize(("facts", "pods", "outcome", "reason", "exit_code", "text"), VERDICTS.values(), ids=VERDICTS)
def test_verdicts(
    facts: JobFacts, pods: list[PodFacts], outcome: RunOutcome, reason: Reason, exit_code: int | None, text: str
) -> None:
    ending = ending_of(facts, pods)
    assert (ending.outcome, ending.reason, ending.exit_code) == (outcome, reason, exit_code)
    assert text in ending.message


def read(report: str) -> Ending:
    """The ending of a run whose pod left this message."""
    return ending_of(job("Complete"), [ended(0, "Completed", report=report)])


def document(**fields: Any) -> str:
    """A message of the runner."""
    return orjson.dumps(
        {"contract": "v1", "exitCode": 0, "output": None, "truncated": False, "tail": ""} | fields
    ).decode()


REPORTS: dict[str, tuple[str, tuple[Any, bool, str]]] = {
    "an object": (document(output={"a": [1]}, tail="log"), ({"a": [1]}, False, "log")),
    "a number": (document(output=5), (5, False, "")),
    "false is an output": (document(output=False), (False, False, "")),
    "no output": (document(tail="log"), (None, False, "log")),
    "an output that was too large": (document(truncated=True, tail="log"), (None, True, "log")),
    "no message": ("", (None, False, "")),
    "a plain text": ("Traceback: x", (None, False, "Traceback: x")),
    "a JSON text of somebody else": ('{"a": 1}', (None, False, '{"a": 1}')),
    "a later contract": ('{"contract": "v2", "output": 1}', (None, False, '{"contract": "v2", "output": 1}')),
    "a list": ("[1]", (None, False, "[1]")),
    "null": ("null", (None, False, "null")),
    "cut in the middle": (document(output=1)[:30], (None, False, document(output=1)[:30])),
    "a tail that is a number": ('{"contract":"v1","tail":7}', (None, False, "7")),
    "a tail that is a list": ('{"contract":"v1","tail":["a"]}', (None, False, "['a']")),
    "truncated is not a word": ('{"contract":"v1","output":1,"truncated":"yes"}', (1, False, "")),
    "nothing but the contract": ('{"contract":"v1"}', (None, False, "")),
    "not a number": ('{"contract":"v1","output":NaN}', (None, False, '{"contract":"v1","output":NaN}')),
}


@pytest.mark.parametrize(("report", "expected"), REPORTS.values(), ids=REPORTS)
def test_reports(report: str, expected: tuple[Any, bool, str]) -> None:
    ending = read(report)
    assert (ending.output, ending.truncated, ending.tail) == expected


DEPTHS = [10, 254, 255, 300, 1000, 1024, 2000]


@pytest.mark.parametrize("levels", DEPTHS)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_an_output_of_any_depth_can_be_written_into_a_status(levels: int, opening: str, closing: str) -> None:
    ending = read('{"contract":"v1","output":' + opening * levels + "1" + closing * levels + ',"tail":"log"}')
    wrapped = {"metadata": {"x": 1}, "status": {"output": ending.output, "tail": ending.tail}}
    assert orjson.dumps(wrapped)
    assert ending.outcome is OK


def test_a_long_message_is_bounded_at_the_front() -> None:
    assert read("x" * 100_000 + "end").tail == "x" * (OUTPUT_LIMIT - 3) + "end"
    assert read(document(tail="x" * 100_000 + "end")).tail.endswith("end")
    assert len(read(document(tail="x" * 100_000)).tail) == OUTPUT_LIMIT


@settings(max_examples=50, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.text(max_size=3),
            lambda s: st.lists(s) | st.dictionaries(st.sampled_from(["contract", "v1", "output", "tail"]), s),
        ).map(lambda v: orjson.dumps(v).decode()),
    )
)
def test_any_message_gives_an_ending_that_can_be_written(report: str) -> None:
    ending = read(report)
    assert ending.outcome is OK
    assert len(ending.tail) <= OUTPUT_LIMIT
    orjson.dumps([ending.output, ending.tail])
