"""kopf as event source: reduced to watching, never giving up, remembering nothing on the objects."""

import asyncio
import inspect
import itertools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import kopf
import pytest

from greffon.engine import source
from greffon.kube.kinds import PLUGIN, PLUGIN_RUN, Resource
from tests.unit.engine.virtual_time import virtually

Json = dict[str, Any]


def test_the_back_off_never_ends_and_begins_anew_for_every_outage() -> None:
    backoffs = source.settings().networking.error_backoffs
    assert not isinstance(backoffs, float)
    first, second = (list(itertools.islice(iter(backoffs), 2000)) for _ in range(2))
    for delays in (first, second):
        assert len(delays) == 2000
        assert 0.7 <= delays[0] <= 1.3
        assert all(21 <= delay <= 39 for delay in delays[5:])
    assert first != second  # jitter: replicas do not come back at once


def test_the_back_off_counts_as_a_collection_so_that_kopf_keeps_it_as_it_is() -> None:
    backoffs: Any = source.settings().networking.error_backoffs
    assert len(backoffs) > 100_000
    assert 17.0 in backoffs


def test_kopf_is_reduced_to_watching() -> None:
    s = source.settings()
    assert s.peering.standalone
    assert s.scanning.disabled
    assert not s.posting.enabled


def test_the_finalizer_name_is_ours_so_that_no_other_kopf_operator_takes_it_for_its_own() -> None:
    finalizer = source.settings().persistence.finalizer
    assert finalizer.startswith("internal.greffon.dev/")
    assert finalizer != kopf.OperatorSettings().persistence.finalizer


def test_streams_end_by_themselves_before_the_client_loses_patience() -> None:
    watching = source.settings().watching
    assert watching.server_timeout is not None
    assert watching.client_timeout is not None
    assert watching.server_timeout < watching.client_timeout


def test_nothing_is_remembered_on_the_objects() -> None:
    persistence: Any = source.settings().persistence
    patch = kopf.Patch()
    body = kopf.Body({"metadata": {"annotations": {"kopf.zalando.org/x": '{"success": true}'}}})
    persistence.progress_storage.store(key="x", record={"success": True}, body=body, patch=patch)
    persistence.progress_storage.purge(key="x", body=body, patch=patch)
    persistence.diffbase_storage.store(body=body, patch=patch, essence={})
    assert not patch
    assert persistence.progress_storage.fetch(key="x", body=body) is None


EVENTS: dict[str, tuple[str | None, str]] = {
    "an object of the first list": (None, "ADDED"),
    "an object that was made": ("ADDED", "ADDED"),
    "an object that was changed": ("MODIFIED", "MODIFIED"),
    "an object that was deleted": ("DELETED", "DELETED"),
}


@pytest.mark.parametrize(("type_", "told"), EVENTS.values(), ids=EVENTS)
@pytest.mark.parametrize("resource", [PLUGIN, PLUGIN_RUN], ids=lambda r: r.kind)
def test_events_go_to_the_sink_under_their_kind(resource: Resource, type_: str | None, told: str) -> None:
    heard: list[tuple[Resource, str, Json]] = []
    made = source.registry([PLUGIN, PLUGIN_RUN], lambda *event: heard.append(event), lambda: None)  # type: ignore[arg-type, return-value]
    handlers = {handler.id: handler for handler in made._watching.get_all_handlers()}
    assert set(handlers) == {"see-plugins", "see-pluginruns"}
    see: Any = handlers[f"see-{resource.plural}"].fn  # type: ignore[index]
    obj = {"metadata": {"name": "x"}}
    virtually(see(event={"type": type_, "object": obj}, body=None))
    assert heard == [(resource, told, obj)]


def test_the_handlers_are_for_our_group_and_version_alone() -> None:
    made = source.registry([PLUGIN], lambda *_: None, lambda: None)  # type: ignore[arg-type, return-value]
    (handler,) = made._watching.get_all_handlers()
    assert handler.selector is not None
    assert (handler.selector.group, handler.selector.version) == ("greffon.dev", "v1alpha1")
    assert inspect.iscoroutinefunction(handler.fn)


def configuration(**fields: Any) -> SimpleNamespace:
    """As the `kubernetes` package has it."""
    plain: Json = {
        "host": "https://api",
        "ssl_ca_cert": "/ca",
        "ca_cert_data": None,
        "verify_ssl": True,
        "cert_file": None,
        "key_file": None,
        "api_key": {},
        "refresh_api_key_hook": None,
    }
    return SimpleNamespace(**(plain | fields))


def _renew(c: SimpleNamespace) -> None:
    c.api_key = {"BearerToken": "Bearer new"}


IDENTITIES: dict[str, tuple[SimpleNamespace, Json]] = {
    "a service account's token": (
        configuration(api_key={"BearerToken": "Bearer abc"}),
        {"scheme": "Bearer", "token": "abc", "insecure": False, "ca_path": "/ca"},
    ),
    "a token that was replaced on disk is read anew": (
        configuration(api_key={"BearerToken": "Bearer old"}, refresh_api_key_hook=_renew),
        {"scheme": "Bearer", "token": "new"},
    ),
    "a client certificate and no token": (
        configuration(cert_file="/crt", key_file="/key"),
        {"scheme": None, "token": None, "certificate_path": "/crt", "private_key_path": "/key", "expiration": None},
    ),
    "a server whose certificate is not checked": (configuration(verify_ssl=False), {"insecure": True}),
}


@pytest.mark.parametrize(("given", "expected"), IDENTITIES.values(), ids=IDENTITIES)
def test_kopf_uses_the_same_server_and_identity(given: SimpleNamespace, expected: Json) -> None:
    info = source.connection_info(given)
    assert info.server == "https://api"
    assert {name: getattr(info, name) for name in expected} == expected


def test_a_token_is_asked_for_again_before_it_ends() -> None:
    info = source.connection_info(configuration(api_key={"BearerToken": "Bearer abc"}))
    assert info.expiration is not None
    assert timedelta(minutes=40) < info.expiration - datetime.now(UTC) < timedelta(minutes=50)


WATCHERS: dict[str, tuple[list[str], list[str]]] = {
    "kopf watches both kinds": (
        ["watcher for plugins.v1alpha1.greffon.dev@None", "watcher for pluginruns.v1alpha1.greffon.dev@None"],
        [],
    ),
    "kopf has dropped one": (["watcher for plugins.v1alpha1.greffon.dev@None"], ["kopf does not watch pluginruns"]),
    "kopf has not started": (["something else"], ["kopf does not watch plugins", "kopf does not watch pluginruns"]),
    "a kind whose name begins alike": (
        ["watcher for pluginruns.v1alpha1.greffon.dev@None"],
        ["kopf does not watch plugins"],
    ),
}


@pytest.mark.parametrize(("names", "missing"), WATCHERS.values(), ids=WATCHERS)
def test_a_watcher_that_kopf_dropped_is_missed(names: list[str], missing: list[str]) -> None:
    async def story() -> list[str]:
        tasks = [asyncio.create_task(asyncio.sleep(1), name=name) for name in names]
        await asyncio.sleep(0)
        found = source.missing_watchers([PLUGIN, PLUGIN_RUN])
        for task in tasks:
            task.cancel()
        return found

    assert virtually(story()) == missing
