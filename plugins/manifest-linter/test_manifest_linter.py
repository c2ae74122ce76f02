"""manifest-linter as a Service: what it says about manifests."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins.harness import Sample
from tests.unit.runners.harness import Served

SAMPLE = Sample.load("manifest-linter")
CONTAINER = {
    "name": "app",
    "image": "registry.example/app:1.2.3",
    "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True},
    "readinessProbe": {"tcpSocket": {"port": 80}},
}
POD = {"automountServiceAccountToken": False, "containers": [CONTAINER]}
DEPLOYMENT = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": POD}}}


@pytest.fixture(scope="module")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The plug-in, serving."""
    with SAMPLE.workspace(tmp_path_factory.mktemp("linter")).serving(SAMPLE.entrypoint) as served:
        yield served


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the good Deployment with one thing changed, or removed when the value is None."""
    made: Any = copy.deepcopy(DEPLOYMENT)
    *steps, last = path.split(".")
    place = made["spec"]["template"]["spec"]
    for step in steps:
        place = place["containers"][0] if step == "app" else place.setdefault(step, {})
    place[last] = value
    if value is None:
        del place[last]
    assert isinstance(made, dict)
    return made


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("hostNetwork", True, "HostNamespace"),
        ("hostPID", True, "HostNamespace"),
        ("volumes", [{"name": "v", "hostPath": {"path": "/"}}], "HostPath"),
        ("automountServiceAccountToken", None, "TokenMounted"),
        ("app.image", "app", "MutableImage"),
        ("app.image", "app:latest", "MutableImage"),
        ("app.image", "registry.example:5000/app", "MutableImage"),
        ("app.resources.limits", None, "NoMemoryLimit"),
        ("app.resources.requests.cpu", None, "NoRequests"),
        ("app.securityContext.privileged", True, "Privileged"),
        ("app.securityContext.allowPrivilegeEscalation", None, "Escalation"),
        ("app.securityContext.runAsNonRoot", None, "MayBeRoot"),
        ("app.readinessProbe", None, "NoReadiness"),
    ],
)
def test_one_thing_wrong_is_one_finding(path: str, value: Any, rule: str, linter: Served) -> None:
    """Everything else is as it should be."""
    answer = linter.post(changed(path, value))

    assert answer.status == 200, answer.body
    assert [finding["rule"] for finding in answer.json["findings"]] == [rule]
    assert answer.json["findings"][0]["object"] == "Deployment/web"
    assert answer.json["findings"][0].get("container") == ("app" if path.startswith("app.") else None)
    assert answer.json["ok"] is False


@pytest.mark.parametrize(
    "good",
    [
        pytest.param(DEPLOYMENT, id="a Deployment"),
        pytest.param({"kind": "Pod", "metadata": {"name": "p"}, "spec": POD}, id="a Pod"),
        pytest.param(
            {
                "kind": "CronJob",
                "metadata": {"name": "c"},
                "spec": {"jobTemplate": {"spec": {"template": {"spec": POD}}}},
            },
            id="a CronJob",
        ),
        pytest.param(changed("app.image", "app@sha256:" + "0" * 64), id="an image by digest"),
        pytest.param({"kind": "ConfigMap", "metadata": {"name": "c"}}, id="an object without pods"),
        pytest.param({"kind": "List", "items": []}, id="an empty list"),
    ],
)
def test_what_is_good_gets_no_finding(good: dict[str, Any], linter: Served) -> None:
    """Nothing to say."""
    answer = linter.post(good)

    assert (answer.status, answer.json["ok"], answer.json["findings"]) == (200, True, [])


def test_a_setting_of_the_pod_holds_for_its_containers(linter: Served) -> None:
    """runAsNonRoot may stand above; init containers count too, but serve nobody."""
    manifest: Any = changed("app.securityContext.runAsNonRoot", None)
    pod = manifest["spec"]["template"]["spec"]
    pod["securityContext"] = {"runAsNonRoot": True}
    pod["initContainers"] = [{**CONTAINER, "name": "init", "image": "tool", "readinessProbe": None}]

    answer = linter.post(manifest)

    assert [(f["container"], f["rule"]) for f in answer.json["findings"]] == [("init", "MutableImage")]


def test_a_list_is_linted_object_by_object(linter: Served) -> None:
    """As `kubectl get -o json` prints it."""
    bad = changed("app.image", "app")

    answer = linter.post({"kind": "List", "items": [DEPLOYMENT, bad, bad]})

    assert (answer.json["objects"], len(answer.json["findings"])) == (3, 2)


@pytest.mark.parametrize("data", [None, [], 1, "text", {}, {"a": 1}])
def test_what_is_no_manifest_is_an_error_that_says_what_to_send(data: Any, linter: Served) -> None:
    """The caller learns the form."""
    answer = linter.post(data)

    assert answer.status == 500
    assert "send a Kubernetes object" in answer.json["tail"]


def test_rules_can_be_ignored(tmp_path: Path) -> None:
    """By the settings, for the whole team."""
    with SAMPLE.workspace(tmp_path, config={"ignore": ["MutableImage"]}).serving(SAMPLE.entrypoint) as served:
        answer = served.post(changed("app.image", "app"))

    assert (answer.json["ok"], answer.json["findings"]) == (True, [])
