"""Bodies of the API server become frozen values; what cannot be read is named field by field."""

from typing import Any

import pytest
from pydantic import ValidationError

from greffon.model import keys
from greffon.model.conditions import Condition, ConditionStatus
from greffon.model.errors import SHOWN_PROBLEMS, SpecError
from greffon.model.meta import Metadata
from greffon.model.plugin import Plugin
from greffon.model.plugin_status import PluginStatus
from greffon.model.run import PluginRun
from greffon.model.vocabulary import PluginType, RunMode


def _body(**spec: Any) -> dict[str, Any]:
    metadata = {
        "name": "cert-check",
        "namespace": "team-a",
        "uid": "u-1",
        "generation": 3,
        "annotations": {"greffon.dev/restart": "t1"},
        "creationTimestamp": "2026-11-22T10:00:00Z",
        "managedFields": [{"manager": "kubectl"}],
    }
    smallest = {"type": "Python", "version": "1.0.0", "source": {"configMap": {"name": "src"}}, "run": {"mode": "Job"}}
    return {"apiVersion": keys.API_VERSION, "kind": "Plugin", "metadata": metadata, "spec": smallest | spec}


def test_a_plugin_is_read_with_its_identity() -> None:
    plugin = Plugin.parse(_body())

    assert (plugin.namespace, plugin.name, plugin.uid, plugin.generation) == ("team-a", "cert-check", "u-1", 3)
    assert plugin.annotations == {"greffon.dev/restart": "t1"}
    assert plugin.labels == {}
    assert not plugin.deleting
    assert plugin.spec.type is PluginType.PYTHON
    assert plugin.spec.run is not None
    assert plugin.spec.run.mode is RunMode.JOB


def test_what_the_author_leaves_out_stays_unset() -> None:
    spec = Plugin.parse(_body()).spec
    assert (spec.suspend, spec.criticality, spec.rollout, spec.permissions) == (None, None, None, None)
    assert (spec.triggers, spec.depends_on) == ((), ())


def test_an_object_being_deleted_says_so() -> None:
    body = _body()
    body["metadata"]["deletionTimestamp"] = "2026-11-22T11:00:00Z"
    assert Plugin.parse(body).deleting


def test_fields_of_a_newer_schema_are_ignored() -> None:
    assert Plugin.parse(_body(quantumState="both")).spec.version == "1.0.0"


def test_a_value_cannot_be_changed() -> None:
    plugin = Plugin.parse(_body())
    with pytest.raises(ValidationError, match="frozen"):
        plugin.spec.version = "2.0.0"


def test_every_wrong_field_is_named_as_kubernetes_writes_paths() -> None:
    wrong = _body(type="Perl", run={"mode": "Job", "env": [{"name": "A"}], "retries": "many"})
    with pytest.raises(SpecError) as caught:
        Plugin.parse(wrong)

    assert [path for path, _ in caught.value.problems] == ["spec.type", "spec.run.retries", "spec.run.env[0].value"]
    assert str(caught.value).startswith("spec.type: Input should be 'Container', 'Python'")


def test_the_text_of_an_error_is_bounded_and_says_how_much_it_hides() -> None:
    wrong = _body(triggers=[{} for _ in range(16)])
    with pytest.raises(SpecError) as caught:
        Plugin.parse(wrong)
    assert len(caught.value.problems) == 16
    assert str(caught.value).endswith(f"and {16 - SHOWN_PROBLEMS} more")


@pytest.mark.parametrize("body", [{}, {"metadata": {}}, {"metadata": {"name": "a"}, "spec": None}, {"spec": []}])
def test_a_body_that_is_hardly_an_object_is_refused_by_the_same_error(body: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        Plugin.parse(body)


@pytest.mark.parametrize("status", [{}, None, [], "x", {"conditions": 7}, {"conditions": [{"type": "Ready"}]}])
def test_a_status_that_cannot_be_read_counts_as_none(status: Any) -> None:
    assert Plugin.parse(_body() | {"status": status}).status == PluginStatus()


def test_a_condition_is_found_by_its_type() -> None:
    ready = {"type": "Ready", "status": "False", "reason": "CrashLoop", "lastTransitionTime": "2026-11-22T10:00:00Z"}
    status = Plugin.parse(_body() | {"status": {"conditions": [ready]}}).status

    found = status.condition("Ready")
    assert found is not None
    assert (found.status, found.reason) == (ConditionStatus.FALSE, "CrashLoop")
    assert status.condition("Stalled") is None


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("2026-11-22T10:00:00.999999Z", "2026-11-22T10:00:00Z"),
        ("2026-11-22T12:00:00+02:00", "2026-11-22T10:00:00Z"),
        ("2026-11-22T10:00:00", "2026-11-22T10:00:00Z"),
    ],
)
def test_moments_are_written_as_the_api_server_writes_them(given: str, written: str) -> None:
    condition = Condition.model_validate({"type": "Ready", "status": "True", "lastTransitionTime": given})
    assert condition.to_wire()["lastTransitionTime"] == written


def test_writing_and_reading_gives_the_same_value() -> None:
    plugin = Plugin.parse(_body(config={"values": {"a": None, "b": [1]}, "schema": {"type": "object"}}))
    assert plugin.spec.config is not None
    assert plugin.spec.config.json_schema == {"type": "object"}
    assert Plugin.parse(plugin.to_wire()) == plugin


def test_the_output_of_a_run_may_be_any_json() -> None:
    for output in ({"a": 1}, [1], "x", 5, True, None):
        body = {"metadata": {"name": "r"}, "spec": {"pluginRef": {"name": "a"}}, "status": {"output": output}}
        assert PluginRun.parse(body).status.output == output


def test_owner_references_are_kept_with_their_uid() -> None:
    metadata = Metadata.model_validate({"name": "a", "ownerReferences": [{"uid": "u", "controller": True}]})
    assert [(owner.uid, owner.controller) for owner in metadata.owner_references] == [("u", True)]


def test_revisions_are_named_after_their_plugin() -> None:
    assert keys.revision_name("cert-check", 7) == "cert-check-r7"
