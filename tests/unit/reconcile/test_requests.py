"""What people ask for by annotation: each token is handled once, and what is impossible is refused in words."""

from typing import Any

import pytest

from greffon.reconcile.requests import Requests, read
from tests.unit.reconcile.situations import plugin
from tests.unit.resources.samples import Json

STATES = {1: "Standby", 2: "Quarantined", 3: "Active"}
PINNED: Json = {"handled": {"rollback-to": "r1"}, "revisions": {"pinned": "sample-r1", "pinnedOver": "sample-r3"}}


def asked(status: Json | None = None, desired: int = 3, **annotations: str) -> Requests:
    """The requests of a plug-in with these annotations."""
    given = {f"greffon.dev/{name.replace('_', '-')}": token for name, token in annotations.items()}
    return read(plugin(status=status, annotations=given), desired, STATES)


PINS: dict[str, tuple[Requests, int | None, str]] = {
    "nothing is asked": (asked(), None, ""),
    "by name": (asked(rollback_to="sample-r1"), 1, ""),
    "by number": (asked(rollback_to="1"), 1, ""),
    "short": (asked(rollback_to=" r1 "), 1, ""),
    "handled, and it holds": (asked(PINNED, rollback_to="r1"), 1, ""),
    "withdrawn": (asked(PINNED), None, ""),
    "the spec has changed since": (asked(PINNED, desired=4, rollback_to="r1"), None, ""),
    "another one is asked for": (asked(PINNED, rollback_to="1"), 1, ""),
    "refused before, it does not act later": (asked({"handled": {"rollback-to": "r1"}}, rollback_to="r1"), None, ""),
    "of another plug-in": (asked(rollback_to="other-r1"), None, "'other-r1' is not a revision; write a name such as"),
    "nonsense": (asked(rollback_to="latest"), None, "is not a revision"),
    "zero": (asked(rollback_to="r0"), None, "is not a revision"),
    "not kept": (asked(rollback_to="r9"), None, "revision r9 is not kept; there are r1, r2, r3"),
    "quarantined": (asked(rollback_to="r2"), None, "revision r2 is quarantined; lift that with"),
    "what the spec asks for": (asked(rollback_to="r3"), None, "r3 is the one that the spec asks for"),
}


@pytest.mark.parametrize(("found", "pinned", "refused"), PINS.values(), ids=PINS)
def test_going_back_by_hand(found: Requests, pinned: int | None, refused: str) -> None:
    assert found.pinned == pinned
    assert refused in found.refused
    assert bool(found.refused) == bool(refused)
    assert found.pinned_over == (3 if pinned else None)


HANDLED: dict[str, tuple[Requests, Json]] = {
    "a new reset": (asked(reset="a"), {"reset": True}),
    "a reset that was handled": (asked({"handled": {"reset": "a"}}, reset="a"), {"reset": False}),
    "another reset": (asked({"handled": {"reset": "a"}}, reset="b"), {"reset": True}),
    "a restart": (asked(restart="a"), {"restart": "a"}),
    "a restart whose annotation is gone stays on the pods": (
        asked({"handled": {"restart": "a"}}),
        {"restart": "a", "handled": {"restart": "a"}},
    ),
    "each token is echoed": (
        asked(reset="a", restart="b", reconcile="c", rollback_to="d"),
        {"handled": {"reset": "a", "restart": "b", "reconcile": "c", "rollback-to": "d"}},
    ),
    "an empty token is none": (asked(reset=""), {"reset": False, "handled": {}}),
    "a long token is cut": (asked(restart="x" * 999), {"restart": "x" * 256}),
}


@pytest.mark.parametrize(("found", "expected"), HANDLED.values(), ids=HANDLED)
def test_the_other_verbs(found: Requests, expected: dict[str, Any]) -> None:
    assert {name: getattr(found, name) for name in expected} == expected
