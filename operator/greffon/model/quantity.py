"""Kubernetes quantities (`250m`, `64Mi`, `1e3`) as exact decimals, and their canonical text.

Called by `resources` to compare and fill in limits, and by `security` for ceilings. The canonical form is
the one the API server writes back, so that a rendered child equals what is read later and is not applied
again.
"""

import re
from decimal import ROUND_UP, Context, Decimal
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator

_SYNTAX: Final = re.compile(
    r"^(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?P<suffix>[eE][+-]?[0-9]{1,3}|[KMGTPE]i|[numkMGTPE])?\Z"
)
_BINARY: Final[dict[str, int]] = {f"{letter}i": 1024**power for power, letter in enumerate("KMGTPE", start=1)}
_DECIMAL: Final = {
    "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
}  # fmt: skip
_SUFFIX_OF_POWER: Final = {power: suffix for suffix, power in _DECIMAL.items()}
_LARGEST_POWER: Final = 18
_NANO: Final = Decimal("1e-9")
_MILLI: Final = Decimal("1e-3")
_EXACT: Final = Context(prec=1100)
"""Room for every digit of the largest exponent that is accepted."""


class QuantityError(ValueError):
    """A text is no Kubernetes quantity."""


def _as_text(value: object) -> object:
    # YAML makes an integer of `cpu: 1`; the API server accepts that wherever it accepts "1".
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _checked(text: str) -> str:
    """The schema's pattern admits no other; an object of another schema must not break its reconcile."""
    parse_quantity(text)
    return text


QuantityText = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
"""A quantity as the user wrote it; integers become text."""


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> Decimal:
    """Value of a quantity; whatever is smaller than a billionth counts as one, as in the API server.

    >>> parse_quantity("100m"), parse_quantity("1Ki")
    (Decimal('0.1'), Decimal('1024'))
    """
    number, suffix = _split(text)
    return _rounded_up(_value(number, suffix), _NANO)


@lru_cache(maxsize=4096)
def canonical_quantity(text: str) -> str:
    """The same quantity as the API server writes it back in a pod: `1000m` is `1`, `1024Mi` is `1Gi`.

    Amounts in pods are rounded up to a thousandth there, so they are here.
    """
    number, suffix = _split(text)
    value = _rounded_up(_value(number, suffix), _MILLI)
    if suffix in _BINARY and abs(value) >= 1024 and value == value.to_integral_value():
        return _canonical_binary(int(value))
    return _canonical_decimal(value, exponent=suffix[:1] == "e" or (suffix[:1] == "E" and suffix != "E"))


def _split(text: str) -> tuple[Decimal, str]:
    match = _SYNTAX.match(text)
    if match is None:
        raise QuantityError(f"{text[:60]!r} is not a quantity: write for example 250m, 64Mi or 2")
    return Decimal(match["number"]), match["suffix"] or ""


def _value(number: Decimal, suffix: str) -> Decimal:
    if suffix in _BINARY:
        return _EXACT.multiply(number, Decimal(_BINARY[suffix]))
    power = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    return number.scaleb(power, _EXACT)


def _rounded_up(value: Decimal, step: Decimal) -> Decimal:
    # Who wants some of a resource gets some: rounding is away from zero.
    return value.quantize(step, rounding=ROUND_UP, context=_EXACT).normalize(_EXACT)


def _canonical_binary(value: int) -> str:
    power = 0
    while power < len(_BINARY) and value % 1024 == 0:
        value //= 1024
        power += 1
    return f"{value}{'KMGTPE'[power - 1]}i" if power else str(value)


def _canonical_decimal(value: Decimal, *, exponent: bool) -> str:
    if value == 0:
        return "0"
    power = -3
    digits = int(value.scaleb(3, _EXACT))
    while digits % 1000 == 0 and (exponent or power < _LARGEST_POWER):
        digits //= 1000
        power += 3
    if exponent:
        return f"{digits}e{power}" if power else str(digits)
    return f"{digits}{_SUFFIX_OF_POWER[power]}"
