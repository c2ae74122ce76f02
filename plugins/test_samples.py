"""What holds for every sample of this folder."""

import re
from pathlib import Path

import jsonschema_rs
import pytest

from greffon.model.plugin import Plugin
from greffon.reconcile.admit import admit
from greffon.resources.context import Context
from greffon.resources.effective import effective
from plugins.harness import ROOT, Sample

NAMES = sorted(path.parent.name for path in ROOT.glob("*/plugin.yaml"))
RUNNERS = {"Python": "runner-python", "Bash": "runner-bash"}


@pytest.fixture(params=NAMES)
def sample(request: pytest.FixtureRequest) -> Sample:
    """Each of them."""
    return Sample.load(request.param)


def folder(sample: Sample) -> Path:
    """Return where a sample lives."""
    return ROOT / str(sample.manifest["metadata"]["name"])


def test_the_operator_takes_it(sample: Sample) -> None:
    """The model reads it, and no check refuses it."""
    plugin = Plugin.model_validate(sample.manifest)
    context = Context(runner_images=RUNNERS)

    assert admit(plugin.spec, effective(plugin.spec, context), context) is None


def test_it_can_go_into_any_namespace(sample: Sample) -> None:
    """The manifest names none; the folder has the plug-in's name."""
    assert sample.manifest["metadata"] == {"name": folder(sample).name}
    assert sample.manifest["spec"]["about"]["description"]


def test_its_limits_are_set(sample: Sample) -> None:
    """CPU and memory, promised and at most."""
    if sample.spec["type"] == "Webhook":
        assert "run" not in sample.spec
        return
    resources = sample.spec["run"]["resources"]
    assert [resources[part].keys() for part in ("requests", "limits")] == [{"cpu", "memory"}] * 2


def test_its_settings_match_their_schema(sample: Sample) -> None:
    """And the schema is there wherever settings are."""
    config = sample.spec.get("config")
    assert config is None or jsonschema_rs.validator_for(config["schema"]).is_valid(config["values"])


def test_its_readme_says_what_a_reader_asks(sample: Sample) -> None:
    """What, why, which permissions and why those, how to try it."""
    headings = re.findall(r"^#+ (.*)$", (folder(sample) / "README.md").read_text(), re.MULTILINE)

    assert headings == [folder(sample).name, "Why", "Permissions", "Try it"]


def test_it_is_in_the_list(sample: Sample) -> None:
    """plugins/README.md has a row with its type, mode and start."""
    kind, name = sample.spec["type"], folder(sample).name
    mode = sample.spec.get("run", {}).get("mode", "none")
    crons = [trigger["cron"] for trigger in sample.spec.get("triggers", [])]
    start = f"cron `{crons[0]}`" if crons else {"Job": "on demand", "Service": "events", "none": "none"}[mode]

    readme = (ROOT / "README.md").read_text()
    assert f"| [{name}]({name}/README.md) | {kind} | {mode} | {start} |" in readme.replace("always", "events")


def test_the_samples_cover_all_types_and_modes() -> None:
    """Of those that this release runs."""
    specs = [Sample.load(name).spec for name in NAMES]

    assert {(spec["type"], spec.get("run", {}).get("mode")) for spec in specs} == {
        *((kind, mode) for kind in ("Container", "Python", "Bash") for mode in ("Job", "Service")),
        ("Webhook", None),
    }
