"""Wrong triggers, topics, permissions, network, sandbox, dependencies, rollout."""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

from typing import Any, Final

from tests.contract.manifests import Manifest, job, service, webhook
from tests.contract.wrong import Wrong

_TRIGGERS: Final = "spec.triggers"
_RULES: Final = "spec.permissions.rules"
_EGRESS: Final = "spec.permissions.egress"
_INGRESS: Final = "spec.permissions.ingress"


def _cron(schedule: str, zone: str = "Etc/UTC") -> dict[str, Any]:
    return {_TRIGGERS: [{"name": "t", "cron": schedule, "timeZone": zone}]}


def _topic(topic: str) -> dict[str, Any]:
    return {_TRIGGERS: [{"name": "t", "event": {"topic": topic}}]}


def _rule(
    resource: str = "configmaps", verb: str = "get", group: str = "", names: list[str] | None = None
) -> dict[str, Any]:
    rule: Manifest = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    return {_RULES: [rule if names is None else rule | {"resourceNames": names}]}


def _to(**target: str) -> dict[str, Any]:
    return {_EGRESS: [{**target, "ports": [{"port": 443}]}]}


CRON: Final = [
    Wrong("four fields", job(), _cron("* * * *  "), f"{_TRIGGERS}[0].cron", "exactly five fields"),
    Wrong("six fields", job(), _cron("0 0 3 * * *"), f"{_TRIGGERS}[0].cron", "exactly five fields"),
    Wrong("@every", job(), _cron("@every 1s"), f"{_TRIGGERS}[0].cron", "must not use @"),
    Wrong("TZ=", job(), _cron("TZ=UTC 0 3 * * *"), f"{_TRIGGERS}[0].cron", "must not use @ or TZ="),
    Wrong("minute 60", job(), _cron("60 3 * * *"), f"{_TRIGGERS}[0].cron", "out of range"),
    Wrong("weekday 7", job(), _cron("0 3 * * 7"), f"{_TRIGGERS}[0].cron", "weekday 0-6"),
    Wrong("steps of zero", job(), _cron("*/0 * * * *"), f"{_TRIGGERS}[0].cron", "out of range"),
    Wrong("the 30th of February", job(), _cron("0 3 30 2 *"), f"{_TRIGGERS}[0].cron", "would never run"),
    Wrong("a shell command", job(), _cron("$(id) * * * *"), f"{_TRIGGERS}[0].cron", "out of range"),
    Wrong("the zone Local", job(), _cron("0 3 * * *", "Local"), f"{_TRIGGERS}[0].timeZone", "IANA zone name"),
    Wrong("a zone that climbs", job(), _cron("0 3 * * *", "../../etc/passwd"), f"{_TRIGGERS}[0].timeZone", "IANA zone name"),
    Wrong("cron without zone", job(), {_TRIGGERS: [{"name": "t", "cron": "0 3 * * *"}]}, f"{_TRIGGERS}[0]", "needs timeZone"),
    Wrong("a schedule for a Service", service(), _cron("0 3 * * *"), _TRIGGERS, "only for run.mode Job"),
    Wrong("a schedule for a Webhook", webhook(), _cron("0 3 * * *"), _TRIGGERS, "only for run.mode Job"),
]  # fmt: skip

