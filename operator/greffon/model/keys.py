"""Names that other programs rely on: API group, labels, annotations, field manager.

Read by every other package. Changing one is a breaking change of the product.
"""

from typing import Final

GROUP: Final = "greffon.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
FIELD_MANAGER: Final = "greffon"

KIND_PLUGIN: Final = "Plugin"
KIND_REVISION: Final = "PluginRevision"
KIND_RUN: Final = "PluginRun"
KIND_APPROVAL: Final = "PluginApproval"
KIND_POLICY: Final = "PluginPolicy"

PLURALS: Final = {
    KIND_PLUGIN: "plugins",
    KIND_REVISION: "pluginrevisions",
    KIND_RUN: "pluginruns",
    KIND_APPROVAL: "pluginapprovals",
    KIND_POLICY: "pluginpolicies",
}

CHILD_PREFIX: Final = "plg-"
"""Every child of a plug-in starts with it: exec and attach can be refused by name only."""

CONTAINER: Final = "plugin"
"""The plug-in's own container in its pod."""

MAX_NAME: Final = 40
NAME_PATTERN: Final = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"

# Labels on every child and pod template.
LABEL_PLUGIN: Final = f"{GROUP}/plugin"
LABEL_PLUGIN_UID: Final = f"{GROUP}/plugin-uid"
LABEL_NAME: Final = "app.kubernetes.io/name"
LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "greffon"
# Labels on pods: the revision they run; on the Jobs of a PluginRun: its name.
LABEL_REVISION: Final = f"{GROUP}/revision"
LABEL_RUN: Final = f"{GROUP}/run"
# On the pods that take requests, and on those that a hook runs in.
LABEL_SERVES: Final = f"{GROUP}/serves"
LABEL_HOOK: Final = f"{GROUP}/hook"

# What only the operator may write; an admission policy guards the prefix.
INTERNAL_PREFIX: Final = "internal.greffon.dev/"
ANNOTATION_DESIRED_HASH: Final = f"{INTERNAL_PREFIX}desired-hash"
ANNOTATION_EVENT: Final = f"{INTERNAL_PREFIX}event"

# Verbs that users give as an annotation with a token; `status.handled` echoes the token.
ANNOTATION_RECONCILE: Final = f"{GROUP}/reconcile"
ANNOTATION_RESTART: Final = f"{GROUP}/restart"
ANNOTATION_ROLLBACK_TO: Final = f"{GROUP}/rollback-to"
ANNOTATION_RESET: Final = f"{GROUP}/reset"
ONE_SHOT_VERBS: Final = {
    "reconcile": ANNOTATION_RECONCILE,
    "restart": ANNOTATION_RESTART,
    "rollback-to": ANNOTATION_ROLLBACK_TO,
    "reset": ANNOTATION_RESET,
}

# Who wrote the spec, and who wrote the last request: given by the API server itself, see `admission-author.yaml`.
ANNOTATION_AUTHOR: Final = f"{GROUP}/author"
ANNOTATION_ASKED_BY: Final = f"{GROUP}/asked-by"


def revision_name(plugin: str, number: int) -> str:
    """Name of the PluginRevision that records the given activation of a plug-in."""
    return f"{plugin}-r{number}"
