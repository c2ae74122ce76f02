"""Which cluster is meant: kubeconfig, context and namespace, as kubectl finds them. Called by `session`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from greffon.cli.problems import Place, Problem, no_context, no_kubeconfig

if TYPE_CHECKING:
    from greffon.cli.wire import Wire

Json = dict[str, Any]
_POD_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


async def connect(kubeconfig: str, context: str, namespace: str) -> tuple[Wire, Place]:
    """Find the cluster as kubectl does. Raises Problem when there is none or the context does not exist."""
    from kubernetes.aio import client, config

    made = client.Configuration(client_session_kwargs={"trust_env": True})
    made.connection_pool_maxsize = 0  # `Door` follows several logs at once
    if not (kubeconfig or context or _has_file()) and "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(client_configuration=made)
        return _transport(made), Place(made.host, "", namespace or _own_namespace())
    file = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    chosen = _context(config, file, context)
    try:
        await config.load_kube_config(
            _expanded(file), context=chosen["name"], client_configuration=made, persist_config=False
        )
    except Exception as error:  # exec plug-ins, files of keys: whatever the package raises, the file is the place
        raise Problem(no_kubeconfig(file, f"cannot be used: {error}")) from error
    own = chosen["context"].get("namespace")
    return _transport(made), Place(made.host, chosen["name"], namespace or own or "default")


def _context(config: Any, file: str, wanted: str) -> Json:
    """The context that was named, or the current one."""
    if not any(Path(part).exists() for part in _expanded(file).split(os.pathsep)):
        raise Problem(no_kubeconfig(file, "does not exist"))
    try:
        contexts, current = config.list_kube_config_contexts(_expanded(file))
    except Exception as error:  # unreadable, not YAML, not a kubeconfig: whatever the package raises
        raise Problem(no_kubeconfig(file, f"cannot be read: {error}")) from error
    by_name = {str(one["name"]): one for one in contexts}
    if wanted and wanted not in by_name:
        raise Problem(no_context(wanted, by_name, file))
    found: Json = by_name[wanted] if wanted else current
    return found


def _own_namespace() -> str:
    return _POD_ACCOUNT.read_text().strip() if _POD_ACCOUNT.exists() else "default"


def _has_file() -> bool:
    return bool(os.environ.get("KUBECONFIG")) or Path("~/.kube/config").expanduser().exists()


def _expanded(files: str) -> str:
    return os.pathsep.join(str(Path(part).expanduser()) for part in files.split(os.pathsep) if part)


def _transport(configuration: Any) -> Wire:
    from greffon.cli.wire import Wire

    if urlsplit(configuration.host).hostname in ("localhost", "127.0.0.1", "::1"):
        configuration.client_session_kwargs = {"trust_env": False}  # as kubectl: no proxy leads to this machine
    return Wire(configuration)
