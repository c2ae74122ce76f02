"""May this spec run here at all? An ordered list of pure checks; the first refusal wins. Called by `reconcile.plugin`.

What the API server can refuse by itself stands in the CRD; these are the checks that need this installation's
facts, and those that must hold even if the CRD was bypassed. A refused spec changes nothing: what runs, runs on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import jsonschema_rs
import orjson

from greffon import __version__
from greffon.model.conditions import Reason
from greffon.model.plugin import PluginSpec
from greffon.model.semver import Version, VersionError
from greffon.model.semver_range import Range
from greffon.reconcile.health import State
from greffon.resources.context import Context
from greffon.resources.effective import Effective
from greffon.security import schema_cost
from greffon.security.ceiling import beyond

CONFIG_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """A documented reason and a sentence that names field, cause and remedy.

    Attributes:
        state: whether it may pass by itself.
        again_in: seconds after which to look again; None when an event will tell.
    """

    reason: Reason
    message: str
    state: State = State.FAILING
    again_in: float | None = None


def unreadable(number: int) -> Refusal:
    """The revision to go back to is gone, or of a release whose fields this one does not know."""
    text = f"revision r{number} should run, but its PluginRevision is gone or cannot be read; change the spec"
    return Refusal(Reason.INVALID_SPEC, text)


Check = Callable[[PluginSpec, Effective, Context], Refusal | None]


def admit(spec: PluginSpec, e: Effective, context: Context) -> Refusal | None:
    """The first reason why the spec may not run, None when it may."""
    return next((refusal for check in _CHECKS if (refusal := check(spec, e, context))), None)


def _uses_only_what_is_built(spec: PluginSpec, e: Effective, context: Context) -> Refusal | None:
    """Ignoring a field silently would be worse than refusing it: its author counts on it."""
    fqdn = any(rule.fqdn for rule in spec.permissions.egress) if spec.permissions else False
    if fqdn:
        text = "spec.permissions.egress: fqdn is not supported by this release; use cidr or plugin"
        return Refusal(Reason.FQDN_UNSUPPORTED, text)
    used = [
        ("spec.events", bool(spec.events and spec.events.publishes)),
        ("spec.triggers: event", any(t.event for t in spec.triggers)),
        ("spec.triggers: watch", any(t.watch for t in spec.triggers)),
        ("spec.triggers: http", any(t.http for t in spec.triggers)),
    ]
    fields = [name for name, is_used in used if is_used]
    if not fields:
        return None
    text = f"{', '.join(fields)}: not supported by this release; remove it, the plug-in would run without it"
    return Refusal(Reason.FEATURE_UNAVAILABLE, text)


def _fits_the_platform(spec: PluginSpec, e: Effective, context: Context) -> Refusal | None:
    if spec.compatibility is None:
        return None
    for field, wanted, has in (
        ("kubernetes", spec.compatibility.kubernetes, context.kubernetes_version),
        ("greffon", spec.compatibility.greffon, __version__),
    ):
        if wanted is None:
            continue
        if not has:
            return Refusal(Reason.API_ERROR, f"spec.compatibility.{field}: the API server did not tell its version yet")
        try:
            fits = Range.parse(wanted).contains(Version.of_platform(has))
        except VersionError as error:
            return Refusal(Reason.INVALID_SPEC, f"spec.compatibility.{field}: {error}")
        if not fits:
            text = f"spec.compatibility.{field}: needs {wanted}, but this is {has}"
            return Refusal(Reason.INCOMPATIBLE, f"{text}; use a version of the plug-in that supports it")
    return None


def _has_something_to_run(spec: PluginSpec, e: Effective, context: Context) -> Refusal | None:
    if e.mode and not e.image:
        text = f"spec.type: no runner image is configured for {e.type}; set runners in the values of the Helm chart"
        return Refusal(Reason.UNSUPPORTED_TYPE, text)
    return None


def _secrets_have_places_of_their_own(spec: PluginSpec, e: Effective, context: Context) -> Refusal | None:
    paths = [path for _, path in e.secrets]
    if len(set(paths)) != len(paths):
        return Refusal(Reason.INVALID_SPEC, "spec.run.secrets: two Secrets have the same mountPath; give each its own")
    return None


def _rights_are_within_the_ceiling(spec: PluginSpec, e: Effective, context: Context) -> Refusal | None:
    rules = spec.permissions.rules if spec.permissions else ()
    if context.ceiling is None or (right := beyond(rules, context.ceiling)) is None:
        return None
    text = f"spec.permissions.rules ask for more than an admin lets plug-ins have: {right}"
    return Refusal(Reason.CEILING_EXCEEDED, f"{text}; ask for less, or have the ceiling ClusterRole extended")


def _config_matches_its_schema(spec: PluginSpec, e: Effective, context: Context) -> Refusal | None:
    values = e.config or {}
    if len(orjson.dumps(values)) > CONFIG_LIMIT:
        return Refusal(Reason.INVALID_CONFIG, f"spec.config.values: larger than {CONFIG_LIMIT // 1024} KiB; shorten it")
    schema = spec.config.json_schema if spec.config else None
    if schema is None:
        return None
    try:
        schema_cost.check(schema, values)
        linear = jsonschema_rs.RegexOptions()  # patterns without look-around and back-references: no back-tracking
        validator = jsonschema_rs.validator_for(schema, retriever=_refuse_to_fetch, pattern_options=linear)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return Refusal(Reason.INVALID_CONFIG, f"spec.config.schema: not a usable JSON Schema: {_line(error)}")
    broken = next(iter(validator.iter_errors(values)), None)
    if broken is None:
        return None
    path = ".".join(["spec.config.values", *(str(step) for step in broken.instance_path)])[:200]
    # The value itself stays out of the message: it may be one that should have been a Secret.
    return Refusal(
        Reason.INVALID_CONFIG, f"{path}: does not match spec.config.schema (rule {_rule(broken)}); correct it"
    )


def _refuse_to_fetch(uri: str) -> NoReturn:
    """The operator opens no address that a user names."""
    raise ValueError(f"$ref to {uri[:100]} is not followed; put the definition into the schema itself")


def _rule(error: jsonschema_rs.ValidationError) -> str:
    return "/".join(str(step) for step in error.schema_path)[:120]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:400]


_CHECKS: tuple[Check, ...] = (
    _uses_only_what_is_built,
    _fits_the_platform,
    _has_something_to_run,
    _secrets_have_places_of_their_own,
    _rights_are_within_the_ceiling,
    _config_matches_its_schema,
)
