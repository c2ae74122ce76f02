"""Asks an OCI registry what a tag stands for (distribution specification 1.1, "Pulling manifests").

Called by `reconcile.resolver`. Everything a registry says is a stranger's word: sizes, times and places are bounded, no
redirect is followed, and a token is fetched only where `registry_auth.realm` lets it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from greffon.security.image_ref import DIGEST, ImageRef
from greffon.security.registry_auth import API_HOSTS, Credentials, challenge, realm
from greffon.security.registry_door import Access, check_literal, session
from greffon.security.registry_errors import ImageDenied, ImageNotFound, RegistryError, RegistryUnavailable

LARGEST_MANIFEST, LARGEST_TOKEN = 4 * 1024 * 1024, 64 * 1024
"""Bytes; the specification asks registries for 4 MiB of manifest at least."""
SHORTEST_LIFE, LONGEST_LIFE = 30.0, 3600.0
"""Seconds that a token is used, whatever it says of itself."""
ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
Headers = Mapping[str, str]


class Registry:
    """Every registry, behind one session."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None
        self._tokens: dict[tuple[str, str, Credentials | None], tuple[str, float]] = {}

    async def digest(self, ref: ImageRef, credentials: Credentials | None = None) -> str:
        """The digest that the tag stands for now, `sha256:…`.

        Raises:
            RegistryError: no trustworthy answer; the message names registry and image.
        """
        if ref.digest:
            return ref.digest
        try:
            return await self._digest(ref, credentials)
        except RegistryError as error:
            raise _named(ref, error) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            # Their texts hold addresses and ports, which change, and a condition must not.
            raise RegistryUnavailable(f"registry {ref.host} cannot be reached for {ref.written}") from None

    async def close(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()

    async def _digest(self, ref: ImageRef, credentials: Credentials | None) -> str:
        host = API_HOSTS.get(ref.host, ref.host)
        scheme = "http" if ref.host in self._access.plain_http else "https"
        url = URL(f"{scheme}://{host}/v2/{ref.repository}/manifests/{ref.tag or 'latest'}")
        headers, _ = await self._ask("HEAD", url, ref, credentials)
        claimed = headers.get("Docker-Content-Digest", "")
        if claimed:
            return _checked(claimed)
        headers, body = await self._ask("GET", url, ref, credentials)
        made = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if _checked(headers.get("Docker-Content-Digest") or made) != made:
            raise RegistryUnavailable("sent a manifest that is not the one it names")
        return made

    async def _ask(
        self, method: str, url: URL, ref: ImageRef, credentials: Credentials | None
    ) -> tuple[Headers, bytes]:
        """One question, and once more with a token or credentials when the registry wants them."""
        key = (ref.host, ref.repository, credentials)
        token, until = self._tokens.get(key, ("", 0.0))
        status, headers, body = await self._send(method, url, token if time.monotonic() < until else "")
        if status == 401:
            self._tokens.pop(key, None)
            authorization = await self._authorize(headers.get("WWW-Authenticate", ""), url, ref, credentials)
            status, headers, body = await self._send(method, url, authorization)
        _judge(status, headers)
        return headers, body

    async def _send(self, method: str, url: URL, authorization: str) -> tuple[int, Headers, bytes]:
        check_literal(url, self._access.private)
        headers = {"Accept": ACCEPT} | ({"Authorization": authorization} if authorization else {})
        if self._session is None:
            self._session = session(self._access)
        async with self._session.request(method, url, headers=headers, allow_redirects=False) as answer:
            body = b"" if method == "HEAD" else await _bounded(answer, LARGEST_MANIFEST)
            return answer.status, answer.headers, body

    async def _authorize(self, header: str, url: URL, ref: ImageRef, credentials: Credentials | None) -> str:
        asked = challenge(header)
        if asked.scheme == "basic":
            if credentials is None:
                raise ImageDenied("wants credentials")
            return credentials.header()
        place = realm(asked, url.authority, is_plain=url.scheme == "http", allowed=self._access.realms)
        wish = {"scope": f"repository:{ref.repository}:pull"} | ({"service": asked.service} if asked.service else {})
        token, life = await self._fetch_token(URL(place).with_query(wish), credentials)
        now = time.monotonic()
        self._tokens = {key: kept for key, kept in self._tokens.items() if kept[1] > now}
        self._tokens[ref.host, ref.repository, credentials] = (token, now + life)
        return token

    async def _fetch_token(self, url: URL, credentials: Credentials | None) -> tuple[str, float]:
        status, headers, body = await self._send("GET", url, credentials.header() if credentials else "")
        _judge(status, headers)
        if len(body) > LARGEST_TOKEN:
            raise RegistryUnavailable("sent a token that is too long")
        answer: Any = json.loads(body)
        token = answer.get("token") or answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise RegistryUnavailable("sent no token")
        life = answer.get("expires_in")
        return f"Bearer {token}", min(max(float(life), SHORTEST_LIFE), LONGEST_LIFE) if isinstance(life, int) else 60.0


async def _bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    body = b""
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            raise RegistryUnavailable(f"sent more than {limit} bytes")
    return body


def _checked(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        raise RegistryUnavailable("named a digest that is not sha256 and 64 hexadecimal digits")
    return digest


def _judge(status: int, headers: Headers) -> None:
    if status == 200:
        return
    if status == 404:
        raise ImageNotFound("does not have it")
    if status in (401, 403):
        raise ImageDenied("does not let the operator look")
    if 300 <= status < 400:
        raise ImageDenied("answers with a redirect, which is not followed")
    after = headers.get("Retry-After", "")
    raise RegistryUnavailable(f"answers with HTTP {status}", retry_after=float(after) if after.isdigit() else None)


def _named(ref: ImageRef, error: RegistryError) -> RegistryError:
    text = f"registry {ref.host}, asked for {ref.written}: {error}"
    if isinstance(error, RegistryUnavailable):
        return RegistryUnavailable(text, retry_after=error.retry_after)
    return type(error)(text)
