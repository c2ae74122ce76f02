"""Writes docs/cli.md and what each verb's `--help` prints from the commands themselves, so that all say the same.

Run as `python -m greffon.cli.reference --write` after a change of an option; `--check` fails when something is stale,
and a test does the same.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from greffon.cli.verbs import BY_NAME, EXIT_CODES, RUN_EXIT, VERBS, help_file, help_text

PAGE = Path("docs/cli.md")
_INTRODUCTION = """\
`greffon` speaks the API that kubectl speaks: it needs a kubeconfig and your own rights, nothing else. It is a part of
the Python package, with what a terminal needs as an extra; in a checkout of this repository:

```
pip install ".[cli]"
source <(greffon completion bash)
```

kubectl finds it as `kubectl greffon`, with the same verbs.

## A bad night

```
greffon list -A                 # who is not ready
greffon get web -n team-a       # what is wrong, what runs instead, what to do
greffon logs web --previous     # what it said before it ended
greffon diff web r6 r7          # what changed
greffon rollback web            # run the newest revision in Standby below the active one
greffon rollback web --undo     # run what the spec asks for again
```

The spec is never edited by `rollback`, `restart`, `reset` and `reconcile`: each writes an annotation, which kubectl
could write as well, and waits until `status.handled` echoes it. When the operator refuses, its own words are shown, and
the exit code is 1. `suspend` and `resume` do edit the spec; a tool that keeps it in Git may set it back, and the
command says so.

## Scripts

Results go to stdout, everything else to stderr. There is colour only on a terminal, and control characters that come
from the cluster are never passed on. `-o json` prints objects as the API server has them, without managed fields.

```
greffon run adder --input '{"a": 1, "b": 2}' | jq .sum
```
"""


def page() -> str:
    """The whole page."""
    parts = ["# The command line\n"]
    parts.append(
        "<!-- Written by `python -m greffon.cli.reference --write`; change operator/greffon/cli instead. -->\n"
    )
    parts.append(_INTRODUCTION)
    parts.append(f"## All verbs\n\n```\n{help_text()}```\n")
    parts += [f"### greffon {verb.name}\n\n```\n{verb_help(verb.name)}```\n" for verb in VERBS]
    parts.append("## Exit codes\n\n| Code | Meaning |\n|---|---|")
    parts.append("".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES) + f"\n{RUN_EXIT}\n")
    return "\n".join(parts)


def files() -> dict[Path, str]:
    """Every file that is generated, with its text."""
    return {PAGE: page()} | {Path(help_file(verb.name)): verb_help(verb.name) for verb in VERBS}


def verb_help(name: str) -> str:
    """What `greffon VERB --help` prints, at a width of its own."""
    from typer.main import get_command

    from greffon.cli.app import application

    group: Any = get_command(application(BY_NAME))  # always a group: there are several verbs
    outer = group.make_context("greffon", [name, "--help"], resilient_parsing=True, terminal_width=100)
    command = group.get_command(outer, name)
    inner = command.make_context(name, [], parent=outer, resilient_parsing=True, terminal_width=100)
    return str(command.get_help(inner)).strip() + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write what is stale, or say so."""
    parser = argparse.ArgumentParser(prog="python -m greffon.cli.reference", description=__doc__)
    verb = parser.add_mutually_exclusive_group(required=True)
    verb.add_argument("--check", action="store_true", help="fail if something is stale")
    verb.add_argument("--write", action="store_true", help="write what is stale")
    options = parser.parse_args(arguments)
    stale = {file: text for file, text in files().items() if not file.exists() or file.read_text() != text}
    for file, text in stale.items():
        if options.write:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        print(f"{'wrote' if options.write else 'stale'} {file}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
