"""Twenty plug-ins of every mode, and three acts that a user performs on them; pure, used by `test_killed`.

They are small, because all of them really run, on one node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.e2e.world import Json, plugin, script

READ = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "reason": "reads its settings"}]
LIST = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"], "reason": "counts pods"}]
SMALL = {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"cpu": "500m", "memory": "64Mi"}}
# Process 1 has no default for SIGTERM: without the trap each change would take the 30 s of grace.
WAIT = ["bash", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"]
ECHO = 'read -r event\necho "$event"'
PORT = [{"name": "http", "port": 8080}]
EGRESS = [{"plugin": "script-1", "ports": [{"port": 8080}]}]


@dataclass(frozen=True)
class Act:
    """Things that a user does at once: apply and delete."""

    what: str
    apply: Sequence[Json]
    delete: Sequence[str] = ()


def acts(image: str) -> list[Act]:
    """Create all, change most, delete half.

    Args:
        image: one that has bash, for the plug-ins of type Container.
    """
    return [
        Act(
            "create", [*_scripts(), *_containers(image), *_jobs(), *_schedules(), _hook("chat"), *_runs("first", 1, 5)]
        ),
        Act("update", [*_changed(image), *_runs("second", 1, 3)]),
        Act("delete", [*_changed_again(image), *_runs("third", 1, 2)], delete=_LEAVING),
    ]


def _service(name: str, text: str = "cat", **spec: Any) -> Json:
    return script(name, text, mode="Service", run={"ports": PORT, "resources": SMALL}, **spec)


def _container(name: str, image: str, *words: str, **spec: Any) -> Json:
    run = {"mode": "Service", "entrypoint": [*WAIT, *words], "resources": SMALL}
    return plugin(name, type="Container", source={"image": {"ref": image}}, run=run, **spec)


def _job(name: str, text: str = ECHO, **spec: Any) -> Json:
    return script(name, text, run={"resources": SMALL}, **spec)


def _timer(name: str, *crons: str, **spec: Any) -> Json:
    """Schedules of a day that is far away: a run that starts by itself would make no two ends alike."""
    triggers = [{"name": f"t{n}", "cron": cron, "timeZone": "Etc/UTC"} for n, cron in enumerate(crons)]
    return _job(name, triggers=triggers, **spec)


def _hook(path: str) -> Json:
    return plugin("hook", type="Webhook", source={"url": f"https://chat.example.com/{path}"})


def _runs(name: str, first: int, beyond: int) -> list[Json]:
    """One run each of job-<first> and those that follow."""
    return [
        {
            "apiVersion": "greffon.dev/v1alpha1",
            "kind": "PluginRun",
            "metadata": {"name": f"{name}-{n}"},
            "spec": {"pluginRef": {"name": f"job-{n}"}, "input": {"run": name, "number": n}},
        }
        for n in range(first, beyond)
    ]


def _scripts() -> list[Json]:
    return [
        _service("script-1"),
        _service("script-2", permissions={"rules": READ, "egress": EGRESS}),
        _service("script-3", config={"values": {"level": "info"}}),
        _service("script-4", permissions={"rules": READ}),
    ]


def _containers(image: str) -> list[Json]:
    return [_container(f"box-{n}", image) for n in range(1, 5)]


def _jobs() -> list[Json]:
    made = [_job(f"job-{n}") for n in range(1, 6)]
    return [*made, *(_job(f"job-{n}", permissions={"rules": READ}, config={"values": {"n": n}}) for n in range(6, 9))]


def _schedules() -> list[Json]:
    return [_timer(f"timer-{n}", "0 0 29 2 *") for n in range(1, 4)]


def _changed(image: str) -> list[Json]:
    return [
        _service("script-1", "cat -n", version="1.1.0"),
        _service("script-2", permissions={"rules": LIST, "egress": EGRESS}),
        _service("script-3", config={"values": {"level": "debug"}}),
        _service("script-4"),
        _container("box-1", image, "changed", version="2.0.0"),
        _container("box-2", image, suspend=True),
        _container("box-3", image, permissions={"rules": READ}),
        _job("job-5", "echo '{}'", version="1.1.0"),
        _job("job-6", permissions={"rules": LIST}, config={"values": {"n": 60}}),
        _job("job-7", suspend=True, permissions={"rules": READ}, config={"values": {"n": 7}}),
        _timer("timer-1", "0 1 29 2 *"),
        _timer("timer-2", "0 0 29 2 *", "0 2 29 2 *"),
        _timer("timer-3", "0 0 29 2 *", suspend=True),
        _hook("elsewhere"),
    ]


_LEAVING = ("script-2", "script-3", "box-1", "box-2", "job-2", "job-5", "job-6", "timer-2", "timer-3", "hook")


def _changed_again(image: str) -> list[Json]:
    return [
        _service("script-1", "cat -b", version="1.2.0"),
        _service("script-4", permissions={"rules": READ}),
        _container("box-3", image),
        _container("box-4", image, "changed", version="2.0.0"),
        _job("job-7", permissions={"rules": READ}, config={"values": {"n": 70}}),
        _job("job-8", permissions={"rules": READ}, config={"values": {"n": 80}}),
        _timer("timer-1", "0 3 29 2 *", "0 4 29 2 *"),
    ]
