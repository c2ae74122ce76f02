"""Every verb with its sentence and the module that knows it, and the text of `greffon --help`.

Read by `main` and `app`. Imports nothing that is slow: help must be there at once.
"""

from __future__ import annotations

import os
from typing import NamedTuple


class Verb(NamedTuple):
    """One word after `greffon`.

    Attributes:
        module: below `greffon.cli`, imported only when the verb is used.
        function: in that module; its parameters are the verb's arguments and options.
    """

    name: str
    group: str
    module: str
    function: str
    summary: str


LOOK, ASK, RUN, OTHER = "Look", "Ask for something", "Run", "Other"
VERBS = (
    Verb("list", LOOK, "commands_look", "list_plugins", "plug-ins and how they are"),
    Verb("get", LOOK, "commands_look", "get", "one plug-in: what is wrong, what runs instead, what was before"),
    Verb("history", LOOK, "commands_look", "history", "what ran when, why it changed, what one can go back to"),
    Verb("diff", LOOK, "commands_look", "diff", "what differs between two revisions"),
    Verb("runs", LOOK, "commands_look", "runs", "the runs of a plug-in, latest first"),
    Verb("rollback", ASK, "commands_ask", "rollback", "run an older revision, until the spec changes"),
    Verb("restart", ASK, "commands_ask", "restart", "make new pods of the same revision"),
    Verb("reset", ASK, "commands_ask", "reset", "lift quarantine: failed revisions may be tried again"),
    Verb("reconcile", ASK, "commands_ask", "reconcile", "look at everything again, now"),
    Verb("suspend", ASK, "commands_ask", "suspend", "stop its pods and schedules (spec.suspend)"),
    Verb("resume", ASK, "commands_ask", "resume", "end a suspension"),
    Verb("run", RUN, "commands_run", "run", "run once with an input; log on stderr, result on stdout"),
    Verb("logs", RUN, "commands_run", "logs", "what its pods say"),
    Verb("version", OTHER, "commands_other", "version", "version of this program"),
    Verb("completion", OTHER, "commands_other", "completion", "completion script for a shell"),
)
BY_NAME = {verb.name: verb for verb in VERBS}

GLOBALS = (
    ("-n, --namespace NAME", "namespace; that of the context when left out"),
    ("-A, --all-namespaces", "every namespace (list)"),
    ("    --context NAME", "context of the kubeconfig"),
    ("    --kubeconfig FILE", "kubeconfig; else $KUBECONFIG, else ~/.kube/config"),
    ("-o, --output FORM", "table, wide, json, yaml or name, where there is something to print"),
    ("    --version", "version of this program"),
    ("-h, --help", "this text; after a verb, that verb's own"),
)
EXIT_CODES = (
    ("0", "fine"),
    ("1", "a finding: refused, failed, not within the time, revisions differ"),
    ("2", "usage or environment: wrong words, no cluster, no right, no such plug-in"),
    ("130", "interrupted"),
)
RUN_EXIT = "`greffon run` ends with the exit code of the plug-in itself."


def help_text() -> str:
    """What `greffon --help` prints."""
    parts = ["greffon looks after plug-ins on a cluster.\n", "  greffon VERB [NAME] [options]\n"]
    for group in (LOOK, ASK, RUN, OTHER):
        parts.append(_block(group, [(verb.name, verb.summary) for verb in VERBS if verb.group == group], 12))
    parts.append(_block("Options, before or after the verb", GLOBALS, 24))
    parts.append(_block("Exit codes", EXIT_CODES, 5) + f"  {RUN_EXIT}\n")
    parts.append("kubectl finds the same program as `kubectl greffon`. Colour: NO_COLOR switches it off.\n")
    return "\n".join(parts)


def help_file(verb: str) -> str:
    """Where the text of a verb's own help stands, as `reference` wrote it: making it anew takes typer 300 ms."""
    return os.path.join(os.path.dirname(__file__), "help", f"{verb}.txt")


def exit_codes() -> str:
    """The end of each verb's own help."""
    return "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES) + "."


def _block(title: str, rows: tuple[tuple[str, str], ...] | list[tuple[str, str]], left: int) -> str:
    return "".join([f"{title}:\n", *(f"  {name:<{left}}{text}\n" for name, text in rows)])
