"""The sample plug-ins and the table of right manifests obey the schema, offline."""

from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.cluster.controlplane import ControlPlane
from tests.contract.api import Server
from tests.contract.crds import KINDS, REPOSITORY, schema, strict
from tests.contract.manifests import Manifest, changed, service
from tests.contract.right import RIGHT
from tests.contract.test_crd_models import MODELS

VALIDATORS = {kind: jsonschema_rs.validator_for(strict(schema(kind))) for kind in KINDS}


def _samples() -> dict[str, Manifest]:
    """Every object of our kinds in every manifest of the sample plug-ins."""
    found: dict[str, Manifest] = {}
    for path in sorted((REPOSITORY / "plugins").glob("*/*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if isinstance(document, dict) and document.get("kind") in VALIDATORS:
                found[f"{path.parent.name}/{path.name} {document['metadata'].get('name')}"] = document
    return found


def _complaints(manifest: Manifest) -> list[str]:
    return [
        f"{'.'.join(map(str, e.instance_path))}: {e.message}"
        for e in VALIDATORS[manifest["kind"]].iter_errors(manifest)
    ]


@pytest.mark.parametrize("manifest", RIGHT.values(), ids=RIGHT.keys())
def test_a_right_manifest_obeys_the_schema_offline(manifest: Manifest) -> None:
    assert _complaints(manifest) == []


def test_every_sample_obeys_the_schema_and_can_be_read() -> None:
    assert len(_samples()) >= 6
    for name, manifest in _samples().items():
        assert _complaints(manifest) == [], name
        assert MODELS[manifest["kind"]].parse(manifest).name == manifest["metadata"]["name"]


@pytest.mark.controlplane
def test_every_sample_is_accepted_by_the_api_server(crd_plane: ControlPlane, crd_server: Server) -> None:
    for name, manifest in _samples().items():
        here: dict[str, Any] = changed(manifest, {"metadata.namespace": "default"})
        assert crd_server.create(here).message == "", name


def test_the_offline_check_notices_a_typing_error_and_a_wrong_type() -> None:
    typo = _complaints(changed(service(), {"spec.permision": {}}))
    number = _complaints(changed(service(), {"spec.version": 1.4}))
    assert "permision" in "".join(typo)
    assert "1.4" in "".join(number)
