"""`greffon` and `kubectl greffon`: from the words of the command line to an exit code.

What needs no library is answered here, so that it comes at once; the rest is typer's, in `app`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from greffon.cli.verbs import BY_NAME, help_file, help_text

PROGRAM = "greffon"
COMPLETE = "_GREFFON_COMPLETE"
"""How a shell asks for completion (typer's convention for the program's name)."""
_VALUED = {"-n", "--namespace", "--context", "--kubeconfig", "-o", "--output"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Console script. Exit codes: 0 fine, 1 findings, 2 usage or environment; `run`: the plug-in's own."""
    words = after_verb(list(sys.argv[1:] if arguments is None else arguments))
    if COMPLETE in os.environ:
        return _typer(tuple(BY_NAME), words)
    if not words or words[0] in ("--help", "-h", "help"):
        if words[1:] and words[1] in BY_NAME:
            return _verb_help(words[1])
        print(help_text(), end="")
        return 0
    if words[0] == "--version":
        words = ["version", *words[1:]]
    if words[0] not in BY_NAME:
        print(f"{PROGRAM}: {unknown(words[0])}", file=sys.stderr)
        return 2
    if asks_for_help(words[1:]):
        return _verb_help(words[0])
    return _typer((words[0],), words)


def asks_for_help(words: list[str]) -> bool:
    """Whether `--help` stands among a verb's words, and not as the value of an option."""
    own = words[: words.index("--")] if "--" in words else words
    return any(
        word in ("--help", "-h") and not before.startswith("-") for before, word in zip(["", *own], own, strict=False)
    )


def _verb_help(verb: str) -> int:
    with open(help_file(verb), encoding="utf-8") as file:
        print(file.read(), end="")
    return 0


def after_verb(words: list[str]) -> list[str]:
    """Options that stand before the verb are moved behind it: `-n team-a get web` → `get -n team-a web`."""
    before: list[str] = []
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] not in ("--help", "-h", "--version", "--"):
        before.append(rest.pop(0))
        if before[-1] in _VALUED and rest:
            before.append(rest.pop(0))
    return [*rest[:1], *before, *rest[1:]] if rest else before


def unknown(word: str) -> str:
    """What to say of a word that is no verb."""
    import difflib

    from greffon.cli.text import clean

    if word.startswith("-"):
        return f"there is no option {clean(word)} before the verb; `{PROGRAM} --help` lists them"
    close = difflib.get_close_matches(word, BY_NAME, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"there is no verb '{clean(word)}'; {hint}`{PROGRAM} --help` lists them"


def _typer(names: tuple[str, ...], words: list[str]) -> int:
    try:
        from greffon.cli.app import start
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich"):
            raise
        print(f"{PROGRAM}: the package {error.name} is missing; install Greffon with its extra `cli`", file=sys.stderr)
        return 2
    return start(names, words)


if __name__ == "__main__":
    sys.exit(main())
