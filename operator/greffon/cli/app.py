"""The typer application, made of the verbs that are needed and no others. Called by `main` and `reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import typer
from typer.exceptions import TyperException

from greffon.cli.main import COMPLETE, PROGRAM
from greffon.cli.text import clean
from greffon.cli.verbs import BY_NAME, RUN_EXIT, exit_codes


def application(names: Iterable[str]) -> typer.Typer:
    """An application of these verbs; only their modules are imported. Without rich's help, which costs 100 ms."""
    app = typer.Typer(
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_group)
    for name in names:
        verb = BY_NAME[name]
        function = getattr(import_module(f"greffon.cli.{verb.module}"), verb.function)
        end = exit_codes() + (f" {RUN_EXIT}" if name == "run" else "")
        app.command(name, help=function.__doc__, short_help=verb.summary, epilog=end)(function)
    return app


def start(names: Iterable[str], words: list[str]) -> int:
    """Let typer read the words and call the verb; gives the exit code."""
    command: Any = typer.main.get_command(application(names))
    try:
        code = command.main(args=words, prog_name=PROGRAM, complete_var=COMPLETE, standalone_mode=False)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f"\n`{context.command_path} --help` says more." if context else ""
        print(f"{PROGRAM}: {clean(error.format_message())}{hint}", file=sys.stderr)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    return int(code or 0)


def _group() -> None:
    """Looks after plug-ins on a cluster."""
