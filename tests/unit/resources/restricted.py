"""The sandbox as a list of sentences: Pod Security "restricted" of Kubernetes 1.34 and what Greffon adds to it.

Used by the tests of `resources.pod`. The world is closed: a field that is not named here is a violation too.
"""

from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
POD_FIELDS = frozenset(
    [
        "serviceAccountName",
        "automountServiceAccountToken",
        "enableServiceLinks",
        "terminationGracePeriodSeconds",
        "securityContext",
        "containers",
        "volumes",
        "imagePullSecrets",
        "runtimeClassName",
        "restartPolicy",
        "topologySpreadConstraints",
    ]
)
CONTAINER_FIELDS = frozenset(
    [
        "name",
        "image",
        "imagePullPolicy",
        "command",
        "args",
        "env",
        "resources",
        "securityContext",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "volumeMounts",
        "ports",
        "readinessProbe",
        "livenessProbe",
        "lifecycle",
    ]
)
VOLUME_TYPES = frozenset({"configMap", "downwardAPI", "emptyDir", "projected", "secret"})
PROBE_FIELDS = frozenset(
    ["httpGet", "tcpSocket", "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"]
)
PRIVILEGE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
}
IDENTITY_FIELDS = frozenset(
    ["runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "seccompProfile"]
)
LIMITED = {"cpu", "memory", "ephemeral-storage"}

Rule = Callable[[Json, Json], bool]


def _own_user(pod: Json, _: Json) -> bool:
    who = pod["securityContext"]
    return who["runAsNonRoot"] is True and all(who[key] > 10_000 for key in ("runAsUser", "runAsGroup", "fsGroup"))


def _seccomp(pod: Json, _: Json) -> bool:
    profile = pod["securityContext"]["seccompProfile"]
    return profile == {"type": "RuntimeDefault"} or bool(profile["type"] == "Localhost" and profile["localhostProfile"])


def _volumes(pod: Json, _: Json) -> bool:
    kinds = [set(volume) - {"name"} for volume in pod["volumes"]]
    return all(len(kind) == 1 and kind <= VOLUME_TYPES for kind in kinds)


def _scratch(pod: Json, _: Json) -> bool:
    return all("sizeLimit" in volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume)


def _mounts(pod: Json, container: Json) -> bool:
    scratch = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
    mounts = container["volumeMounts"]
    return all(mount["name"] in scratch or mount.get("readOnly") is True for mount in mounts)


def _one_place_each(pod: Json, container: Json) -> bool:
    mounts = container["volumeMounts"]
    names, paths = [mount["name"] for mount in mounts], [mount["mountPath"] for mount in mounts]
    return names == [volume["name"] for volume in pod["volumes"]] and len(set(paths)) == len(set(names)) == len(names)


def _environment(_: Json, container: Json) -> bool:
    return all(set(variable) <= {"name", "value"} for variable in container["env"])


def _probes(_: Json, container: Json) -> bool:
    probes = [container[name] for name in ("readinessProbe", "livenessProbe") if name in container]
    return all(
        set(probe) <= PROBE_FIELDS
        and "host" not in probe.get("httpGet", {})
        and "host" not in probe.get("tcpSocket", {})
        for probe in probes
    )


_PAUSE: Json = {"preStop": {"sleep": {"seconds": 3}}}
RULES: dict[str, Rule] = {
    "the pod has no other field": lambda pod, _: set(pod) <= POD_FIELDS,
    "the container has no other field": lambda _, container: set(container) <= CONTAINER_FIELDS,
    "the only thing that happens before its end is a pause": lambda _, container: (
        container.get("lifecycle", _PAUSE) == _PAUSE
    ),
    "there is exactly one container": lambda pod, _: len(pod["containers"]) == 1,
    "no token is mounted by the account": lambda pod, _: pod["automountServiceAccountToken"] is False,
    "the account is the plug-in's own": lambda pod, _: pod["serviceAccountName"].startswith("plg-"),
    "no addresses of other services in the environment": lambda pod, _: pod["enableServiceLinks"] is False,
    "the user is not root and no user of the system": _own_user,
    "nothing else is asked of the pod's identity": lambda pod, _: set(pod["securityContext"]) == IDENTITY_FIELDS,
    "system calls are filtered": _seccomp,
    "the container has no privilege and cannot get one": lambda _, container: container["securityContext"] == PRIVILEGE,
    "only volumes that belong to the pod": _volumes,
    "scratch space is bounded": _scratch,
    "everything but scratch space is read-only": _mounts,
    "every volume is mounted once, in its own place": _one_place_each,
    "variables are literal": _environment,
    "probes go to the pod itself": _probes,
    "ports are the pod's, not the node's": lambda _, container: all(
        set(port) == {"name", "containerPort", "protocol"} for port in container.get("ports", [])
    ),
    "cpu, memory and disk are limited": lambda _, container: (
        set(container["resources"]) == {"requests", "limits"}
        and all(set(amounts) == LIMITED for amounts in container["resources"].values())
    ),
}


def violations(template: Json) -> Iterator[str]:
    """The sentences that do not hold for a pod template."""
    pod = template["spec"]
    for sentence, rule in RULES.items():
        try:
            holds = rule(pod, pod["containers"][0])
        except (KeyError, TypeError):
            holds = False
        if not holds:
            yield sentence
