"""The command line refuses what would hurt a cluster of the user's, and says how things ended by its code."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cluster import __main__ as command_line
from tests.cluster import ensure, images, kind, kind_config
from tests.cluster.existing import KUBECONFIG, REGISTRY
from tests.cluster.paths import Paths
from tests.cluster.process import HarnessError

KUBECTL = '#!/bin/sh\necho "$@" >> "$CALLS"\n[ "$ANSWERS" = yes ] || { echo refused >&2; exit 1; }\n'


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user names a cluster; kubectl and helm are found, and what they are told is written down."""
    (tmp_path / "bin").mkdir()
    for name in ("kubectl", "helm"):
        (tmp_path / "bin" / name).write_text(KUBECTL)
        (tmp_path / "bin" / name).chmod(0o755)
    kubeconfig = tmp_path / "theirs.yaml"
    kubeconfig.write_text("kind: Config\n")
    settings = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "CALLS": f"{tmp_path}/calls", "ANSWERS": "yes"}
    for name, value in {**settings, KUBECONFIG: str(kubeconfig), REGISTRY: "registry.example:5000"}.items():
        monkeypatch.setenv(name, value)
    return kubeconfig


def test_a_named_cluster_is_used_as_it_is(theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["up"]) == 0
    assert f"kubeconfig: {theirs}" in capsys.readouterr().out
    assert (tmp_path / "calls").read_text() == f"--kubeconfig {theirs} get --raw /readyz\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["down"], "it is not ours to take down", id="taking it down"),
        pytest.param(["load-image", "operator"], "come from its registry", id="loading an image into it"),
    ],
)
def test_a_named_cluster_is_never_changed(
    theirs: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(arguments) == 1
    assert message in capsys.readouterr().err


def test_images_of_a_named_cluster_are_named_by_its_registry(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert images.provide(ensure(), "operator") == "registry.example:5000/greffon/operator:dev"
    monkeypatch.delenv(REGISTRY)
    cluster = ensure()
    with pytest.raises(HarnessError, match=REGISTRY):
        images.provide(cluster, "operator")


def test_nodes_of_a_named_cluster_are_not_touched(theirs: Path) -> None:
    with pytest.raises(ValueError, match="not the harness's to touch"):
        ensure().pause_node()


def test_a_named_cluster_that_does_not_answer_is_an_error(
    theirs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANSWERS", "no")
    assert command_line.main(["status"]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_without_a_cluster_status_says_so_by_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(KUBECONFIG, raising=False)
    monkeypatch.setattr(command_line, "default_paths", lambda: Paths(tmp_path / "c", tmp_path / "s", tmp_path / "r"))
    assert command_line.main(["status"]) == 3
    assert "no cluster" in capsys.readouterr().out
    assert command_line.main(["kubeconfig"]) == 1


def test_a_word_that_is_no_verb_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["sideways"])
    assert ended.value.code == 2


def test_the_configuration_for_kind_asks_for_audit_bounds_and_plain_registry(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "c", tmp_path / "s", tmp_path / "r")
    text = kind_config.render(kind.NAME, "node:1", paths)
    config = yaml.safe_load(kind_config.write(text, "198.18.200.1:5001", paths).read_text())
    api, kubelet = (yaml.safe_load(patch) for patch in config["kubeadmConfigPatches"])
    arguments = {argument["name"]: argument["value"] for argument in api["apiServer"]["extraArgs"]}
    mounts = {mount["containerPath"]: Path(mount["hostPath"]) for mount in config["nodes"][0]["extraMounts"]}
    assert mounts[str(Path(arguments["audit-log-path"]).parent)] == paths.audit_log.parent
    policy = yaml.safe_load((mounts[str(Path(arguments["audit-policy-file"]).parent)] / "policy.yaml").read_text())
    assert policy["rules"] == [{"level": "Metadata"}]
    assert kubelet["podPidsLimit"] == 256
    assert "http://198.18.200.1:5001" in (paths.state / "certs.d/198.18.200.1:5001/hosts.toml").read_text()
    assert json.loads(json.dumps(config))["networking"]["podSubnet"] == "198.18.64.0/18"
