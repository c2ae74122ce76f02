"""The verbs that run and listen: run, logs. Made commands by `app`; the stories are imported when used."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from greffon.cli.options import Context, Kubeconfig, Name, Namespace, NoWait, Timeout

Input = Annotated[str, typer.Option("--input", metavar="JSON", help="A JSON object, @FILE, or - for stdin.")]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on as the log grows, with pods that come.")]
Number = Annotated[str, typer.Option("--revision", metavar="N", help="Only pods of this revision.")]
Previous = Annotated[bool, typer.Option("--previous", help="What the container said before it was restarted.")]
Tail = Annotated[int | None, typer.Option("--tail", metavar="LINES", min=0, help="Only the last lines.")]


def run(
    name: Name,
    input_: Input = "",
    no_wait: NoWait = False,
    timeout: Timeout = "",
    namespace: Namespace = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
) -> int:
    """Run a plug-in of mode Job once: its log goes to stderr, its result to stdout, its exit code is this one's.

    With --no-wait only the name of the PluginRun is printed. Without --timeout it waits to the end of the run.
    """
    from greffon.cli import story_run
    from greffon.cli.choose import seconds
    from greffon.cli.problems import Problem
    from greffon.cli.session import Target, perform
    from greffon.cli.story_ask import Patience

    try:
        event = _input(input_)
        patience = Patience(not no_wait, seconds(timeout) if timeout else 0)
    except Problem as problem:
        raise typer.BadParameter(str(problem)) from problem
    story = partial(story_run.run, name=name, event=event, patience=patience)
    return perform(Target(namespace, context, kubeconfig), story)


def logs(
    name: Name,
    follow: Follow = False,
    revision: Number = "",
    previous: Previous = False,
    tail: Tail = None,
    namespace: Namespace = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
) -> int:
    """Print the log of a plug-in's pods: of a Service all of them, of a Job the newest."""
    from greffon.cli import story_logs
    from greffon.cli.session import Target, perform

    if follow and previous:
        raise typer.BadParameter("--follow and --previous contradict each other: what has ended does not grow")
    story = partial(story_logs.logs, name=name, follow=follow, number=revision, previous=previous, tail=tail)
    return perform(Target(namespace, context, kubeconfig), story)


def _input(word: str) -> dict[str, Any] | None:
    """Read what --input names."""
    from greffon.cli.choose import run_input
    from greffon.cli.problems import Problem

    if word == "-":
        return run_input(sys.stdin.read(), "the input on stdin")
    if not word.startswith("@"):
        return run_input(word, "--input")
    try:
        return run_input(Path(word[1:]).read_text(), f"the file {word[1:]}")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"the file {word[1:]} cannot be read: {error}") from error
