"""What the kubelet does to arguments and variables, ported from Kubernetes' `expansion` package. Used by `test_pod`."""

from collections.abc import Mapping


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` becomes the variable's value, or stays when there is none; `$$` becomes `$`."""
    found, at = "", 0
    while at < len(text):
        if text[at] == "$" and at + 1 < len(text):
            part, is_name, length = _after_dollar(text[at + 1 :])
            found += variables.get(part, f"$({part})") if is_name else part
            at += length
        else:
            found += text[at]
        at += 1
    return found


def _after_dollar(rest: str) -> tuple[str, bool, int]:
    """(text or name, whether it is a name, characters used): `tryReadVariableName` of the original."""
    if rest[0] == "$":
        return "$", False, 1
    if rest[0] != "(":
        return "$" + rest[0], False, 1
    end = rest.find(")")
    return (rest[1:end], True, end + 1) if end > 0 else ("$(", False, 1)
