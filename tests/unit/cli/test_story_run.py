"""A run from the terminal: what is created, where its log and its result go, which exit code comes back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from greffon.cli import story_logs, story_run
from greffon.cli.story_ask import Patience
from tests.reconcile.fake.request import Refused
from tests.unit.cli.objects import plugin, pod, revision
from tests.unit.cli.world import World

Json = dict[str, Any]
WAIT = Patience(seconds=0)
"""To the end."""
RUN = "adder-x7k2p"


def ends(world: World, status: Json, after: float = 5.0) -> None:
    """Let the operator end the run."""
    world.loop.call_later(after, lambda: world.set_status("PluginRun", RUN, status))


def works(world: World, *lines: str, after: float = 2.0) -> None:
    """Let its pod start and say something."""
    world.logs["adder-pod"] = list(lines)
    made = pod("adder-pod", {"greffon.dev/run": RUN, "greffon.dev/plugin": "adder"})
    world.loop.call_later(after, lambda: world.create(made))


async def test_a_run_gives_its_result_on_stdout_and_its_log_on_stderr(world: World) -> None:
    world.create(plugin("adder", mode="Job"))
    works(world, "working", "", '{"sum":3}')
    ends(world, {"outcome": "Succeeded", "exitCode": 0, "output": {"sum": 3}})

    assert await world.tell(partial(story_run.run, name="adder", event={"a": 1, "b": 2}, patience=WAIT)) == 0

    ((what, body),) = world.sent()
    assert what == f"create PluginRun/{RUN}"
    assert body["metadata"]["generateName"] == "adder-"
    assert world.server.log.writes("person")[0].request.query == {}, "not in the operator's name"
    assert body["spec"] == {"pluginRef": {"name": "adder"}, "input": {"a": 1, "b": 2}}
    assert world.out.getvalue() == '{"sum": 3}\n'
    assert world.err.getvalue() == (
        f'run {RUN} is asked for\nworking\n\n{{"sum":3}}\nrun {RUN}: Succeeded: exit code 0\n'
    )
    assert world.asked_logs == [("adder-pod", {"container": "plugin", "follow": "true"})]


ENDS: dict[str, tuple[Json, int]] = {
    "it succeeded": ({"outcome": "Succeeded", "exitCode": 0}, 0),
    "its process failed: its exit code": ({"outcome": "Failed", "exitCode": 7}, 7),
    "an exit code that a shell cannot give back": ({"outcome": "Failed", "exitCode": 256}, 1),
    "it was refused before it had a process": ({"outcome": "Refused", "message": "PluginSuspended"}, 1),
    "it took too long": ({"outcome": "TimedOut"}, 1),
    "it failed although its process ended well": ({"outcome": "Failed", "exitCode": 0}, 1),
}


@pytest.mark.parametrize(("status", "code"), ENDS.values(), ids=ENDS)
async def test_the_exit_code_tells_how_the_run_ended(world: World, status: Json, code: int) -> None:
    world.create(plugin("adder", mode="Job"))
    ends(world, status)

    assert await world.tell(partial(story_run.run, name="adder", event=None, patience=WAIT)) == code

    assert "input" not in world.sent()[0][1]["spec"]
    assert world.out.getvalue() == ""


async def test_without_a_right_to_logs_the_last_lines_come_from_the_status(world: World) -> None:
    world.create(plugin("adder", mode="Job"))
    world.refuse["GET", "/pods"] = Refused(403, 'pods is forbidden: User "ada" cannot list resource "pods"')
    ends(world, {"outcome": "Failed", "exitCode": 3, "tail": "one\n\x1b[31mtwo"})

    assert await world.tell(partial(story_run.run, name="adder", event=None, patience=WAIT)) == 3

    assert "the log could not be followed (you have no right to list pods" in world.err.getvalue()
    assert "one\n\\x1b[31mtwo\n" in world.err.getvalue()


async def test_without_waiting_only_the_name_is_printed(world: World) -> None:
    world.create(plugin("adder", mode="Job"))

    assert await world.tell(partial(story_run.run, name="adder", event=None, patience=Patience(wait=False))) == 0

    assert (world.out.getvalue(), world.err.getvalue()) == (f"{RUN}\n", "")


async def test_a_run_that_outlasts_the_patience_goes_on(world: World) -> None:
    world.create(plugin("adder", mode="Job"))

    assert await world.tell(partial(story_run.run, name="adder", event=None, patience=Patience(seconds=20))) == 1

    assert f"run {RUN} has not ended within 20 s; it goes on; `greffon runs adder -n team-a`" in world.err.getvalue()


async def test_a_service_cannot_be_run_once(world: World) -> None:
    world.create(plugin("adder", mode="Service"))

    assert await world.tell(partial(story_run.run, name="adder", event=None, patience=WAIT)) == 1

    assert world.sent() == []
    assert "adder is not of mode Job (Service): it cannot be run once" in world.err.getvalue()


async def test_a_run_is_never_created_twice_when_the_answer_is_lost(world: World) -> None:
    world.create(plugin("adder", mode="Job"))
    world.refuse["POST", "/pluginruns"] = Refused(503, "the server is busy")

    assert await world.tell(partial(story_run.run, name="adder", event=None, patience=WAIT)) == 2

    assert world.refused == 1
    assert "the run may have been made all the same: `greffon runs adder` shows it" in world.err.getvalue()


def labels(number: int = 1) -> Json:
    return {"greffon.dev/plugin": "web", "greffon.dev/revision": str(number)}


async def test_logs_of_a_service_come_from_every_pod(world: World) -> None:
    world.create(plugin())
    for name in ("web-a", "web-b"):
        world.create(pod(name, labels()))
        world.logs[name] = [f"{name} says hello"]

    assert await world.tell(logs()) == 0

    assert sorted(world.out.getvalue().splitlines()) == ["[web-a] web-a says hello", "[web-b] web-b says hello"]


async def test_logs_can_be_those_of_one_revision(world: World) -> None:
    world.create(plugin())
    world.create(revision(2))
    for number in (1, 2):
        world.create(pod(f"web-{number}", labels(number)))
        world.logs[f"web-{number}"] = [f"revision {number}"]

    assert await world.tell(logs(number="r2")) == 0

    assert world.out.getvalue() == "revision 2\n"


async def test_logs_ask_for_the_container_before(world: World) -> None:
    world.create(plugin())
    world.create(pod("web-a", labels()))

    assert await world.tell(logs(previous=True, tail=5)) == 0

    assert world.asked_logs == [("web-a", {"container": "plugin", "previous": "true", "tailLines": "5"})]


NOTHING: dict[str, tuple[bool, str]] = {
    "no pod": (False, "web has no pods in namespace team-a; `greffon get web -n team-a` says why"),
    "a pod that has not started": (True, "no container of web has started yet; `greffon get web -n team-a` says what"),
}


@pytest.mark.parametrize(("there", "said"), NOTHING.values(), ids=NOTHING)
async def test_without_a_log_the_reader_is_told_where_to_look(world: World, there: bool, said: str) -> None:
    world.create(plugin())
    if there:
        world.create(pod("web-a", labels(), begun=False))

    assert await world.tell(logs()) == 1

    assert said in world.err.getvalue()


async def test_following_shows_pods_that_come_later(world: World) -> None:
    world.create(plugin())
    world.logs["web-late"] = ["here I am"]
    world.loop.call_later(60, lambda: world.create(pod("web-late", labels())))
    task = asyncio.create_task(world.tell(logs(follow=True)))

    await asyncio.sleep(120)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert world.out.getvalue() == "here I am\n"


def logs(**options: Any) -> Any:
    """`greffon logs web` with some options."""
    given: Json = {"follow": False, "number": "", "previous": False, "tail": None}
    return partial(story_logs.logs, name="web", **(given | options))
