"""Who depends on whom in a namespace: pure, linear in its size, and without recursion, since a chain may be as long as
the namespace has plug-ins. Called by `reconcile.dependencies` and by what starts, deletes or draws plug-ins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A Plugin as its neighbours see it.

    Attributes:
        active: version that runs, None when none does.
        desired: version that its spec asks for.
        ready: it does its work; what depends on it may start.
        depends_on: (plug-in, text of the range) of its spec; the text is "" when any version will do.
        served: version that ran well last, whether or not it runs now.
    """

    name: str
    active: str | None
    desired: str
    ready: bool = False
    deleting: bool = False
    depends_on: tuple[tuple[str, str], ...] = ()
    served: str | None = None


Nodes = Mapping[str, Node]
"""The plug-ins of one namespace by name. Their order in it has no influence on any answer."""


def cycle(name: str, nodes: Nodes) -> tuple[str, ...]:
    """A shortest circle of dependencies through this plug-in, closed (`a, b, c, a`); () when there is none.

    It begins with its smallest name, so that all its members say the same of it. Who only depends on a member of a
    circle is not in it: for that one the member is a dependency that is not ready.
    """
    came_from: dict[str, str] = {}
    waiting = deque([name])
    while waiting:
        here = waiting.popleft()
        for there in _needs(here, nodes):
            if there == name:
                return _closed(_way(name, here, came_from))
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return ()


def dependants(name: str, nodes: Nodes) -> tuple[str, ...]:
    """Names of the plug-ins that directly depend on this one, sorted; never itself."""
    return tuple(sorted(n.name for n in nodes.values() if n.name != name and any(d == name for d, _ in n.depends_on)))


def start_order(nodes: Nodes) -> tuple[str, ...]:
    """All plug-ins, each after those it depends on; inside a circle, where that is impossible, in some fixed order.

    What depends on a circle comes after all of it, and what it depends on before.
    """
    begun: set[str] = set()
    ordered: list[str] = []
    for root in sorted(nodes):
        if root in begun:
            continue
        begun.add(root)
        path: list[tuple[str, Iterator[str]]] = [(root, iter(_needs(root, nodes)))]
        while path:
            here, rest = path[-1]
            if (there := next((n for n in rest if n not in begun), None)) is None:
                ordered.append(here)
                path.pop()
            else:
                begun.add(there)
                path.append((there, iter(_needs(there, nodes))))
    return tuple(ordered)


def teardown_order(nodes: Nodes) -> tuple[str, ...]:
    """All plug-ins, each before those it depends on."""
    return start_order(nodes)[::-1]


def _needs(name: str, nodes: Nodes) -> tuple[str, ...]:
    """The existing plug-ins that this one depends on, sorted."""
    node = nodes.get(name)
    return tuple(sorted({other for other, _ in node.depends_on if other in nodes})) if node else ()


def _way(first: str, last: str, came_from: dict[str, str]) -> list[str]:
    way = [last]
    while way[-1] != first:
        way.append(came_from[way[-1]])
    return way[::-1]


def _closed(ring: list[str]) -> tuple[str, ...]:
    start = ring.index(min(ring))
    return (*ring[start:], *ring[:start], ring[start])
