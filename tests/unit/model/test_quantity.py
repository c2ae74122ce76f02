"""Quantities are exact, ordered as numbers, and canonical."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greffon.model.quantity import QuantityError, canonical_quantity, parse_quantity
from greffon.model.run_spec import ResourceList

VALUES = {
    "0": "0", "1": "1", "100m": "0.1", "1500m": "1.5", "0.5": "0.5", ".5": "0.5", "5.": "5", "+3": "3", "-1": "-1",
    "1k": "1000", "1Ki": "1024", "64Mi": "67108864", "1.5Gi": "1610612736", "1e3": "1000", "1E3": "1000",
    "12e-1": "1.2", "1E": "1000000000000000000", "1n": "0.000000001", "1e-12": "0.000000001",
}  # fmt: skip
CANONICAL = {
    "1000m": "1", "0.5": "500m", "0.0015": "2m", "2000": "2k", "1024Mi": "1Gi", "1.5Gi": "1536Mi", "0.5Ki": "512",
    "1000Ki": "1000Ki", "1e3": "1e3", "100e-3": "100e-3", "1e0": "1", "0Mi": "0", "1n": "1m", "128974848": "128974848",
    "-1500m": "-1500m",
}  # fmt: skip
WRONG = ["", " ", "one", "1 Gi", "1gi", "1KiB", "0x10", "1_000", "1,5", "NaN", "inf", "1\n", "1e1000", "--1", "m"]


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=VALUES.keys())
def test_a_quantity_has_its_exact_value(text: str, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize(("text", "canonical"), CANONICAL.items(), ids=CANONICAL.keys())
def test_a_quantity_has_one_canonical_text(text: str, canonical: str) -> None:
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize("text", WRONG, ids=repr)
def test_what_is_no_quantity_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(QuantityError, match="write for example"):
        parse_quantity(text)
    with pytest.raises(QuantityError):
        canonical_quantity(text)


def test_a_long_wrong_text_is_cut_in_the_message() -> None:
    with pytest.raises(QuantityError) as caught:
        parse_quantity("x" * 1000)
    assert len(str(caught.value)) < 150


@given(st.integers(0, 10**15), st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-3"]))
def test_the_canonical_text_keeps_the_value_and_is_its_own_canonical_text(number: int, suffix: str) -> None:
    canonical = canonical_quantity(f"{number}{suffix}")
    assert parse_quantity(canonical) == parse_quantity(f"{number}{suffix}")
    assert canonical_quantity(canonical) == canonical


def test_an_integer_in_yaml_is_read_as_text_and_written_under_its_kubernetes_name() -> None:
    amounts = ResourceList.model_validate({"cpu": 2, "ephemeral-storage": "1Gi"})
    assert amounts.cpu == "2"
    assert amounts.ephemeral_storage == "1Gi"
    assert amounts.to_wire() == {"cpu": "2", "ephemeral-storage": "1Gi"}
