"""What all parts of a district share: frozen, strict about keys, and every number has a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from econex_pipeline.contracts.errors import nearest


def _not_text(value: Any) -> Any:
    """YAML reads 1e12 as text and yes as a boolean: both would be quietly taken for numbers."""
    if isinstance(value, bool | str):
        raise ValueError(f"a number is needed here, not {value!r} (write 1.0e+12, not 1e12)")
    return value


Number = Annotated[float, BeforeValidator(_not_text), Field(allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
NonNegative = Annotated[Number, Field(ge=0)]
Frac = Annotated[Number, Field(ge=0, le=1)]
Whole = Annotated[int, BeforeValidator(_not_text), Field(ge=0)]
Layer = Annotated[str, Field(pattern="^[EPW]$")]


class Frozen(BaseModel):
    """A frozen model that refuses keys it does not know and names the nearest one it does."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    raise ValueError(f"unknown key '{key}'{nearest(str(key), cls.model_fields)}")
        return data


class Part(Frozen):
    """A part whose numbers say where they come from.

    Attributes
    ----------
    source : str or dict of str to str
        One source for all of its numbers, or one a field with ``default`` for the rest.
    """

    source: str | dict[str, str] = ""

    def source_of(self, field: str) -> str:
        """Give the source of one field, or of the default."""
        if isinstance(self.source, str):
            return self.source
        return self.source.get(field, self.source.get("default", ""))

    @model_validator(mode="after")
    def _every_number_has_a_source(self) -> Part:
        names = type(self).model_fields
        if isinstance(self.source, dict):
            for key in self.source:
                if key != "default" and key not in names:
                    raise ValueError(f"source names '{key}', which is no field here{nearest(key, names)}")
        for field in names:
            given = field in self.model_fields_set and field != "source"
            if given and _holds_number(getattr(self, field)) and not self.source_of(field):
                raise ValueError(f"'{field}' has no source; write where the number comes from, or 'assumption'")
        return self


def _holds_number(value: Any) -> bool:
    return any(isinstance(leaf, int | float) and not isinstance(leaf, bool) for leaf in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Part):
        return
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _leaves(getattr(value, field))
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _leaves(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _leaves(entry)
    else:
        yield value
