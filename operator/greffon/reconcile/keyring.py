"""Credentials for private registries, from the Secrets that a plug-in names. Called by `reconcile.resolver`.

The operator has no right to read Secrets. Whoever wants it to resolve tags of a private image grants `get` on that one
Secret in that one namespace; without the grant the registry is asked as by a stranger, and its refusal says so.
"""

from __future__ import annotations

import base64
from typing import Any

from greffon.errors import ApiError
from greffon.kube import kinds
from greffon.kube.api import Api
from greffon.model.plugin import Plugin
from greffon.security.image_ref import ImageRef
from greffon.security.registry_auth import Credentials, credentials_for

Json = dict[str, Any]


class Keyring:
    """Reads what it may; keeps nothing."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, plugin: Plugin, ref: ImageRef) -> Credentials | None:
        """The first credentials that fit the image's registry; None when there are none that may be read."""
        image = plugin.spec.source.image
        for secret in image.pull_secrets if image else ():
            try:
                found = await self._api.get(kinds.SECRET, plugin.namespace, secret.name)
                credentials = credentials_for(_configuration(found), ref.host)
            except (ApiError, ValueError):
                continue  # not granted, not there, or not a registry's: the kubelet will say more when it pulls
            if credentials:
                return credentials
        return None


def _configuration(secret: Json) -> bytes:
    data = (secret.get("data") or {}).get(".dockerconfigjson") or ""
    return base64.b64decode(data, validate=True)
