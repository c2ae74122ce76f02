"""Right specs, field by field: ordinary values and those at the limits of the schema. Used by `chain`."""

# ruff: noqa: E501 (a table is read by its rows: one field, one line)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greffon.model import keys

Json = dict[str, Any]
NAME = "p" * keys.MAX_NAME
"""The plug-in of the chain: the longest name there may be."""
SCRIPTS: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "scripts"}, "data": {}}
"""A user's own, which a spec may name as its source."""
SCRIPTS["data"] |= {"main.py": "print(3)\n", "main.sh": "echo 3\n"}
KINDS = (
    ("Container", "Service"),
    ("Container", "Job"),
    ("Python", "Service"),
    ("Python", "Job"),
    ("Bash", "Service"),
    ("Bash", "Job"),
    ("Webhook", ""),
)
"""Types and modes that can run here; the mode of a Webhook is ""."""
_HOSTILE = "---\n{{ .x }} %s {0} $(HOME) $$ `id`\r\n\u202e\U0001f600 no newline"
_LONGEST_IMAGE = f"registry.example/{'a' * 238}@sha256:{'c' * 64}"
_RULE = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"], "reason": "reads its settings"}
_NAMED = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["a", "b"]}
_MOST_RIGHTS = [
    {"apiGroups": ["a.example", "b.example"], "resources": list("abcdef"), "verbs": ["get", "list", "watch", "delete"]},
    {"apiGroups": [""], "resources": list("ghijklm"), "verbs": ["create", "update", "patch", "get", "list", "watch", "delete", "deletecollection"]},
]  # fmt: skip
_HTTP = {"http": {"path": "/healthz", "port": 8080}}
_TIMING = {"initialDelaySeconds": 3600, "periodSeconds": 3600, "timeoutSeconds": 300, "failureThreshold": 100}
_UTC = {"cron": "0 3 * * *", "timeZone": "Etc/UTC"}


@dataclass(frozen=True, eq=False)
class Part:
    """A field of `spec`, the kinds of plug-ins that may have it, and its values; None leaves it out."""

    path: str
    of: str
    values: tuple[Any, ...]


def _image(digit: str) -> Json:
    return {"image": {"ref": f"registry.example/x@sha256:{digit * 64}"}}


def _scripts(main: str) -> tuple[Json, ...]:
    most = {main: "1", **{f"{n:_<128}": str(n) for n in range(31)}}
    texts = ({main: "1\n"}, {main: "2\n", "b.txt": ""}, {main: _HOSTILE}, most, {main: "x" * 65536})
    return *({"inline": {"files": files}} for files in texts), {"configMap": {"name": SCRIPTS["metadata"]["name"]}}


def _ports(count: int) -> list[Json]:
    return [{"name": f"{'p' * 13}{n:02}", "port": 65535 - n, "protocol": ("TCP", "UDP")[n % 2]} for n in range(count)]


def _to(count: int) -> list[Json]:
    return [{"cidr": f"198.18.{n}.0/24", "ports": [{"port": 1024 + n, "protocol": "UDP"}]} for n in range(count)]


def _crons(count: int) -> list[Json]:
    return [{"name": f"{'c' * 28}{n:02}"} | _UTC | {"cron": f"{n} 3 1 jan mon"} for n in range(count)]


