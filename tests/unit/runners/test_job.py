"""Job mode: what comes out of the real runner for a script, an event and an environment."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.runners.harness import BASH, PYTHON, Workspace

ECHO_PYTHON = "import json, sys\nprint('working')\nprint(json.dumps({'saw': json.load(sys.stdin)}))\n"
ECHO_BASH = 'echo working\njq -c "{saw: .}"\n'


@dataclass(frozen=True)
class Situation:
    """A script and what is expected of its run."""

    says: str
    script: str
    argv: tuple[str, ...] = BASH
    event: bytes | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    exit_code: int = 0
    output: Any = None
    truncated: bool = False
    tail: str = ""


RESULTS = [
    Situation(
        "a Python script gets the event and gives a result", ECHO_PYTHON, PYTHON, b'{"a": 1}', output={"saw": {"a": 1}}
    ),
    Situation(
        "a Bash script gets the event and gives a result", ECHO_BASH, event=b'{"a": 1}', output={"saw": {"a": 1}}
    ),
    Situation("a run without an event gets an empty object", ECHO_BASH, output={"saw": {}}),
    Situation("an empty event is an empty object", ECHO_BASH, event=b" \n", output={"saw": {}}),
    Situation("a last line that is no JSON is no result", "echo '{}'; echo done", tail="done\n"),
    Situation("blank lines after the result do not hide it", "echo '[1]'; echo; echo '  '", output=[1]),
    Situation("a result needs no newline at its end", "printf 'log\\n{\"a\":2}'", output={"a": 2}, tail='{"a":2}\n'),
    Situation("a number is a result", "echo 42", output=42),
    Situation("what is said on stderr is no result", "echo '[1]'; echo '[2]' >&2", output=[1]),
    Situation("a script without output has no result", "true"),
    Situation("a failing script may give a result too", "echo '{\"a\":3}'; exit 9", exit_code=9, output={"a": 3}),
    Situation("NaN is not JSON", "echo NaN"),
    Situation("a number beyond any float is not JSON", "echo 1e999"),
    Situation("half a surrogate pair is not JSON", "echo '\"\\ud800\"'"),
    Situation("nesting beyond reason is not JSON", "head -c 200000 /dev/zero | tr '\\0' '['"),
    Situation("bytes that are not UTF-8 are not JSON", "printf '\"\\xff\"\\n'", tail="\ufffd"),
    Situation("a result of 2048 bytes fits", "printf '\"%02046d\"' 0", output="0" * 2046),
    Situation("a result of 2049 bytes is left out", "printf '\"%02047d\"' 0", truncated=True),
    Situation("a line too long to look at is left out", "head -c 2000000 /dev/zero | tr '\\0' '1'", truncated=True),
]

ENDINGS = [
    Situation("the exit code is the script's", "exit 3", exit_code=3),
    Situation("a script killed by a signal gives 128 and its number", "kill -SEGV $$", exit_code=139),
    Situation("SIGKILL from outside hints at the memory limit", "kill -KILL $$", exit_code=137, tail="memory limit"),
    Situation("a broken pipe kills as usual", "kill -PIPE $$", exit_code=141),
    Situation(
        "a script over its timeout gives 124",
        "echo begun; sleep 60",
        environment={"GREFFON_TIMEOUT_SECONDS": "0.3"},
        exit_code=124,
        tail="timeout of 0.3 s",
    ),
    Situation(
        "a script that ends well on the timeout's SIGTERM gives 124 still",
        "trap 'exit 0' TERM; sleep 60 & wait",
        environment={"GREFFON_TIMEOUT_SECONDS": "0.3"},
        exit_code=124,
    ),
    Situation(
        "a script that ignores SIGTERM is killed when the grace is over",
        "trap '' TERM; sleep 60",
        environment={"GREFFON_TIMEOUT_SECONDS": "0.3", "GREFFON_GRACE_SECONDS": "0.3"},
        exit_code=124,
    ),
    Situation("124 from the script itself is just its exit code", "exit 124", exit_code=124),
    Situation("a script that reads no input does not hang", "exit 0", event=json.dumps("x" * 1_000_000).encode()),
    Situation("a script may close its streams", "exec <&- >&- 2>&-; exit 4", exit_code=4),
    Situation("a process left behind does not hold the run open", "sleep 600 & echo '{\"a\":4}'", output={"a": 4}),
    Situation("one in its own session does not either", "setsid sleep 12 & echo '{\"a\":5}'", output={"a": 5}),
    Situation("what a helper still writes after the end counts", "exec > >(sleep 0.3; cat); echo 5", output=5),
]

REFUSALS = [
    Situation("a program that is not there", "", ("no-such-program",), exit_code=127, tail="there is no such program"),
    Situation(
        "a Python file that is not there", "", ("python3", "absent.py"), exit_code=127, tail="no file absent.py in"
    ),
    Situation("a Bash file that is not there", "", ("bash", "absent.sh"), exit_code=127, tail="only main.sh"),
    Situation(
        "a file without an interpreter line", "echo hi", ("./main.sh",), exit_code=126, tail="#!/usr/bin/env bash"
    ),
    Situation("an interpreter that is not there", "#!/no/such\n", ("./main.sh",), exit_code=127, tail="interpreter"),
    Situation("a folder", "", ("/usr",), exit_code=127, tail="cannot start '/usr'"),
    Situation("a plug-in's file named without ./", "", ("main.sh",), exit_code=127, tail="write './main.sh'"),
    Situation("an event that is no JSON", "echo ran", event=b"{oops", exit_code=126, tail="is not JSON"),
    Situation("an event that is not UTF-8", "echo ran", event=b'"\xff"', exit_code=126, tail="is not JSON"),
]


@pytest.mark.parametrize("situation", RESULTS + ENDINGS + REFUSALS, ids=lambda situation: situation.says)
def test_a_run_ends_as_the_contract_says(situation: Situation, workspace: Workspace) -> None:
    """Exit code, result, truncation and tail of one run."""
    workspace = dataclasses.replace(workspace, environment=situation.environment)
    workspace.write({situation.argv[-1] if situation.argv == PYTHON else "main.sh": situation.script})

    ran = workspace.job(situation.argv, event=situation.event)

    assert ran.exit_code == situation.exit_code, ran.stderr.decode("utf-8", "replace")
    report = ran.report
    assert situation.tail in report.pop("tail")
    assert report == {
        "contract": "v1",
        "exitCode": situation.exit_code,
        "output": situation.output,
        "truncated": situation.truncated,
    }
    assert ran.document is not None
    assert len(ran.document) <= 4096


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ((), {}, "job|serve"),
        (("job",), {}, "nothing to run"),
        (("job", "--"), {}, "nothing to run"),
        (("job", "--", ""), {}, "nothing to run"),
        (("serve", "--port", "70000", "--", "true"), {}, "not a port"),
        (("serve", "--port", "web", "--", "true"), {}, "invalid int"),
        (("job", "--", "true"), {"GREFFON_TIMEOUT_SECONDS": "soon"}, "GREFFON_TIMEOUT_SECONDS='soon'"),
        (("job", "--", "true"), {"GREFFON_TIMEOUT_SECONDS": "-1"}, "not a number of seconds"),
        (("job", "--", "true"), {"GREFFON_GRACE_SECONDS": "inf"}, "not a number of seconds"),
    ],
)
def test_wrong_use_is_told_and_gives_2(
    arguments: tuple[str, ...], environment: dict[str, str], message: str, workspace: Workspace
) -> None:
    """Arguments and settings that make no sense."""
    ran = dataclasses.replace(workspace, environment=environment).to_its_end(*arguments)

    assert ran.exit_code == 2
    assert message in ran.stderr.decode()


def test_arguments_reach_the_script_untouched(workspace: Workspace) -> None:
    """No shell stands between the manifest and the script."""
    hostile = ["a b", "$(id)", "`id`", "; exit 9", "*", "--", "\\n", "é", "'\"", "$HOME", "--port"]
    workspace.write({"main.py": "import json, sys\nprint(json.dumps(sys.argv[1:]))\n"})

    ran = workspace.job([*PYTHON, *hostile])

    assert ran.report["output"] == hostile


def test_the_environment_is_passed_on_and_fitted_to_a_read_only_container(workspace: Workspace) -> None:
    """The operator's variables arrive; HOME points to the one place that can be written."""
    environment = {"GREFFON_PLUGIN": "demo", "GREFFON_TRIGGER": "Cron:nightly", "LEVEL": "info", "HOME": "/"}
    names = [*environment, "GREFFON_CONTRACT", "GREFFON_CONFIG", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"]
    workspace.write({"main.py": f"import json, os\nprint(json.dumps([os.environ[n] for n in {names}]))\n"})

    ran = dataclasses.replace(workspace, environment=environment).job(PYTHON)

    home = "/tmp"  # noqa: S108 - the contract's word
    config = "/plugin/config/config.json"
    assert ran.report["output"] == ["demo", "Cron:nightly", "info", home, "v1", config, "1", "1"]


def test_the_plugin_cannot_stand_in_for_the_runners_modules(workspace: Workspace) -> None:
    """Files named like standard modules are the script's business only."""
    bomb = "raise SystemExit('imported the plug-in')\n"
    workspace.write({"json.py": bomb, "asyncio.py": bomb, "sitecustomize.py": bomb, "main.sh": "echo '[1]'\n"})

    ran = dataclasses.replace(workspace, environment={"PYTHONPATH": str(workspace.source)}).job(BASH)

    assert (ran.exit_code, ran.report["output"]) == (0, [1])
