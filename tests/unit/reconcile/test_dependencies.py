"""What neighbours have to say about starting, changing and deleting a plug-in."""

import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.model.conditions import Reason
from greffon.reconcile.dependencies import Lack, in_a_circle, teardown_blockers, unmet, would_break
from greffon.reconcile.dependency_graph import Node, Nodes, cycle, dependants, start_order, teardown_order


def node(name: str, *depends_on: str, active: str | None = "1.0.0", **fields: Any) -> Node:
    """A ready plug-in; `depends_on` as "name" or "name range"."""
    needs = tuple((n, text) for n, _, text in (each.partition(" ") for each in depends_on))
    made: dict[str, Any] = {"desired": active or "1.0.0", "ready": True, **fields}
    return Node(name, active, depends_on=needs, **made)


def namespace(*nodes: Node) -> Nodes:
    return {each.name: each for each in nodes}


def circle(text: str) -> Nodes:
    """`a>b c, b>a`: a depends on b and c, b on a."""
    parts = (part.strip().partition(">") for part in text.split(","))
    return namespace(*(node(name, *needs.split()) for name, _, needs in parts))


WAITS = {
    "a ready dependency in range is met": (node("db", active="2.5.0"), "db >=2.1 <3", None, ""),
    "any version will do when no range is given": (node("db", active="0.0.1-rc.1"), "db", None, ""),
    "a dependency that is upgraded while the running version fits is met": (
        node("db", active="2.5.0", desired="9.0.0"), "db ^2", None, "",
    ),
    "a dependency that does not exist": (
        None, "db ^2", Lack.MISSING, "needs db ^2, which is not in this namespace; create it there",
    ),
    "a dependency without a range that does not exist": (
        None, "db", Lack.MISSING, "needs db, which is not in this namespace; create it there",
    ),
    "a dependency that is not ready": (
        node("db", ready=False), "db ^1", Lack.NOT_READY,
        "needs db ^1, which is not ready; starts by itself once it is, see the conditions of db",
    ),
    "a dependency that has not started": (
        node("db", active=None, ready=False), "db ^1", Lack.NOT_READY,
        "needs db ^1, of which nothing runs yet; starts by itself once it does, see the conditions of db",
    ),
    "a dependency that is being deleted": (
        node("db", deleting=True), "db ^1", Lack.NOT_READY,
        "needs db ^1, which is being deleted; create it again once it is gone",
    ),
    "a version out of range": (
        node("db", active="3.0.0"), "db >=2.1 <3", Lack.OUT_OF_RANGE,
        "needs db >=2.1 <3, but 3.0.0 runs; change spec.version of db, or spec.dependsOn of app",
    ),
    "a pre-release that was not asked for": (
        node("db", active="2.2.0-rc.1"), "db ^2", Lack.OUT_OF_RANGE,
        "needs db ^2, but 2.2.0-rc.1 runs; change spec.version of db, or spec.dependsOn of app",
    ),
    "a version out of range while one in range is on its way": (
        node("db", active="1.0.0", desired="2.0.0"), "db ^2", Lack.OUT_OF_RANGE,
        "needs db ^2, but 1.0.0 runs; starts by itself once its 2.0.0 does",
    ),
    "a dependency that will start out of range": (
        node("db", active=None, desired="1.0.0", ready=False), "db ^2", Lack.OUT_OF_RANGE,
        "needs db ^2, but its spec asks for 1.0.0; change spec.version of db, or spec.dependsOn of app",
    ),
    "a version that cannot be read fits no range": (
        node("db", active="new"), "db ^2", Lack.OUT_OF_RANGE,
        "needs db ^2, but new runs; change spec.version of db, or spec.dependsOn of app",
    ),
    "a range that cannot be read, whatever else is wrong": (
        None, "db 1.x.3", Lack.BAD_RANGE,
        "the range of db in spec.dependsOn cannot be read: '1.x.3' is not a version: write for example 1.4.2, 1.4, "
        "1.x or 2.0.0-rc.1",
    ),
}  # fmt: skip

