"""The immutable ConfigMap with source and configuration, named by its content. Used by `resources.desired`, `pod`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from greffon.kube.kinds import CONFIG_MAP
from greffon.resources import names
from greffon.resources.context import Identity
from greffon.resources.effective import Effective
from greffon.resources.metadata import envelope

Json = dict[str, Any]
CONFIG_KEY = "config.json"


@dataclass(frozen=True, slots=True)
class Files:
    """Content of the ConfigMap.

    Attributes:
        data: key → text.
        paths: key → path below /plugin/src, for the keys that are source files.
    """

    data: dict[str, str]
    paths: dict[str, str]

    @property
    def content_hash(self) -> str:
        """Hex digest over keys, paths and texts."""
        return hashlib.sha256(orjson.dumps([self.data, self.paths], option=orjson.OPT_SORT_KEYS)).hexdigest()


def files(effective: Effective) -> Files | None:
    """The files a plug-in brings along; None when it needs no ConfigMap of ours."""
    if effective.type == "Container" and effective.config is None:
        return None
    config = orjson.dumps(effective.config or {}, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2).decode()
    paths = {_key(i, path): path for i, path in enumerate(sorted(effective.inline))}
    data = {key: effective.inline[path] for key, path in paths.items()}
    return Files(data={**data, CONFIG_KEY: config}, paths=paths)


def config_map(plugin: Identity, content: Files) -> Json:
    """Immutable: the kubelet need not watch it, and nobody can change code that was reviewed."""
    return envelope(
        CONFIG_MAP,
        plugin,
        names.files(plugin.name, content.content_hash),
        {"immutable": True, "data": content.data},
    )


def _key(index: int, path: str) -> str:
    """A ConfigMap key may not contain a slash; the readable path is restored by the mount."""
    return f"src.{path}" if "/" not in path else f"src-{index}.{path.rsplit('/', 1)[1]}"
