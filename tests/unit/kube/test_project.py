"""The projection of a live object on the paths of a `fieldsV1` entry, as a table of what a real API server sends."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greffon.kube.owned import project
from tests.unit.kube.ownership import Applied, applied_objects

Json = dict[str, Any]
ENV = {"name": "A", "value": "1"}

TABLE: dict[str, tuple[Json, Json, Json]] = {
    "a field that is owned": ({"spec": {"replicas": 2}}, {"f:spec": {"f:replicas": {}}}, {"spec": {"replicas": 2}}),
    "a field of somebody else is left out": (
        {"spec": {"replicas": 2, "paused": True}},
        {"f:spec": {"f:replicas": {}}},
        {"spec": {"replicas": 2}},
    ),
    "an owned field that is gone is left out": ({"spec": {}}, {"f:spec": {"f:replicas": {}}}, {"spec": {}}),
    "a leaf owns the whole value": (
        {"rules": [{"verbs": ["get"]}]},
        {"f:rules": {}},
        {"rules": [{"verbs": ["get"]}]},
    ),
    "owned labels among foreign ones": (
        {"metadata": {"labels": {"a": "1", "b": "2"}}},
        {"f:metadata": {"f:labels": {".": {}, "f:a": {}}}},
        {"metadata": {"labels": {"a": "1"}}},
    ),
    "a label with dots and a slash": (
        {"labels": {"greffon.dev/plugin": "x"}},
        {"f:labels": {"f:greffon.dev/plugin": {}}},
        {"labels": {"greffon.dev/plugin": "x"}},
    ),
    "an owned item of a keyed list among foreign ones": (
        {"env": [{"name": "Z"}, ENV]},
        {"f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}}},
        {"env": [ENV]},
    ),
    "an owned item of which somebody else has a part": (
        {"env": [ENV]},
        {"f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}}}},
        {"env": [{"name": "A"}]},
    ),
    "an owned item whose keys have no path of their own": (
        {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]},
        {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}},
        {"ports": [{"port": 80, "protocol": "TCP"}]},
    ),
    "an item is found by all of its keys": (
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
        {"f:ports": {'k:{"port":53,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}}}},
        {"ports": [{"port": 53, "protocol": "TCP"}]},
    ),
    "a key that is a number is no text": (
        {"ports": [{"port": "80"}]},
        {"f:ports": {'k:{"port":80}': {".": {}, "f:port": {}}}},
        {"ports": []},
    ),
    "a key that is true is not one": (
        {"items": [{"x": True}]},
        {"f:items": {'k:{"x":1}': {".": {}}}},
        {"items": []},
    ),
    "items come in the live order, so that a re-ordering shows": (
        {"env": [{"name": "B"}, {"name": "A"}]},
        {"f:env": {'k:{"name":"A"}': {"f:name": {}}, 'k:{"name":"B"}': {"f:name": {}}}},
        {"env": [{"name": "B"}, {"name": "A"}]},
    ),
    "owned elements of a set": (
        {"finalizers": ["a", "b"]},
        {"f:finalizers": {'v:"b"': {}}},
        {"finalizers": ["b"]},
    ),
    "an element of a set by its type": ({"set": [1, True, "1"]}, {"f:set": {"v:1": {}}}, {"set": [1]}),
    "an item by its index": ({"list": ["a", "b"]}, {"f:list": {"i:1": {}}}, {"list": ["b"]}),
    "an owner reference is a leaf below its uid": (
        {"ownerReferences": [{"uid": "u", "controller": True}, {"uid": "v"}]},
        {"f:ownerReferences": {'k:{"uid":"u"}': {}}},
        {"ownerReferences": [{"uid": "u", "controller": True}]},
    ),
    "a structure that became a list shows what is there": (
        {"spec": {"x": ["now", "a", "list"]}},
        {"f:spec": {"f:x": {"f:y": {}}}},
        {"spec": {"x": []}},
    ),
    "a structure that became a number shows what is there": (
        {"spec": {"x": 5}},
        {"f:spec": {"f:x": {"f:y": {}}}},
        {"spec": {"x": 5}},
    ),
    "an empty text is owned like any other": ({"data": {"a": ""}}, {"f:data": {"f:a": {}}}, {"data": {"a": ""}}),
    "false is owned like any other value": ({"immutable": False}, {"f:immutable": {}}, {"immutable": False}),
    "no path owns nothing of the metadata": ({"metadata": {"uid": "u"}}, {"f:spec": {}}, {}),
}


@pytest.mark.parametrize(("live", "paths", "expected"), TABLE.values(), ids=TABLE)
def test_projection(live: Json, paths: Json, expected: Json) -> None:
    assert project(live, paths) == expected


@settings(max_examples=50, deadline=None)
@given(applied_objects())
def test_projecting_on_the_paths_of_an_applied_object_gives_it_back_whatever_others_added(case: Applied) -> None:
    assert project(case.live, case.paths) == case.applied


@settings(max_examples=50, deadline=None)
@given(applied_objects(), st.data())
def test_a_change_of_any_owned_value_shows(case: Applied, data: st.DataObject) -> None:
    where = data.draw(st.sampled_from(case.leaves))
    where.change()
    assert project(case.live, case.paths) != case.applied


@settings(max_examples=50, deadline=None)
@given(applied_objects(), st.data())
def test_a_removal_of_any_owned_value_shows(case: Applied, data: st.DataObject) -> None:
    where = data.draw(st.sampled_from(case.leaves))
    where.remove()
    assert project(case.live, case.paths) != case.applied
