"""A registry is a stranger: whatever it answers, the operator learns a digest or says why not, and tells no secret."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from greffon.security import registry_door
from greffon.security.image_ref import parse
from greffon.security.registry import LARGEST_MANIFEST, Registry
from greffon.security.registry_auth import Credentials
from greffon.security.registry_door import Access, may_connect
from greffon.security.registry_errors import ImageDenied, ImageNotFound, RegistryError, RegistryUnavailable
from tests.cluster import binaries
from tests.cluster.controlplane_process import kill, spawn
from tests.cluster.process import run, wait_until

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MANIFEST = b'{"schemaVersion": 2}'
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
OTHER = "sha256:" + 64 * "a"
ROBOT = Credentials("robot", "hunter-2")


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server on loopback; gives its host and port, and every request it got."""
    asked: list[web.Request] = []

    async def noting(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", noting)
    async with TestServer(app) as server:
        yield f"{server.host}:{server.port}", asked


async def ask(host: str, *, credentials: Credentials | None = None, access: Access | None = None) -> str:
    """What the tag `v1` of an image stands for at a host that may be private and is spoken to without TLS."""
    client = Registry(access or Access(plain_http=[host], private=[host]))
    try:
        return await client.digest(parse(f"{host}/team/app:v1"), credentials)
    finally:
        await client.close()


def answer(status: int = 200, body: bytes = MANIFEST, **headers: str) -> Handler:
    """Always the same; underscores in names of headers become dashes."""

    async def handler(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return handler


async def _slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    raise AssertionError("the client has long gone")


async def _garbage(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.write(b"what?\r\n\r\n")
    request.transport.close()
    return web.Response()


ANSWERS: dict[str, tuple[Handler, str | type[RegistryError]]] = {
    "the digest is in the header": (answer(Docker_Content_Digest=DIGEST), DIGEST),
    "there is no such header: the body is hashed": (answer(), DIGEST),
    "the header is no digest": (answer(Docker_Content_Digest="sha256:short"), RegistryUnavailable),
    "the header is of another algorithm": (answer(Docker_Content_Digest="sha512:" + 128 * "a"), RegistryUnavailable),
    "there is no such tag": (answer(404), ImageNotFound),
    "nobody may look": (answer(403), ImageDenied),
    "it wants credentials": (answer(401, WWW_Authenticate='Basic realm="x"'), ImageDenied),
    "it wants what we do not speak": (answer(401, WWW_Authenticate="Negotiate"), ImageDenied),
    "it wants something and does not say what": (answer(401), ImageDenied),
    "it sends us elsewhere": (answer(302, Location="http://169.254.169.254/"), ImageDenied),
    "it has a defect": (answer(500), RegistryUnavailable),
    "it is busy": (answer(429, Retry_After="7"), RegistryUnavailable),
    "it sends more than a manifest": (answer(body=b"x" * (LARGEST_MANIFEST + 1)), RegistryUnavailable),
    "it does not speak HTTP": (_garbage, RegistryUnavailable),
    "it has endless headers": (answer(X_Long="x" * 20_000), RegistryUnavailable),
    "it sends us to a stranger for a token": (
        answer(401, WWW_Authenticate='Bearer realm="https://evil.example/token"'),
        ImageDenied,
    ),
}


@pytest.mark.parametrize(("handler", "expected"), ANSWERS.values(), ids=ANSWERS)
async def test_answers(handler: Handler, expected: str | type[RegistryError]) -> None:
    async with serving(handler) as (host, _):
        if isinstance(expected, str):
            assert await ask(host) == expected
            return
        with pytest.raises(expected) as refusal:
            await ask(host)
        assert type(refusal.value) is expected
        assert f"{host}/team/app:v1" in str(refusal.value)
        assert "evil" not in str(refusal.value)


async def test_a_body_that_is_not_what_its_header_names_is_not_believed() -> None:
    async def lying(request: web.Request) -> web.StreamResponse:
        return web.Response(body=MANIFEST, headers={} if request.method == "HEAD" else {"Docker-Content-Digest": OTHER})

    async with serving(lying) as (host, _):
        with pytest.raises(RegistryUnavailable, match="not the one it names"):
            await ask(host)


async def test_the_time_to_wait_is_told_and_bounded() -> None:
    for said, heard in (("7", 7.0), ("999999", 300.0), ("tomorrow", None), ("0", 1.0)):
        async with serving(answer(503, Retry_After=said)) as (host, _):
            with pytest.raises(RegistryUnavailable) as refusal:
                await ask(host)
            assert refusal.value.retry_after == heard


async def test_a_registry_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_door, "TOTAL_SECONDS", 0.2)
    async with serving(_slow) as (host, _):
        with pytest.raises(RegistryUnavailable, match="cannot be reached"):
            await ask(host)


async def test_a_registry_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        await ask("127.0.0.1:1")


async def test_a_name_with_a_digest_asks_nobody() -> None:
    client = Registry(Access())
    assert await client.digest(parse(f"registry.example/app@{OTHER}")) == OTHER
    await client.close()


def _with_tokens(**token: object) -> Handler:
    """A registry that gives tokens itself, for the right to pull the image that was asked for and no other."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            assert request.query["scope"] == "repository:team/app:pull"
            return web.json_response({"token": "t0ken", **token})
        if request.headers.get("Authorization") == "Bearer t0ken":
            return web.Response(headers={"Docker-Content-Digest": DIGEST})
        where = f'Bearer realm="http://{request.host}/token",service="here",scope="registry:catalog:*"'
        return web.Response(status=401, headers={"WWW-Authenticate": where})

    return handler


async def test_a_token_is_fetched_once_and_used_again() -> None:
    async with serving(_with_tokens(expires_in=60)) as (host, asked):
        client = Registry(Access(plain_http=[host], private=[host]))
        ref = parse(f"{host}/team/app:v1")
        assert [await client.digest(ref, ROBOT) for _ in range(3)] == [DIGEST] * 3
        await client.close()
    fetched = [request for request in asked if request.path == "/token"]
    assert len(fetched) == 1
    assert fetched[0].headers["Authorization"] == ROBOT.header()
    assert len(asked) == 5


@pytest.mark.parametrize("token", [{"token": ""}, {"token": 7}, {"token": "a\nb"}, {"token": "x" * 70_000}])
async def test_a_token_that_is_none_is_refused(token: dict[str, object]) -> None:
    async with serving(_with_tokens(**token)) as (host, _):
        with pytest.raises(RegistryUnavailable, match="token"):
            await ask(host)


async def test_no_message_ever_holds_a_secret() -> None:
    async def denying(request: web.Request) -> web.StreamResponse:
        body = f"{request.headers.get('Authorization')} hunter-2"
        return web.Response(status=401, text=body, headers={"WWW-Authenticate": 'Basic realm="x"'})

    async with serving(denying) as (host, asked):
        with pytest.raises(ImageDenied) as refusal:
            await ask(host, credentials=ROBOT)
        assert asked[-1].headers["Authorization"] == ROBOT.header()
    said = str(refusal.value)
    assert not [secret for secret in ("hunter-2", ROBOT.header(), "Authorization") if secret in said]


async def test_credentials_are_not_sent_before_somebody_asks_for_them() -> None:
    async with serving(answer(Docker_Content_Digest=DIGEST)) as (host, asked):
        await ask(host, credentials=ROBOT)
    assert [request.headers.get("Authorization") for request in asked] == [None]


async def test_a_private_address_is_connected_to_only_when_an_admin_lists_it() -> None:
    async with serving(answer()) as (host, asked):
        with pytest.raises(ImageDenied, match="not public"):
            await ask(host, access=Access(plain_http=[host]))
        named = host.replace("127.0.0.1", "localhost")
        client = Registry(Access(plain_http=[named]))
        with pytest.raises(RegistryUnavailable, match="cannot be reached"):
            await client.digest(parse(f"{named}/team/app:v1"))
        await client.close()
    assert asked == []


ADDRESSES: dict[str, tuple[bool, bool]] = {
    "93.184.215.14": (True, True),
    "2606:2800:220:1:248:1893:25c8:1946": (True, True),
    "10.1.2.3": (False, True),
    "127.0.0.1": (False, True),
    "::1": (False, True),
    "::ffff:10.1.2.3": (False, True),
    "fd12::1": (False, True),
    "100.64.0.1": (False, True),
    "198.18.200.1": (False, True),
    "224.0.0.1": (False, True),
    "169.254.169.254": (False, False),
    "::ffff:169.254.169.254": (False, False),
    "fe80::1": (False, False),
    "fd00:ec2::254": (False, False),
    "100.100.100.200": (False, False),
    "168.63.129.16": (False, False),
    "not an address": (False, False),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.items(), ids=ADDRESSES)
def test_where_one_may_connect(address: str, expected: tuple[bool, bool]) -> None:
    assert (may_connect(address, private=False), may_connect(address, private=True)) == expected


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A real registry on loopback, and crane to push to it."""
    place = tmp_path_factory.mktemp("registry")
    crane = binaries.ensure("registry") / "crane"
    log = place / "log"
    record = place / "pid"
    spawn([str(crane), "registry", "serve", "--address", "127.0.0.1:0"], record, log, os.environ)
    try:
        wait_until(lambda: "serving on port" in log.read_text(), 20, "the registry's port")
        port = log.read_text().partition("serving on port ")[2].split()[0]
        yield f"127.0.0.1:{port}", crane
    finally:
        kill(record)


async def test_a_real_registry_says_what_a_tag_stands_for_and_what_it_stands_for_after_it_was_moved(
    real: tuple[str, Path], tmp_path: Path
) -> None:
    host, crane = real
    layer = tmp_path / "layer.tar"
    layer.write_bytes(bytes(10_240))
    name = f"{host}/team/app"
    seen = []
    client = Registry(Access(plain_http=[host], private=[host]))
    for _ in range(2):
        run([crane, "append", "--insecure", "--new_layer", layer, "--new_tag", f"{name}:v1"])
        run(
            [crane, "mutate", "--insecure", "--label", f"a={secrets.token_hex(4)}", "--tag", f"{name}:v1", f"{name}:v1"]
        )
        seen.append(await client.digest(parse(f"{name}:v1")))
        assert seen[-1] == run([crane, "digest", "--insecure", f"{name}:v1"]).strip()
    with pytest.raises(ImageNotFound):
        await client.digest(parse(f"{name}:v2"))
    await client.close()
    assert len(set(seen)) == 2