CIRCLES = {
    "no dependency": ("a>", "a", ()),
    "a chain": ("a>b, b>c, c>", "a", ()),
    "two": ("a>b, b>a", "a", ("a", "b", "a")),
    "itself": ("a>a", "a", ("a", "a")),
    "three, seen from the middle, begins with its smallest name": ("a>b, b>c, c>a", "b", ("a", "b", "c", "a")),
    "its direction is that of the dependencies": ("a>c, c>b, b>a", "b", ("a", "c", "b", "a")),
    "who only depends on a circle is not in it": ("a>b, b>c, c>b", "a", ()),
    "whom a circle depends on is not in it": ("a>b, b>a c, c>", "c", ()),
    "the shortest of two": ("a>b d, b>c, c>a, d>a", "a", ("a", "d", "a")),
    "the first by name of two that are equally short": ("a>c b, b>a, c>a", "a", ("a", "b", "a")),
    "a name that does not exist": ("a>ghost", "ghost", ()),
    "a dependency that does not exist": ("a>ghost", "a", ()),
}

BREAKS = {
    "nobody depends on it": ([node("app", "other ^1")], []),
    "a dependant whose range the new version leaves": (
        [node("app", "db ^1")],
        ["app needs db ^1, and 2.0.0 is outside of it; first change spec.dependsOn of app, or delete it"],
    ),
    "a dependant that accepts both": ([node("app", "db >=1")], []),
    "a dependant without a range": ([node("app", "db")], []),
    "a dependant that is being deleted": ([node("app", "db ^1", deleting=True)], []),
    "a dependant that waits for the new version": ([node("app", "db ^2")], []),
    "a dependant whose range cannot be read": ([node("app", "db new")], []),
    "a dependant that does not run yet counts too": (
        [node("app", "db 1.x", active=None, ready=False)],
        ["app needs db 1.x, and 2.0.0 is outside of it; first change spec.dependsOn of app, or delete it"],
    ),
    "several, by name": (
        [node("z", "db ~1.0"), node("b", "db <2")],
        ["b needs db <2, and 2.0.0 is outside of it; first change spec.dependsOn of b, or delete it",
         "z needs db ~1.0, and 2.0.0 is outside of it; first change spec.dependsOn of z, or delete it"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("other", "need", "lack", "message"), WAITS.values(), ids=WAITS.keys())
def test_a_plugin_waits_for(other: Node | None, need: str, lack: Lack | None, message: str) -> None:
    app = node("app", need)
    found = unmet(app, namespace(app, other) if other else namespace(app))
    assert [(each.plugin, each.lack, each.message) for each in found] == ([("db", lack, message)] if lack else [])


def test_each_lack_has_a_documented_reason_and_all_are_named_in_order() -> None:
    app = node("app", "late", "gone", "odd 1.x.3", "old ^2")
    found = unmet(app, namespace(app, node("late", ready=False), node("odd"), node("old")))
    assert [(each.plugin, each.reason) for each in found] == [
        ("gone", Reason.DEPENDENCY_MISSING),
        ("late", Reason.DEPENDENCY_NOT_READY),
        ("odd", Reason.INVALID_SPEC),
        ("old", Reason.DEPENDENCY_NOT_READY),
    ]


@pytest.mark.parametrize(("graph", "name", "ring"), CIRCLES.values(), ids=CIRCLES.keys())
def test_a_circle_is_found(graph: str, name: str, ring: tuple[str, ...]) -> None:
    assert cycle(name, circle(graph)) == ring


def test_all_members_of_a_circle_say_the_same() -> None:
    nodes = circle("c>a, a>b, b>c")
    said = "spec.dependsOn goes in a circle: a → b → c → a; remove one of these dependencies, none can start"
    assert {in_a_circle(name, nodes) for name in nodes} == {said}
    assert in_a_circle("d", circle("d>e, e>")) == ""


@pytest.mark.timeout(60)  # what is quadratic or recursive does not end well here
def test_a_chain_and_a_circle_of_ten_thousand_are_no_harder_than_of_ten() -> None:
    names = [f"p{number:05}" for number in range(10_000)]
    chain = namespace(*(node(a, b) for a, b in pairwise(names)), node(names[-1]))
    assert start_order(chain) == tuple(reversed(names))
    assert cycle(names[0], chain) == ()
    closed = {**chain, names[-1]: node(names[-1], names[0])}
    assert cycle(names[5000], closed) == (*names, names[0])
    assert sorted(start_order(closed)) == names


@pytest.mark.parametrize(("others", "said"), BREAKS.values(), ids=BREAKS.keys())
def test_a_new_version_would_break(others: list[Node], said: list[str]) -> None:
    assert list(would_break("db", "2.0.0", namespace(node("db"), *others))) == said


def test_what_does_not_run_breaks_nobody() -> None:
    app = node("app", "db ^1")
    assert would_break("db", "2.0.0", namespace(app, node("db", active=None))) == ()
    assert would_break("db", "2.0.0", namespace(app)) == ()


def test_a_dependant_blocks_the_teardown_unless_it_goes_too() -> None:
    nodes = namespace(
        node("db"), node("z", "db"), node("b", "db ^9"), node("gone", "db", deleting=True), node("x", "z")
    )
    assert dependants("db", nodes) == ("b", "gone", "z")
    assert teardown_blockers("db", nodes) == ("b", "z")


def test_plugins_of_a_circle_that_are_deleted_together_do_not_wait_for_each_other() -> None:
    nodes = namespace(node("a", "b", deleting=True), node("b", "a", deleting=True), node("c", "c", deleting=True))
    assert [teardown_blockers(name, nodes) for name in nodes] == [(), (), ()]


def test_what_depends_on_a_circle_starts_after_it_and_what_it_depends_on_before() -> None:
    order = start_order(circle("a>m, m>n, n>m z, z>"))
    assert order[0] == "z"
    assert order[-1] == "a"


T = TypeVar("T")
NAMES = "abcdefgh"
graphs = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(
        st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(["", "^1", ">=2", "bad"])), max_size=4),
        st.sampled_from([None, "1.0.0", "2.0.0", "2.1.0-rc.1"]),
        st.booleans(),
        st.booleans(),
    ),
).map(
    lambda drawn: {
        name: Node(name, active, "2.0.0", ready=ready, deleting=deleting, depends_on=tuple(sorted(needs)))
        for name, (needs, active, ready, deleting) in drawn.items()
    }
)


