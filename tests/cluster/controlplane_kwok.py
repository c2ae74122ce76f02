"""Fake nodes: what kwok plays for them, and the Node objects.

Called by `controlplane` when nodes were asked for. Pods become Ready at once, pods of a Job succeed at
once, deleted pods vanish: what a kubelet that never fails would report.
"""

import json

_NODE_CONDITIONS = """
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ Now | Quote }}
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
"""

_NODE_READY = (
    _NODE_CONDITIONS
    + """
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ NodeName | Quote }}}
allocatable: {cpu: 1k, memory: 1Ti, ephemeral-storage: 1Ti, pods: 100k}
capacity: {cpu: 1k, memory: 1Ti, ephemeral-storage: 1Ti, pods: 100k}
nodeInfo:
  architecture: amd64
  operatingSystem: linux
  bootID: ""
  containerRuntimeVersion: kwok
  kernelVersion: kwok
  kubeProxyVersion: kwok
  kubeletVersion: kwok
  machineID: ""
  osImage: ""
  systemUUID: ""
phase: Running
"""
)

_POD_READY = """
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
conditions:
{{ range $type := list "Initialized" "Ready" "ContainersReady" }}
- {type: {{ $type }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
hostIP: {{ index (NodeIPsWith .spec.nodeName) 0 | Quote }}
{{ $pod := .metadata }}
podIP: {{ index (PodIPsWith .spec.nodeName false $pod.uid $pod.name $pod.namespace) 0 | Quote }}
"""

_POD_SUCCEEDED = """
{{ $now := Now }}
phase: Succeeded
conditions:
{{ range $type := list "Ready" "ContainersReady" }}
- {type: {{ $type }}, status: "False", reason: PodCompleted, lastTransitionTime: {{ $now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
"""

_Condition = dict[str, str | list[str]]
_READY = '.status.conditions.[] | select( .type == "Ready" ) | .status'


def stages() -> str:
    """The stage file: JSON documents, which is YAML that needs no quoting rules."""
    alive: _Condition = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
    not_ready: _Condition = {"key": _READY, "operator": "NotIn", "values": ["True"]}
    ready: _Condition = {"key": _READY, "operator": "In", "values": ["True"]}
    pending: _Condition = {"key": ".status.phase", "operator": "In", "values": ["Pending"]}
    of_a_job: _Condition = {"key": ".metadata.ownerReferences.[].kind", "operator": "In", "values": ["Job"]}
    running: _Condition = {"key": ".status.phase", "operator": "In", "values": ["Running"]}
    deleted: _Condition = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
    documents = [
        _stage("node-ready", "Node", [not_ready], {"statusTemplate": _NODE_READY}),
        _stage("node-heartbeat", "Node", [ready], {"statusTemplate": _NODE_CONDITIONS}, delay_ms=600_000),
        _stage("pod-ready", "Pod", [alive, pending, not_ready], {"statusTemplate": _POD_READY}),
        _stage("pod-succeeded", "Pod", [alive, running, of_a_job], {"statusTemplate": _POD_SUCCEEDED}),
        _stage("pod-deleted", "Pod", [deleted], {"delete": True}),
    ]
    return "\n---\n".join(json.dumps(document, indent=1) for document in documents)


def _stage(
    name: str, kind: str, when: list[_Condition], then: dict[str, str | bool], delay_ms: int = 0
) -> dict[str, object]:
    spec: dict[str, object] = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": when},
        "next": then,
    }
    if delay_ms:
        spec["delay"] = {"durationMilliseconds": delay_ms}
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def nodes(count: int) -> str:
    """A List of `count` Node objects that kwok claims by their annotation."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"fake-{number}",
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"kubernetes.io/hostname": f"fake-{number}", "kubernetes.io/os": "linux"},
            },
        }
        for number in range(count)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
