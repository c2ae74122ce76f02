"""Right manifests: what must be accepted, edge cases above all.

A rule that refuses too much is as wrong as one that refuses too little. The offline validator and the Python
models are tried on the same table.
"""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

from typing import Any, Final

from tests.contract.manifests import (
    DIGEST,
    DROP,
    Manifest,
    approval,
    changed,
    job,
    policy,
    revision,
    run,
    service,
    webhook,
)

_CRON: Final = ("0 3 * * *", "*/5 * * * *", "0 0 1 jan mon", "15,45 8-18/2 * * MON-FRI", "0 0 29 2 *", "0 3 ? * 0")
_REFS: Final = (
    "busybox:1.36", "localhost/greffon/x:dev", "127.0.0.1:5000/a/b:1", f"registry.example:5000/a_b/c--d:v1@{DIGEST}",
    f"a@{DIGEST}", "registry.example/" + "a" * 200 + ":" + "t" * 128,
)  # fmt: skip
_RANGES: Final = (">=2.1 <3", "^1.4", "~1.4.2", "1.x", "1.0.0 - 2.0.0", ">=1 <2 || >=3", "*", "=1.2.3-rc.1+build.5")
_AMOUNTS: Final = {
    "requests": {"cpu": "0.25", "memory": "128974848", "ephemeral-storage": "1Mi"},
    "limits": {"cpu": 2, "memory": "1.5Gi", "ephemeral-storage": "2G"},
}
_TUPLES: Final = [
    {"apiGroups": ["", "example.com"], "resources": ["configmaps", "services"], "verbs": ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]},
    {"apiGroups": [""], "resources": ["a", "b", "c", "d", "e", "f", "g", "h"], "verbs": ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["a", "b", "c", "d", "e", "f", "g", "h"]},
]  # fmt: skip


def _triggers() -> list[dict[str, Any]]:
    return [
        {"name": "nightly", "cron": "0 3 * * *", "timeZone": "Etc/UTC"},
        {"name": "expiry", "event": {"topic": "certs.expiring", "filter": "event.data.days < 7"}},
        {"name": "secrets", "watch": {"apiVersion": "v1", "kind": "Secret", "labelSelector": {"matchLabels": {"rotate": "true"}}}},
        {"name": "hook", "http": {"path": "/rotate"}},
    ]  # fmt: skip


def everything() -> Manifest:
    """A plug-in that uses every field that a Job may have."""
    return changed(
        job(),
        {
            "spec.about": {"description": "Rotates", "author": "Team A", "contact": "a@example.com", "categories": ["security"], "homepage": "https://a.example"},
            "spec.criticality": "High",
            "spec.suspend": False,
            "spec.run": {
                "mode": "Job", "entrypoint": ["python", "main.py"], "timeoutSeconds": 300, "concurrency": "Forbid", "retries": 3,
                "resources": _AMOUNTS, "env": [{"name": "LEVEL", "value": "info"}],
                "secrets": [{"name": "db", "mountPath": "/var/run/greffon/secrets/db"}, {"name": "tls"}],
            },
            "spec.hooks": {"preActivate": ["python", "check.py"], "postActivate": ["true"], "preDeactivate": ["true"]},
            "spec.config": {"values": {"maxAge": "30d", "deep": {"list": [1, None, {"a": 1.5}]}}, "schema": {"type": "object", "required": ["maxAge"]}},
            "spec.triggers": _triggers(),
            "spec.events": {"publishes": [{"topic": "secrets.rotated", "schema": {"type": "object"}}], "delivery": {"retries": 5, "deadLetter": True}},
            "spec.permissions": {
                "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"], "reason": "reads its settings"}],
                "egress": [
                    {"cidr": "203.0.113.0/24", "ports": [{"port": 443, "protocol": "TCP"}]},
                    {"plugin": "cert-watcher", "ports": [{"port": 8080}]},
                    {"fqdn": "vault.example.com", "ports": [{"port": 443}]},
                ],
                "ingress": [{"plugin": "dashboard", "ports": [{"port": 8080}]}, {"cidr": "203.0.113.0/24", "ports": [{"port": 8080}]}],
            },
            "spec.sandbox": {"profile": "Isolated", "runtimeClassName": "gvisor", "seccomp": "Localhost/profiles/strict.json"},
            "spec.dependsOn": [{"plugin": "cert-watcher", "version": ">=2.1 <3"}],
            "spec.compatibility": {"kubernetes": ">=1.30", "greffon": ">=0.1"},
            "spec.rollout": {"strategy": "Surge", "progressDeadlineSeconds": 300, "soakSeconds": 30},
            "spec.rollback": {"auto": True, "watchSeconds": 1800, "maxCrashes": 3, "historyLimit": 10},
        },
    )  # fmt: skip


