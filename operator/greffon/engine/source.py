"""Events of the kinds that users write, through kopf as host and event source, and nothing else of it.

Started by `__main__`; events go to `engine.intake`. kopf keeps no state on the objects: its bookkeeping would sit in
annotations that users can forge, and would cost writes. What its watches may miss is found by `engine.sweep`.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import kopf

from greffon.engine.watch import Sink
from greffon.kube.kinds import Resource

Json = dict[str, Any]
TOKEN_LIFE = timedelta(minutes=45)
"""kopf asks again after this time; projected tokens live at least an hour and are replaced before."""


class _NoProgress(kopf.ProgressStorage):
    """Remembers nothing: handlers of this operator have no progress to keep."""

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None

    def purge(self, **_: Any) -> None:
        return None

    def touch(self, **_: Any) -> None:
        return None

    def clear(self, *, essence: Any) -> Any:
        return essence


class _NoDiffBase(kopf.DiffBaseStorage):
    """Remembers nothing: reconciling is level-triggered."""

    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> Any:
        return {}

    def store(self, **_: Any) -> None:
        return None


class _EndlessBackoff(Collection[float]):
    """Delays that grow to half a minute and never end: an outage of hours must not end the process."""

    def __iter__(self) -> Iterator[float]:
        growing = (1.0, 2.0, 4.0, 8.0, 15.0)
        return (d * random.uniform(0.7, 1.3) for d in itertools.chain(growing, itertools.repeat(30.0)))  # noqa: S311 - jitter

    def __contains__(self, _: object) -> bool:
        return True

    def __len__(self) -> int:
        return 1_000_000


def settings() -> kopf.OperatorSettings:
    """kopf, reduced to watching: no peering, scanning, posting, annotations or silent give-up."""
    s = kopf.OperatorSettings()
    s.peering.standalone = True
    s.scanning.disabled = True
    s.posting.enabled = False
    s.persistence.finalizer = "internal.greffon.dev/unused-by-kopf"
    s.persistence.progress_storage = _NoProgress()
    s.persistence.diffbase_storage = _NoDiffBase()
    s.queueing.idle_timeout = 1.0
    s.queueing.exit_timeout = 10.0
    # The inactivity watchdog of kopf 1.45 can cancel a watcher silently; finite stream timeouts do its work.
    s.watching.inactivity_timeout = 1e9
    s.watching.server_timeout = 290
    s.watching.client_timeout = 310
    s.watching.connect_timeout = 10
    s.watching.reconnect_backoff = 0.5
    s.networking.connect_timeout = 10
    s.networking.request_timeout = 30
    s.networking.error_backoffs = _EndlessBackoff()
    s.networking.enforce_retry_after = True
    s.process.ultimate_exiting_timeout = 45
    return s


def registry(
    resources: Collection[Resource], sink: Sink, connect: Callable[[], kopf.ConnectionInfo]
) -> kopf.OperatorRegistry:
    """An explicit registry with one event handler per kind and a login that gives what `connect` reads anew."""
    made = kopf.OperatorRegistry()

    @kopf.on.login(registry=made)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return connect()

    for resource in resources:
        _listen(made, resource, sink)
    return made


def _listen(made: kopf.OperatorRegistry, resource: Resource, sink: Sink) -> None:
    group, version = resource.api_version.split("/")

    @kopf.on.event(group, version, resource.plural, registry=made, id=f"see-{resource.plural}")
    async def see(event: Any, **_: Any) -> None:
        # type is None for objects of the first list
        sink(resource, event["type"] or "ADDED", dict(event["object"]))


def missing_watchers(resources: Collection[Resource]) -> list[str]:
    """Kinds that kopf should watch and does not: it drops a watcher without a word in some failures."""
    tasks = {task.get_name() for task in asyncio.all_tasks()}
    watched = [name for name in tasks if name.startswith("watcher for ")]
    return [
        f"kopf does not watch {r.plural}" for r in resources if not any(f" {r.plural}." in name for name in watched)
    ]


async def run(
    made: kopf.OperatorRegistry, *, namespaces: Collection[str], stop: asyncio.Event, ready: asyncio.Event
) -> None:
    """Run kopf until `stop` is set.

    Raises whatever ends a watcher for good; the process must then end too, and start cleanly again.
    """
    await kopf.operator(
        registry=made,
        settings=settings(),
        # Given, because kopf would else look up the name of a user id that has none in our image.
        identity=cast(Any, "greffon"),
        standalone=True,
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
        ready_flag=ready,
    )


def connection_info(configuration: Any) -> kopf.ConnectionInfo:
    """The same server, trust and identity that our own requests use."""
    if configuration.refresh_api_key_hook is not None:
        configuration.refresh_api_key_hook(configuration)
    scheme, _, token = (configuration.api_key.get("BearerToken") or "").partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        ca_data=configuration.ca_cert_data,
        insecure=not configuration.verify_ssl,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        scheme="Bearer" if token else None,
        token=token or None,
        expiration=datetime.now(UTC) + TOKEN_LIFE if scheme and token else None,
    )
