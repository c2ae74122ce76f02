"""The verbs that read: list, get, history, diff, runs. Made commands by `app`; the stories are imported when used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from greffon.cli.options import Context, Everywhere, Form, Kubeconfig, Name, Namespace, Output

Old = Annotated[str, typer.Argument(metavar="A", help="Revision: 6, r6 or NAME-r6.", show_default=False)]
New = Annotated[str, typer.Argument(metavar="B", help="The one to compare it with.", show_default=False)]


def list_plugins(
    everywhere: Everywhere = False,
    output: Output = Form.TABLE,
    namespace: Namespace = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
) -> int:
    """List plug-ins and how they are. `-o wide` adds what the operator says of each."""
    from greffon.cli import story_look
    from greffon.cli.session import Target, perform

    story = partial(story_look.list_plugins, form=output.value, everywhere=everywhere)
    return perform(Target(namespace, context, kubeconfig), story)


def diff(
    name: Name,
    old: Old,
    new: New,
    namespace: Namespace = "",
    context: Context = "",
    kubeconfig: Kubeconfig = "",
) -> int:
    """Compare two revisions: image, digest and hashes, then the spec line by line. Ends with 1 when they differ."""
    from greffon.cli import story_look
    from greffon.cli.session import Target, perform

    return perform(Target(namespace, context, kubeconfig), partial(story_look.diff, name=name, words=(old, new)))


def _looking(story: str, words: str) -> Callable[..., int]:
    """A verb that shows one plug-in from one side: `story` is its name in `story_look`, `words` what its help says."""

    def command(
        name: Name,
        output: Output = Form.TABLE,
        namespace: Namespace = "",
        context: Context = "",
        kubeconfig: Kubeconfig = "",
    ) -> int:
        from greffon.cli import story_look
        from greffon.cli.session import Target, perform

        told = partial(getattr(story_look, story), name=name, form=output.value)
        return perform(Target(namespace, context, kubeconfig), told)

    command.__doc__ = words
    return command


get = _looking(
    "get",
    "Show one plug-in: what is wrong, what runs instead, what to do; then conditions, revisions and history.",
)
history = _looking("history", "Show what ran when and why it changed, and the revisions one can go back to.")
runs = _looking("runs", "List the PluginRuns of a plug-in, latest first. `-o wide` adds their messages.")
