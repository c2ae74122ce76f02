"""stale-workload-report against a loopback API server that speaks TLS and looks at the token."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plugins.harness import Handler, Sample, Server, listening
from plugins.tls import certificate, server_context

SAMPLE = Sample.load("stale-workload-report")
TOKEN = "short-lived"  # noqa: S105 - made up here
PAGE = 2


@dataclass
class World:
    """The objects of the namespace by kind, and what was asked for."""

    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


WORLD = World()


class ApiServer(Handler):
    """Lists the objects of `WORLD` in pages of two."""

    def respond(self) -> None:
        """Answer a list."""
        url = urlsplit(self.path)
        _, namespace, kind = url.path.rsplit("/", 2)
        group = url.path.split("/")[2] if url.path.startswith("/apis/") else ""
        WORLD.asked.append((group, kind))
        if self.headers["Authorization"] != f"Bearer {TOKEN}" or namespace != "team-a":
            self.answer(403)
            return
        begin = int(parse_qs(url.query).get("continue", ["0"])[0])
        items = WORLD.objects.get(kind, [])
        if "PartialObjectMetadataList" in self.headers["Accept"]:
            items = [{"metadata": item["metadata"]} for item in items]
        rest = {"continue": str(begin + PAGE)} if begin + PAGE < len(items) else {}
        self.answer(200, json.dumps({"metadata": rest, "items": items[begin : begin + PAGE]}).encode())


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a pod beside that API server."""
    account = tmp_path_factory.mktemp("account")
    pem = certificate(account, timedelta(days=1))
    (account / "ca.crt").write_bytes(pem.read_bytes())
    (account / "token").write_text(TOKEN + "\n")
    (account / "namespace").write_text("team-a")

    def secure(server: Server) -> None:
        server.socket = server_context(pem).wrap_socket(server.socket, server_side=True)

    with listening(ApiServer, secure) as port:
        yield {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(port),
            "ACCOUNT_DIR": str(account),
        }


def days_ago(days: float) -> str:
    """Return a time of the Kubernetes API."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def thing(name: str, age: float = 100, *, owned: bool = False, **more: Any) -> dict[str, Any]:
    """Return an object."""
    owners = {"ownerReferences": [{"name": "someone"}]} if owned else {}
    return {"metadata": {"name": name, "creationTimestamp": days_ago(age), **owners}, "spec": {}, **more}


def deployment(name: str, replicas: int, changed: float) -> dict[str, Any]:
    """Return a Deployment whose state changed so many days ago."""
    status = {"conditions": [{"type": "Progressing", "lastUpdateTime": days_ago(changed)}]}
    return thing(name, spec={"replicas": replicas}, status=status)


def job(name: str, kind: str, status: str, ended: float) -> dict[str, Any]:
    """Return a Job with a condition."""
    condition = {"type": kind, "status": status, "lastTransitionTime": days_ago(ended)}
    return thing(name, status={"conditions": [condition]})


def pod_spec(**names: str) -> dict[str, Any]:
    """Return a pod's spec that uses ConfigMaps in the given ways."""
    ways: dict[str, dict[str, Any]] = {
        "volume": {"volumes": [{"configMap": {"name": names.get("volume")}}]},
        "projected": {"volumes": [{"projected": {"sources": [{"configMap": {"name": names.get("projected")}}]}}]},
        "env_from": {"containers": [{"envFrom": [{"configMapRef": {"name": names.get("env_from")}}]}]},
        "env": {"initContainers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": names.get("env")}}}]}]},
    }
    return {key: value for way in names for key, value in ways[way].items()}


