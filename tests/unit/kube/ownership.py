"""Objects as a server-side apply leaves them: what was applied, what others added, and the paths of our entry.

Used by the tests of `kube.owned`. The format is structured-merge-diff's.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
SCALARS = st.one_of(st.booleans(), st.integers(-5, 5), st.text(max_size=4))
NAMES = st.text(alphabet="abcdef./-", min_size=1, max_size=6)
FOREIGN = "somebody-else"


@dataclass
class Leaf:
    """A place in the live object that holds a value of ours."""

    holder: Any
    at: Any

    def change(self) -> None:
        """Another value, as somebody else would write it."""
        self.holder[self.at] = {"changed": copy.deepcopy(self.holder[self.at])}

    def remove(self) -> None:
        """No value."""
        del self.holder[self.at]


@dataclass
class Applied:
    """An applied object, the live one, the paths of our entry, and the places of our values in the live one."""

    applied: Any
    live: Any
    paths: Json
    leaves: list[Leaf] = field(default_factory=list)


Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def applied_objects(draw: Draw) -> Applied:
    """A whole object: a structure with at least one value."""
    found = _structure(draw, depth=3, at_least=1)
    return found if found.leaves else _with_a_value(found)


def _with_a_value(case: Applied) -> Applied:
    case.applied["value"] = case.live["value"] = 1
    case.paths["f:value"] = {}
    case.leaves.append(Leaf(case.live, "value"))
    return case


def _anything(draw: Draw, depth: int) -> Applied:
    kinds = ["scalar", "atomic"] if depth == 0 else ["scalar", "atomic", "structure", "keyed", "set"]
    match draw(st.sampled_from(kinds)):
        case "structure":
            return _structure(draw, depth, at_least=1)
        case "keyed":
            return _keyed(draw, depth)
        case "set":
            return _set(draw)
        case "atomic":
            value = draw(st.lists(SCALARS, max_size=3))
            return Applied(value, copy.deepcopy(value), {})
        case _:
            value = draw(SCALARS)
            return Applied(value, value, {})


def _structure(draw: Draw, depth: int, *, at_least: int) -> Applied:
    made = Applied({}, {}, {})
    for name in draw(st.lists(NAMES, min_size=at_least, max_size=3, unique=True)):
        child = _anything(draw, depth - 1)
        made.applied[name], made.live[name], made.paths[f"f:{name}"] = child.applied, child.live, child.paths
        made.leaves += child.leaves or [Leaf(made.live, name)]
    if draw(st.booleans()):
        made.live[FOREIGN] = draw(SCALARS)
    if draw(st.booleans()):
        made.paths["."] = {}
    return made


def _keyed(draw: Draw, depth: int) -> Applied:
    made = Applied([], [], {})
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        item = _structure(draw, depth - 1, at_least=0)
        for side in (item.applied, item.live):
            side["name"] = name
        item.paths = {**item.paths, ".": {}, "f:name": {}}
        if draw(st.booleans()):
            made.live.append({"name": f"{FOREIGN}-{name}"})
        made.applied.append(item.applied)
        made.live.append(item.live)
        made.paths["k:" + json.dumps({"name": name}, separators=(",", ":"))] = item.paths
        made.leaves += [*item.leaves, Leaf(item.live, "name")]
    return made


def _set(draw: Draw) -> Applied:
    values = draw(st.lists(st.text(max_size=3), min_size=1, max_size=3, unique=True))
    paths: Json = {"v:" + json.dumps(value): {} for value in values}
    live = [*values, FOREIGN] if draw(st.booleans()) else list(values)
    return Applied(values, live, paths, [Leaf(live, 0)])
