"""What becomes of objects after they are created: defaults, immutability, status, listing.

On a real API server: these things are done by it, and no schema test can show them.
"""

import json
from http import HTTPStatus
from typing import Any

import pytest

from greffon.model import keys
from greffon.model.plugin import Plugin
from tests.cluster.controlplane import ControlPlane
from tests.contract.api import Manifest, Server, collection
from tests.contract.manifests import approval, changed, job, revision, run, service

pytestmark = pytest.mark.controlplane

FROZEN: dict[str, tuple[Manifest, dict[str, Any], str]] = {
    "the type of a Plugin": (job(), {"spec.type": "Go"}, "spec.type cannot change"),
    "the plug-in of a run": (run(), {"spec.pluginRef.name": "other"}, "create another PluginRun"),
    "a value deep in the input of a run": (run(), {"spec.input.host": "other"}, "create another PluginRun"),
    "the input of a run, taken away": (run(), {"spec.input": {}}, "create another PluginRun"),
    "the hash of a revision": (revision(), {"spec.contentHash": "0" * 64}, "never changes"),
    "a value deep in the snapshot of a revision": (
        revision(),
        {"spec.plugin.config.values.days": 31},
        "never changes",
    ),
    "the approver of an approval": (approval(), {"spec.approver": "eve"}, "delete it to withdraw"),
    "the end of an approval": (approval(), {"spec.expiresAt": "2028-01-31T12:00:00Z"}, "delete it to withdraw"),
}


def _stored(server: Server, manifest: Manifest, name: str) -> Manifest:
    manifest = changed(manifest, {"metadata.name": name})
    answer = server.create(manifest, dry_run=False)
    assert answer.accepted, answer.message
    return answer.body


def _delete(server: Server, stored: Manifest) -> None:
    path = f"{collection(stored['kind'])}/{stored['metadata']['name']}"
    assert server.send("DELETE", path).code == HTTPStatus.OK


@pytest.mark.parametrize(("before", "changes", "says"), FROZEN.values(), ids=FROZEN.keys())
def test_what_must_never_change_cannot_be_changed(
    crd_server: Server, before: Manifest, changes: dict[str, Any], says: str
) -> None:
    stored = _stored(crd_server, before, before["metadata"]["name"])

    refused = crd_server.replace(changed(stored, changes))
    same = crd_server.replace(changed(stored, {"metadata.labels": {"touched": "yes"}}))

    _delete(crd_server, stored)
    assert says in refused.message
    assert same.accepted, same.message


def test_the_mode_of_a_plugin_may_change(crd_server: Server) -> None:
    stored = _stored(crd_server, job(), "changes-mode")

    answer = crd_server.replace(changed(stored, {"spec.run.mode": "Service", "spec.version": "0.2.0"}))

    _delete(crd_server, stored)
    assert answer.accepted, answer.message


@pytest.mark.parametrize("manifest", [service(), run()], ids=["Plugin", "PluginRun"])
def test_a_new_object_says_at_once_that_it_waits_for_the_operator(crd_server: Server, manifest: Manifest) -> None:
    stored = _stored(crd_server, manifest, "brand-new")

    read = crd_server.get(stored["kind"], "brand-new").body["status"]["conditions"]

    _delete(crd_server, stored)
    assert [(c["type"], c["status"], c["reason"]) for c in read] == [
        ("Ready", "Unknown", "Pending"),
        ("Reconciling", "True", "Pending"),
    ]


def test_a_new_revision_is_active(crd_server: Server) -> None:
    stored = _stored(crd_server, revision(), "cert-check-r3")
    _delete(crd_server, stored)
    assert stored["status"] == {"state": "Active"}


def test_a_status_in_a_manifest_is_ignored(crd_server: Server) -> None:
    forged = changed(service(), {"status": {"handled": {"reset": "1"}, "revisions": {"active": "x-r9"}}})
    stored = _stored(crd_server, forged, "forged")
    _delete(crd_server, stored)
    assert set(stored["status"]) == {"conditions"}


def _apply_status(plane: ControlPlane, server: Server, values: dict[str, str]) -> dict[str, str]:
    """Apply a status with these conditions as the operator does; return what is then read."""
    conditions = [
        {"type": kind, "status": value, "reason": "Any", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for kind, value in values.items()
    ]
    body = {
        "apiVersion": keys.API_VERSION,
        "kind": keys.KIND_PLUGIN,
        "metadata": {"name": "applied"},
        "status": {"observedGeneration": 1, "conditions": conditions},
    }
    manager = f"--field-manager={keys.FIELD_MANAGER}"
    plane.kubectl("apply", "--server-side", "--subresource=status", manager, "-f-", stdin=json.dumps(body))
    read = Plugin.parse(server.get(keys.KIND_PLUGIN, "applied").body).status.conditions
    return {condition.type: condition.status.value for condition in read}


def test_a_status_that_names_ready_and_reconciling_takes_the_place_of_the_default(
    crd_plane: ControlPlane, crd_server: Server
) -> None:
    stored = _stored(crd_server, service(), "applied")

    both = _apply_status(crd_plane, crd_server, {"Ready": "True", "Reconciling": "False"})
    crd_plane.kubectl("wait", "--for=condition=Ready", "plg/applied", "--timeout=5s")
    one = _apply_status(crd_plane, crd_server, {"Ready": "True"})

    _delete(crd_server, stored)
    assert both == {"Ready": "True", "Reconciling": "False"}
    assert one == {"Ready": "True"}


def test_a_first_status_without_reconciling_leaves_the_default_standing(
    crd_plane: ControlPlane, crd_server: Server
) -> None:
    # Nobody owns the default, so no apply removes it. The operator must name both types from the beginning.
    stored = _stored(crd_server, service(), "applied")

    read = _apply_status(crd_plane, crd_server, {"Ready": "True"})

    _delete(crd_server, stored)
    assert read == {"Ready": "True", "Reconciling": "True"}


def test_objects_are_listed_by_what_matters(crd_plane: ControlPlane, crd_server: Server) -> None:
    stored = [_stored(crd_server, service(), "listed-a"), _stored(crd_server, job(), "listed-b")]

    table = crd_plane.kubectl("get", "plugins", "--field-selector=spec.type=Python").splitlines()
    wide = crd_plane.kubectl("get", "platform", "-o", "wide").splitlines()

    for one in stored:
        _delete(crd_server, one)
    assert table[0].split() == ["NAME", "TYPE", "VERSION", "READY", "REASON", "ACTIVE", "AGE"]
    assert [line.split()[:5] for line in table[1:]] == [["listed-b", "Python", "0.1.0", "Unknown", "Pending"]]
    assert wide[0].split()[-1] == "MESSAGE"
    assert "waiting for the operator" in wide[1]
