"""What the kubelet's message says of a pull that failed. Pure; called by `reconcile.facts` with the whole message.

It is too long to be kept: it repeats the image's name and digest up to four times.
"""

from __future__ import annotations

import re

_NAMES = re.compile(r'"[^"]*("|$)|[^\s"]*[/@][^\s"]*')
"""Names of images and addresses: a digest may have any number in it, and a name any word."""
_REFUSED = re.compile(r"not found|manifest unknown|name unknown|unauthorized|denied|forbidden|\b40[13]\b")
_UNREACHABLE = re.compile(
    r"dial tcp|connection refused|connection reset|no route to host|no such host|timeout|x509|\btls\b"
)


def is_refusal(message: str) -> bool:
    """The registry was asked, and does not have the image or does not give it; else nobody knows what it has."""
    said = _NAMES.sub(" ", message.lower())
    return bool(_REFUSED.search(said)) and not _UNREACHABLE.search(said)
