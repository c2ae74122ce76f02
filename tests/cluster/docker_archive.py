"""One-layer container images, written by hand as docker-archives.

Called by `node_components`: a static program and a few files need no image builder. containerd, Podman
and Docker all load the result.
"""

import gzip
import hashlib
import io
import json
import os
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import Buffer

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """What goes into an image; paths inside it have no leading slash."""

    reference: str
    entrypoint: Sequence[str]
    files: Mapping[str, Path]
    links: Mapping[str, str] = field(default_factory=dict)
    open_directories: Sequence[str] = ("tmp",)


class _Layer(io.RawIOBase):
    """A gzip file that remembers the digest of what was written before compression."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._raw = path.open("wb")
        # Level 1: the archive lives for a minute, the processor time is what counts.
        self._packed = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=self._raw, mtime=0)
        self.digest = hashlib.sha256()

    def write(self, data: Buffer, /) -> int:
        self.digest.update(data)
        return self._packed.write(data)

    def close(self) -> None:
        self._packed.close()
        self._raw.close()
        super().close()


def write_image(image: Image, directory: Path) -> Path:
    """Write `image` into `directory` as a docker-archive and return its path."""
    stem = image.reference.split("/")[-1].replace(":", "_")
    layer_file = directory / f"{stem}.layer.tar.gz"
    diff_id = _write_layer(image, layer_file)
    config = _config(image, diff_id)
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [image.reference], "Layers": ["layer.tar.gz"]}]
    target = directory / f"{stem}.tar"
    with tarfile.open(target, "w") as archive:
        _add_bytes(archive, config_name, config)
        _add_bytes(archive, "manifest.json", json.dumps(manifest).encode())
        archive.add(layer_file, "layer.tar.gz")
    layer_file.unlink()
    return target


def _write_layer(image: Image, target: Path) -> str:
    layer = _Layer(target)
    seen: set[str] = set()
    with tarfile.open(fileobj=layer, mode="w|") as archive:
        for name in image.open_directories:
            _add_directory(archive, name, 0o1777, seen)
        for name, source in sorted(image.files.items()):
            _add_directory(archive, os.path.dirname(name), 0o755, seen)
            _add_file(archive, name, source)
        for name, destination in sorted(image.links.items()):
            _add_directory(archive, os.path.dirname(name), 0o755, seen)
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, destination
            archive.addfile(link)
    layer.close()
    return layer.digest.hexdigest()


def _add_directory(archive: tarfile.TarFile, name: str, mode: int, seen: set[str]) -> None:
    if not name or name in seen:
        return
    _add_directory(archive, os.path.dirname(name), 0o755, seen)
    seen.add(name)
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)


def _add_file(archive: tarfile.TarFile, name: str, source: Path) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.size = 0o755, source.stat().st_size
    with source.open("rb") as content:
        archive.addfile(entry, content)


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def _config(image: Image, diff_id: str) -> bytes:
    machine = platform.machine()
    return json.dumps(
        {
            "architecture": _ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "config": {"Entrypoint": list(image.entrypoint), "Env": [_PATH]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
        }
    ).encode()
