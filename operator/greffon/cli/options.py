"""Arguments and options that several verbs share. Used by every `commands_*`; typer reads the annotations."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Form(StrEnum):
    """How a result is written."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the plug-in.", show_default=False)]
Namespace = Annotated[
    str, typer.Option("-n", "--namespace", metavar="NAME", help="Namespace; else that of the context.")
]
Context = Annotated[
    str, typer.Option("--context", metavar="NAME", help="Context of the kubeconfig; else the current one.")
]
Kubeconfig = Annotated[
    str, typer.Option("--kubeconfig", metavar="FILE", help="Kubeconfig; else $KUBECONFIG, else ~/.kube/config.")
]
Everywhere = Annotated[bool, typer.Option("-A", "--all-namespaces", help="Every namespace.")]
Output = Annotated[Form, typer.Option("-o", "--output", help="How to write it.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for the operator's answer.")]
Timeout = Annotated[str, typer.Option("--timeout", metavar="TIME", help="How long to wait: 90s, 5m, 1h.")]
