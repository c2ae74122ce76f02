"""The verbs that ask for something, and wait until the operator has answered. Made commands by `app`.

Each writes what anybody could write with kubectl; `status.handled` tells that it was acted on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from greffon.cli.options import Context, Kubeconfig, Name, Namespace, NoWait, Timeout

To = Annotated[str, typer.Option("--to", metavar="N", help="Revision: 5, r5 or NAME-r5; else the newest in Standby.")]
Undo = Annotated[bool, typer.Option("--undo", help="Withdraw the request: run what the spec asks for again.")]


def rollback(
    name: Name,
    to: To = "",
    undo: Undo = False,
    no_wait: NoWait = False,
    timeout: Timeout = "60s",
    namespace: Namespace = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
) -> int:
    """Run an older revision until the spec asks for another one. The spec itself stays as it is."""
    from greffon.cli import story_ask

    if to and undo:
        raise typer.BadParameter("--to and --undo contradict each other: --undo ends a rollback")
    story = partial(story_ask.undo, name=name) if undo else partial(story_ask.rollback, name=name, wish=to)
    return _perform(story, no_wait, timeout, namespace, context, kubeconfig)


def _asking(story: str, words: str, **fixed: str | bool) -> Callable[..., int]:
    """A verb that asks for one thing and has no options of its own.

    Args:
        story: name of the story in `story_ask`.
        words: what the verb's help says.
        fixed: what this verb hands to the story.
    """

    def command(
        name: Name,
        no_wait: NoWait = False,
        timeout: Timeout = "60s",
        namespace: Namespace = "",
        context: Context = "",
        kubeconfig: Kubeconfig = "",
    ) -> int:
        from greffon.cli import story_ask

        told = partial(getattr(story_ask, story), name=name, **fixed)
        return _perform(told, no_wait, timeout, namespace, context, kubeconfig)

    command.__doc__ = words
    return command


restart = _asking(
    "verb", "Make new pods of the revision that runs, one after the other as its rollout says.", word="restart"
)
reset = _asking("verb", "Lift quarantine: revisions that failed may be tried again.", word="reset")
reconcile = _asking("verb", "Let the operator look at everything of the plug-in again, now.", word="reconcile")
suspend = _asking(
    "suspend",
    "Set spec.suspend: no pods, no scheduled runs. A tool that keeps the spec in Git may set it back.",
    suspended=True,
)
resume = _asking("suspend", "Set spec.suspend to false.", suspended=False)


def _perform(story: Any, no_wait: bool, timeout: str, namespace: str, context: str, kubeconfig: str) -> int:
    """Give the story its patience, and perform it."""
    from greffon.cli.choose import seconds
    from greffon.cli.problems import Problem
    from greffon.cli.session import Target, perform
    from greffon.cli.story_ask import Patience

    try:
        patience = Patience(not no_wait, seconds(timeout))
    except Problem as problem:
        raise typer.BadParameter(str(problem)) from problem
    return perform(Target(namespace, context, kubeconfig), partial(story, patience=patience))
