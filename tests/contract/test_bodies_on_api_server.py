"""Bodies that are broken before any schema is looked at: the API server says so, whatever they hold."""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

import json
from http import HTTPStatus

import pytest

from greffon.model import keys
from tests.contract.api import Server, collection
from tests.contract.manifests import changed, job, service

pytestmark = pytest.mark.controlplane

_GOOD = json.dumps(service())
_DEEP = '{"a":' * 20000 + "1" + "}" * 20000
_HUGE = json.dumps(changed(job(), {"spec.config": {"values": {"a": "x" * 4_000_000}}}))

BROKEN = {
    "cut off in the middle": (_GOOD[:100], "unexpected end of JSON input"),
    "binary": ("\x00\x01\x02", "invalid character"),
    "a list": ("[]", "cannot unmarshal array"),
    "another version": (_GOOD.replace("v1alpha1", "v1beta9"), 'in version "v1beta9" cannot be handled'),
    "another kind": (_GOOD.replace('"Plugin"', '"Pluggin"'), "kind"),
    "a field twice": (_GOOD.replace('"version":', '"version": "0.0.1", "version":'), 'duplicate field "spec.version"'),
    "a typing error": (_GOOD.replace('"source":', '"permision": {}, "source":'), 'unknown field "spec.permision"'),
    "20,000 levels deep": (_GOOD.replace('"source":', f'"config": {{"values": {_DEEP}}}, "source":'), "exceeded max depth"),
    "4 MB": (_HUGE, "too large"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_body_is_refused_with_its_reason(crd_server: Server, text: str, says: str) -> None:
    answer = crd_server.send("POST", collection(keys.KIND_PLUGIN), text, dry_run=True)

    assert answer.code >= HTTPStatus.BAD_REQUEST
    assert says in answer.message
