"""The sandbox holds field by field for every type, mode, schedule and run, whatever a spec says."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from greffon.model.plugin import PluginSpec
from greffon.resources.desired import desired
from tests.unit.resources.restricted import violations
from tests.unit.resources.samples import CONTEXT, IDENTITY, NAMES, Json, golden_children, pod_templates
from tests.unit.resources.specs import specs

PODS = [
    pytest.param(template, id=f"{name}, pod {number}")
    for name in NAMES
    for number, template in enumerate(pod_templates(golden_children(name)), start=1)
]


@pytest.mark.parametrize("template", PODS)
def test_golden_pods(template: Json) -> None:
    assert list(violations(template)) == []


@settings(max_examples=30, deadline=None)
@given(specs())
def test_no_spec_opens_the_sandbox(spec: PluginSpec) -> None:
    for template in pod_templates(desired(IDENTITY, spec, 1, CONTEXT)):
        assert list(violations(template)) == []


Weakening = Callable[[Json, Json], Any]
WEAKENINGS: dict[str, Weakening] = {
    "the host's network": lambda pod, _: pod.update(hostNetwork=True),
    "the host's processes": lambda pod, _: pod.update(hostPID=True),
    "a shared process namespace": lambda pod, _: pod.update(shareProcessNamespace=True),
    "a chosen node": lambda pod, _: pod.update(nodeName="control-plane"),
    "a toleration": lambda pod, _: pod.update(tolerations=[{"operator": "Exists"}]),
    "an init container": lambda pod, _: pod.update(initContainers=[{"name": "x"}]),
    "a second container": lambda pod, c: pod["containers"].append(copy.deepcopy(c)),
    "a mounted token": lambda pod, _: pod.update(automountServiceAccountToken=True),
    "no word about the token": lambda pod, _: pod.pop("automountServiceAccountToken"),
    "the default account": lambda pod, _: pod.update(serviceAccountName="default"),
    "service links": lambda pod, _: pod.pop("enableServiceLinks"),
    "the user root": lambda pod, _: pod["securityContext"].update(runAsUser=0),
    "a user of the system": lambda pod, _: pod["securityContext"].update(runAsUser=1000),
    "the group root": lambda pod, _: pod["securityContext"].update(fsGroup=0),
    "perhaps root": lambda pod, _: pod["securityContext"].update(runAsNonRoot=False),
    "a further group": lambda pod, _: pod["securityContext"].update(supplementalGroups=[0]),
    "a kernel setting": lambda pod, _: pod["securityContext"].update(sysctls=[{"name": "x", "value": "1"}]),
    "no seccomp": lambda pod, _: pod["securityContext"].pop("seccompProfile"),
    "unconfined seccomp": lambda pod, _: pod["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "a privileged container": lambda _, c: c["securityContext"].update(privileged=True),
    "privilege escalation": lambda _, c: c["securityContext"].update(allowPrivilegeEscalation=True),
    "a writable root": lambda _, c: c["securityContext"].update(readOnlyRootFilesystem=False),
    "a capability": lambda _, c: c["securityContext"]["capabilities"].update(add=["NET_BIND_SERVICE"]),
    "capabilities kept": lambda _, c: c["securityContext"].pop("capabilities"),
    "an unmasked /proc": lambda _, c: c["securityContext"].update(procMount="Unmasked"),
    "a folder of the node": lambda pod, _: pod["volumes"][0].update(hostPath={"path": "/"}),
    "scratch space without end": lambda pod, _: pod["volumes"][0].update(emptyDir={}),
    "a writable volume": lambda _, c: c["volumeMounts"][-1].pop("readOnly"),
    "a volume over another": lambda _, c: c["volumeMounts"][-1].update(mountPath="/tmp"),  # noqa: S108
    "a secret in the environment": lambda _, c: c["env"].append({"name": "X", "valueFrom": {"secretKeyRef": {}}}),
    "a secret as environment": lambda _, c: c.update(envFrom=[{"secretRef": {"name": "x"}}]),
    "a port of the node": lambda _, c: c["ports"][0].update(hostPort=80),
    "a probe of another host": lambda _, c: c["readinessProbe"]["httpGet"].update(host="169.254.169.254"),
    "a probe that runs a program": lambda _, c: c["livenessProbe"].update(exec={"command": ["sh"]}),
    "a hook that runs a program": lambda _, c: c.update(lifecycle={"postStart": {}}),
    "no limits": lambda _, c: c["resources"].pop("limits"),
    "no limit of memory": lambda _, c: c["resources"]["limits"].pop("memory"),
    "a terminal": lambda _, c: c.update(stdin=True, tty=True),
}


@pytest.mark.parametrize("weaken", WEAKENINGS.values(), ids=WEAKENINGS)
def test_each_weakening_would_be_noticed(weaken: Weakening) -> None:
    (template,) = pod_templates(golden_children("container-service"))
    weakened = copy.deepcopy(template)
    weaken(weakened["spec"], weakened["spec"]["containers"][0])
    assert list(violations(weakened))
