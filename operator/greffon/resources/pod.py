"""The pod template: the sandbox every plug-in runs in. Used by `resources.workloads`.

What is confined here is what Pod Security "restricted" asks, and more: no token without rules, no service
links, an own user id, limits on everything. Nothing of it is negotiable from a Plugin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greffon.model import keys
from greffon.model.run_spec import Probe
from greffon.resources import names
from greffon.resources.context import Identity
from greffon.resources.effective import DEFAULT_PORT, Effective
from greffon.resources.files import CONFIG_KEY, Files
from greffon.resources.metadata import labels

Json = dict[str, Any]
SOURCE_PATH = "/plugin/src"
CONFIG_PATH = "/plugin/config"
EVENT_PATH = "/plugin/event"
LEAVING_SECONDS = 3
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path, not a secret


@dataclass(frozen=True, slots=True)
class PodRequest:
    """One pod template to build.

    Attributes:
        trigger: what starts it: "" for a Service, "Manual" or "Cron:<name>" for a Job.
        run: name of the PluginRun, if there is one.
        event: JSON text handed to a Job, kept in an annotation and shown to it as a file.
        timeout_seconds: the script's own limit; None in Service mode.
        restart: the token of the last wish to restart; another one makes other pods.
        hook: the hook that the pod runs, "" for none.
        serves: the pod takes requests.
    """

    plugin: Identity
    effective: Effective
    files: Files | None
    has_rules: bool
    revision: int
    trigger: str = ""
    run: str = ""
    event: str = ""
    timeout_seconds: int | None = None
    restart: str = ""
    hook: str = ""
    serves: bool = False


def pod_template(request: PodRequest) -> Json:
    """Metadata and spec of the pod."""
    plugin, e = request.plugin, request.effective
    user = user_id(plugin.uid)
    spec: Json = {
        "serviceAccountName": names.child(plugin.name),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": _seccomp(e.seccomp),
        },
        "containers": [_container(request)],
        "volumes": [volume for volume, _ in _volumes(request)],
    }
    if e.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in e.pull_secrets]
    if e.runtime_class:
        spec["runtimeClassName"] = e.runtime_class
    if e.mode == "Job":
        spec["restartPolicy"] = "Never"
    elif e.replicas > 1:
        spec["topologySpreadConstraints"] = [_spread(plugin)]
    return {"metadata": _metadata(request), "spec": spec}


def user_id(uid: str) -> int:
    """A user id of the plug-in's own, so that two of them on a node share no file and no signal."""
    return 20_000 + int(hashlib.sha256(uid.encode()).hexdigest()[:8], 16) % 40_000


def _metadata(request: PodRequest) -> Json:
    made = labels(request.plugin) | {keys.LABEL_REVISION: str(request.revision)}
    if request.run:
        made[keys.LABEL_RUN] = request.run
    if request.hook:
        made[keys.LABEL_HOOK] = request.hook
    if request.serves:
        made[keys.LABEL_SERVES] = "true"
    notes = {keys.ANNOTATION_EVENT: request.event, keys.ANNOTATION_RESTART: request.restart}
    given = {name: value for name, value in notes.items() if value}
    return {"labels": made} | ({"annotations": given} if given else {})


def _container(request: PodRequest) -> Json:
    e = request.effective
    made: Json = {
        "name": keys.CONTAINER,
        "image": e.image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": name, "value": value} if value else {"name": name} for name, value in _environment(request)],
        "resources": {part: dict(amounts) for part, amounts in e.resources.items()},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [mount for _, mount in _volumes(request)],
    }
    if e.is_script:
        made["args"] = [*_runner_arguments(e), "--", *map(_literal, e.entrypoint)]
    elif e.entrypoint:
        made["command"] = [_literal(word) for word in e.entrypoint]
    if e.ports:
        made["ports"] = [{"name": p.name, "containerPort": p.port, "protocol": p.protocol} for p in e.ports]
        # The nodes learn a little late that the pod is leaving; until then it still answers.
        made["lifecycle"] = {"preStop": {"sleep": {"seconds": LEAVING_SECONDS}}}
    return made | _probes(e)


def _literal(text: str) -> str:
    """The kubelet expands `$(NAME)` and makes one `$` of two; doubling every one keeps the text as it is."""
    return text.replace("$", "$$")


def _runner_arguments(e: Effective) -> list[str]:
    if e.mode == "Job":
        return ["job"]
    return ["serve", "--port", str(e.ports[0].port if e.ports else DEFAULT_PORT)]


