"""What the audit reader counts, on hand-made log lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.audit import Call, mark, requests, writes

ME = "greffon-operator"


def line(verb: str = "create", resource: str = "deployments", **changes: Any) -> str:
    event: dict[str, Any] = {
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": ME},
        "objectRef": {"resource": resource, "namespace": "team-a", "name": "plg-x"},
        "requestURI": f"/apis/apps/v1/namespaces/team-a/{resource}",
        "responseStatus": {"code": 200},
        **changes,
    }
    return json.dumps(event) + "\n"


def call(verb: str = "create", resource: str = "deployments", subresource: str = "", user: str = ME) -> Call:
    return Call(user, verb, resource, subresource, "team-a")


STATUS = {"resource": "plugins", "subresource": "status", "namespace": "team-a", "name": "x"}


@pytest.mark.parametrize(
    ("text", "done", "refused"),
    [
        pytest.param(line(), {call(): 1}, {}, id="a create is a write"),
        pytest.param(line() * 3, {call(): 3}, {}, id="equal writes add up"),
        pytest.param(line("patch"), {call("patch"): 1}, {}, id="an apply is a patch"),
        pytest.param(
            line("patch", objectRef=STATUS),
            {call("patch", "plugins", "status"): 1},
            {},
            id="a subresource is counted apart from its resource",
        ),
        pytest.param(line(responseStatus={"code": 409}), {}, {call(): 1}, id="a conflict is refused, not done"),
        pytest.param(line(responseStatus={"code": 399}), {call(): 1}, {}, id="only 400 and above are refusals"),
        pytest.param(line(stage="ResponseStarted"), {}, {}, id="an unfinished stage is not a request"),
        pytest.param(line(stage="Panic"), {}, {}, id="another stage of the same request is not a second one"),
        pytest.param(line("get") + line("list") + line("watch"), {}, {}, id="reads are no writes"),
        pytest.param(line(user={"username": "someone"}), {}, {}, id="writes of others are left out"),
        pytest.param(line(resource="selfsubjectaccessreviews"), {}, {}, id="a question that is posted stores nothing"),
        pytest.param(
            line(requestURI="/api/v1/namespaces?dryRun=All&fieldManager=x"),
            {},
            {},
            id="a dry run stores nothing",
        ),
        pytest.param(line() + line()[:-20], {call(): 1}, {}, id="a line that is still being written is left for later"),
    ],
)
def test_writes_of_one_user(tmp_path: Path, text: str, done: dict[Call, int], refused: dict[Call, int]) -> None:
    log = tmp_path / "audit.log"
    log.write_text(text)

    found = writes(requests(log), user=ME)

    assert (found.done, found.refused) == (done, refused)


def test_without_a_user_everybody_is_counted(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line() + line(user={"username": "someone"}))

    assert writes(requests(log)).done == {call(): 1, call(user="someone"): 1}


def test_a_mark_hides_what_came_before_it(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("create"))
    since = mark(log)
    with log.open("a") as stream:
        stream.write(line("delete"))

    assert [request.call.verb for request in requests(log, since)] == ["delete"]


def test_a_mark_in_the_middle_of_a_line_keeps_that_line(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    whole = line("delete")
    log.write_text(line("create") + whole[:30])
    since = mark(log)
    log.write_text(line("create") + whole)

    assert [request.call.verb for request in requests(log, since)] == ["delete"]


def test_a_log_that_does_not_exist_yet_is_marked_at_its_start(tmp_path: Path) -> None:
    assert mark(tmp_path / "audit.log") == 0


def test_requests_without_an_object_are_read_too(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("get", objectRef=None, requestURI="/readyz", responseStatus=None))

    assert [request.call for request in requests(log)] == [Call(ME, "get", "", "", "")]
