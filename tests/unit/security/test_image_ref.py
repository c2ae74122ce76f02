"""Image names are taken apart as container runtimes do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greffon.security.image_ref import ImageRef, parse

DIGEST = "sha256:" + "0123456789abcdef" * 4
NAMES: dict[str, tuple[str, str, str, str]] = {
    "nginx:1.27": ("docker.io", "library/nginx", "1.27", ""),
    "grafana/grafana:11.0.0": ("docker.io", "grafana/grafana", "11.0.0", ""),
    "registry.example/team/app:v1": ("registry.example", "team/app", "v1", ""),
    "registry.example:5000/app:v1": ("registry.example:5000", "app", "v1", ""),
    "198.18.200.1:5001/app:v1": ("198.18.200.1:5001", "app", "v1", ""),
    "localhost/app:v1": ("localhost", "app", "v1", ""),
    f"registry.example/app@{DIGEST}": ("registry.example", "app", "", DIGEST),
    f"registry.example/app:v1@{DIGEST}": ("registry.example", "app", "v1", DIGEST),
}


@pytest.mark.parametrize(("text", "parts"), NAMES.items(), ids=NAMES)
def test_a_name_is_taken_apart(text: str, parts: tuple[str, str, str, str]) -> None:
    found = parse(text)
    assert (found.host, found.repository, found.tag, found.digest) == parts
    assert str(found) == text


WRONG = {
    "": "lower-case words",
    "UPPER/case:1": "lower-case words",
    "registry.example/a//b:1": "lower-case words",
    "registry.example/../b:1": "lower-case words",
    "registry.example:99999999/a:1": "host name",
    "-bad.example/a:1": "host name",
    "registry.example/app:-x": "the tag",
    "registry.example/app:": "the tag",
    "registry.example/app@sha256:abc": "what follows '@'",
    "user:secret@registry.example/app:1": "what follows '@'",
    "https://registry.example/app:1": "host name",
    "registry.example/" + "a" * 600: "longer than",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=[text[:40] or "nothing" for text in WRONG])
def test_what_is_no_name_is_refused_and_not_repeated(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as refusal:
        parse(text)
    assert "secret" not in str(refusal.value)


WORDS = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)


@given(st.lists(WORDS, min_size=1, max_size=4), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True))
def test_a_pinned_name_is_of_the_same_image_and_pinning_it_again_changes_nothing(path: list[str], tag: str) -> None:
    found = parse("registry.example/" + "/".join(path) + f":{tag}")
    pinned = parse(found.pinned(DIGEST))
    assert pinned == ImageRef("registry.example", "/".join(path), tag, DIGEST, found.written)
    assert pinned.pinned(DIGEST) == found.pinned(DIGEST)
