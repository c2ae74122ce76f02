"""The verbs that need no cluster: version, completion. Made commands by `app`."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from greffon import __version__
from greffon.cli.options import Form, Output


class Shell(StrEnum):
    """Shells that typer writes completion for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


ForShell = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.", show_default=False)]


def version(output: Output = Form.TABLE) -> int:
    """Print the version of this program."""
    if output is Form.JSON:
        print(f'{{"greffon": "{__version__}"}}')
    else:
        print(f"greffon: {__version__}" if output is Form.YAML else f"greffon {__version__}")
    return 0


def completion(shell: ForShell) -> int:
    """Print the completion script of a shell, for example: source <(greffon completion bash)"""
    from greffon.cli.main import COMPLETE, main

    os.environ[COMPLETE] = f"source_{shell}"
    return main([])
