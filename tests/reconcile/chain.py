"""A long chain of changes to one spec, drawn from a seed: right ones, and ones that are refused. Pure; used by
`test_chain`."""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tests.contract.manifests import DROP, changed
from tests.reconcile.chain_specs import KINDS, PARTS, Part, spec_of, traits

Json = dict[str, Any]
SCHEMA, OPERATOR = "the API server", "the operator"


@dataclass(frozen=True, eq=False)
class Wrong:
    """One way to spoil a right spec: who refuses it, which plug-ins it fits, what is changed, and (for the operator)
    the reason that its status must give."""

    what: str
    by: str
    of: str
    changes: Json
    reason: str = ""


@dataclass(frozen=True)
class Change:
    """The whole spec after a change, in which way it was changed, and what is wrong with it, if anything."""

    what: str
    spec: Json
    wrong: Wrong | None = None


def _rule(**fields: Any) -> Json:
    return {"spec.permissions.rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]} | fields]}


def _trigger(**fields: Any) -> Json:
    return {"spec.triggers": [{"name": "t"} | fields]}


def _config(values: Json, schema: Json) -> Json:
    return {"spec.config": {"values": values, "schema": schema}}


WRONGS = (
    Wrong("no source", SCHEMA, "any", {"spec.source": DROP}),
    Wrong("no version", SCHEMA, "any", {"spec.version": DROP}),
    Wrong("an unknown type", SCHEMA, "any", {"spec.type": "Perl"}),
    Wrong("suspend written as a word", SCHEMA, "any", {"spec.suspend": "yes"}),
    Wrong("an unknown mode", SCHEMA, "pod", {"spec.run.mode": "Daemon"}),
    Wrong("replicas below zero", SCHEMA, "Service", {"spec.run.replicas": -1}),
    Wrong("replicas as text", SCHEMA, "Service", {"spec.run.replicas": "2"}),
    Wrong("a privileged port", SCHEMA, "Service", {"spec.run.ports": [{"name": "a", "port": 80}]}),
    Wrong("a port name of 16 characters", SCHEMA, "Service", {"spec.run.ports": [{"name": "a" * 16, "port": 8080}]}),
    Wrong("17 ports", SCHEMA, "Service", {"spec.run.ports": [{"name": f"a{n}", "port": 8080 + n} for n in range(17)]}),
    Wrong("a time limit of zero", SCHEMA, "Job", {"spec.run.timeoutSeconds": 0}),
    Wrong("eleven retries", SCHEMA, "Job", {"spec.run.retries": 11}),
    Wrong("a schedule of eight characters", SCHEMA, "Job", _trigger(cron="@monthly", timeZone="Etc/UTC")),
    Wrong("a schedule without a name", SCHEMA, "Job", {"spec.triggers": [{"cron": "0 3 * * *", "timeZone": "Etc/UTC"}]}),
    Wrong("an empty entrypoint", SCHEMA, "pod", {"spec.run.entrypoint": []}),
    Wrong("a variable with =", SCHEMA, "pod", {"spec.run.env": [{"name": "a=b", "value": "x"}]}),
    Wrong("a Secret of another namespace", SCHEMA, "pod", {"spec.run.secrets": [{"name": "other/db"}]}),
    Wrong("every verb", SCHEMA, "pod", _rule(verbs=["*"])),
    Wrong("an empty list of names, which would mean all", SCHEMA, "pod", _rule(resourceNames=[])),
    Wrong("egress on every port", SCHEMA, "pod", {"spec.permissions.egress": [{"cidr": "203.0.113.0/24"}]}),
    Wrong("33 openings", SCHEMA, "pod", {"spec.permissions.ingress": [{"plugin": "a", "ports": [{"port": 8080}]}] * 33}),
    Wrong("configuration that is a list", SCHEMA, "any", {"spec.config": {"values": []}}),
    Wrong("257 settings", SCHEMA, "any", {"spec.config": {"values": {f"k{n}": n for n in range(257)}}}),
    Wrong("33 files", SCHEMA, "Bash", {"spec.source.inline": {"files": {f"main.sh{n}": "" for n in range(33)}}}),
    Wrong("a deadline of nine seconds", SCHEMA, "any", {"spec.rollout": {"progressDeadlineSeconds": 9}}),
    Wrong("a history of everything", SCHEMA, "any", {"spec.rollback": {"historyLimit": 51}}),
    Wrong("a type without a runner", OPERATOR, "Python", {"spec.type": "Go"}, "UnsupportedType"),
    Wrong("another type without a runner", OPERATOR, "Bash", {"spec.type": "TypeScript"}, "UnsupportedType"),
    Wrong("an event trigger", OPERATOR, "any", _trigger(event={"topic": "certs.expiring"}), "FeatureUnavailable"),
    Wrong("a watch trigger", OPERATOR, "any", _trigger(watch={"apiVersion": "v1", "kind": "Pod"}), "FeatureUnavailable"),
    Wrong("a gateway trigger", OPERATOR, "any", _trigger(http={"path": "/x"}), "FeatureUnavailable"),
    Wrong("a published event", OPERATOR, "any", {"spec.events": {"publishes": [{"topic": "a.b"}]}}, "FeatureUnavailable"),
    Wrong("egress by host name", OPERATOR, "pod", {"spec.permissions.egress": [{"fqdn": "vault.example.com", "ports": [{"port": 443}]}]}, "FQDNUnsupported"),
    Wrong("a release that does not exist yet", OPERATOR, "any", {"spec.compatibility": {"greffon": ">=99"}}, "Incompatible"),
    Wrong("a range that cannot be read", OPERATOR, "any", {"spec.compatibility": {"greffon": "1.x.3"}}, "InvalidSpec"),
    Wrong("rights beyond the ceiling", OPERATOR, "pod", _rule(resources=["ingresses"], verbs=["deletecollection"], apiGroups=["networking.k8s.io"]), "CeilingExceeded"),
    Wrong("config against its schema", OPERATOR, "any", _config({"days": "many"}, {"properties": {"days": {"type": "integer"}}}), "InvalidConfig"),
    Wrong("a schema that is none", OPERATOR, "any", _config({"a": 1}, {"type": "nonsense"}), "InvalidConfig"),
    Wrong("a schema that wants to be fetched", OPERATOR, "any", _config({"a": 1}, {"$ref": "https://schemas.example.com/x"}), "InvalidConfig"),
    Wrong("a schema of itself", OPERATOR, "any", _config({"a": 1}, {"properties": {"a": {"$ref": "#"}}}), "InvalidConfig"),
    Wrong("a quarter of a mebibyte of settings", OPERATOR, "any", {"spec.config": {"values": {"a": "x" * 2**18}}}, "InvalidConfig"),
)  # fmt: skip


@dataclass(frozen=True)
class Stock:
    """What a chain is drawn from.

    Attributes:
        kinds: types and modes; the mode of a Webhook is "".
    """

    kinds: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    wrongs: tuple[Wrong, ...]


EVERYTHING = Stock(KINDS, PARTS, WRONGS)


def chain(seed: int, count: int, stock: Stock = EVERYTHING) -> list[Change]:
    """So many changes, each to another spec than the one before, the first of them right."""
    author = _Author(seed, stock)
    made = [author.anew()]
    while len(made) < count:
        change = author.next()
        if change.spec != made[-1].spec:
            made.append(change)
    return made


class _Author:
    """Keeps what the last right spec was made of; a wrong one is a slip that the next change takes back."""

    def __init__(self, seed: int, stock: Stock) -> None:
        self._luck = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._stock = stock
        self._kind = stock.kinds[0]
        self._chosen: dict[Part, Any] = {}
        self._past: list[tuple[tuple[str, str], dict[Part, Any]]] = []
        self._slips: list[Wrong] = []

    def next(self) -> Change:
        """Another change of any sort."""
        switch = self._switch if len(self._stock.kinds) > 1 else self._some
        sorts = {self._some: 45, self._slip: 28, switch: 10, self._back: 9, self.anew: 8}
        (sort,) = self._luck.choices(list(sorts), list(sorts.values()))
        return sort()

    def anew(self) -> Change:
        """Every field at once."""
        self._kind = self._luck.choice(self._stock.kinds)
        self._chosen = {part: self._luck.choice(part.values) for part in self._stock.parts}
        return self._right("all")

    def _some(self) -> Change:
        """A few fields."""
        own = [part for part in self._stock.parts if part.of in traits(self._kind)]
        parts = self._luck.sample(own, self._luck.randint(1, 3))
        self._chosen |= {part: self._luck.choice(part.values) for part in parts}
        return self._right(", ".join(part.path for part in parts))

    def _switch(self) -> Change:
        """Type or mode, and nothing else. The API server lets nobody change a type; what runs must not depend on it."""
        self._kind = self._luck.choice([kind for kind in self._stock.kinds if kind != self._kind])
        return self._right("type or mode")

    def _back(self) -> Change:
        """What was there before."""
        self._kind, self._chosen = self._luck.choice(self._past)
        return self._right("back")

    def _right(self, what: str) -> Change:
        self._past.append((self._kind, dict(self._chosen)))
        return Change(f"{_name(self._kind)}: {what}", spec_of(self._kind, self._chosen))

    def _slip(self) -> Change:
        """Each wrong once before any comes again; now and then in a spec of another kind than what runs."""
        self._slips = self._slips or self._luck.sample(self._stock.wrongs, len(self._stock.wrongs))
        kind = self._kind
        fitting = [wrong for wrong in self._slips if wrong.of in traits(kind)]
        if not fitting or self._luck.random() < 0.3:
            fitting = self._slips
            kind = self._luck.choice([kind for kind in self._stock.kinds if fitting[0].of in traits(kind)])
        wrong = fitting[0]
        self._slips.remove(wrong)
        spec = changed({"spec": spec_of(kind, self._chosen)}, wrong.changes)["spec"]
        return Change(f"{_name(kind)}: {wrong.what}", spec, wrong)


def _name(kind: tuple[str, str]) -> str:
    return "/".join(word for word in kind if word)
