"""May the desired revision take over, as far as its neighbours are concerned? Pure; called by `reconcile.plugin`.

Asked only before a revision has run: one that runs is not stopped because a neighbour fails; the condition
`DependenciesReady` says so then.
"""

from __future__ import annotations

from collections.abc import Mapping

from greffon.model import keys
from greffon.model.conditions import Reason
from greffon.reconcile.admit import Refusal
from greffon.reconcile.course import Course
from greffon.reconcile.dependencies import Lack, in_a_circle, unmet, would_break
from greffon.reconcile.health import State
from greffon.reconcile.observe import Observation


def blocked_revisions(o: Observation) -> Mapping[int, str]:
    """Kept revisions that a dependant does not accept, with the reason: nobody goes back to those."""
    said = {fact.number: would_break(o.plugin.name, fact.version, o.nodes) for fact in o.revisions}
    return {number: "; ".join(texts) for number, texts in said.items() if texts}


def gate(o: Observation, course: Course) -> Refusal | None:
    """Why the desired revision may not take over now; None when it may, or already runs."""
    name = o.plugin.name
    if not o.nodes or course.run != course.desired or _runs(o, course.desired):
        return None
    if circle := in_a_circle(name, o.nodes):
        return Refusal(Reason.DEPENDENCY_CYCLE, circle)
    if broken := would_break(name, o.plugin.spec.version, o.nodes):
        return Refusal(Reason.DEPENDANT_OUT_OF_RANGE, "; ".join(broken))
    lacks = unmet(o.nodes[name], o.nodes)
    if not lacks:
        return None
    for_good = next((lack for lack in lacks if lack.lack is Lack.BAD_RANGE), None)
    state = State.FAILING if for_good else State.WORKING
    return Refusal((for_good or lacks[0]).reason, "; ".join(lack.message for lack in lacks), state)


def _runs(o: Observation, number: int) -> bool:
    revisions = o.plugin.status.revisions
    recorded = revisions is not None and revisions.active == keys.revision_name(o.plugin.name, number)
    return recorded or (o.deployment is not None and o.deployment.revision == number)
