"""Service mode from start to stop: draining, scripts that do not end, orphans, the report at the end."""

import json
import os
import signal
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.unit.runners.harness import BASH, Answer, Served, Workspace
from tests.unit.runners.test_job_under_stress import become_subreaper


def begin(served: Served, pool: ThreadPoolExecutor, started: Path) -> Future[Answer]:
    """Send an event and return once its script runs."""
    answer = pool.submit(served.post, {})
    while not started.exists():
        assert not answer.done(), answer.result()
        time.sleep(0.01)
    return answer


def test_running_events_finish_when_the_service_is_stopped(workspace: Workspace, tmp_path: Path) -> None:
    """SIGTERM: the one that runs is answered, new ones are not taken, an idle client is not waited for."""
    started, gate = tmp_path / "started", tmp_path / "gate"
    workspace.write({"main.sh": f"touch {started}; until [ -e {gate} ]; do sleep 0.02; done; echo '[1]'"})

    patient = replace(workspace, environment={"GREFFON_GRACE_SECONDS": "600"})
    with patient.serving(BASH) as served, ThreadPoolExecutor(1) as pool, socket.create_connection(served.address):
        answer = begin(served, pool, started)
        served.process.send_signal(signal.SIGTERM)
        while (health := served.request("GET", "/healthz")).status == 200:
            time.sleep(0.01)
        refused = served.post({})
        gate.touch()
        finished = answer.result()
        exit_code = served.process.wait(timeout=10)

    assert (health.status, health.json["status"]) == (503, "stopping")
    assert (refused.status, "stopping" in refused.json["error"]) == (503, True)
    assert (finished.status, finished.json, exit_code) == (200, [1], 0)


def test_events_that_do_not_finish_are_stopped(workspace: Workspace, tmp_path: Path) -> None:
    """When the grace is nearly over the scripts get SIGTERM, then SIGKILL; their callers are told."""
    started = tmp_path / "started"
    workspace.write({"main.sh": f"trap '' TERM; touch {started}; while true; do sleep 1; done"})

    with (
        replace(workspace, environment={"GREFFON_GRACE_SECONDS": "1"}).serving(BASH) as served,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = begin(served, pool, started)
        served.process.send_signal(signal.SIGTERM)
        finished = answer.result()
        exit_code = served.process.wait(timeout=10)

    assert (finished.status, finished.json["exitCode"], exit_code) == (500, 137, 0)


def test_an_idle_connection_does_not_delay_the_end(workspace: Workspace) -> None:
    """A client that connected and says nothing is no reason to wait."""
    workspace.write({"main.sh": "true"})

    with workspace.serving(BASH) as served, socket.create_connection(served.address):
        begun = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        exit_code = served.process.wait(timeout=10)

    assert exit_code == 0
    assert time.monotonic() - begun < 5


def test_the_report_holds_the_last_words_of_all_events(workspace: Workspace) -> None:
    """Whoever looks at the ended pod sees what its scripts said last."""
    workspace.write({"main.sh": "printf begun >&2; echo ended; printf ' or not\\n' >&2"})

    with workspace.serving(BASH) as served:
        served.post({})

    document = workspace.termination_log()
    assert document is not None
    report = json.loads(document)
    assert (report["exitCode"], report["output"]) == (0, None)
    assert "begun or not\n" in report["tail"]
    assert "ended\n" in report["tail"]


def test_a_long_life_leaves_no_zombies_and_no_descriptors(workspace: Workspace) -> None:
    """Fifty events, each with an orphan; afterwards the runner has what it had after the first."""
    workspace.write({"main.sh": "(setsid sh -c 'sleep 0.05' >/dev/null 2>&1 </dev/null &); echo '[1]'"})

    with workspace.serving(BASH, preexec_fn=become_subreaper) as served:
        served.post({})
        before = settled(served.process.pid)
        with ThreadPoolExecutor(4) as pool:
            statuses = [answer.status for answer in pool.map(served.post, range(50))]
        after = settled(served.process.pid)

    assert statuses == [200] * 50
    assert after == before


def test_what_escapes_keeps_no_descriptor_of_the_service(workspace: Workspace) -> None:
    """A process in a session of its own holds the script's pipes open; the Service lets go of them."""
    workspace.write({"main.sh": 'setsid sleep 60 & echo "$!"'})

    with workspace.serving(BASH) as served:
        before = descriptors(served.process.pid)
        escaped = served.post({}).json
        try:
            deadline = time.monotonic() + 10
            while (after := descriptors(served.process.pid)) > before and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            os.kill(escaped, signal.SIGKILL)

    assert after == before


def test_a_client_that_leaves_does_not_stop_its_event(workspace: Workspace, tmp_path: Path) -> None:
    """Events are orders: the script runs to its end, and the next client is served."""
    started, ended = tmp_path / "started", tmp_path / "ended"
    workspace.write({"main.sh": f"touch {started}; sleep 0.3; touch {ended}"})

    with workspace.serving(BASH) as served:
        with socket.create_connection(served.address) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
            while not started.exists():
                time.sleep(0.01)
        while not ended.exists():
            time.sleep(0.01)
        assert served.post({}).status == 204


def settled(pid: int) -> tuple[int, int]:
    """Return the counts of open descriptors and of children, once no child is left."""
    deadline = time.monotonic() + 10
    while (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return descriptors(pid), len(children)


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