def strictest_policy() -> Manifest:
    """A policy that uses every field."""
    key = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ==\n-----END PUBLIC KEY-----\n"
    return changed(
        policy(),
        {
            "spec": {
                "namespaceSelector": {"matchLabels": {"team": "a"}, "matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}, {"key": "greffon.dev/x", "operator": "Exists"}]},
                "types": ["Container", "Python"],
                "modes": [],
                "images": {"registries": ["registry.example:5000/team-a"], "patterns": ["registry.example/*/app"], "requireDigest": True, "revokedDigests": [DIGEST]},
                "signatures": {"required": True, "keys": [{"name": "ci", "publicKey": key, "publishers": ["Team A"]}], "identities": [{"name": "ci", "issuer": "https://id.example", "subject": "ci@example.com"}]},
                "versions": {"minimum": [{"plugin": "cert-check", "version": "1.2.0"}], "allowDowngrade": False},
                "permissions": {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "*"]}], "egress": {"cidrs": ["203.0.113.0/24", "2001:db8::/32"], "fqdns": ["*.example.com"], "plugins": True}, "ingress": {"cidrs": [], "plugins": False}},
                "sandbox": {"allowedProfiles": ["Restricted", "Paranoid"], "profiles": [{"name": "Paranoid", "runtimeClassName": "gvisor", "seccomp": "Localhost/x.json"}], "runtimeClasses": ["gvisor"]},
                "isolation": "Required",
                "resources": {"maximum": {"cpu": 4, "memory": "8Gi"}, "defaults": _AMOUNTS, "maxReplicas": 5},
                "maxPluginsPerNamespace": 100,
                "criticality": {"minimum": "High"},
                "approvals": [{"name": "wider", "criticalities": ["Critical"], "widenings": ["Permissions", "Source"], "required": 2, "validSeconds": 86400}],
                "onViolation": "Stop",
                "violationGraceSeconds": 600,
            }
        },
    )  # fmt: skip


RIGHT: Final[dict[str, Manifest]] = {
    "a Container as a Service": service(),
    "a Python script as a Job": job(),
    "a Webhook": webhook(),
    "a plug-in that uses every field of a Job": everything(),
    "a policy that uses every field": strictest_policy(),
    "a Service with ports, probes and replicas": changed(service(), {"spec.run.replicas": 0, "spec.run.ports": [{"name": "http", "port": 8080}, {"name": "dns", "port": 5353, "protocol": "UDP"}], "spec.run.probes": {"ready": {"http": {"path": "/", "port": 8080}, "periodSeconds": 1, "timeoutSeconds": 1}, "live": {"tcp": {"port": 8080}, "initialDelaySeconds": 3, "failureThreshold": 5}}}),
    "a Service with an event trigger": changed(job(), {"spec.run.mode": "Service", "spec.triggers": _triggers()[1:]}),
    "a Go script from a ConfigMap": changed(job(), {"spec.type": "Go", "spec.source": {"configMap": {"name": "go-src"}}}),
    "a Python script of another name with an entrypoint": changed(job(), {"spec.source.inline.files": {"a-b_c.py": ""}, "spec.run.entrypoint": ["python", "a-b_c.py"]}),
    "a name of 40 characters": changed(service(), {"metadata.name": "a" * 40}),
    "exactly 64 KiB of script": changed(job(), {"spec.source.inline.files": {"main.py": "x" * 65535, "b": "y"}}),
    "a script with markers of YAML and templates, line ends of all kinds and emoji": changed(job(), {"spec.source.inline.files": {"main.py": "---\n{{ .Values }} %s {0} $(id) `id`\r\n\u202e\U0001f600 no newline"}}),
    "arguments that a shell would read": changed(job(), {"spec.run.entrypoint": ["python", "-c", "$(HOME) ${IFS} `id` \n '\" --", ""]}),
    "free text in every script": changed(service(), {"spec.about": {"description": "\u202e=cmd()|' \u4f60\u597d <b>", "author": "\x1b[31m"}}),
    "104 combinations of rights": changed(job(), {"spec.permissions.rules": _TUPLES}),
    "scale of a Deployment": changed(job(), {"spec.permissions.rules": [{"apiGroups": ["apps"], "resources": ["deployments/scale", "deployments"], "verbs": ["get"]}, {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"], "resourceNames": ["web"]}]}),
    "the whole Internet, which policy judges": changed(job(), {"spec.permissions.egress": [{"cidr": "0.0.0.0/0", "ports": [{"port": 443}]}, {"cidr": "::/0", "ports": [{"port": 443}]}]}),
    "a pre-release version with build": changed(service(), {"spec.version": "2.0.0-rc.1+build.5"}),
    "an approval": approval(),
    "a run without input": changed(run(), {"spec.input": DROP}),
    "a run with limits": changed(run(), {"spec.timeoutSeconds": 86400, "spec.ttlSecondsAfterFinished": 0}),
    "a full revision": changed(revision(), {"spec.permissionsHash": "0" * 64, "spec.configHash": "0" * 64, "spec.sources": ["plg-cert-check-src-0a1b"], "spec.image": {"ref": "a:1", "digest": DIGEST}, "spec.parent": "cert-check-r2"}),
    **{f"the schedule {cron}": changed(job(), {"spec.triggers": [{"name": "t", "cron": cron, "timeZone": "America/Argentina/Buenos_Aires"}]}) for cron in _CRON},
    **{f"the image {ref[:40]}": changed(service(), {"spec.source.image.ref": ref}) for ref in _REFS},
    **{f"the range {text}": changed(service(), {"spec.compatibility.kubernetes": text}) for text in _RANGES},
}  # fmt: skip
