"""Hands the connection of the `kubernetes` package on to kopf. Called by `app`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import kopf

TOKEN_LIFE = timedelta(minutes=45)
"""kopf asks again after this time; projected tokens live at least an hour and are replaced before."""


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
