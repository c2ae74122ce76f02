"""A sweep heals what a watch missed, and believes a deletion only after asking for the object itself."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from greffon.engine.cache import Cache
from greffon.engine.queue import Key
from greffon.engine.sweep import Sweep
from greffon.errors import ApiError, Unavailable
from greffon.kube.api import Api
from greffon.kube.kinds import PLUGIN, PLUGIN_RUN, Resource
from tests.unit.engine.virtual_time import virtually
from tests.unit.kube.scripted import ScriptedTransport, Step, refusal, reply

Json = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """What the cache keeps."""

    key: Key
    uid: str
    version: int
    owner: Key | None = None


def listed(*names: str, more: str = "") -> Step:
    """A page; each name may carry a uid and a version, as `name/uid@version`."""
    return reply({"metadata": {"resourceVersion": "9", "continue": more}, "items": [obj(name) for name in names]})


def obj(text: str) -> Json:
    """An object written `name/uid@version`."""
    name, _, rest = text.partition("/")
    uid, _, version = rest.partition("@")
    meta = {"namespace": "ns", "name": name, "uid": uid or f"uid-{name}", "resourceVersion": version or "5"}
    return {"metadata": meta}


GONE = refusal(404, "not found", "NotFound")
SITUATIONS: dict[str, tuple[list[str], list[Step], list[str]]] = {
    "cache and list agree": (["a", "b"], [listed("a", "b")], []),
    "both are empty": ([], [listed()], []),
    "a deletion was missed": (["a", "b"], [listed("b"), GONE], ["DELETED a/uid-a@5"]),
    "an object was missed": (["a"], [listed("a", "b"), reply(obj("b/uid-b@7"))], ["MODIFIED b/uid-b@7"]),
    "a change was missed": (["a"], [listed("a/uid-a@6"), reply(obj("a/uid-a@6"))], ["MODIFIED a/uid-a@6"]),
    "an object was replaced by a namesake": (
        ["a"],
        [listed("a/other@8"), reply(obj("a/other@8"))],
        ["MODIFIED a/other@8"],
    ),
    "the list is older than the cache, which is right": (["a/uid-a@9"], [listed("a/uid-a@6")], []),
    "a stale list lacks an object that is there": (["a"], [listed(), reply(obj("a"))], ["MODIFIED a/uid-a@5"]),
    "an object of the list is gone when it is asked for": ([], [listed("a"), GONE], ["DELETED a/@0"]),
    "all pages count": (["a", "b"], [listed("a", more="next"), listed("b")], []),
}


class Swept:
    """A sweep over a cache, and what it told."""

    def __init__(self, cached: list[str], answers: list[Step], namespaces: tuple[str, ...] = ()) -> None:
        self.transport = ScriptedTransport(answers)
        self.told: list[str] = []
        self.repaired: list[str] = []
        self.progress: list[str] = []
        self.cache: Cache[Entry] = Cache()
        for text in cached:
            self.cache.put(self._entry(PLUGIN, obj(text)))
        self.sweep = Sweep(
            Api(self.transport, attempts=1),
            self.cache,
            (PLUGIN, PLUGIN_RUN),
            self._sink,
            namespaces=namespaces,
            every=300,
            progress=self.progress.append,
            repaired=self.repaired.append,
        )

    def _entry(self, resource: Resource, body: Mapping[str, Any]) -> Entry:
        meta = body["metadata"]
        return Entry(Key(resource.kind, "ns", meta["name"]), meta["uid"], int(meta["resourceVersion"]))

    def _sink(self, resource: Resource, kind: str, body: Json) -> None:
        meta = body["metadata"]
        self.told.append(f"{kind} {meta['name']}/{meta['uid']}@{meta['resourceVersion']}")
        if kind == "DELETED":
            self.cache.drop(Key(resource.kind, "ns", meta["name"]), uid=meta["uid"])
        else:
            self.cache.put(self._entry(resource, body))


@pytest.mark.parametrize(("cached", "answers", "told"), SITUATIONS.values(), ids=SITUATIONS)
def test_once(cached: list[str], answers: list[Step], told: list[str]) -> None:
    async def story() -> Swept:
        swept = Swept(cached, answers)
        await swept.sweep.once(PLUGIN)
        return swept

    swept = virtually(story())
    assert swept.told == told
    assert swept.repaired == ["Plugin"] * len(told)
    assert swept.progress == ["Plugin"]
    listing = next(r for r in swept.transport.requests if r.query)
    assert "PartialObjectMetadataList" in listing.content_type


def test_what_changed_during_the_list_is_left_to_its_own_event() -> None:
    async def story() -> list[str]:
        swept = Swept(["a"], [listed("b", more="next"), listed()])
        send = swept.transport.send

        async def changing(*args: Any, **kwargs: Any) -> Any:
            swept.cache.put(Entry(Key("Plugin", "ns", "a"), "uid-a", 6))
            swept.cache.put(Entry(Key("Plugin", "ns", "b"), "uid-b", 6))
            return await send(*args, **kwargs)

        swept.transport.send = changing  # type: ignore[method-assign]
        await swept.sweep.once(PLUGIN)
        return swept.told

    assert virtually(story()) == []


FAILURES: dict[str, Step] = {
    "the API server is away": Unavailable("down"),
    "the answer is no JSON": reply("<html>"),
    "the right to list was taken away": refusal(403),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_list_that_cannot_be_read_is_no_sign_of_life_and_deletes_nothing(failure: Step) -> None:
    async def story() -> None:
        swept = Swept(["a"], [failure])
        with pytest.raises(ApiError):
            await swept.sweep.once(PLUGIN)
        assert (swept.progress, swept.told) == ([], [])

    virtually(story())


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_an_object_that_cannot_be_asked_for_is_not_taken_for_deleted(failure: Step) -> None:
    async def story() -> None:
        swept = Swept(["a"], [listed(), failure])
        with pytest.raises(ApiError):
            await swept.sweep.once(PLUGIN)
        assert (swept.progress, swept.told, len(swept.cache)) == ([], [], 1)

    virtually(story())


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_sweeping_goes_on_after_a_failure_and_with_the_other_kinds(failure: Step) -> None:
    async def story() -> None:
        swept = Swept(["a"], [failure, listed(), listed(), GONE, listed()])
        task = asyncio.create_task(swept.sweep.run())
        await asyncio.sleep(239)
        assert swept.transport.requests == []
        await asyncio.sleep(122)
        assert swept.progress == ["PluginRun"]
        await asyncio.sleep(359)  # 720 s are two of the longest rounds, and three of the shortest
        assert swept.told == ["DELETED a/uid-a@5"]
        task.cancel()

    virtually(story())


def test_the_first_fill_hands_over_every_object_of_every_page_namespace_and_kind() -> None:
    async def story() -> None:
        answers = [listed("a", more="m"), listed("b"), listed("c"), listed("r"), listed()]
        swept = Swept([], answers, namespaces=("one", "two"))
        await swept.sweep.first()
        assert swept.told == [f"ADDED {name}/uid-{name}@5" for name in "abcr"]
        assert swept.progress == ["Plugin", "PluginRun"]
        paths = [
            request.path.removeprefix("/apis/greffon.dev/v1alpha1/namespaces/") for request in swept.transport.requests
        ]
        assert paths == ["one/plugins", "one/plugins", "two/plugins", "one/pluginruns", "two/pluginruns"]

    virtually(story())


def test_the_first_fill_fails_loudly_when_it_cannot_be_complete() -> None:
    async def story() -> None:
        with pytest.raises(ApiError):
            await Swept([], [listed("a", more="m"), Unavailable("down")]).sweep.first()

    virtually(story())
