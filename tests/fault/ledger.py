"""The operator's own writes in one namespace, read from the API server's audit log.

Used by the tests that promise exact numbers (`tests/e2e/test_writes.py`) and by those that promise that nothing was
done twice (`tests/fault`). The log needs a cluster of the harness; on one of the user's own nothing can be counted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import Cluster, HarnessError, audit
from tests.cluster.audit import Request

OPERATOR = "system:serviceaccount:greffon-system:greffon"
_CREATED = 201


@dataclass(frozen=True)
class Ledger:
    """What the operator wrote in a namespace."""

    log: Path
    namespace: str

    def mark(self) -> int:
        """A place in the log; hand it to the other methods."""
        return audit.mark(self.log)

    def writes(self, since: int) -> list[Request]:
        """Every mutating request, refused ones too, in the order in which they were answered."""
        return [
            request
            for request in audit.requests(self.log, since)
            if request.mutating and request.call.user == OPERATOR and request.call.namespace == self.namespace
        ]

    def count(self, since: int) -> dict[str, int]:
        """How many of each, as "patch deployments"; "refused patch jobs" where the server said no."""
        return dict(Counter(words(request) for request in self.writes(since)))

    def made_again(self, resource: str, since: int) -> list[str]:
        """Names of the objects of a kind that the operator brought into being more than once."""
        made = Counter(
            request.name
            for request in self.writes(since)
            if (request.call.resource, request.call.subresource, request.code) == (resource, "", _CREATED)
        )
        return [name for name, times in made.items() if times > 1]

    def jobs(self, since: int) -> list[str]:
        """Names of the Jobs that the operator asked for, each once.

        The answer does not matter: if the operator dies while it waits, the log says that the request timed out, and
        yet the Job may be there.
        """
        return sorted({r.name for r in self.writes(since) if r.call.resource == "jobs" and r.call.verb != "delete"})

    def pods_placed(self, since: int) -> list[str]:
        """Names of the pods that were given a node, by whomever they were made."""
        return [
            request.name
            for request in audit.requests(self.log, since)
            if (request.call.resource, request.call.subresource) == ("pods", "binding")
            and (request.call.namespace, request.code) == (self.namespace, _CREATED)
        ]

    def pods_of_jobs(self, since: int) -> dict[str, int]:
        """How many pods each Job of the operator has had: a pod's name is the Job's and five characters."""
        placed = Counter(name.rpartition("-")[0] for name in self.pods_placed(since))
        return {job: placed[job] for job in self.jobs(since)}

    def show(self, since: int) -> str:
        """One line per write, for the message of a failed test."""
        return "\n".join(f"{request.code} {words(request)} {request.name}" for request in self.writes(since))

    def follow(self, since: int, *, within: float) -> Iterator[int]:
        """Yield 1, 2, 3 … as the operator's writes arrive, within a millisecond or so of each."""
        deadline, number = time.monotonic() + within, 0
        with self.log.open("rb") as stream:
            stream.seek(since)
            while time.monotonic() < deadline:
                place = stream.tell()
                line = stream.readline()
                if not line.endswith(b"\n"):  # nothing new, or a line that is still being written
                    stream.seek(place)
                    time.sleep(0.001)
                elif self._is_write(line):
                    number += 1
                    yield number
        raise AssertionError(f"only {number} writes in {self.namespace} within {within:.0f} s")

    def _is_write(self, line: bytes) -> bool:
        """A quick look at one line of the log; `writes` has the careful one."""
        mine = f'"username":"{OPERATOR}"'.encode() in line and f'"namespace":"{self.namespace}"'.encode() in line
        return mine and any(f'"verb":"{verb}"'.encode() in line for verb in ("patch", "create", "delete"))

    def quiet(self, *, seconds: float = 3.0, within: float = 120.0) -> None:
        """Wait until the operator has written nothing here for that long: silence has no event to wait for."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            since = self.mark()
            time.sleep(seconds)
            if not self.writes(since):
                return
        raise AssertionError(f"the operator still writes in {self.namespace} after {within:.0f} s")


def ledger(cluster: Cluster, namespace: str) -> Ledger:
    """The ledger of a namespace."""
    if cluster.audit_log is None:
        raise HarnessError(
            "writes are counted in the audit log of the harness's own cluster: unset GREFFON_TEST_KUBECONFIG"
        )
    return Ledger(cluster.audit_log, namespace)


def words(request: Request) -> str:
    """ "patch plugins/status" """
    call = request.call
    target = f"{call.resource}/{call.subresource}" if call.subresource else call.resource
    return f"{'refused ' if request.refused else ''}{call.verb} {target}"
