"""Writes as the API server wants them: paths, bodies, guards, and what a refusal means."""

from collections.abc import Coroutine
from typing import Any

import pytest

from greffon.errors import ApiError, Conflict, Invalid
from greffon.kube.api import Api
from greffon.kube.kinds import BY_KIND, CHILDREN, EVENT, NETWORK_POLICY, PLUGIN, POD, Resource
from tests.unit.engine.virtual_time import virtually
from tests.unit.kube.scripted import Json, Reply, Request, Step, refusal, reply
from tests.unit.kube.test_api import asked

POLICY: Json = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "plg-x", "namespace": "ns", "labels": {"a": "b"}},
    "spec": {"podSelector": {}},
}


def sent(call: Any, *answers: Step) -> Request:
    """The only request that a call makes."""

    async def story() -> Request:
        api, transport = asked(*(answers or (reply({}),)))
        await call(api)
        (request,) = transport.requests
        return request

    return virtually(story())


@pytest.mark.parametrize("resource", CHILDREN, ids=lambda r: r.kind)
def test_an_apply_goes_to_the_kind_s_own_path_as_our_field_manager_with_force(resource: Resource) -> None:
    obj = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": "n", "namespace": "ns"}}
    request = sent(lambda api: api.apply(obj, uid=None))
    root = "/api/v1" if resource.api_version == "v1" else f"/apis/{resource.api_version}"
    assert (request.method, request.path) == ("PATCH", f"{root}/namespaces/ns/{resource.plural}/n")
    assert request.query == {"fieldManager": "greffon", "force": "true"}
    assert request.content_type == "application/apply-patch+yaml"


def test_an_apply_of_a_new_object_can_only_create() -> None:
    request = sent(lambda api: api.apply(POLICY, uid=None))
    assert request.body == {**POLICY, "metadata": POLICY["metadata"] | {"resourceVersion": "1"}}


def test_an_apply_of_a_known_object_can_only_change_that_very_one() -> None:
    request = sent(lambda api: api.apply(POLICY, uid="u-1"))
    assert request.body == {**POLICY, "metadata": POLICY["metadata"] | {"uid": "u-1"}}


def test_an_apply_leaves_the_object_it_was_given_as_it_is() -> None:
    before = {**POLICY, "metadata": dict(POLICY["metadata"])}
    sent(lambda api: api.apply(POLICY, uid=None))
    sent(lambda api: api.apply(POLICY, uid="u-1"))
    assert before == POLICY


OTHER_UID = 'NetworkPolicy "plg-x" is invalid: metadata.uid: Invalid value: "u-1": field is immutable'
APPLY_REFUSALS: dict[str, tuple[str | None, Reply, type[ApiError]]] = {
    "create-only meets an object of the name": (None, refusal(409, "the object has been modified"), Conflict),
    "update-only meets nothing": ("u-1", refusal(409, "uid mismatch"), Conflict),
    "update-only meets a namesake": ("u-1", refusal(422, OTHER_UID, "Invalid"), Conflict),
    "the content is refused": ("u-1", refusal(422, "spec.podSelector: Required value", "Invalid"), Invalid),
    "the content of a new object is refused": (None, refusal(422, "spec.podSelector: Required value"), Invalid),
}


@pytest.mark.parametrize(("uid", "answer", "kind"), APPLY_REFUSALS.values(), ids=APPLY_REFUSALS)
def test_refused_applies(uid: str | None, answer: Reply, kind: type[ApiError]) -> None:
    async def story() -> None:
        api, _ = asked(answer)
        with pytest.raises(ApiError) as caught:
            await api.apply(POLICY, uid=uid)
        assert type(caught.value) is kind

    virtually(story())


def test_a_status_is_applied_to_its_subresource_and_keeps_its_uid_guard() -> None:
    obj = {
        "apiVersion": PLUGIN.api_version,
        "kind": "Plugin",
        "metadata": {"name": "p", "namespace": "ns", "uid": "u-1"},
        "status": {"observedGeneration": 1},
    }
    request = sent(lambda api: api.apply_status(obj))
    assert request.path == "/apis/greffon.dev/v1alpha1/namespaces/ns/plugins/p/status"
    assert request.query == {"fieldManager": "greffon", "force": "true"}
    assert request.body == obj


def test_a_delete_names_the_uid_and_leaves_dependants_to_the_background() -> None:
    request = sent(lambda api: api.delete(NETWORK_POLICY, "ns", "plg-x", uid="u-1"))
    assert (request.method, request.path.rpartition("/")[2]) == ("DELETE", "plg-x")
    assert request.body["preconditions"] == {"uid": "u-1"}
    assert request.body["propagationPolicy"] == "Background"


def _delete(api: Api) -> Coroutine[Any, Any, None]:
    return api.delete(NETWORK_POLICY, "ns", "plg-x", uid="u-1")


def test_deleting_what_is_gone_is_fine_and_deleting_a_namesake_is_a_conflict() -> None:
    async def story() -> None:
        api, _ = asked(refusal(404), refusal(409))
        await _delete(api)
        with pytest.raises(Conflict):
            await _delete(api)

    virtually(story())


def test_an_event_is_posted_and_its_series_is_merged() -> None:
    event = {"apiVersion": EVENT.api_version, "kind": "Event", "metadata": {"name": "e", "namespace": "ns"}}
    request = sent(lambda api: api.create(event))
    assert (request.method, request.path) == ("POST", "/apis/events.k8s.io/v1/namespaces/ns/events")
    assert request.query == {"fieldManager": "greffon"}
    patch = {"series": {"count": 2}}
    request = sent(lambda api: api.merge(EVENT, "ns", "e", patch))
    assert (request.method, request.content_type) == ("PATCH", "application/merge-patch+json")
    assert request.body == patch


def test_every_kind_that_is_written_or_read_has_its_path() -> None:
    assert {r.kind for r in (*CHILDREN, POD, PLUGIN, EVENT)} <= set(BY_KIND)
    assert PLUGIN.path() == "/apis/greffon.dev/v1alpha1/plugins"
    assert POD.path("ns", "x", "status") == "/api/v1/namespaces/ns/pods/x/status"
