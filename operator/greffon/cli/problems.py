"""What went wrong, said so that the reader can act: what, where, why, what to do. Pure; raised by stories, shown by
`session`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from greffon.errors import ApiError, NotFound, Unavailable
from greffon.model import keys

FOUND, ENVIRONMENT = 1, 2
"""Exit codes."""
_CANNOT = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"')
_NO_KIND = re.compile(r"could not find the requested resource|404 page not found|the server doesn't have a resource")
_WRITES = ("create", "patch", "update", "delete")


class Problem(Exception):  # noqa: N818 - a finding is not always an error
    """Something to tell instead of a result.

    Attributes:
        code: exit code.
    """

    def __init__(self, message: str, *, code: int = ENVIRONMENT) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works.

    Attributes:
        context: name in the kubeconfig; "" inside a cluster.
        server: address of the API server.
        namespace: the one that was asked for.
    """

    server: str = ""
    context: str = ""
    namespace: str = "default"

    def __str__(self) -> str:
        return f"context {self.context} ({self.server})" if self.context else self.server


def api_error(error: BaseException | None) -> ApiError | None:
    """The answer of the API server in an exception, or in the group of those of several tasks."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for one in error.exceptions if (found := api_error(one))), None)
    return error if isinstance(error, ApiError) else None


def explain(error: ApiError, place: Place) -> str:
    """A sentence for what the API server answered."""
    message = _message(error)
    if isinstance(error, Unavailable) and error.status == 0:
        return _unreachable(message, place)
    if error.status == 401:
        return f"the cluster of {place} does not know you: {message}; renew the credentials of this context"
    if error.status == 403:
        return _forbidden(message, place)
    if isinstance(error, NotFound) and _NO_KIND.search(message):
        return (
            f"the cluster of {place} does not know the kinds of greffon.dev: its CRDs are not installed; "
            "install the chart greffon-crds, or choose another cluster with --context"
        )
    return f"the API server of {place} refuses: {message}"


def no_such(kind: str, name: str, known: Collection[str], place: Place) -> str:
    """What to say of a name that nobody has."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    where = f"in namespace {place.namespace} of {place}"
    if close:
        return f"there is no {kind} {name} {where}; did you mean {' or '.join(close)}?"
    if known:
        return f"there is no {kind} {name} {where}; `greffon list -n {place.namespace}` shows what there is"
    return f"there is no {kind} {name} {where}, nor any other; `greffon list -A` looks everywhere"


def no_context(name: str, known: Collection[str], file: str) -> str:
    """What to say of a context that the kubeconfig does not have."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(sorted(known)) or 'none'}"
    return f"the kubeconfig {file} has no context {name}; {hint}"


def no_kubeconfig(file: str, why: str) -> str:
    """What to say when there is no way to a cluster."""
    return f"no cluster is known: {file} {why}; name another with --kubeconfig or $KUBECONFIG"


def _unreachable(why: str, place: Place) -> str:
    return (
        f"the cluster cannot be reached: no usable answer from {place}: {why}; "
        "check that it runs, the network or VPN to it, and that --context names the one you mean"
    )


def _forbidden(message: str, place: Place) -> str:
    found = _CANNOT.search(message)
    if not found:
        return f"the API server of {place} forbids it: {message}"
    full = f"{found['resource']}.{keys.GROUP}" if found["resource"].startswith("plugin") else found["resource"]
    role = _role(found["verb"], found["resource"])
    return (
        f"you have no right to {found['verb']} {found['resource']} in namespace {place.namespace} of {place} "
        f"(you are {found['user']}); ask for it, for example by the ClusterRole {role}, "
        f"and check with `kubectl auth can-i {found['verb']} {full} -n {place.namespace}`"
    )


def _role(verb: str, resource: str) -> str:
    """The role of the chart, or of Kubernetes, that holds a right."""
    if not resource.startswith("plugin"):
        return "view"
    if verb not in _WRITES:
        return "greffon-plugin-viewer"
    return "greffon-plugin-runner" if resource == "pluginruns" else "greffon-plugin-editor"


def _message(error: ApiError) -> str:
    """The server's own words; a refused watch brings them wrapped in JSON, maybe cut off."""
    text = str(error)
    try:
        found = json.loads(text)
    except ValueError:
        cut = re.search(r'"message":"((?:[^"\\]|\\.)*)', text)
        return cut[1].replace('\\"', '"') if cut else text
    return str(found.get("message") or text) if isinstance(found, dict) else text
