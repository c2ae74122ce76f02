"""A hand-made image says the truth about its layer and is the same each time."""

import gzip
import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from tests.cluster.docker_archive import Image, write_image


@pytest.fixture
def image(tmp_path: Path) -> Image:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF" + bytes(5000))
    files = {"usr/bin/tool": program, "usr/bin/zip": program}
    return Image("registry.example/some/tool:v1", ["/usr/bin/tool"], files, {"bin/t": "../usr/bin/tool"})


def test_the_archive_names_the_image_and_the_digest_of_its_unpacked_layer(image: Image, tmp_path: Path) -> None:
    with tarfile.open(write_image(image, tmp_path)) as archive:
        manifest = json.loads(archive.extractfile("manifest.json").read())[0]  # type: ignore[union-attr]
        config = archive.extractfile(manifest["Config"]).read()  # type: ignore[union-attr]
        layer = gzip.decompress(archive.extractfile(manifest["Layers"][0]).read())  # type: ignore[union-attr]
    assert manifest["RepoTags"] == ["registry.example/some/tool:v1"]
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    settings = json.loads(config)
    assert settings["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert settings["config"]["Entrypoint"] == ["/usr/bin/tool"]


def test_the_layer_has_each_directory_once_and_before_its_content(image: Image, tmp_path: Path) -> None:
    with tarfile.open(write_image(image, tmp_path)) as archive:
        packed = archive.extractfile("layer.tar.gz")
        with tarfile.open(fileobj=packed) as layer:
            members = layer.getmembers()
    entries = {entry.name: entry for entry in members}
    assert [entry.name for entry in members] == ["tmp", "usr", "usr/bin", "usr/bin/tool", "usr/bin/zip", "bin", "bin/t"]
    assert entries["tmp"].mode == 0o1777
    assert entries["usr/bin/tool"].mode == 0o755
    assert entries["bin/t"].linkname == "../usr/bin/tool"


def test_the_same_files_make_the_same_archive_at_another_time(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = []
    for name, now in (("first", 1_000_000.0), ("second", 2_000_000.0)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        (tmp_path / name).mkdir()
        with tarfile.open(write_image(image, tmp_path / name)) as archive:
            contents.append([archive.extractfile(member).read() for member in archive])  # type: ignore[union-attr]
    assert contents[0] == contents[1]
