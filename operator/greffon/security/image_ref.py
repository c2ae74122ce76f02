"""The name of an image, taken apart as containerd does. Pure; used by `reconcile.resolver` and `security.registry`."""

from __future__ import annotations

import re
from dataclasses import dataclass

DOCKER_HUB = "docker.io"
LONGEST = 512
_HOST = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[1-9][0-9]{0,4})?")
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ImageRef:
    """The parts of a name.

    Attributes:
        host: the registry as it stands in the name, with its port if it has one; `docker.io` when none is named.
        tag, digest: "" when the name has none.
        written: the name as its author wrote it, without a digest.
    """

    host: str
    repository: str
    tag: str
    digest: str
    written: str

    def __str__(self) -> str:
        return f"{self.written}@{self.digest}" if self.digest else self.written

    def pinned(self, digest: str) -> str:
        """The author's spelling and a digest: the tag stays for people, runtimes go by the digest."""
        return f"{self.written}@{digest}"


def parse(text: str) -> ImageRef:
    """Take a name apart: `[host[:port]/]repository[:tag][@sha256:…]`.

    Raises:
        ValueError: it is no image name; the message says what is wrong with it.
    """
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    written, at, digest = text.partition("@")
    if at and not DIGEST.fullmatch(digest):
        raise ValueError("what follows '@' is not sha256: and 64 hexadecimal digits")
    host, path = _host_of(written)
    repository, colon, tag = path.partition(":")
    if not _HOST.fullmatch(host):
        raise ValueError("the registry's name is not a host name with an optional port")
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError("the name is not made of lower-case words, '/', '.', '_' and '-'")
    if colon and not _TAG.fullmatch(tag):
        raise ValueError("the tag has a character that tags do not have, or more than 128")
    return ImageRef(host, repository, tag, digest, written)


def _host_of(name: str) -> tuple[str, str]:
    """A first part is a host if it has a dot or a port, or is `localhost`; else the image is on Docker Hub."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return DOCKER_HUB, name if "/" in name else f"library/{name}"
