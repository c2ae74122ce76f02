"""Amounts are written as the API server writes them, so that a rendered child equals what is read later."""

import json

import pytest

from greffon.model.quantity import canonical_quantity, parse_quantity
from tests.contract.api import NAMESPACE, Server

pytestmark = pytest.mark.controlplane

AMOUNTS = [
    "0", "1", "01", "+5", "0.1", "100m", "1000m", "1500000m", "123.456", "1n", "5e-10", "1000u", "0.0015",
    "1000k", "2.5k", "129e6", "12e6", "1e3", "1E3", "1e0", "128974848", "123M", "9E",
    "512Ki", "1024Ki", "1048576Ki", "1024Mi", "2000Mi", "1000Gi", "1.5Gi", "0.3Gi", "0.5Ki", "0.1Ki", "1.25Mi", "4Ti",
]  # fmt: skip
KEPT_AS_WRITTEN = {"01", "+5", "123.456", "1E3", "1e0"}
"""Texts that the API server gives back although it would not write them so itself."""


def _written_back(server: Server, amount: str) -> str:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}}
    body = json.dumps(quota | {"spec": {"hard": {"requests.cpu": amount}}})
    answer = server.send("POST", f"/api/v1/namespaces/{NAMESPACE}/resourcequotas", body, dry_run=True)
    assert answer.accepted, answer.message
    written: str = answer.body["spec"]["hard"]["requests.cpu"]
    return written


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_canonical_amount_is_the_one_the_api_server_writes(crd_server: Server, amount: str) -> None:
    canonical = canonical_quantity(amount)
    written = _written_back(crd_server, amount)

    assert written == (amount if amount in KEPT_AS_WRITTEN else canonical)
    assert parse_quantity(written) == parse_quantity(canonical)
    assert _written_back(crd_server, canonical) == canonical
