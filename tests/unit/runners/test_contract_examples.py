"""The examples of docs/contract.md: what a reader copies must run, and must give what the page says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from greffon.model.plugin import Plugin
from greffon.model.run import PluginRun
from greffon.reconcile.admit import admit
from greffon.resources.context import Context
from greffon.resources.effective import effective
from tests.unit.runners.harness import Workspace

PAGE = (Path(__file__).parents[3] / "docs/contract.md").read_text()
OBJECTS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
PLUGINS: dict[str, dict[str, Any]] = {o["metadata"]["name"]: o for o in OBJECTS if o["kind"] == "Plugin"}
RUNS = [o for o in OBJECTS if o["kind"] == "PluginRun"]
CONTEXT = Context(runner_images={"Python": "runner-python", "Bash": "runner-bash"})

EXAMPLES = [
    ("greeter", {"name": "Ada"}, {"text": "Hello, Ada!"}),
    ("disk-words", {"text": "one two three"}, {"words": 3}),
    ("reverser", {"text": "graft"}, {"reversed": "tfarg"}),
    ("fingerprint", {"b": 1, "a": 2}, {"sha256": "81103aa69250ea56e887eaab3cd9bf363d341563f05d0676be389c3e40a72871"}),
]


def laid_out(plugin: dict[str, Any], root: Path) -> Workspace:
    """Put an example's files where its pod finds them."""
    (root / "config.json").write_text(json.dumps(plugin["spec"].get("config", {}).get("values", {})))
    workspace = Workspace(root, {"GREFFON_CONFIG": str(root / "config.json")})
    workspace.write(plugin["spec"]["source"]["inline"]["files"])
    return workspace


@pytest.mark.parametrize("name", PLUGINS)
def test_the_operator_takes_it(name: str) -> None:
    """As applied with kubectl."""
    plugin = Plugin.model_validate(PLUGINS[name])

    assert admit(plugin.spec, effective(plugin.spec, CONTEXT), CONTEXT) is None


@pytest.mark.parametrize(("name", "data", "result"), EXAMPLES)
def test_it_gives_what_the_page_says(name: str, data: Any, result: Any, tmp_path: Path) -> None:
    """Through the real runner, in the mode of the example."""
    plugin = Plugin.model_validate(PLUGINS[name])
    e, workspace = effective(plugin.spec, CONTEXT), laid_out(PLUGINS[name], tmp_path)

    if e.mode == "Job":
        given = workspace.job(e.entrypoint, event=json.dumps(data).encode()).report["output"]
    else:
        with workspace.serving(e.entrypoint) as served:
            given = served.post(data).json

    assert given == result


def test_all_examples_and_the_run_are_tried() -> None:
    """Both languages in both modes; the PluginRun belongs to the first."""
    kinds = {(o["spec"]["type"], o["spec"]["run"]["mode"]) for o in PLUGINS.values()}

    assert kinds == {(language, mode) for language in ("Python", "Bash") for mode in ("Job", "Service")}
    assert PLUGINS.keys() == {name for name, _, _ in EXAMPLES}
    assert [PluginRun.model_validate(run).spec.plugin_ref.name for run in RUNS] == ["greeter"]
    assert RUNS[0]["spec"]["input"] == EXAMPLES[0][1]


def test_the_numbers_of_the_page_are_those_of_the_program() -> None:
    """Limits that drift apart mislead."""
    from runners.common.greffon_runner import output, report, script, service, settings, wire

    assert f"{service.MAX_RUNNING}; connections {service.MAX_CONNECTIONS}" in PAGE
    assert f"| time of an event | {service.DEFAULT_TIMEOUT_SECONDS:g} s |" in PAGE
    assert f"| result of a Job | {report.MAX_OUTPUT_BYTES} bytes |" in PAGE
    assert f"one JSON document of at most {report.MAX_REPORT_BYTES} bytes" in PAGE
    assert f"| {script.TIMED_OUT} | it took longer than its time limit |" in PAGE
    assert f"{settings.GRACE_SECONDS:g} seconds later comes SIGKILL" in PAGE
    assert output.MAX_RESULT_BYTES == wire.MAX_BODY_BYTES == 1024 * 1024
    assert "| request and result of a Service | 1 MiB |" in PAGE
    assert f"over {wire.MAX_HEAD_BYTES // 1024} KiB of headers" in PAGE
    assert f"took over {service.READ_SECONDS:g} s" in PAGE