TRIGGERS: Final = [
    Wrong("a trigger of no kind", job(), {_TRIGGERS: [{"name": "t"}]}, f"{_TRIGGERS}[0]", "exactly one of cron, event"),
    Wrong("a trigger of two kinds", job(), {_TRIGGERS: [{"name": "t", "http": {"path": "/a"}, "event": {"topic": "a"}}]}, f"{_TRIGGERS}[0]", "exactly one of cron, event"),
    Wrong("two triggers of one name", job(), {_TRIGGERS: [{"name": "t", "http": {"path": "/a"}}, {"name": "t", "http": {"path": "/b"}}]}, _TRIGGERS, "two entries of the same name"),
    Wrong("two triggers of one path", job(), {_TRIGGERS: [{"name": "t", "http": {"path": "/a"}}, {"name": "u", "http": {"path": "/a"}}]}, _TRIGGERS, "same http.path twice"),
    Wrong("a path that climbs", job(), {_TRIGGERS: [{"name": "t", "http": {"path": "/a/../b"}}]}, f"{_TRIGGERS}[0].http.path", "should match"),
    *(
        Wrong(f"the topic {topic[:20]!r}", job(), _topic(topic), f"{_TRIGGERS}[0].event.topic", "without wildcards")
        for topic in (">", "*", "a.*", "a..b", ".a", "a b", "$SYS.a", "$JS.API", "Certs", "caf\u00e9")
    ),
    Wrong("a topic of 4 KiB", job(), _topic("a" * 4096), f"{_TRIGGERS}[0].event.topic", "may not be more than 128"),
    Wrong("a published wildcard", job(), {"spec.events.publishes": [{"topic": "secrets.>"}]}, "spec.events.publishes[0].topic", "without wildcards"),
    Wrong("33 published topics", job(), {"spec.events.publishes": [{"topic": f"t{n}"} for n in range(33)]}, "spec.events.publishes", "at most 32 items"),
    Wrong("a watch of no version", job(), {_TRIGGERS: [{"name": "t", "watch": {"apiVersion": "apps", "kind": "Deployment"}}]}, f"{_TRIGGERS}[0].watch.apiVersion", "should match"),
]  # fmt: skip

