"""Legal specs of every type and mode, for property tests: what the CRD admits, with texts as hostile as it allows."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from greffon.model.plugin import PluginSpec
from greffon.model.quantity import parse_quantity

Json = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
DOLLARS = st.text(alphabet="$()AX{}a ", max_size=12)
HOSTILE = st.one_of(TEXT, DOLLARS, st.sampled_from(["---", "{{ .x }}", "%s {0}", "a\r\nb", "'\"\\", "`id`", ""]))
PLUGIN_NAMES = st.sampled_from(["a", "a-b", "nightly", "x1-y2-z3", "b-" * 14 + "b"])
FILE_NAMES = st.text("aZ09_.-", max_size=6).map(lambda tail: f"f{tail}")
VARIABLES = st.text("AZ09_", max_size=4).map(lambda tail: f"X{tail}")
PORTS = st.integers(1024, 65535)
QUANTITIES = {
    "cpu": st.sampled_from(["1m", "10m", "0.1", "1", "1500m", "2.5", "512", 1, 3]),
    "memory": st.sampled_from(["1Mi", "64Mi", "1024Mi", "1.5Gi", "100M", "2048576", "4Ti"]),
    "ephemeral-storage": st.sampled_from(["1Mi", "128Mi", "1Gi", "4Ti"]),
}
AMOUNTS = st.fixed_dictionaries({}, optional=QUANTITIES)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The field, or nothing."""
    return st.none() | strategy


@st.composite
def specs(draw: Draw) -> PluginSpec:
    """A spec that the API server would take."""
    type_ = draw(st.sampled_from(["Container", "Python", "Bash", "Go", "TypeScript"]))
    mode = draw(st.sampled_from(["Service", "Job"]))
    wire: Json = {
        "type": type_,
        "version": "1.2.3",
        "suspend": draw(maybe(st.booleans())),
        "source": {"image": {"ref": "registry.test/x:1"}} if type_ == "Container" else draw(_script_sources()),
        "run": draw(_common()) | draw(_service() if mode == "Service" else _job()),
        "config": draw(maybe(st.fixed_dictionaries({"values": st.dictionaries(TEXT, HOSTILE, max_size=3)}))),
        "permissions": draw(maybe(_permissions())),
        "sandbox": draw(maybe(st.sampled_from([{"runtimeClassName": "gvisor"}, {"seccomp": "Localhost/a/b.json"}]))),
        "rollout": draw(maybe(st.sampled_from([{"strategy": "Recreate"}, {"soakSeconds": 0}, {"soakSeconds": 30}]))),
        "triggers": draw(_schedules()) if mode == "Job" else [],
    }
    return PluginSpec.parse({key: value for key, value in wire.items() if value is not None})


def _script_sources() -> st.SearchStrategy[Json]:
    files = st.dictionaries(FILE_NAMES, HOSTILE, min_size=1, max_size=4)
    return st.one_of(
        files.map(lambda found: {"inline": {"files": found}}), st.just({"configMap": {"name": "my-source"}})
    )


def _common() -> st.SearchStrategy[Json]:
    variables = st.dictionaries(VARIABLES, HOSTILE, max_size=3)
    secrets = st.lists(st.sampled_from(["db", "tls.example", "a-b"]), unique=True, max_size=2)
    return st.fixed_dictionaries(
        {
            "env": variables.map(lambda found: [{"name": k, "value": v} for k, v in found.items()]),
            "secrets": secrets.map(lambda found: [{"name": name} for name in found]),
        },
        optional={
            "entrypoint": st.lists(HOSTILE, max_size=3).map(lambda rest: ["program", *rest]),
            "resources": _resources(),
        },
    )


@st.composite
def _resources(draw: Draw) -> Json:
    """Any amounts; a request above its limit is refused by the API server, so it is left out."""
    limits, requests = draw(AMOUNTS), draw(AMOUNTS)
    fits = {
        name: amount
        for name, amount in requests.items()
        if name not in limits or parse_quantity(str(amount)) <= parse_quantity(str(limits[name]))
    }
    return {"limits": limits, "requests": fits}


def _service() -> st.SearchStrategy[Json]:
    probe = st.fixed_dictionaries(
        {"http": st.just({"path": "/x", "port": 8080})}, optional={"initialDelaySeconds": st.integers(0, 3)}
    )
    ports = st.lists(PORTS, min_size=1, max_size=3, unique=True)
    return st.fixed_dictionaries(
        {"mode": st.just("Service")},
        optional={
            "replicas": st.integers(0, 3),
            "ports": ports.map(lambda found: [{"name": f"p{n}", "port": n} for n in found]),
            "probes": st.fixed_dictionaries({}, optional={"ready": probe, "live": probe}),
        },
    )


def _job() -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {"mode": st.just("Job")},
        optional={
            "timeoutSeconds": st.integers(1, 86400),
            "retries": st.integers(0, 10),
            "concurrency": st.sampled_from(["Allow", "Forbid", "Replace"]),
        },
    )


def _schedules() -> st.SearchStrategy[list[Json]]:
    names = st.lists(PLUGIN_NAMES, unique=True, max_size=2)
    return names.map(lambda found: [{"name": n, "cron": "0 3 * * *", "timeZone": "Etc/UTC"} for n in found])


def _permissions() -> st.SearchStrategy[Json]:
    rule = st.just({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "reason": "x"})
    to = st.sampled_from([{"cidr": "198.18.0.0/24"}, {"cidr": "::/0"}, {"plugin": "other"}])
    peer = st.tuples(to, PORTS).map(lambda pair: pair[0] | {"ports": [{"port": pair[1]}]})
    return st.fixed_dictionaries(
        {},
        optional={
            "rules": st.lists(rule, max_size=2),
            "egress": st.lists(peer, max_size=2),
            "ingress": st.lists(peer, max_size=2),
        },
    )
