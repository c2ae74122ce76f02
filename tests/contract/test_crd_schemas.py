"""Each CRD keeps the house rules: bounded, atomic, described, without defaults in spec, listed well."""

import json
import re

import pytest

from greffon.model import keys
from tests.contract.crds import CRDS, KINDS, Schema, nodes, schema, version

SHORT_NAMES = {
    "Plugin": "plg",
    "PluginRevision": "plgrev",
    "PluginRun": "plgrun",
    "PluginApproval": "plgappr",
    "PluginPolicy": "plgpol",
}
KEYWORDS = {
    "type", "format", "enum", "pattern", "description", "default", "required", "properties", "items",
    "additionalProperties", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "minimum", "maximum",
}  # fmt: skip
MAX_BYTES = 256 * 1024
UNBOUNDED = {("PluginRun", "status.output")}
"""Any JSON, not only an object, so no bound can be written; the operator keeps it under 2 KiB."""


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_the_ones_the_code_uses(kind: str) -> None:
    spec = CRDS[kind]["spec"]
    names = spec["names"]

    assert spec["group"] == keys.GROUP
    assert version(kind)["name"] == keys.VERSION
    assert names["plural"] == keys.PLURALS[kind]
    assert names["singular"] == kind.lower()
    assert names["shortNames"] == [SHORT_NAMES[kind]]
    assert names["categories"] == ["platform"]
    assert spec["scope"] == ("Cluster" if kind == keys.KIND_POLICY else "Namespaced")
    assert CRDS[kind]["metadata"]["name"] == f"{names['plural']}.{keys.GROUP}"


def test_there_are_exactly_the_five_kinds() -> None:
    assert set(CRDS) == set(keys.PLURALS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_string_list_map_and_number_has_a_bound(kind: str) -> None:
    unbounded = [path for path, node in nodes(kind) if not _bounded(path, node) and (kind, path) not in UNBOUNDED]
    assert unbounded == []


def _bounded(path: str, node: Schema) -> bool:
    if node.get("x-kubernetes-int-or-string"):
        return "maxLength" in node
    match node.get("type"):
        case "string":
            return "maxLength" in node or "enum" in node
        case "array":
            return "maxItems" in node
        case "integer" if path.startswith("spec") and node.get("format") == "int32":
            return "minimum" in node
        case "object":
            closed = "properties" in node or path == ""
            return closed or "maxProperties" in node
        case "integer" | "boolean":
            return True
        case _:
            return False


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_is_either_listed_field_by_field_or_open_on_purpose(kind: str) -> None:
    for path, node in nodes(kind):
        if node.get("type") == "object":
            ways = [
                name
                for name in ("properties", "additionalProperties", "x-kubernetes-preserve-unknown-fields")
                if name in node
            ]
            assert len(ways) == 1, f"{path}: {ways}"  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_lists_are_atomic_but_the_conditions(kind: str) -> None:
    for path, node in nodes(kind):
        if node.get("type") == "array":
            wanted = "map" if path == "status.conditions" else "atomic"
            assert node.get("x-kubernetes-list-type") == wanted, path
            assert (node.get("x-kubernetes-list-map-keys") == ["type"]) == (wanted == "map"), path


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_status_as_a_whole_has_a_default(kind: str) -> None:
    assert [path for path, node in nodes(kind) if "default" in node] in ([], ["status"])
    assert not any("nullable" in node for _, node in nodes(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described_in_a_sentence(kind: str) -> None:
    missing = [
        path
        for path, node in nodes(kind)
        if path and not path.endswith(("[]", "{}")) and not str(node.get("description", "")).endswith(".")
    ]
    assert missing == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_message_of_every_rule_stands_alone(kind: str) -> None:
    for path, node in nodes(kind):
        for rule in node.get("x-kubernetes-validations", []):
            message = rule["message"]
            assert re.match(r"(spec|metadata)\b|labelSelector\.", message), f"{path}: {message!r} names no field"
            assert re.search(r"[:;,] ?\w", message), f"{path}: {message!r} says no remedy"
            assert len(message) <= 240, f"{path}: {message!r} is too long"
            assert not message.endswith("."), f"{path}: {message!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_patterns_are_anchored(kind: str) -> None:
    for path, node in nodes(kind):
        if "pattern" in node:
            assert node["pattern"].startswith("^"), path
            assert node["pattern"].endswith("$"), path


@pytest.mark.parametrize("kind", KINDS)
def test_status_is_a_subresource_and_the_file_small(kind: str) -> None:
    assert version(kind)["subresources"] == {"status": {}}
    assert len(json.dumps(CRDS[kind])) < MAX_BYTES


@pytest.mark.parametrize("kind", KINDS)
def test_columns_and_selectable_fields_point_to_fields_that_exist(kind: str) -> None:
    known = {path for path, _ in nodes(kind)}
    wanted = [column["jsonPath"] for column in version(kind)["additionalPrinterColumns"]]
    wanted += [field["jsonPath"] for field in version(kind).get("selectableFields", [])]

    for path in wanted:
        plain = re.sub(r"\[\?.*?\]", "[]", path).lstrip(".")
        assert plain in known or plain == "metadata.creationTimestamp", path
    assert len(version(kind).get("selectableFields", [])) <= 8


def test_the_columns_of_a_plugin() -> None:
    columns = version(keys.KIND_PLUGIN)["additionalPrinterColumns"]
    assert [c["name"] for c in columns if not c.get("priority")] == [
        "Type",
        "Version",
        "Ready",
        "Reason",
        "Active",
        "Age",
    ]
    assert [c["name"] for c in columns if c.get("priority")] == ["Message"]


def test_no_reference_has_a_namespace_and_no_raw_pod_is_accepted() -> None:
    forbidden = {"namespace", "podTemplate", "podSpec", "patch", "securityContext", "hostPath", "serviceAccountName"}
    for kind in KINDS:
        for path, _ in nodes(kind):
            assert path.rsplit(".", 1)[-1] not in forbidden, f"{kind} {path}"


def test_conditions_have_one_shape_in_all_kinds() -> None:
    shapes = [schema(kind)["properties"]["status"]["properties"].get("conditions") for kind in KINDS]
    assert sum(shape is not None for shape in shapes) == 4
    assert len({json.dumps(shape, sort_keys=True) for shape in shapes if shape}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_in_a_schema_is_a_known_one(kind: str) -> None:
    # An unquoted comma in a flow mapping would cut a description in two.
    for path, node in nodes(kind):
        unknown = {word for word in node if word not in KEYWORDS and not word.startswith("x-kubernetes-")}
        assert unknown == set(), path
