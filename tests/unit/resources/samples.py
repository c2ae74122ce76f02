"""Plugins of every type and mode, and what is built for them. Used by the tests of `resources` and `reconcile`."""

from pathlib import Path
from typing import Any

import yaml

from greffon.kube.kinds import BY_KIND
from greffon.model.plugin import Plugin, PluginSpec
from greffon.model.run import PluginRun
from greffon.resources.context import Context, Identity
from greffon.resources.desired import desired
from greffon.resources.run_job import job_of

Json = dict[str, Any]
GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.name.removesuffix(".plugin.yaml") for path in GOLDEN.glob("*.plugin.yaml"))
IDENTITY = Identity("sample", "team-a", "6ad4bd0f-9b1c-4f0e-a1f4-0d7c6b0f2b11")
CONTEXT = Context(
    runner_images={kind: f"registry.test/runner-{kind.lower()}:1" for kind in ("Python", "Bash", "Go", "TypeScript")},
    api_servers=(("198.51.100.1", 6443), ("198.51.100.2", 6443), ("198.51.100.200", 443), ("2001:db8::1", 6443)),
    kubernetes_version="v1.36.3-vendor.1",
)
SCRIPT: Json = {"type": "Python", "version": "1.0.0", "source": {"inline": {"files": {"main.py": "print('hi')\n"}}}}
SERVICE: Json = SCRIPT | {"run": {"mode": "Service"}}
JOB: Json = SCRIPT | {"run": {"mode": "Job"}}
CONTAINER: Json = {"type": "Container", "version": "1.0.0", "source": {"image": {"ref": "registry.test/x:1.0.0"}}}
CONTAINER_SERVICE: Json = CONTAINER | {"run": {"mode": "Service"}}
CONTAINER_JOB: Json = CONTAINER | {"run": {"mode": "Job"}}
WEBHOOK: Json = {"type": "Webhook", "version": "1.0.0", "source": {"url": "https://hooks.test/x"}}
RULE: Json = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"], "reason": "reads its settings"}


def spec_of(wire: Json) -> PluginSpec:
    """Parse a spec."""
    return PluginSpec.parse(wire)


def with_run(wire: Json, **run: Any) -> Json:
    """The same spec with more fields in `run`."""
    return wire | {"run": wire["run"] | run}


def built(wire: Json, *, context: Context = CONTEXT, identity: Identity = IDENTITY, revision: int = 3) -> list[Json]:
    """The children of a spec."""
    return desired(identity, spec_of(wire), revision, context)


def only(objects: list[Json], kind: str) -> Json:
    """The one object of a kind."""
    (found,) = [obj for obj in objects if obj["kind"] == kind]
    return found


def golden_plugin(name: str) -> Json:
    """A Plugin of the golden folder."""
    document = yaml.safe_load((GOLDEN / f"{name}.plugin.yaml").read_text())
    assert isinstance(document, dict)
    return document


def golden_children(name: str) -> list[Json]:
    """Its children as they are built now, and for a Job plug-in the Job of a run."""
    document = golden_plugin(name)
    plugin = Plugin.parse(document)
    children = desired(Identity(plugin.name, plugin.namespace, plugin.uid), plugin.spec, 7, CONTEXT)
    if plugin.spec.run and plugin.spec.run.mode == "Job":
        children.append(job_of(run_of(plugin), plugin, plugin.spec, 7, CONTEXT))
    return children


def run_of(plugin: Plugin, **spec: Any) -> PluginRun:
    """A run of a plug-in."""
    meta = {"name": "by-hand", "namespace": plugin.namespace, "uid": "run-uid"}
    wire = {"pluginRef": {"name": plugin.name}, "input": {"a": [1, "ü"]}} | spec
    return PluginRun.parse({"metadata": meta, "spec": wire})


def pod_templates(objects: list[Json]) -> list[Json]:
    """Every pod template in these objects."""
    found = []
    for obj in objects:
        assert obj["kind"] in BY_KIND, obj["kind"]
        body = obj["spec"]["jobTemplate"] if obj["kind"] == "CronJob" else obj
        if template := body.get("spec", {}).get("template"):
            found.append(template)
    return found


def container_of(template: Json) -> Json:
    """The only container of a pod template."""
    (container,) = template["spec"]["containers"]
    assert isinstance(container, dict)
    return container
