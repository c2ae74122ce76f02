"""What the chain on the real cluster is drawn from: as in memory, but every right value really runs here.

Used by `test_chain`. Left out of the table in memory is what this cluster has not: other runtimes, seccomp profiles on
the node, 512 processors, rights beyond the chart's ceiling, an hour's wait. A type cannot be changed, so each chain has
one.
"""

# ruff: noqa: E501 (a table is read by its rows: one field, one line)

from __future__ import annotations

from typing import Any

from tests.e2e.test_rollback import GOOD, IMAGE
from tests.e2e.world import Json
from tests.reconcile.chain import WRONGS, Stock
from tests.reconcile.chain_specs import PARTS, Part

SECRETS = ("db", "s0", "s1")
"""What must be there before a pod that mounts them can start."""
_AS_IN_MEMORY = (
    "version",
    "about",
    "criticality",
    "suspend",
    "compatibility",
    "config",
    "run.env",
    "permissions.egress",
    "permissions.ingress",
    "run.timeoutSeconds",
    "run.concurrency",
    "run.retries",
)
_SERVE = ["python3", "-c", GOOD]
_HTTP = {"http": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}
_PORT = {"name": "http", "port": 8080}
_MOST_PORTS = [
    _PORT,
    *({"name": f"{'p' * 13}{n:02}", "port": 65535 - n, "protocol": ("TCP", "UDP")[n % 2]} for n in range(15)),
]
_READ = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"], "reason": "reads its settings"}
_NAMED = {"apiGroups": [""], "resources": ["services"], "verbs": ["get"], "resourceNames": ["a", "b"]}
_MANY = [
    {
        "apiGroups": ["apps"],
        "resources": ["daemonsets", "deployments", "replicasets", "statefulsets"],
        "verbs": ["get", "list", "watch"],
    },
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"], "verbs": ["watch"]},
    _READ,
    _NAMED,
]
_SMALL = {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"cpu": "1", "memory": "96Mi"}}
_NEVER = {"cron": "0 3 29 2 *", "timeZone": "Etc/UTC"}
"""A run that starts by itself would make no two ends alike."""


def _crons(count: int) -> list[Json]:
    return [{"name": f"{'c' * 28}{n:02}"} | _NEVER | {"cron": f"{n} 3 29 feb *"} for n in range(count)]


def _without_profiles(part: Part) -> bool:
    return part.path in _AS_IN_MEMORY or (part.path == "source" and part.of in ("Python", "Bash", "Webhook"))


def _parts(second_image: str) -> tuple[Part, ...]:
    """Args: second_image: holds the same program as IMAGE."""
    return (
        *filter(_without_profiles, PARTS),
        Part("rollout", "any", ({"soakSeconds": 0}, {"soakSeconds": 1}, {"strategy": "Recreate"}, {"strategy": "Surge", "progressDeadlineSeconds": 3600}, {"progressDeadlineSeconds": 120, "soakSeconds": 0})),
        Part("rollback", "any", (None, {}, {"auto": False}, {"historyLimit": 1}, {"historyLimit": 50, "watchSeconds": 604800, "maxCrashes": 100})),
        Part("source", "Container", tuple({"image": {"ref": ref}} for ref in (IMAGE, second_image))),
        Part("run.entrypoint", "Container", (_SERVE, [*_SERVE, "$(HOME) ${IFS} `id`", ""], [*_SERVE, "p" * 4096, *["a"] * 60])),
        Part("run.resources", "pod", (None, {}, {"limits": {"cpu": "900m"}}, {"requests": {"memory": "24.5Mi"}}, _SMALL)),
        Part("run.secrets", "pod", (None, [], [{"name": "db"}], [{"name": name, "mountPath": f"/var/run/greffon/secrets/{name}/y"} for name in SECRETS])),
        Part("permissions.rules", "pod", (None, None, [], [_READ], [_READ, _NAMED], _MANY)),
        Part("sandbox", "pod", (None, None, {})),
        Part("run.replicas", "Service", (None, None, 0, 2)),
        Part("run.ports", "Service", (None, [_PORT], [_PORT, {"name": "dns", "port": 5353, "protocol": "UDP"}], _MOST_PORTS)),
        Part("run.probes", "Service", (None, {}, {"ready": _HTTP}, {"ready": _HTTP | {"failureThreshold": 100}, "live": {"tcp": {"port": 8080}}})),
        Part("triggers", "Job", (None, [], [{"name": "nightly"} | _NEVER], [{"name": "nightly"} | _NEVER | {"timeZone": "America/Argentina/Buenos_Aires"}], _crons(2), _crons(16))),
    )  # fmt: skip


def stock(type_: str, second_image: str) -> Stock:
    """For a chain of one type, whose mode changes."""
    modes = ("",) if type_ == "Webhook" else ("Service", "Job", "Job")  # the pods of a Service take their time
    traits = {"any", type_, *modes} | ({"pod"} if type_ != "Webhook" else set())
    wrongs = tuple(wrong for wrong in WRONGS if wrong.of in traits and "spec.type" not in wrong.changes)
    return Stock(tuple((type_, mode) for mode in modes), _parts(second_image), wrongs)


def secrets() -> list[Json]:
    """The user's Secrets."""
    made: Any = {"apiVersion": "v1", "kind": "Secret", "stringData": {"key": "value"}}
    return [made | {"metadata": {"name": name}} for name in SECRETS]