def _environment(request: PodRequest) -> list[tuple[str, str]]:
    plugin, e = request.plugin, request.effective
    ours = [
        ("GREFFON_CONTRACT", "v1"),
        ("GREFFON_PLUGIN", plugin.name),
        ("GREFFON_NAMESPACE", plugin.namespace),
        ("GREFFON_VERSION", e.version),
        ("GREFFON_REVISION", str(request.revision)),
        ("GREFFON_MODE", e.mode),
        ("GREFFON_TRIGGER", request.trigger),
        ("GREFFON_RUN", request.run),
    ]
    if request.files is not None:
        ours.append(("GREFFON_CONFIG", f"{CONFIG_PATH}/{CONFIG_KEY}"))
    if e.mode == "Job":
        ours.append(("GREFFON_EVENT", f"{EVENT_PATH}/event.json"))
    if request.timeout_seconds is not None:
        ours.append(("GREFFON_TIMEOUT_SECONDS", str(request.timeout_seconds)))
    return [*((name, _literal(value)) for name, value in e.env), *ours]


def _volumes(request: PodRequest) -> list[tuple[Json, Json]]:
    """Pairs of volume and mount."""
    e = request.effective
    made: list[tuple[Json, Json]] = [
        ({"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}, {"name": "tmp", "mountPath": "/tmp"})  # noqa: S108 - inside the pod
    ]
    if request.files:
        made += _file_volumes(request.plugin, request.files)
    if e.source_config_map:
        made.append(_mounted({"configMap": {"name": e.source_config_map, "defaultMode": 0o555}}, "source", SOURCE_PATH))
    if e.mode == "Job":
        event = {
            "path": "event.json",
            "fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{keys.ANNOTATION_EVENT}']"},
        }
        made.append(_mounted({"downwardAPI": {"items": [event], "defaultMode": 0o444}}, "event", EVENT_PATH))
    for index, (secret, path) in enumerate(e.secrets):
        made.append(_mounted({"secret": {"secretName": secret, "defaultMode": 0o440}}, f"secret-{index}", path))
    if request.has_rules:
        made.append(_mounted({"projected": {"sources": _token_sources(), "defaultMode": 0o440}}, "token", TOKEN_PATH))
    return made


def _file_volumes(plugin: Identity, content: Files) -> list[tuple[Json, Json]]:
    name = names.files(plugin.name, content.content_hash)
    made = []
    if content.paths:
        items = [{"key": key, "path": path} for key, path in content.paths.items()]
        made.append(
            _mounted({"configMap": {"name": name, "items": items, "defaultMode": 0o555}}, "source", SOURCE_PATH)
        )
    items = [{"key": CONFIG_KEY, "path": CONFIG_KEY}]
    made.append(_mounted({"configMap": {"name": name, "items": items, "defaultMode": 0o444}}, "config", CONFIG_PATH))
    return made


def _mounted(source: Json, name: str, path: str) -> tuple[Json, Json]:
    return {"name": name, **source}, {"name": name, "mountPath": path, "readOnly": True}


def _token_sources() -> list[Json]:
    """A short-lived token of its own account, where client libraries look for it."""
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 600}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]


def _seccomp(profile: str) -> Json:
    if profile == "RuntimeDefault":
        return {"type": "RuntimeDefault"}
    return {"type": "Localhost", "localhostProfile": profile.removeprefix("Localhost/")}


def _spread(plugin: Identity) -> Json:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {keys.LABEL_PLUGIN: plugin.name}},
    }


def _probes(e: Effective) -> Json:
    if e.mode != "Service":
        return {}
    if e.probes is None:
        return _script_probes(e) if e.is_script else {}
    declared: Mapping[str, Probe | None] = {"readinessProbe": e.probes.ready, "livenessProbe": e.probes.live}
    return {name: _probe(probe) for name, probe in declared.items() if probe}


def _script_probes(e: Effective) -> Json:
    check = {"httpGet": {"path": "/healthz", "port": e.ports[0].port, "scheme": "HTTP"}}
    return {
        "readinessProbe": check | {"periodSeconds": 2, "timeoutSeconds": 2},
        "livenessProbe": check | {"periodSeconds": 10, "timeoutSeconds": 5, "initialDelaySeconds": 10},
    }


def _probe(probe: Probe) -> Json:
    made: Json = {}
    if probe.http:
        made["httpGet"] = {"path": probe.http.path, "port": probe.http.port, "scheme": "HTTP"}
    if probe.tcp:
        made["tcpSocket"] = {"port": probe.tcp.port}
    timing = {
        "initialDelaySeconds": probe.initial_delay_seconds,
        "periodSeconds": probe.period_seconds,
        "timeoutSeconds": probe.timeout_seconds,
        "failureThreshold": probe.failure_threshold,
    }
    return made | {name: value for name, value in timing.items() if value}
