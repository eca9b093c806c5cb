"""What every entity of a dataset has in common: its number, its name, and how it is judged.

SI throughout: m, m3, m3/s, W. What needs more than one entity to be judged is in `dataset`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset.attributes import Kind, Need, attribute, attributes_of, default_of

INIT, OPT = Need.INIT, Need.OPT


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What every entity has: a number of its own, and a name where it has one."""

    GROUP: ClassVar[str] = ""
    PUBLISHED: ClassVar[dict[str, tuple[str, str]]] = {}

    id: int = attribute("id", "-", INIT, "number of the entity, unique in the dataset", Kind.ID)
    reference: str | None = attribute("reference", "-", OPT, "name, such as the one in an INP file", Kind.TEXT)

    def __post_init__(self) -> None:
        for name, described in attributes_of(type(self)).items():
            value = described.checked(self.where, getattr(self, name))
            if value is None and name != "id":
                value = default_of(type(self), name)
            object.__setattr__(self, name, value)
        if self.id is None:
            raise InputError(self.GROUP, "id", None, "a whole number, 0 or more")
        self._check()

    @property
    def where(self) -> str:
        """Group and id, as error messages name an entity."""
        return f"{self.GROUP} {self.id}" + (f" ({self.reference})" if self.reference else "")

    def missing(self) -> list[str]:
        """List the required attributes that have not come."""
        return [a.name for n, a in attributes_of(type(self)).items() if a.need is INIT and getattr(self, n) is None]

    def _check(self) -> None:
        """Judge attributes against each other."""

    def _refuse(self, name: str, value: object, expected: str) -> None:
        raise InputError(self.where, name, value, expected)