def edges(nodes: Nodes) -> set[tuple[str, str]]:
    return {(n.name, other) for n in nodes.values() for other, _ in n.depends_on if other in nodes}


def reachable(start: str, nodes: Nodes) -> set[str]:
    """By brute force: what a plug-in needs, directly or not."""
    found = {b for a, b in edges(nodes) if a == start}
    while more := {b for a, b in edges(nodes) if a in found} - found:
        found |= more
    return found


@given(graphs)
def test_a_found_circle_is_one_and_none_is_missed(nodes: Nodes) -> None:
    for name in nodes:
        ring = cycle(name, nodes)
        assert bool(ring) == (name in reachable(name, nodes))
        if ring:
            assert name in ring
            assert ring[0] == ring[-1] == min(ring)
            assert len(set(ring)) == len(ring) - 1
            assert set(pairwise(ring)) <= edges(nodes)


@given(graphs)
def test_each_starts_after_what_it_needs_wherever_that_is_possible(nodes: Nodes) -> None:
    order = start_order(nodes)
    assert sorted(order) == sorted(nodes)
    for a, b in edges(nodes):
        assert order.index(b) < order.index(a) or a in reachable(b, nodes)
    assert teardown_order(nodes) == tuple(reversed(order))


@settings(deadline=None)
@given(graphs, st.integers())
def test_no_answer_depends_on_the_order_of_what_is_asked(nodes: Nodes, seed: int) -> None:
    shuffle = random.Random(seed)  # noqa: S311 - no secret

    def shuffled(things: Iterable[T]) -> list[T]:
        return shuffle.sample(found := list(things), len(found))

    other = {
        n.name: Node(n.name, n.active, n.desired, n.ready, n.deleting, tuple(shuffled(n.depends_on)))
        for n in shuffled(nodes.values())
    }
    assert answers(other) == answers(nodes)


def answers(nodes: Nodes) -> list[object]:
    each = [
        (unmet(nodes[n], nodes), cycle(n, nodes), dependants(n, nodes), would_break(n, "1.5.0", nodes))
        for n in sorted(nodes)
    ]
    return [each, [teardown_blockers(n, nodes) for n in sorted(nodes)], start_order(nodes), teardown_order(nodes)]


@given(graphs)
def test_when_all_are_deleted_nothing_blocks(nodes: Nodes) -> None:
    going = {n.name: Node(n.name, n.active, n.desired, n.ready, True, n.depends_on) for n in nodes.values()}
    assert all(teardown_blockers(name, going) == () for name in going)