def test_what_is_forgotten_is_listed_and_nothing_else(api_server: dict[str, str], tmp_path: Path) -> None:
    """One namespace with a stale and a fresh object of each sort, and every way to use a ConfigMap."""
    WORLD.objects = {
        "deployments": [
            deployment("idle", 0, 50),
            deployment("idle-since-yesterday", 0, 1),
            deployment("busy", 3, 50),
            thing("user", spec={"template": {"spec": pod_spec(volume="in-deployment")}}),
        ],
        "statefulsets": [thing("user", spec={"template": {"spec": pod_spec(projected="in-statefulset")}})],
        "daemonsets": [thing("user", spec={"template": {"spec": pod_spec(env_from="in-daemonset")}})],
        "cronjobs": [thing("user", spec={"jobTemplate": {"spec": {"template": {"spec": pod_spec(env="in-cronjob")}}}})],
        "pods": [thing("user", spec=pod_spec(volume="in-pod"))],
        "jobs": [
            job("done", "Complete", "True", 50),
            job("failed", "Failed", "True", 50),
            job("done-yesterday", "Complete", "True", 1),
            job("suspended", "Suspended", "True", 50),
            job("not-failed", "Failed", "False", 50),
            thing("running"),
        ],
        "configmaps": [
            *(thing(f"in-{kind}") for kind in ("deployment", "statefulset", "daemonset", "cronjob", "pod")),
            thing("forgotten"),
            thing("new", 1),
            thing("owned", owned=True),
            thing("kube-root-ca.crt"),
        ],
    }

    ran = SAMPLE.workspace(tmp_path, environment=api_server).job(SAMPLE.entrypoint)

    assert ran.exit_code == 0, ran.stderr.decode()
    assert ran.report["output"] == {
        "namespace": "team-a",
        "olderThanDays": 30,
        "idleDeployments": {"count": 1, "names": ["idle"]},
        "finishedJobs": {"count": 2, "names": ["done", "failed"]},
        "unusedConfigMaps": {"count": 1, "names": ["forgotten"]},
    }


def test_it_asks_for_nothing_that_it_does_not_declare(api_server: dict[str, str], tmp_path: Path) -> None:
    """The requests of a run are the rules of the manifest, no more and no less."""
    WORLD.objects, WORLD.asked = {}, []

    ran = SAMPLE.workspace(tmp_path, environment=api_server).job(SAMPLE.entrypoint)

    rules = SAMPLE.spec["permissions"]["rules"]
    declared = {(group, kind) for rule in rules for group in rule["apiGroups"] for kind in rule["resources"]}
    assert (ran.exit_code, set(WORLD.asked)) == (0, declared)
    assert {verb for rule in rules for verb in rule["verbs"]} == {"list"}


def test_many_objects_still_fit_into_the_result(api_server: dict[str, str], tmp_path: Path) -> None:
    """Names are as long as they can be; the counts stay exact."""
    long = [f"{n:03}-{'x' * 36}" for n in range(50)]
    WORLD.objects = {
        "deployments": [deployment(name, 0, 50) for name in long],
        "jobs": [job(name, "Complete", "True", 50) for name in long],
        "configmaps": [thing(name) for name in long],
    }

    ran = SAMPLE.workspace(tmp_path, environment=api_server).job(SAMPLE.entrypoint)

    assert (ran.exit_code, ran.report["truncated"]) == (0, False)
    assert ran.report["output"]["finishedJobs"]["count"] == 50


def test_an_event_changes_the_age(api_server: dict[str, str], tmp_path: Path) -> None:
    """For a look at a younger namespace."""
    WORLD.objects = {"configmaps": [thing("new", 2)]}

    ran = SAMPLE.workspace(tmp_path, environment=api_server).job(SAMPLE.entrypoint, event=b'{"olderThanDays": 1}')

    assert ran.report["output"]["unusedConfigMaps"] == {"count": 1, "names": ["new"]}


def test_a_right_that_is_missing_is_told(api_server: dict[str, str], tmp_path: Path) -> None:
    """The API server's refusal, with what was asked for."""
    account = Path(api_server["ACCOUNT_DIR"])
    (tmp_path / "account").mkdir()
    for name, content in (("token", "other"), ("namespace", "team-a"), ("ca.crt", (account / "ca.crt").read_text())):
        (tmp_path / "account" / name).write_text(content)

    environment = api_server | {"ACCOUNT_DIR": str(tmp_path / "account")}
    ran = SAMPLE.workspace(tmp_path, environment=environment).job(SAMPLE.entrypoint)

    assert ran.exit_code == 1
    assert "403" in ran.report["tail"]
    assert "/apis/apps/v1/namespaces/team-a/deployments" in ran.report["tail"]
