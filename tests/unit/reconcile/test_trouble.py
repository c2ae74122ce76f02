"""Refusals of the API server in documented words: reason, object, cause, remedy."""

import pytest

from greffon.engine.queue import Key
from greffon.errors import ApiError, Conflict, Forbidden, Invalid, NotFound, Unavailable
from greffon.model.conditions import Reason
from greffon.reconcile.trouble import conflict, trouble

HELD = (
    'roles.rbac.authorization.k8s.io "plg-p" is forbidden: user "sa" (groups=["x"]) is attempting to grant RBAC '
    'permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}'
)
TERMINATING = 'namespaces "x" is forbidden: unable to create new content in namespace x because it is being terminated'
ROWS: dict[str, tuple[str, ApiError, Reason, str, bool]] = {
    "rules beyond the ceiling": ("Role", Forbidden(HELD), Reason.CEILING_EXCEEDED, 'Resources:["nodes"]', True),
    "a binding beyond the ceiling": (
        "RoleBinding",
        Forbidden(HELD),
        Reason.CEILING_EXCEEDED,
        "ceiling ClusterRole",
        True,
    ),
    "a role that is refused without a list": ("Role", Forbidden("no"), Reason.CEILING_EXCEEDED, "no;", True),
    "quota": ("ConfigMap", Forbidden("exceeded quota: q, used: 5"), Reason.QUOTA_EXCEEDED, "ask for more quota", True),
    "a quota of roles is no lack of rights": ("Role", Forbidden("exceeded quota: q"), Reason.QUOTA_EXCEEDED, "", True),
    "the namespace is going": ("Role", Forbidden(TERMINATING), Reason.NAMESPACE_TERMINATING, "being deleted", False),
    "the namespace is gone": ("Deployment", NotFound("not found"), Reason.NAMESPACE_TERMINATING, "", False),
    "a bad schedule": (
        "CronJob",
        Invalid("spec.timeZone: Invalid value: X/Y"),
        Reason.INVALID_SCHEDULE,
        "correct cron or timeZone",
        True,
    ),
    "a schedule that an admission policy refuses": ("CronJob", Forbidden("denied"), Reason.FORBIDDEN, "denied", True),
    "a right is missing": ("Deployment", Forbidden("cannot patch"), Reason.FORBIDDEN, "cannot patch", True),
    "invalid content": ("Service", Invalid("spec.ports: x"), Reason.CHILD_REJECTED, "spec.ports: x", True),
}


@pytest.mark.parametrize(("kind", "error", "reason", "text", "retry"), ROWS.values(), ids=ROWS)
def test_refusals(kind: str, error: ApiError, reason: Reason, text: str, retry: bool) -> None:
    found = trouble({"kind": kind, "metadata": {"name": "plg-p"}}, error)
    assert (found.reason, found.where, found.retry) == (reason, f"{kind} plg-p", retry)
    assert text in found.message


@pytest.mark.parametrize("kind", ["Role", "CronJob", "Deployment"])
@pytest.mark.parametrize("error", [Forbidden, Invalid, NotFound, Conflict, Unavailable], ids=lambda e: e.__name__)
def test_texts_of_the_server_stay_bounded_and_on_one_line(kind: str, error: type[ApiError]) -> None:
    found = trouble({"kind": kind, "metadata": {"name": "plg-p"}}, error("long\n\x1b[31m" * 5000))
    assert len(found.message) < 1000
    assert "\n" not in found.message


def test_an_object_of_somebody_else_is_named_and_left_alone() -> None:
    found = conflict(Key("Service", "ns", "plg-p"), of_predecessor=False)
    assert (found.reason, found.where) == (Reason.CHILD_CONFLICT, "Service plg-p")
    assert "left alone" in found.message


def test_an_object_of_a_deleted_namesake_is_waited_for() -> None:
    found = conflict(Key("Service", "ns", "plg-p"), of_predecessor=True)
    assert found.reason is Reason.PROGRESSING
    assert found.retry
