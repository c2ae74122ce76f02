"""Wrong manifests are refused, right ones accepted, by a real API server.

The tables stand in `wrong_*.py` and `right.py`. Each wrong manifest must be refused for its own reason: at the
field that is wrong, in words that say what to write.
"""

import pytest

from greffon.model import keys
from greffon.model.approval import PluginApproval
from greffon.model.meta import Object
from greffon.model.plugin import Plugin
from greffon.model.policy import PluginPolicy
from greffon.model.revision import PluginRevision
from greffon.model.run import PluginRun
from tests.contract.api import Server
from tests.contract.crds import KINDS, nodes
from tests.contract.manifests import Manifest
from tests.contract.right import RIGHT
from tests.contract.wrong import Wrong
from tests.contract.wrongs import WRONG

pytestmark = pytest.mark.controlplane

MODELS: dict[str, type[Object]] = {
    keys.KIND_PLUGIN: Plugin,
    keys.KIND_REVISION: PluginRevision,
    keys.KIND_RUN: PluginRun,
    keys.KIND_APPROVAL: PluginApproval,
    keys.KIND_POLICY: PluginPolicy,
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.situation)
def test_a_wrong_manifest_is_refused_at_its_field_with_a_remedy(crd_server: Server, wrong: Wrong) -> None:
    answer = crd_server.create(wrong.manifest)

    assert not answer.accepted
    assert wrong.says in answer.message
    if wrong.field:
        assert wrong.field in {cause.get("field") for cause in answer.causes}
    assert "evaluating rule" not in answer.message, "a rule failed instead of judging"


@pytest.mark.parametrize("manifest", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_manifest_is_accepted_and_can_be_read(crd_server: Server, manifest: Manifest) -> None:
    answer = crd_server.create(manifest)

    assert answer.message == ""
    assert MODELS[manifest["kind"]].parse(answer.body).name == manifest["metadata"]["name"]


def test_every_rule_of_every_crd_has_been_seen_to_refuse(crd_server: Server) -> None:
    said = "\n".join(crd_server.create(wrong.manifest).message for wrong in WRONG)
    silent = {message for message in _rule_messages() if message not in said}

    # Rules about changes need an object that exists; test_crds_in_life.py has them.
    assert silent == {
        message for message in _rule_messages() if "cannot change" in message or "never changes" in message
    }


def _rule_messages() -> set[str]:
    return {
        rule["message"]
        for kind in KINDS
        for _, node in nodes(kind)
        for rule in node.get("x-kubernetes-validations", [])
    }


def test_the_tables_are_as_long_as_promised() -> None:
    assert len(WRONG) >= 45
    assert len(RIGHT) >= 15
    assert len({wrong.situation for wrong in WRONG}) == len(WRONG), "two situations have one name"
