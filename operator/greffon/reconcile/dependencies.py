"""May a plug-in start, change its version, or go, as far as its neighbours are concerned? Pure; called by the steps of
`reconcile` that admit, roll back and delete. The sentences hold only what the answer rests on, so they change only with
their cause. Who depends on whom: `reconcile.dependency_graph`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from greffon.model.conditions import Reason
from greffon.model.semver import Version, VersionError
from greffon.model.semver_range import Range
from greffon.reconcile.dependency_graph import Node, Nodes, cycle, dependants

_SHOWN = 60
"""Of a text that a spec holds; the CRD admits longer ones."""


class Lack(StrEnum):
    """What a dependency lacks."""

    BAD_RANGE = "BadRange"
    MISSING = "Missing"
    OUT_OF_RANGE = "OutOfRange"
    NOT_READY = "NotReady"


_REASONS = {
    Lack.BAD_RANGE: Reason.INVALID_SPEC,
    Lack.MISSING: Reason.DEPENDENCY_MISSING,
    Lack.OUT_OF_RANGE: Reason.DEPENDENCY_NOT_READY,
    Lack.NOT_READY: Reason.DEPENDENCY_NOT_READY,
}


@dataclass(frozen=True, slots=True)
class Unmet:
    """A dependency that keeps a plug-in from starting; the message says what, why and what to do next."""

    plugin: str
    lack: Lack
    message: str

    @property
    def reason(self) -> Reason:
        """The word for the condition `DependenciesReady`."""
        return _REASONS[self.lack]


def unmet(node: Node, nodes: Nodes) -> tuple[Unmet, ...]:
    """What the plug-in still waits for, sorted by name; () when it may start."""
    found = (_lack(node.name, name, text, nodes.get(name)) for name, text in sorted(node.depends_on))
    return tuple(lack for lack in found if lack)


def in_a_circle(name: str, nodes: Nodes) -> str:
    """The sentence for a plug-in that waits for itself by way of others; "" when it does not."""
    ring = cycle(name, nodes)
    if not ring:
        return ""
    return f"spec.dependsOn goes in a circle: {' → '.join(ring)}; remove one of these dependencies, none can start"


def would_break(name: str, new_version: str, nodes: Nodes) -> tuple[str, ...]:
    """A sentence for each dependant that accepts the version that runs and would not accept the new one.

    Refuses an upgrade or a rollback. A dependant that goes, or that is out of its range already, is nobody's reason to
    stay: the new version may be the very one that it waits for.
    """
    mine = nodes.get(name)
    runs = (mine.active or mine.served) if mine else None
    if runs is None:
        return ()
    broken = []
    for dependant in (nodes[other] for other in dependants(name, nodes)):
        for text in sorted({text for other, text in dependant.depends_on if other == name and text}):
            if not dependant.deleting and _accepts(text, runs) and not _accepts(text, new_version):
                why = f"{dependant.name} needs {name} {text[:_SHOWN]}, and {new_version[:_SHOWN]} is outside of it"
                broken.append(f"{why}; first change spec.dependsOn of {dependant.name}, or delete it")
    return tuple(broken)


def teardown_blockers(name: str, nodes: Nodes) -> tuple[str, ...]:
    """Names of the dependants that would be left without this plug-in, sorted.

    One that is being deleted itself blocks nothing, or a circle of them would wait for each other for ever.
    """
    return tuple(other for other in dependants(name, nodes) if not nodes[other].deleting)


def _lack(who: str, name: str, text: str, other: Node | None) -> Unmet | None:
    """The first that is wrong: what waiting cannot mend comes before what it can."""
    try:
        wanted = Range.parse(text) if text else None
    except VersionError as error:
        return Unmet(name, Lack.BAD_RANGE, f"the range of {name} in spec.dependsOn cannot be read: {error}")
    needs = f"{name} {text[:_SHOWN]}" if text else name
    if other is None:
        return Unmet(name, Lack.MISSING, f"needs {needs}, which is not in this namespace; create it there")
    if other.deleting:
        return Unmet(name, Lack.NOT_READY, f"needs {needs}, which is being deleted; create it again once it is gone")
    if wanted and not _accepts(text, other.active or other.desired):
        return Unmet(name, Lack.OUT_OF_RANGE, f"needs {needs}, {_outside(who, text, other)}")
    if other.active is None:
        told = f"needs {needs}, of which nothing runs yet; starts by itself once it does, see the conditions of {name}"
        return Unmet(name, Lack.NOT_READY, told)
    if not other.ready:
        told = f"needs {needs}, which is not ready; starts by itself once it is, see the conditions of {name}"
        return Unmet(name, Lack.NOT_READY, told)
    return None


def _outside(who: str, text: str, other: Node) -> str:
    if other.active is None:
        has = f"but its spec asks for {other.desired[:_SHOWN]}"
    else:
        has = f"but {other.active[:_SHOWN]} runs"
        if _accepts(text, other.desired):
            return f"{has}; starts by itself once its {other.desired[:_SHOWN]} does"
    return f"{has}; change spec.version of {other.name}, or spec.dependsOn of {who}"


def _accepts(text: str, version: str) -> bool:
    """A version or range that cannot be read fits nothing."""
    try:
        return Range.parse(text).contains(Version.parse(version))
    except VersionError:
        return False
