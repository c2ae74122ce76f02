"""Who we are to a registry: credentials from a pull Secret, and what a challenge asks for. Pure; used by
`security.registry` and `reconcile.keyring`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from greffon.security.image_ref import DOCKER_HUB
from greffon.security.registry_errors import ImageDenied

API_HOSTS = {DOCKER_HUB: "registry-1.docker.io"}
"""Where a registry's interface is, if not at the host in the names of its images."""
REALMS = {"registry-1.docker.io": "auth.docker.io"}
"""Hosts that give tokens for another one, known beforehand."""
_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io")
_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"\\]*)"')


@dataclass(frozen=True, slots=True)
class Credentials:
    """Shown nowhere, not even by accident."""

    username: str = field(repr=False)
    password: str = field(repr=False)

    def header(self) -> str:
        """For the header `Authorization`."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def credentials_for(configuration: bytes, host: str) -> Credentials | None:
    """Those for a registry in the `.dockerconfigjson` of a Secret; None when it has none.

    Raises:
        ValueError: it is not such a file; the message quotes nothing of it.
    """
    try:
        auths = json.loads(configuration)["auths"]
        if not isinstance(auths, dict):
            raise TypeError
        entry = next((auths[key] for key in _keys(host) if key in auths), None)
        return _credentials(entry) if entry is not None else None
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise ValueError("the pull Secret's .dockerconfigjson cannot be read") from None


def _keys(host: str) -> tuple[str, ...]:
    """The spellings that programs use for a registry."""
    spellings = (host, f"https://{host}", f"https://{host}/", f"https://{host}/v1/", f"https://{host}/v2/")
    return (*spellings, *_HUB_KEYS) if host == DOCKER_HUB else spellings


def _credentials(entry: Mapping[str, Any]) -> Credentials:
    if "auth" in entry:
        username, colon, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        if not colon:
            raise ValueError
        return Credentials(username, password)
    return Credentials(str(entry["username"]), str(entry["password"]))


@dataclass(frozen=True, slots=True)
class Challenge:
    """What `WWW-Authenticate` asks for. `realm` and `service` are "" for Basic."""

    scheme: str
    realm: str = ""
    service: str = ""


def challenge(header: str) -> Challenge:
    """Read the header. Raises ImageDenied for a scheme that we do not speak."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "basic":
        return Challenge("basic")
    found = {name.lower(): value for name, value in _PARAMETER.findall(rest)}
    if scheme.lower() != "bearer" or not found.get("realm"):
        raise ImageDenied("asks for a way to log in that is neither Basic nor Bearer")
    return Challenge("bearer", found["realm"], found.get("service", ""))


def realm(asked: Challenge, api_host: str, *, is_plain: bool, allowed: Collection[str]) -> str:
    """The address to ask for a token: only of the registry itself, or of a host that an admin or we know.

    Raises:
        ImageDenied: it would send our credentials to a stranger.
    """
    try:
        parts = urlsplit(asked.realm)
        host = parts.netloc.lower()
        plain = parts.scheme == "http" and is_plain and host == api_host
        known = {api_host, REALMS.get(api_host, api_host), *allowed}
    except ValueError:
        raise ImageDenied("names a place for tokens that is no address") from None
    if not (plain or parts.scheme == "https") or parts.username or "@" in host or host not in known:
        raise ImageDenied("sends us for a token to a host that is not listed in registries.realms")
    return f"{parts.scheme}://{host}{parts.path or '/'}"
