"""What the asking verbs write, what they wait for, and what they say of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from greffon.cli import story_ask
from greffon.cli.session import Story
from greffon.cli.story_ask import Patience
from tests.reconcile.fake.request import Refused
from tests.unit.cli.objects import condition, healthy, plugin, revision
from tests.unit.cli.world import World

Json = dict[str, Any]
WAIT = Patience(seconds=30)
GO_ON = Patience(wait=False)


def echo(obj: Json) -> Json | None:
    """An operator that handles what the annotations ask for."""
    asked = obj["metadata"].get("annotations") or {}
    handled = {name.partition("/")[2]: token for name, token in asked.items()}
    pinned = {"pinned": handled["rollback-to"]} if "rollback-to" in handled else {}
    revisions = {k: v for k, v in obj["status"].get("revisions", {}).items() if k != "pinned"}
    status = {k: v for k, v in obj["status"].items() if k != "handled"}
    generation = obj["metadata"]["generation"]
    # A merge patch removes what is null.
    gone = {name: None for name in obj["status"].get("handled") or {} if name not in handled}
    new: Json = {"handled": gone | handled} if gone | handled else {}
    more = {"revisions": revisions | (pinned or {"pinned": None}), "observedGeneration": generation}
    if obj["status"].get("handled") == handled and obj["status"].get("observedGeneration") == generation:
        return None
    return status | new | more


def no(obj: Json) -> Json | None:
    """An operator that refuses to go back."""
    said = condition("RolledBack", "False", "RequestRefused", "revision r1 is not kept; there are r2")
    made = echo(obj)
    return None if made is None else made | {"conditions": [*made["conditions"], said]}


def three(world: World) -> None:
    """Revision 3 runs; 2 is in Standby, 1 is history."""
    world.create(healthy(revisions={"desired": "web-r3", "active": "web-r3"}))
    for number, state in ((1, "Superseded"), (2, "Standby"), (3, "Active")):
        world.create(revision(number, state))


TOKENS: dict[str, tuple[str, str]] = {
    "restart makes new pods": ("restart", "greffon.dev/restart"),
    "reset lifts quarantine": ("reset", "greffon.dev/reset"),
    "reconcile wakes the operator": ("reconcile", "greffon.dev/reconcile"),
}


@pytest.mark.parametrize(("word", "annotation"), TOKENS.values(), ids=TOKENS)
async def test_a_one_shot_verb_writes_one_annotation_and_waits_for_its_echo(
    world: World, word: str, annotation: str
) -> None:
    world.create(healthy())
    world.operator("Plugin", echo)

    assert await world.tell(partial(story_ask.verb, name="web", word=word, patience=WAIT)) == 0

    ((what, body),) = world.sent()
    assert what == "patch Plugin/web"
    assert list(body) == ["metadata"]
    ((name, token),) = body["metadata"]["annotations"].items()
    assert name == annotation
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", token)
    assert world.out.getvalue() == (
        "web: handled; runs web-r2; Ready True Available: revision r2 (1.5.0): 2 of 2 replicas available\n"
    )


async def test_two_requests_never_have_the_same_token(world: World) -> None:
    world.create(healthy())
    for _ in range(2):
        await world.tell(partial(story_ask.verb, name="web", word="restart", patience=GO_ON))

    first, second = (body["metadata"]["annotations"]["greffon.dev/restart"] for _, body in world.sent())
    assert first != second


async def test_without_waiting_nothing_is_waited_for(world: World) -> None:
    world.create(healthy())

    assert await world.tell(partial(story_ask.verb, name="web", word="restart", patience=GO_ON)) == 0

    assert world.loop.time() < 1
    assert world.err.getvalue() == "web: asked for; `greffon get web -n team-a` shows the answer\n"


async def test_an_operator_that_is_away_is_told_of_after_the_time(world: World) -> None:
    world.create(healthy())

    assert await world.tell(partial(story_ask.verb, name="web", word="restart", patience=WAIT)) == 1

    assert world.loop.time() == pytest.approx(30, abs=0.1)
    assert world.err.getvalue() == (
        "greffon: the operator has not answered within 30 s for web in team-a (last word: Available: revision r2 "
        "(1.5.0): 2 of 2 replicas available); the request stays: `greffon get web -n team-a` shows when it is "
        "handled; check that the operator runs\n"
    )


ROLLBACKS: dict[str, tuple[str, str]] = {
    "without a wish the newest in Standby below the active one is chosen": ("", "web-r2"),
    "a number": ("1", "web-r1"),
    "a short name": ("r1", "web-r1"),
    "a whole name": ("web-r2", "web-r2"),
}


@pytest.mark.parametrize(("wish", "target"), ROLLBACKS.values(), ids=ROLLBACKS)
async def test_rollback_writes_the_name_of_the_revision(world: World, wish: str, target: str) -> None:
    three(world)
    world.operator("Plugin", echo)

    assert await world.tell(partial(story_ask.rollback, name="web", wish=wish, patience=WAIT)) == 0

    assert world.sent() == [("patch Plugin/web", {"metadata": {"annotations": {"greffon.dev/rollback-to": target}}})]


IMPOSSIBLE: dict[str, tuple[str, str, int]] = {
    "a revision that is not kept": ("9", "plug-in web has no revision r9; there are r3, r2, r1", 2),
    "no revision at all": ("latest", "latest is not a revision; write a number such as 6, or r6, or web-r6", 2),
    "the one that the spec asks for": ("3", "revision r3 is the one that the spec of web asks for", 1),
}


@pytest.mark.parametrize(("wish", "said", "code"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
async def test_a_rollback_that_could_only_be_refused_is_not_asked_for(
    world: World, wish: str, said: str, code: int
) -> None:
    three(world)

    assert await world.tell(partial(story_ask.rollback, name="web", wish=wish, patience=WAIT)) == code

    assert said in world.err.getvalue()
    assert world.sent() == []


async def test_a_quarantined_revision_leads_to_reset(world: World) -> None:
    three(world)
    world.set_status("PluginRevision", "web-r1", {"state": "Quarantined"})

    assert await world.tell(partial(story_ask.rollback, name="web", wish="1", patience=WAIT)) == 1

    assert "`greffon reset web` lifts that" in world.err.getvalue()
    assert world.sent() == []


async def test_the_operators_own_words_are_shown_when_it_refuses(world: World) -> None:
    three(world)
    world.operator("Plugin", no)

    assert await world.tell(partial(story_ask.rollback, name="web", wish="1", patience=WAIT)) == 1

    assert "greffon: the operator refuses: revision r1 is not kept; there are r2\n" in world.err.getvalue()
    assert world.out.getvalue() == ""


async def test_a_refusal_of_an_older_rollback_is_not_that_of_a_restart(world: World) -> None:
    said = condition("RolledBack", "False", "RequestRefused", "revision r9 is not kept; there are r2")
    world.create(healthy(conditions=[condition("Ready", "True", "Available"), said]))
    world.operator("Plugin", echo)

    assert await world.tell(partial(story_ask.verb, name="web", word="restart", patience=WAIT)) == 0


async def test_the_same_rollback_again_withdraws_the_spent_request_first(world: World) -> None:
    three(world)
    world.server.do(
        "someone",
        "PATCH",
        *_plugin(),
        body={"metadata": {"annotations": {"greffon.dev/rollback-to": "web-r2"}}},
        content_type="application/merge-patch+json",
    )
    world.set_status("Plugin", "web", {"handled": {"rollback-to": "web-r2"}})
    world.operator("Plugin", echo)

    assert await world.tell(partial(story_ask.rollback, name="web", wish="2", patience=WAIT)) == 0

    written = [body["metadata"]["annotations"]["greffon.dev/rollback-to"] for _, body in world.sent()]
    assert written == [None, "web-r2"]


async def test_undo_removes_the_annotation_and_waits_until_that_is_seen(world: World) -> None:
    three(world)
    world.operator("Plugin", echo)
    await world.tell(partial(story_ask.rollback, name="web", wish="2", patience=WAIT))
    written = len(world.sent())

    assert await world.tell(partial(story_ask.undo, name="web", patience=WAIT)) == 0

    assert world.sent()[written:] == [
        ("patch Plugin/web", {"metadata": {"annotations": {"greffon.dev/rollback-to": None}}})
    ]
    await _same(partial(story_ask.undo, name="web", patience=WAIT), world)


async def _same(story: Story, world: World) -> None:
    """Asked again, nothing is written."""
    written = len(world.sent())
    assert await world.tell(story) == 0
    assert len(world.sent()) == written
    assert "it is so already" in world.err.getvalue()


@pytest.mark.parametrize("suspended", [True, False], ids=["suspend", "resume"])
async def test_suspend_and_resume_patch_the_spec_and_nothing_else(world: World, suspended: bool) -> None:
    world.create(healthy(spec={"suspend": not suspended}))
    world.operator("Plugin", echo)

    story = partial(story_ask.suspend, name="web", patience=WAIT, suspended=suspended)
    assert await world.tell(story) == 0

    assert world.sent() == [("patch Plugin/web", {"spec": {"suspend": suspended}})]
    await _same(story, world)


async def test_a_spec_that_is_kept_in_git_is_warned_of(world: World) -> None:
    body = healthy()
    body["metadata"]["labels"] = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    world.create(body)

    await world.tell(partial(story_ask.suspend, name="web", patience=GO_ON, suspended=True))

    assert "note: Flux keeps the spec of web and may set spec.suspend back" in world.err.getvalue()


async def test_a_missing_right_to_patch_names_the_editors_role(world: World) -> None:
    world.create(healthy())
    world.refuse["PATCH", "/plugins/web"] = Refused(
        403,
        'plugins.greffon.dev "web" is forbidden: User "ada" cannot patch resource "plugins" in API group "greffon.dev"',
    )

    assert await world.tell(partial(story_ask.verb, name="web", word="reset", patience=WAIT)) == 2

    assert "you have no right to patch plugins in namespace team-a" in world.err.getvalue()
    assert "greffon-plugin-editor" in world.err.getvalue()


async def test_a_plug_in_that_vanishes_meanwhile_ends_the_waiting(world: World) -> None:
    world.create(plugin())
    world.loop.call_later(5, lambda: world.server.do("someone", "DELETE", *_plugin()))

    assert await world.tell(partial(story_ask.verb, name="web", word="restart", patience=WAIT)) == 1

    assert world.loop.time() < 30
    assert world.err.getvalue() == "greffon: plug-in web was deleted meanwhile\n"


async def test_a_broken_watch_is_taken_up_again(world: World) -> None:
    world.create(healthy())
    cut: Callable[[], None] = partial(world.server.cut_streams, compact=True)
    world.loop.call_later(3, cut)
    world.loop.call_later(10, lambda: world.operator("Plugin", echo))
    world.loop.call_later(
        11,
        lambda: world.server.do(
            "someone",
            "PATCH",
            *_plugin(),
            body={"metadata": {"labels": {"a": "b"}}},
            content_type="application/merge-patch+json",
        ),
    )

    assert await world.tell(partial(story_ask.verb, name="web", word="restart", patience=WAIT)) == 0


def _plugin() -> tuple[Any, str, str]:
    from greffon.kube.kinds import PLUGIN

    return PLUGIN, "team-a", "web"
