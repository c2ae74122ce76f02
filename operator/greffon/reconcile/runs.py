"""The last run of a Job plug-in, whatever started it: pure. Called by `reconcile.assess`."""

from __future__ import annotations

from dataclasses import dataclass

from greffon.model.base import to_rfc3339
from greffon.reconcile.facts import JobFacts
from greffon.reconcile.observe import Observation
from greffon.reconcile.result import Ending, ending_of


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run that has ended. `finished` is RFC 3339 in UTC, so that text order is time order."""

    name: str
    outcome: str
    message: str
    finished: str
    exit_code: int | None
    reason: str
    revision: int = 0


def ended_runs(o: Observation) -> list[LastRun]:
    """Runs that have ended and are still there to be seen, the oldest first."""
    return sorted([*_from_runs(o), *_from_jobs(o)], key=lambda run: (run.finished, run.name))


def has_run_well(o: Observation, revision: int) -> bool:
    """Whether a run of this revision has ever ended well. Runs are removed in time; the status remembers."""
    recorded = o.plugin.status.revisions
    if recorded and number_of(recorded.last_good) == revision:
        return True
    return any(run.outcome == "Succeeded" and run.revision == revision for run in ended_runs(o))


def last_run(o: Observation) -> LastRun | None:
    """The newest of the ended PluginRuns and of the Jobs that schedules made."""
    ended = [*_recorded(o), *_from_runs(o), *_from_jobs(o)]
    return max(ended, key=lambda run: (run.finished, run.name), default=None)


def _recorded(o: Observation) -> list[LastRun]:
    """What the status says already: runs and Jobs are removed in time, their verdict stays."""
    last = o.plugin.status.last_run
    if last is None or last.finished_time is None or last.outcome is None:
        return []
    finished = to_rfc3339(last.finished_time)
    return [LastRun(last.name, str(last.outcome), last.message or "", finished, last.exit_code, last.reason or "")]


def _from_runs(o: Observation) -> list[LastRun]:
    return [
        LastRun(
            name=run.name,
            outcome=str(run.status.outcome),
            message=run.status.message or "",
            finished=to_rfc3339(run.status.completion_time),
            exit_code=run.status.exit_code,
            reason=run.status.reason or "",
            revision=number_of(run.status.revision),
        )
        for run in o.runs
        if run.status.outcome in ("Succeeded", "Failed", "TimedOut") and run.status.completion_time
    ]


def _from_jobs(o: Observation) -> list[LastRun]:
    return [
        _from_job(name, job, ending_of(job, [pod for pod in o.pods if pod.controller_uid == uid]))
        for name, uid, job in o.jobs
        if job.outcome
    ]


def _from_job(name: str, job: JobFacts, ending: Ending) -> LastRun:
    return LastRun(
        name, str(ending.outcome), ending.message, job.end, ending.exit_code, str(ending.reason), job.revision
    )


def number_of(revision: str | None) -> int:
    """The number in the name of a revision; 0 when there is none."""
    number = (revision or "").rpartition("-r")[2]
    return int(number) if number.isdigit() else 0
