"""Credentials are found in the spellings that people use, and never sent to a stranger."""

import base64
import json
from typing import Any

import pytest

from greffon.security.registry_auth import Challenge, Credentials, challenge, credentials_for, realm
from greffon.security.registry_errors import ImageDenied

ROBOT = {"username": "robot", "password": "pass:word"}
ENCODED = {"auth": base64.b64encode(b"robot:pass:word").decode()}
FOUND: dict[str, tuple[str, str, Any]] = {
    "the host": ("registry.example", "registry.example", ROBOT),
    "the host with its port": ("registry.example:5000", "registry.example:5000", ROBOT),
    "an address": ("registry.example", "https://registry.example", ROBOT),
    "an address with the old version": ("registry.example", "https://registry.example/v1/", ENCODED),
    "Docker Hub as its own program writes it": ("docker.io", "https://index.docker.io/v1/", ENCODED),
}


@pytest.mark.parametrize(("host", "key", "entry"), FOUND.values(), ids=FOUND)
def test_credentials_are_found(host: str, key: str, entry: Any) -> None:
    found = credentials_for(json.dumps({"auths": {key: entry}}).encode(), host)
    assert found == Credentials("robot", "pass:word")
    assert "pass" not in repr(found)


@pytest.mark.parametrize("key", ["registry.example:5000", "evil.example", "registry.example.evil.example", ""])
def test_those_of_another_registry_are_not_ours(key: str) -> None:
    assert credentials_for(json.dumps({"auths": {key: ROBOT}}).encode(), "registry.example") is None


BROKEN: dict[str, bytes] = {
    "no JSON": b"{secret",
    "no object": b"[1]",
    "no auths": b"{}",
    "a text for auths": b'{"auths": "secret"}',
    "a text for an entry": b'{"auths": {"registry.example": "secret"}}',
    "an auth that is not base64": b'{"auths": {"registry.example": {"auth": "secret!"}}}',
    "an auth without a colon": json.dumps({"auths": {"registry.example": {"auth": "c2VjcmV0"}}}).encode(),
    "an entry without a password": b'{"auths": {"registry.example": {"username": "secret"}}}',
    "not even text": b"\xff\xfe",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_secret_is_refused_without_a_word_of_it(content: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read") as refusal:
        credentials_for(content, "registry.example")
    assert "secret" not in str(refusal.value).lower().replace("pull secret", "")


CHALLENGES: dict[str, Challenge | None] = {
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a,b:pull"': Challenge(
        "bearer", "https://auth.example/token", "registry.example"
    ),
    'bearer realm="https://auth.example/token"': Challenge("bearer", "https://auth.example/token"),
    'Basic realm="x"': Challenge("basic"),
    "Negotiate": None,
    "Bearer": None,
    "": None,
}


@pytest.mark.parametrize(("header", "expected"), CHALLENGES.items(), ids=[h[:20] or "nothing" for h in CHALLENGES])
def test_challenges(header: str, expected: Challenge | None) -> None:
    if expected is None:
        with pytest.raises(ImageDenied):
            challenge(header)
    else:
        assert challenge(header) == expected


# name → (realm, registry, spoken to without TLS, listed hosts, what comes out)
REALMS: dict[str, tuple[str, str, bool, tuple[str, ...], str | None]] = {
    "the registry itself": ("https://r.example/t", "r.example", False, (), "https://r.example/t"),
    "a listed host": ("https://auth.example/t", "r.example", False, ("auth.example",), "https://auth.example/t"),
    "Docker Hub's": ("https://auth.docker.io/token", "registry-1.docker.io", False, (), "https://auth.docker.io/token"),
    "Docker Hub's for another one": ("https://auth.docker.io/token", "r.example", False, (), None),
    "a stranger": ("https://evil.example/t", "r.example", False, (), None),
    "the same host at another port": ("https://r.example:8443/t", "r.example", False, (), None),
    "a name that begins alike": ("https://r.example.evil.example/t", "r.example", False, (), None),
    "a user in the address": ("https://r.example@evil.example/t", "r.example", False, (), None),
    "without TLS": ("http://r.example/t", "r.example", False, (), None),
    "without TLS, as the registry": ("http://r.example:5000/t", "r.example:5000", True, (), "http://r.example:5000/t"),
    "without TLS, listed host of a registry without": (
        "http://auth.example/t",
        "r.example",
        True,
        ("auth.example",),
        None,
    ),
    "a file": ("file:///etc/passwd", "r.example", False, (), None),
    "no address": ("https://[", "r.example", False, (), None),
    "a query of its own is dropped": ("https://r.example/t?scope=all#x", "r.example", False, (), "https://r.example/t"),
}


@pytest.mark.parametrize(("text", "host", "plain", "allowed", "expected"), REALMS.values(), ids=REALMS)
def test_tokens_are_fetched_only_where_we_know(
    text: str, host: str, plain: bool, allowed: tuple[str, ...], expected: str | None
) -> None:
    asked = Challenge("bearer", text)
    if expected is None:
        with pytest.raises(ImageDenied) as refusal:
            realm(asked, host, is_plain=plain, allowed=allowed)
        assert text not in str(refusal.value)
    else:
        assert realm(asked, host, is_plain=plain, allowed=allowed) == expected
