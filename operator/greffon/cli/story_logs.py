"""Logs of pods: of one run while it works, or of a plug-in. Called by `commands_run` and `story_run`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from greffon.cli.choose import revision
from greffon.cli.problems import FOUND, Problem
from greffon.cli.session import Session
from greffon.cli.story_look import plugin_of, revisions
from greffon.errors import Invalid, NotFound
from greffon.kube.kinds import POD
from greffon.model import keys

Json = dict[str, Any]
_POLL_SECONDS = 0.05


class Follower:
    """Shows the log of every pod of a selector, from its first line to its end.

    Args:
        result: whether the log is the result, to be shown on stdout.

    Attributes:
        lines: shown so far.
    """

    def __init__(self, s: Session, *, result: bool, query: Mapping[str, str] | None = None) -> None:
        self._s, self._result = s, result
        self._query = {"follow": "true", **(query or {})}
        self._names: set[str] = set()
        self._open = 0
        self.lines = 0

    async def follow(self, selector: str, *, names: bool = False) -> None:
        """Until cancelled. `names`: begin each line with the pod's name."""
        async with asyncio.TaskGroup() as group:
            async for pod in self._s.door.follow(POD, self._s.place.namespace, selector=selector):
                if pod and has_begun(pod) and pod["metadata"]["name"] not in self._names:
                    name = str(pod["metadata"]["name"])
                    self._names.add(name)
                    self._open += 1
                    group.create_task(self._one(name, f"[{name}] " if names else ""))

    async def quiet(self) -> None:
        """Wait until every log that was begun has ended, and there was one."""
        while self._open or not self._names:  # noqa: ASYNC110 - the end of a stream has no event of its own
            await asyncio.sleep(_POLL_SECONDS)

    async def _one(self, pod: str, prefix: str) -> None:
        try:
            self.lines += await show_log(self._s, pod, prefix, result=self._result, query=self._query)
        except (Invalid, NotFound) as error:  # the pod went while its log was asked for
            self._s.console.say(f"{pod}: {error}")
        finally:
            self._open -= 1


async def show_log(s: Session, pod: str, prefix: str, *, result: bool, query: Mapping[str, str]) -> int:
    """Print one log; gives the number of lines."""
    count = 0
    async for text in s.door.log(s.place.namespace, pod, container=keys.CONTAINER, **query):
        s.console.log(prefix, text, result=result)
        count += 1
    return count


async def logs(s: Session, name: str, *, follow: bool, number: str, previous: bool, tail: int | None) -> int:
    """`greffon logs`."""
    plugin = await plugin_of(s, name)
    selector = f"{keys.LABEL_PLUGIN}={plugin.name}"
    if number:
        selector += f",{keys.LABEL_REVISION}={revision(name, number, await revisions(s, name)).number}"
    query = ({"previous": "true"} if previous else {}) | ({"tailLines": str(tail)} if tail is not None else {})
    pods = newest_first(await s.door.all(POD, s.place.namespace, selector=selector))
    begun = [str(pod["metadata"]["name"]) for pod in pods if has_begun(pod)]
    if follow:
        await Follower(s, result=True, query=query).follow(selector, names=len(begun) > 1)
    if not begun:
        raise Problem(_nothing(name, s.place.namespace, waiting=len(pods)), code=FOUND)
    return await _print_all(s, begun, query, plugin.mode)


async def _print_all(s: Session, pods: list[str], query: Mapping[str, str], mode: str) -> int:
    """Of a Service every pod, of a Job the newest: the older ones are other runs."""
    chosen = pods if mode == "Service" else pods[:1]
    shown = 0
    for pod in chosen:
        try:
            await show_log(s, pod, f"[{pod}] " if len(chosen) > 1 else "", result=True, query=query)
            shown += 1
        except (Invalid, NotFound) as error:  # no previous container; a pod that has gone meanwhile
            s.console.say(f"{pod}: {error}")
    return 0 if shown else FOUND


def has_begun(pod: Json) -> bool:
    """Whether the plug-in's container has started once, so that there is a log."""
    found = (pod.get("status") or {}).get("containerStatuses") or []
    mine: Json = next((one for one in found if one.get("name") == keys.CONTAINER), {})
    state = mine.get("state") or {}
    return bool("running" in state or "terminated" in state or mine.get("restartCount"))


def newest_first(pods: list[Json]) -> list[Json]:
    """By the moment they were made."""
    return sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp") or ""), reverse=True)


def _nothing(name: str, namespace: str, *, waiting: int) -> str:
    if waiting:
        return f"no container of {name} has started yet; `greffon get {name} -n {namespace}` says what it waits for"
    return f"{name} has no pods in namespace {namespace}; `greffon get {name} -n {namespace}` says why"