_PEERS: tuple[Any, ...] = (None, None, [], [{"plugin": "other", "ports": [{"port": 8080}]}], [{"cidr": "0.0.0.0/0", "ports": [{"port": 1024}]}, {"cidr": "::/0", "ports": [{"port": 65535}]}], _to(32))  # fmt: skip
PARTS = (
    Part("version", "any", ("1.0.0", "1.0.1", "2.0.0-rc.1+build.5", "1.0.0-" + "a" * 58)),
    Part("about", "any", (None, {}, {"description": "d" * 1024, "author": "Team A", "categories": ["a"] * 16})),
    Part("criticality", "any", (None, "Low", "Critical")),
    Part("suspend", "any", (None, None, None, None, None, False, True)),
    Part("rollout", "any", (None, {}, {"strategy": "Recreate"}, {"strategy": "Surge", "progressDeadlineSeconds": 3600, "soakSeconds": 3599}, {"progressDeadlineSeconds": 10, "soakSeconds": 0})),
    Part("rollback", "any", (None, {}, {"auto": False}, {"historyLimit": 1}, {"historyLimit": 50, "watchSeconds": 604800, "maxCrashes": 100})),
    Part("compatibility", "any", (None, {}, {"greffon": ">=0.1"})),
    Part("config", "any", (None, {}, {"values": {}}, {"values": {"deep": {"list": [1, None, {"a": 1.5}], "no": None}}}, {"values": {f"k{n}": n for n in range(256)}}, {"values": {"days": 3}, "schema": {"type": "object", "required": ["days"]}})),
    Part("source", "Container", (_image("a"), _image("b"), {"image": {"ref": _LONGEST_IMAGE, "pullSecrets": [{"name": "s" * 253}, {"name": "a.b"}]}})),
    Part("source", "Python", _scripts("main.py")),
    Part("source", "Bash", _scripts("main.sh")),
    Part("source", "Webhook", ({"url": "https://hooks.example.com/x"}, {"url": "https://hooks.example.com/" + "y" * 998})),
    Part("run.entrypoint", "pod", (None, None, ["program", "$(HOME) ${IFS} `id`", ""], ["p" * 4096, *["a"] * 63])),
    Part("run.resources", "pod", (None, {}, {"limits": {"cpu": "10m"}}, {"requests": {"memory": "1.5Gi"}}, {"requests": {"cpu": "1m", "memory": "1Mi", "ephemeral-storage": "1Mi"}, "limits": {"cpu": 512, "memory": "4Ti", "ephemeral-storage": "4Ti"}})),
    Part("run.env", "pod", (None, [], [{"name": "A", "value": ""}, {"name": "B", "value": "$(A) $$ ü"}], [{"name": f"{'V' * 126}{n:02}", "value": "v" * 99} for n in range(64)])),
    Part("run.secrets", "pod", (None, [], [{"name": "db"}], [{"name": f"s{n}", "mountPath": f"/var/run/greffon/secrets/x{n}/y"} for n in range(16)])),
    Part("permissions.rules", "pod", (None, None, [], [_RULE], [_RULE, _NAMED], _MOST_RIGHTS)),
    Part("permissions.egress", "pod", _PEERS),
    Part("permissions.ingress", "pod", _PEERS),
    Part("sandbox", "pod", (None, None, {}, {"profile": "Isolated", "runtimeClassName": "gvisor"}, {"seccomp": "Localhost/profiles/strict.json"})),
    Part("run.replicas", "Service", (None, 0, 1, 2, 3)),
    Part("run.ports", "Service", (None, [{"name": "http", "port": 8080}], [{"name": "http", "port": 1024}, {"name": "dns", "port": 5353, "protocol": "UDP"}], _ports(16))),
    Part("run.probes", "Service", (None, {}, {"ready": _HTTP}, {"ready": _HTTP | _TIMING, "live": {"tcp": {"port": 65535}}}, {"live": _HTTP | {"initialDelaySeconds": 0}})),
    Part("run.timeoutSeconds", "Job", (None, 1, 86400)),
    Part("run.concurrency", "Job", (None, "Allow", "Forbid", "Replace")),
    Part("run.retries", "Job", (None, 0, 10)),
    Part("triggers", "Job", (None, [], [{"name": "nightly"} | _UTC], [{"name": "nightly"} | _UTC | {"timeZone": "America/Argentina/Buenos_Aires"}], _crons(2), _crons(16))),
)  # fmt: skip
"""A value that stands twice is drawn twice as often."""


def traits(kind: tuple[str, str]) -> frozenset[str]:
    """What a kind of plug-in is, in the words of `Part.of`."""
    return frozenset({"any", *kind} | ({"pod"} if kind[1] else set()))


def spec_of(kind: tuple[str, str], chosen: Mapping[Part, Any]) -> Json:
    """A spec of this kind with the chosen value of each field that it may have."""
    spec: Json = {"type": kind[0]} | ({"run": {"mode": kind[1]}} if kind[1] else {})
    for part, value in chosen.items():
        if part.of in traits(kind) and value is not None:
            *way, last = part.path.split(".")
            place = spec.setdefault(way[0], {}) if way else spec
            place[last] = value
    return spec
