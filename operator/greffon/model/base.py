"""The common base of every model: frozen, camelCase outside, snake_case inside.

Called by all other modules of this package; `parse` is the one door through which a body from the API
server becomes a value, and the one place where pydantic's error becomes ours.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

from greffon.model.errors import SpecError

JsonObject = dict[str, Any]
"""A free-form object of the user: never interpreted, only carried."""


def _to_whole_seconds_utc(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def to_rfc3339(moment: datetime) -> str:
    """Write a moment as the API server does: UTC, whole seconds, `Z`."""
    return _to_whole_seconds_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


Time = Annotated[
    datetime,
    AfterValidator(_to_whole_seconds_utc),
    PlainSerializer(to_rfc3339, return_type=str),
]


class Model(BaseModel):
    """A frozen value read from, or written to, the API server.

    Unknown fields are ignored: the API server has already refused or pruned them, and an operator that is
    rolled back must still read objects of a newer schema.
    """

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
    )

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Read a body as the API server sends it; raises SpecError naming each wrong field."""
        return parse(cls, body)

    def to_wire(self) -> dict[str, Any]:
        """Write the value as the API server expects it: camelCase, absent instead of null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


M = TypeVar("M", bound=BaseModel)


def _unreadable_is_empty(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return read({})


Forgiving = Annotated[M, WrapValidator(_unreadable_is_empty)]
"""A status. It is derived and never memory: one that cannot be read counts as none, and is written anew."""


def parse(model: type[M], body: Mapping[str, Any]) -> M:
    """Validate `body` as `model`; every way to fail ends in one SpecError."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise SpecError(tuple((_path(item["loc"]), item["msg"]) for item in error.errors(include_url=False))) from None
    except RecursionError:
        raise SpecError((("", "the object is nested too deeply to be read"),)) from None


def _path(location: tuple[int | str, ...]) -> str:
    """Join pydantic's location as Kubernetes writes paths: `spec.run.ports[0].name`."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path
