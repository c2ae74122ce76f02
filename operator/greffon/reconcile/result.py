"""How a run ended: a pure function over the Job and its pods. Called by `reconcile.runs` and `reconcile.run`.

The result comes from the termination message of the pod (docs/contract.md): the operator reads no logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from greffon.model.conditions import Reason
from greffon.model.vocabulary import RunOutcome
from greffon.reconcile.facts import JobFacts, PodFacts

OUTPUT_LIMIT = 4096
TIMEOUT_EXIT = 124
"""Exit code of the runner when the script's own time was up."""

KILLED_EXIT = 137
"""Exit code of a process that was killed by SIGKILL."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Outcome and what is known of it.

    Attributes:
        output: the last output line as JSON, None when there was none.
        tail: the last lines of the log, at most 4 KiB.
    """

    outcome: RunOutcome
    reason: Reason
    message: str
    exit_code: int | None = None
    output: Any = None
    truncated: bool = False
    tail: str = ""


def ending_of(job: JobFacts, pods: Sequence[PodFacts]) -> Ending:
    """The end of a finished Job; the newest of its pods speaks for it."""
    pod = max((p for p in pods if p.exit_code is not None), key=lambda p: p.finished_at, default=None)
    output, truncated, tail = _report(pod.report) if pod else (None, False, "")
    exit_code = pod.exit_code if pod else None
    outcome, reason, message = _verdict(job, pod)
    return Ending(outcome, reason, message, exit_code, output, truncated, tail)


def _verdict(job: JobFacts, pod: PodFacts | None) -> tuple[RunOutcome, Reason, str]:
    if job.outcome == "Complete":
        return RunOutcome.SUCCEEDED, Reason.COMPLETED, "ended with exit code 0"
    if job.outcome == "DeadlineExceeded" or (pod and pod.exit_code == TIMEOUT_EXIT):
        return RunOutcome.TIMED_OUT, Reason.TIMED_OUT, "did not end within its time limit and was stopped"
    if pod is None:
        return RunOutcome.FAILED, Reason.FAILED, f"failed: {job.message or job.outcome}"
    if pod.ended == "OOMKilled":
        return RunOutcome.FAILED, Reason.OOM_KILLED, "killed for using more memory than run.resources.limits.memory"
    if pod.exit_code == KILLED_EXIT:
        # The runtime sometimes reports the end before it learns that the kernel did it for want of memory.
        text = "killed (exit code 137): by hand, or for using more memory than run.resources.limits.memory"
        return RunOutcome.FAILED, Reason.FAILED, text
    return RunOutcome.FAILED, Reason.FAILED, f"ended with exit code {pod.exit_code}"


def tail_of(message: str) -> str:
    """The end of the log in a termination message."""
    return _report(message)[2]


def _report(text: str) -> tuple[Any, bool, str]:
    """(output, truncated, tail) of a termination message; a plain text is a tail."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None, False, text[-OUTPUT_LIMIT:]
    if not isinstance(document, dict) or document.get("contract") != "v1":
        return None, False, text[-OUTPUT_LIMIT:]
    tail = document.get("tail")
    text = str(tail or "")[-OUTPUT_LIMIT:]
    try:
        orjson.dumps([[[[document.get("output")]]]])  # as deep as it will stand in the status
    except TypeError:  # nested deeper than can be written back
        return None, True, text
    return document.get("output"), document.get("truncated") is True, text
