"""The cache keeps the newest that is known of each object, and finds it by its owner."""

from dataclasses import dataclass

import pytest

from greffon.engine.cache import Cache
from greffon.engine.queue import Key

OWNER, SECOND = Key("Plugin", "ns", "p"), Key("Plugin", "ns", "q")
POD, JOB = Key("Pod", "ns", "x"), Key("Job", "ns", "y")


@dataclass(frozen=True)
class Digest:
    """The least that a cache asks of an entry."""

    uid: str
    version: int
    key: Key = POD
    owner: Key | None = OWNER


@dataclass(frozen=True)
class Deleted:
    """A deletion that was seen."""

    uid: str
    version: int = 0


Told = Digest | Deleted
STORIES: dict[str, tuple[list[Told], str]] = {
    "an object becomes known": ([Digest("u", 5)], "u@5"),
    "a newer version replaces an older one": ([Digest("u", 5), Digest("u", 6)], "u@6"),
    "an older version never replaces a newer one": ([Digest("u", 6), Digest("u", 5)], "u@6"),
    "a deleted object is forgotten": ([Digest("u", 5), Deleted("u", 6)], "nothing"),
    "the late echo of a write does not bring a deleted object back": (
        [Digest("u", 5), Deleted("u", 7), Digest("u", 6)],
        "nothing",
    ),
    "an echo that comes after a deletion nobody had a digest for is refused too": (
        [Deleted("u", 7), Digest("u", 6)],
        "nothing",
    ),
    "a namesake made after a deletion is taken": ([Digest("u", 5), Deleted("u", 6), Digest("w", 8)], "w@8"),
    "a namesake replaces an object whose deletion was missed": ([Digest("u", 5), Digest("w", 8)], "w@8"),
    "the late deletion of a predecessor leaves its namesake": (
        [Digest("u", 5), Digest("w", 8), Deleted("u", 7)],
        "w@8",
    ),
    "the late echo of a predecessor does not replace its namesake": ([Digest("w", 8), Digest("u", 7)], "w@8"),
    "the late echo of a deleted predecessor does not replace its namesake": (
        [Deleted("u", 7), Digest("w", 8), Digest("u", 6)],
        "w@8",
    ),
}


@pytest.mark.parametrize(("told", "expected"), STORIES.values(), ids=STORIES)
def test_what_is_known(told: list[Told], expected: str) -> None:
    cache: Cache[Digest] = Cache()
    for item in told:
        if isinstance(item, Digest):
            cache.put(item)
        else:
            cache.drop(POD, uid=item.uid, version=item.version)
    known = cache.get(POD)
    assert (f"{known.uid}@{known.version}" if known else "nothing") == expected
    assert cache.owned(OWNER) == ((known,) if known else ())
    assert len(cache) == bool(known)


@pytest.mark.parametrize(
    ("first", "second", "is_news"),
    [
        pytest.param(5, 6, True, id="a newer version is news"),
        pytest.param(5, 5, False, id="the echo of an own write is no news"),
        pytest.param(6, 5, False, id="an older version is no news"),
    ],
)
def test_put_says_whether_it_is_news(first: int, second: int, is_news: bool) -> None:
    cache: Cache[Digest] = Cache()
    assert cache.put(Digest("u", first))
    assert cache.put(Digest("u", second)) is is_news


def test_the_children_of_an_owner_come_in_the_order_in_which_they_became_known() -> None:
    cache: Cache[Digest] = Cache()
    names = [Key("Pod", "ns", name) for name in "cab"]
    for number, key in enumerate(names, start=1):
        cache.put(Digest(f"u{number}", number, key=key))
    assert [entry.key for entry in cache.owned(OWNER)] == names
    assert cache.owned(SECOND) == ()


def test_an_object_that_changes_its_owner_moves_over() -> None:
    cache: Cache[Digest] = Cache()
    cache.put(Digest("u", 1))
    cache.put(Digest("u", 2, owner=SECOND))
    assert (len(cache.owned(OWNER)), len(cache.owned(SECOND))) == (0, 1)


def test_an_object_that_loses_its_owner_is_known_but_nobody_s() -> None:
    cache: Cache[Digest] = Cache()
    cache.put(Digest("u", 1))
    cache.put(Digest("u", 2, owner=None))
    assert cache.owned(OWNER) == ()
    assert cache.get(POD) == Digest("u", 2, owner=None)


def test_drop_gives_the_last_digest_and_forgets_the_owner() -> None:
    cache: Cache[Digest] = Cache()
    cache.put(Digest("u", 1))
    assert cache.drop(POD) == Digest("u", 1)
    assert cache.drop(POD) is None
    assert cache.owned(OWNER) == ()


def test_objects_can_be_listed_by_kind() -> None:
    cache: Cache[Digest] = Cache()
    cache.put(Digest("u", 1))
    cache.put(Digest("v", 2, key=JOB))
    assert [entry.uid for entry in cache.of_kind("Job")] == ["v"]
    assert list(cache.of_kind("Secret")) == []


def test_five_thousand_deletions_are_not_all_remembered() -> None:
    cache: Cache[Digest] = Cache()
    cache.drop(POD, uid="first", version=10)
    for number in range(5000):
        cache.drop(POD, uid=f"u{number}", version=10)
    assert cache.put(Digest("first", 9)), "the oldest deletion should be forgotten by now"
    assert not cache.put(Digest("u4999", 9, key=JOB)), "the newest deletion must still be known"
