"""Where the code of a plug-in comes from: exactly one of four.

Part of `plugin.PluginSpec`; `resources` mounts it.
"""

from greffon.model.base import Model


class LocalReference(Model):
    """An object of the same namespace, by name. No reference ever has a namespace."""

    name: str


class ImageSource(Model):
    """A container image and the Secrets to pull it with."""

    ref: str
    pull_secrets: tuple[LocalReference, ...] = ()


class InlineSource(Model):
    """File name → text, kept in the object itself."""

    files: dict[str, str]


class Source(Model):
    """Exactly one of the fields is set."""

    image: ImageSource | None = None
    inline: InlineSource | None = None
    config_map: LocalReference | None = None
    url: str | None = None
