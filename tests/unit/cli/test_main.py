"""The words of the command line: verbs, options on both sides of them, errors without tracebacks, help at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from greffon import __version__
from greffon.cli import reference
from greffon.cli.main import after_verb, asks_for_help, main
from greffon.cli.verbs import VERBS, help_file

ROOT = Path(__file__).parents[3]
ORDERS: dict[str, tuple[list[str], list[str]]] = {
    "options after the verb stay": (["get", "web", "-n", "a"], ["get", "web", "-n", "a"]),
    "an option before the verb": (["-n", "a", "get", "web"], ["get", "-n", "a", "web"]),
    "its joined form": (["--namespace=a", "get", "web"], ["get", "--namespace=a", "web"]),
    "a flag before the verb takes no word": (["-A", "list"], ["list", "-A"]),
    "no verb": (["-A"], ["-A"]),
    "help stays first": (["--help"], ["--help"]),
}
USAGE: dict[str, tuple[list[str], str]] = {
    "a verb that is nearly right": (["histroy", "web"], "there is no verb 'histroy'; did you mean 'history'?"),
    "a verb that would steer the terminal": (["\x1b[2J"], "there is no verb '\\x1b[2J'"),
    "an option without a verb": (["--frobnicate"], "there is no option --frobnicate before the verb"),
    "an unknown option": (["list", "--frobnicate"], "No such option: --frobnicate"),
    "a missing name": (["get"], "Missing argument 'NAME'."),
    "an unknown form": (["list", "-o", "xml"], "-o"),
    "a wrong time": (["restart", "web", "--timeout", "soon"], "--timeout soon is not a time; write 90s, 5m or 1h"),
    "input that is not JSON": (["run", "web", "--input", "{"], "--input is not JSON"),
    "an input file that is not there": (["run", "web", "--input", "@/no/such"], "the file /no/such cannot be read"),
    "a rollback to both sides": (["rollback", "web", "--to", "1", "--undo"], "contradict each other"),
    "a log that ended and grows": (["logs", "web", "-f", "--previous"], "contradict each other"),
}
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "t"}}],
    "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u", "namespace": "team-a"}}],
    "current-context": "prod",
}


@pytest.mark.parametrize(("words", "wanted"), ORDERS.values(), ids=ORDERS)
def test_global_options_may_stand_before_the_verb(words: list[str], wanted: list[str]) -> None:
    assert after_verb(words) == wanted


@pytest.mark.parametrize(("words", "said"), USAGE.values(), ids=USAGE)
def test_wrong_words_end_with_two_and_a_sentence(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2

    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.startswith("greffon: ")
    assert said in seen.err
    assert "Traceback" not in seen.err


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]], ids=str)
def test_help_names_every_verb_and_every_exit_code(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0

    printed = capsys.readouterr().out
    assert max(len(row) for row in printed.splitlines()) <= 100
    for verb in VERBS:
        assert f"\n  {verb.name} " in printed
    for code in ("0    fine", "1    a finding", "2    usage or environment", "130  interrupted"):
        assert code in printed


@pytest.mark.parametrize(
    "words", [["--help"], ["rollback", "--help"], ["run", "adder", "-h"], ["help", "logs"]], ids=str
)
def test_help_waits_for_no_library(words: list[str]) -> None:
    heavy = "('typer', 'rich', 'kubernetes', 'aiohttp', 'asyncio', 'pydantic', 'yaml', 'argparse')"
    show = f"print([m for m in {heavy} if m in sys.modules])"
    code = f"import sys; from greffon.cli.main import main; main({words}); {show}"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "operator"
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_each_verbs_help_names_it_and_ends_with_exit_codes(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0

    printed = capsys.readouterr().out
    assert printed.startswith(f"Usage: greffon {verb} ")
    assert "Exit codes: 0 fine;" in printed


def test_without_the_extra_packages_a_sentence_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "greffon.cli.app", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)

    assert main(["list"]) == 2

    said = "greffon: the package typer is missing; install Greffon with its extra `cli`\n"
    assert capsys.readouterr().err == said


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["version", "-o", "json"]) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first == f"greffon {__version__}"
    assert json.loads(second) == {"greffon": __version__}


def test_completion_is_a_script_that_asks_this_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))

    assert _exit_code(lambda: main(["completion", "bash"])) == 0

    assert "complete -o default -F _greffon_completion greffon" in capsys.readouterr().out


def test_completion_offers_verbs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_GREFFON_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "greffon res")
    monkeypatch.setenv("COMP_CWORD", "1")

    assert _exit_code(lambda: main([])) == 0

    assert capsys.readouterr().out.split() == ["restart", "reset", "resume"]


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        (None, [], "does not exist; name another with --kubeconfig or $KUBECONFIG"),
        ("{{", [], "cannot be read: "),
        (json.dumps(KUBECONFIG), ["--context", "prd"], "has no context prd; did you mean prod?"),
        (
            json.dumps(KUBECONFIG),
            [],
            "the cluster cannot be reached: no usable answer from context prod (https://127.0.0",
        ),
    ],
    ids=["no kubeconfig", "one that is not YAML", "an unknown context", "a cluster that is away"],
)
def test_a_wrong_environment_ends_with_two_and_says_what_to_do(
    content: str | None, words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config"
    if content is not None:
        file.write_text(content)

    assert main(["get", "web", "--kubeconfig", str(file), *words]) == 2

    seen = capsys.readouterr()
    assert seen.out == ""
    assert said in seen.err
    assert "Traceback" not in seen.err
    assert seen.err.count("\n") == 1


def test_the_page_and_every_help_are_what_the_commands_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    stale = [file.name for file, text in reference.files().items() if file.read_text() != text]
    assert not stale, "run: python -m greffon.cli.reference --write"
    kept = {file.name for file in Path(help_file("list")).parent.iterdir()}
    assert kept == {f"{verb.name}.txt" for verb in VERBS}


HELP: dict[str, tuple[list[str], bool]] = {
    "alone": (["--help"], True),
    "short": (["-h"], True),
    "after a name": (["web", "--help"], True),
    "after an option of no value": (["web", "--wait", "--help"], False),  # typer knows which take one
    "as a value": (["web", "--input", "-h"], False),
    "behind the end of the options": (["--", "--help"], False),
    "not at all": (["web"], False),
}


@pytest.mark.parametrize(("words", "asked"), HELP.values(), ids=HELP)
def test_help_is_asked_for(words: list[str], asked: bool) -> None:
    assert asks_for_help(words) is asked


def _exit_code(call: Callable[[], int]) -> object:
    """Completion ends the process by itself."""
    try:
        return call()
    except SystemExit as end:
        return end.code or 0