RULES: Final = [
    Wrong("every group", job(), _rule(group="*"), f"{_RULES}[0]", "wildcards are not allowed"),
    Wrong("every resource", job(), _rule("*"), f"{_RULES}[0]", "wildcards are not allowed"),
    Wrong("every verb", job(), _rule(verb="*"), f"{_RULES}[0].verbs[0]", 'Unsupported value: "*"'),
    Wrong("a verb in upper case", job(), _rule(verb="Get"), f"{_RULES}[0].verbs[0]", 'Unsupported value: "Get"'),
    *(
        Wrong(f"the verb {verb}", job(), _rule(verb=verb), f"{_RULES}[0].verbs[0]", "Unsupported value")
        for verb in ("escalate", "bind", "impersonate", "approve", "sign", "use", "impersonate-on:user-info")
    ),
    Wrong("no verb", job(), {_RULES: [{"apiGroups": [""], "resources": ["pods"], "verbs": []}]}, f"{_RULES}[0].verbs", "at least 1 items"),
    Wrong("a verb twice", job(), {_RULES: [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "get"]}]}, f"{_RULES}[0]", "twice"),
    Wrong("a rule without resources", job(), {_RULES: [{"apiGroups": [""], "verbs": ["get"]}]}, f"{_RULES}[0].resources", "Required value"),
    Wrong("17 rules", job(), {_RULES: _rule()[_RULES] * 17}, _RULES, "at most 16 items"),
    Wrong("more than 104 combinations", job(), {_RULES: [{"apiGroups": ["a", "b"], "resources": list("abcdefg"), "verbs": ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]}]}, _RULES, "more than 104"),
    Wrong("a group that is one label of 253", job(), _rule(group="a" * 253), f"{_RULES}[0].apiGroups[0]", "should match"),
    Wrong("a URL as resource", job(), {_RULES: [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]}, "", 'unknown field "spec.permissions.rules[0].nonResourceURLs"'),
    Wrong("a subresource with a second slash", job(), _rule("pods/exec/"), f"{_RULES}[0].resources[0]", "should match"),
    Wrong("an encoded slash", job(), _rule("pods%2Fexec"), f"{_RULES}[0].resources[0]", "should match"),
    *(
        Wrong(f"the subresource {resource}", job(), _rule(resource), f"{_RULES}[0].resources", "never granted")
        for resource in (
            "pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/binding", "pods/resize", "pods/status",
            "pods/ephemeralcontainers", "services/proxy", "nodes/proxy", "serviceaccounts/token", "bindings",
            "certificatesigningrequests/approval", "namespaces/finalize",
        )
    ),
    Wrong("all secrets", job(), _rule("secrets"), f"{_RULES}[0].verbs", "name each Secret"),
    Wrong("list secrets", job(), _rule("secrets", "list"), f"{_RULES}[0].verbs", "name each Secret"),
    Wrong("create secrets", job(), _rule("secrets", "create"), f"{_RULES}[0].verbs", "name each Secret"),
    Wrong("change a named secret", job(), _rule("secrets", "update", names=["a"]), f"{_RULES}[0].verbs", "name each Secret"),
    Wrong("list with names, which limits nothing", job(), _rule(verb="list", names=["a"]), f"{_RULES}[0].resourceNames", "works only with get"),
    Wrong("an empty list of names, which would mean all", job(), _rule(names=[]), f"{_RULES}[0].resourceNames", "at least 1 items"),
    Wrong("an empty name, which would mean all", job(), _rule(names=[""]), f"{_RULES}[0].resourceNames[0]", "at least 1 chars"),
    *(
        Wrong(f"{verb} {resource}", job(), _rule(resource, verb, group), f"{_RULES}[0].verbs", "not created or changed")
        for group, resource, verb in (
            ("", "pods", "create"), ("", "pods", "patch"), ("apps", "deployments", "create"), ("apps", "daemonsets", "update"),
            ("apps", "statefulsets", "patch"), ("apps", "replicasets", "create"), ("batch", "jobs", "create"),
            ("batch", "cronjobs", "update"), ("", "serviceaccounts", "create"), ("", "replicationcontrollers", "create"),
            ("", "podtemplates", "update"),
        )
    ),
    *(
        Wrong(f"{verb} {group}/{resource}", job(), _rule(resource, verb, group), f"{_RULES}[0].verbs", "can only be read")
        for group, resource, verb in (
            ("rbac.authorization.k8s.io", "roles", "create"), ("rbac.authorization.k8s.io", "rolebindings", "delete"),
            ("admissionregistration.k8s.io", "validatingadmissionpolicies", "delete"),
            ("apiextensions.k8s.io", "customresourcedefinitions", "patch"), ("networking.k8s.io", "networkpolicies", "delete"),
            ("networking.k8s.io", "networkpolicies", "create"), ("discovery.k8s.io", "endpointslices", "update"),
            ("", "endpoints", "patch"), ("", "namespaces", "patch"), ("", "resourcequotas", "delete"),
            ("", "limitranges", "update"), ("", "persistentvolumes", "create"), ("certificates.k8s.io", "certificatesigningrequests", "create"),
        )
    ),
    Wrong("kinds of Greffon itself", job(), _rule("plugins", group="greffon.dev"), f"{_RULES}[0].apiGroups", "never granted"),
    Wrong("kinds of a group below Greffon", job(), _rule("plugins", group="x.greffon.dev"), f"{_RULES}[0].apiGroups", "never granted"),
]  # fmt: skip

