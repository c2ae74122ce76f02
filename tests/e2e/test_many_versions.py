"""Five hundred versions leave no more behind than ten, and the last costs what an early one did (promise 9).

Run by pytest on the real cluster, alone: it counts in the audit log. One HTTP connection through `kubectl proxy` makes
the changes; a watch tells when each was observed. Times are printed and never judged.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections import Counter
from collections.abc import Generator, Iterator

import pytest

from tests.cluster import audit
from tests.conftest import Figure
from tests.e2e.proxy import Api, proxied
from tests.e2e.world import Json, World, script
from tests.fault.ledger import OPERATOR, ledger

pytestmark = [pytest.mark.timeout(1200), pytest.mark.alone]
VERSIONS, KEPT, SPAN = 500, 5, 100
FULL = 20
"""Changes after which the history is full: from here on each makes one revision and removes one."""


def patched(connection: http.client.HTTPConnection, path: str, patch: Json) -> int:
    """Merge a patch; gives the new generation."""
    headers = {"Content-Type": "application/merge-patch+json"}
    connection.request("PATCH", path, json.dumps(patch), headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == http.HTTPStatus.OK, body
    return int(body["metadata"]["generation"])


def watched(connection: http.client.HTTPConnection, namespace: str) -> Generator[Json, None, None]:
    """Every state of the plug-in from now on."""
    query = "watch=1&fieldSelector=metadata.name%3Dmany&timeoutSeconds=1200"
    connection.request("GET", f"/apis/greffon.dev/v1alpha1/namespaces/{namespace}/plugins?{query}")
    with connection.getresponse() as answer:
        for line in answer:
            yield json.loads(line)["object"]


def change(api: Api, world: World) -> tuple[list[float], list[int]]:
    """Make the versions one by one; gives seconds until each was observed, and marks in the audit log."""
    with (
        api.connected() as connection,
        api.connected() as other,
        contextlib.closing(watched(other, world.namespace)) as states,
    ):
        return make_all(connection, states, world)


def make_all(
    connection: http.client.HTTPConnection, states: Iterator[Json], world: World
) -> tuple[list[float], list[int]]:
    path = f"/apis/greffon.dev/v1alpha1/namespaces/{world.namespace}/plugins/many"
    book = ledger(world.cluster, world.namespace)
    seconds, marks = [], [book.mark()]
    for number in range(2, VERSIONS + 1):
        began = time.monotonic()
        patch = {"spec": {"version": f"1.0.{number}", "source": {"inline": {"files": {"main.sh": f"echo {number}"}}}}}
        generation = patched(connection, path, patch)
        next(obj for obj in states if observed(obj, generation))
        seconds.append(time.monotonic() - began)
        if number in (FULL, FULL + SPAN, VERSIONS - SPAN, VERSIONS):
            book.quiet()  # deletions of what is too old may follow the status
            marks.append(book.mark())
    return seconds, marks


def observed(obj: Json, generation: int) -> bool:
    status = obj.get("status") or {}
    ready = [c for c in status.get("conditions") or () if c["type"] == "Ready"]
    return bool(status.get("observedGeneration") == generation and ready and ready[0]["status"] == "True")


def calls(world: World, since: int, until: int) -> Counter[str]:
    """The operator's requests in the namespace between two marks; no Events, which are put together by time."""
    log = ledger(world.cluster, world.namespace).log
    ours = [
        r.call for r in audit.requests(log, since) if (r.call.user, r.call.namespace) == (OPERATOR, world.namespace)
    ]
    later = [
        r.call for r in audit.requests(log, until) if (r.call.user, r.call.namespace) == (OPERATOR, world.namespace)
    ]
    found = Counter(f"{c.verb} {c.resource}/{c.subresource}" for c in ours if c.verb != "watch")
    found.subtract(f"{c.verb} {c.resource}/{c.subresource}" for c in later if c.verb != "watch")
    return Counter({name: count for name, count in found.items() if count and "events" not in name})


def test_five_hundred_versions_of_one_plug_in(world: World, figure: Figure) -> None:
    world.apply(script("many", "echo 1", rollback={"historyLimit": KEPT}))
    world.wait_ready("many")
    with proxied(world.cluster) as api:
        seconds, marks = change(api, world)
    _, full, early, late, end = marks
    for what, part in (("first", seconds[:SPAN]), ("last", seconds[-SPAN:])):
        figure(f"{what} {SPAN}: {1000 * sum(part) / SPAN:.0f} ms each until observed")

    revisions = world.items("pluginrevisions")
    numbers = sorted(revision["spec"]["revision"] for revision in revisions)
    assert len(numbers) == KEPT
    assert numbers[-1] == VERSIONS
    named = {name for revision in revisions for name in revision["spec"]["sources"]}
    assert {obj["metadata"]["name"] for obj in world.items("configmaps", "greffon.dev/plugin=many")} == named
    assert calls(world, full, early) == calls(world, late, end)