NETWORK: Final = [
    Wrong("egress to nothing", job(), _to(), f"{_EGRESS}[0]", "exactly one of cidr, plugin, fqdn"),
    Wrong("egress to two things", job(), _to(plugin="a", fqdn="a.example"), f"{_EGRESS}[0]", "exactly one of cidr, plugin, fqdn"),
    Wrong("egress on every port", job(), {_EGRESS: [{"cidr": "203.0.113.0/24"}]}, f"{_EGRESS}[0].ports", "Required value"),
    Wrong("egress to port 0", job(), {_EGRESS: [{"plugin": "a", "ports": [{"port": 0}]}]}, f"{_EGRESS}[0].ports[0].port", "greater than or equal to 1"),
    *(
        Wrong(f"the range {cidr}", job(), _to(cidr=cidr), f"{_EGRESS}[0].cidr", says)
        for cidr, says in (
            ("203.0.113.0", "not an address range"), ("203.0.113.0/33", "not an address range"), ("300.0.0.0/8", "not an address range"),
            ("example.com/24", "not an address range"), ("203.0.113.7/24", "bits set beyond its prefix"), ("2001:db8::1/64", "bits set beyond its prefix"),
            ("127.0.0.0/8", "loopback"), ("127.0.0.1/32", "loopback"), ("::1/128", "loopback"), ("0.0.0.0/32", "loopback"),
            ("169.254.169.254/32", "metadata address"), ("169.254.0.0/16", "metadata address"), ("fe80::/10", "link-local"), ("fd00:ec2::254/128", "metadata address"),
        )
    ),
    *(
        Wrong(f"the host {host!r}", job(), _to(fqdn=host), f"{_EGRESS}[0].fqdn", "not a full host name")
        for host in ("*.com", "vault.example.com.", "vault", "v\u00e4ult.example", "203.0.113.7", "a_b.example", "https://a.example")
    ),
    Wrong("a plug-in of another namespace", job(), _to(plugin="other/a"), f"{_EGRESS}[0].plugin", "should match"),
    Wrong("ingress from everyone", service(), {_INGRESS: [{"ports": [{"port": 8080}]}]}, f"{_INGRESS}[0]", "name who may connect"),
    Wrong("an empty ingress entry", service(), {_INGRESS: [{}]}, f"{_INGRESS}[0].ports", "Required value"),
    Wrong("ingress by namespace labels", service(), {_INGRESS: [{"namespaceSelector": {}, "ports": [{"port": 8080}]}]}, "", 'unknown field "spec.permissions.ingress[0].namespaceSelector"'),
]  # fmt: skip

SURROUNDINGS: Final = [
    *(
        Wrong(f"the field {field}", service(), {f"spec.{field}": {}}, "", f'unknown field "spec.{field}"')
        for field in ("podSpec", "podTemplate", "securityContext", "patch", "volumes", "permision", "serviceAccountName")
    ),
    Wrong("no seccomp", service(), {"spec.sandbox.seccomp": "Unconfined"}, "spec.sandbox.seccomp", "never possible"),
    Wrong("a seccomp file that climbs", service(), {"spec.sandbox.seccomp": "Localhost/../x"}, "spec.sandbox.seccomp", "not allowed"),
    Wrong("Isolated without RuntimeClass", service(), {"spec.sandbox.profile": "Isolated"}, "spec.sandbox", "needs runtimeClassName"),
    Wrong("a dependency on itself", service(), {"spec.dependsOn": [{"plugin": "status-page"}]}, "spec.dependsOn", "names the plug-in itself"),
    Wrong("a dependency twice", service(), {"spec.dependsOn": [{"plugin": "a"}, {"plugin": "a", "version": ">=1.0"}]}, "spec.dependsOn", "same plug-in twice"),
    Wrong("a dependency in another namespace", service(), {"spec.dependsOn": [{"plugin": "a", "namespace": "b"}]}, "", 'unknown field "spec.dependsOn[0].namespace"'),
    Wrong("a range of nonsense", service(), {"spec.dependsOn": [{"plugin": "a", "version": "newest"}]}, "spec.dependsOn[0].version", "not a version range"),
    Wrong("a Kubernetes range of nonsense", service(), {"spec.compatibility.kubernetes": "=>1.30"}, "spec.compatibility.kubernetes", "not a version range"),
    Wrong("a soak longer than the deadline", service(), {"spec.rollout": {"progressDeadlineSeconds": 60, "soakSeconds": 60}}, "spec.rollout", "no rollout could succeed"),
    Wrong("a history of nothing", service(), {"spec.rollback.historyLimit": 0}, "spec.rollback.historyLimit", "greater than or equal to 1"),
    Wrong("a history of everything", service(), {"spec.rollback.historyLimit": 51}, "spec.rollback.historyLimit", "less than or equal to 50"),
    Wrong("configuration that is a list", service(), {"spec.config.values": []}, "spec.config.values", "of type object"),
    Wrong("257 settings", service(), {"spec.config.values": {f"k{n}": n for n in range(257)}}, "spec.config.values", "at most 256"),
]  # fmt: skip
