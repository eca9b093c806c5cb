"""What an attribute is: its name, unit, when it is needed, what values it takes. No entity is defined here."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from enum import Enum
from typing import Any

from econex_pipeline.contracts.errors import InputError

Point = tuple[float, ...]
Curve = tuple[Point, ...]


class Need(Enum):
    """When an attribute is needed."""

    INIT = "INIT"  # before the model can start
    OPT = "OPT"  # optional, or needed by some types only


class Kind(Enum):
    """What kind of value an attribute holds."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    FLAG = "true or false"
    CHOICE = "choice"
    CURVE = "list of (x, y) pairs"
    LINE = "list of points"


@dataclass(frozen=True)
class Attribute:
    """One attribute of an entity group.

    Attributes
    ----------
    name : str
        Column name, such as ``drinking_water.base_demand``.
    kind : Kind
        What kind of value it holds.
    unit : str
        SI unit; ``-`` for a pure number.
    need : Need
        When it is needed.
    meaning : str
        One line for the reader of the documentation.
    at_least, above, at_most : float
        Bounds; `above` is exclusive.
    choices : tuple of str
        The values of a CHOICE.
    changes : bool
        Whether it may change while the model runs.
    """

    name: str
    kind: Kind
    unit: str
    need: Need
    meaning: str
    at_least: float = -math.inf
    above: float = -math.inf
    at_most: float = math.inf
    choices: tuple[str, ...] = ()
    changes: bool = False

    def checked(self, where: str, value: Any) -> Any:
        """Give the value in its proper type; None and NaN mean that there is none.

        Raises
        ------
        InputError
            If the value is of the wrong kind or outside its bounds.
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return _CHECKS[self.kind](self, where, value)

    def _number(self, where: str, value: Any) -> float:
        if isinstance(value, (str, bool)) or not hasattr(value, "__float__"):
            raise InputError(where, self.name, value, f"a number [{self.unit}]")
        number = float(value)
        if not math.isfinite(number) or not self.at_least <= number <= self.at_most or number <= self.above:
            raise InputError(where, self.name, value, self._range())
        return number

    def _range(self) -> str:
        bounds = []
        if self.above > -math.inf:
            bounds.append(f"above {self.above:g}")
        if self.at_least > -math.inf:
            bounds.append(f"at least {self.at_least:g}")
        if self.at_most < math.inf:
            bounds.append(f"at most {self.at_most:g}")
        return f"a finite number {' and '.join(bounds)} [{self.unit}]".replace("  ", " ")

    def _id(self, where: str, value: Any) -> int:
        if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 0:
            raise InputError(where, self.name, value, "a whole number, 0 or more")
        return int(value)

    def _text(self, where: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise InputError(where, self.name, value, "a text")
        return value

    def _flag(self, where: str, value: Any) -> bool:
        if isinstance(value, str) or value not in (0, 1):
            raise InputError(where, self.name, value, "true or false")
        return bool(value)

    def _choice(self, where: str, value: Any) -> str:
        if isinstance(value, (bool, int)) and {"active", "closed"} <= set(self.choices):
            value = "active" if value else "closed"
        for choice in self.choices:
            if isinstance(value, str) and value.lower() == choice.lower():
                return choice
        raise InputError(where, self.name, value, f"one of {', '.join(self.choices)}")

    def _curve(self, where: str, value: Any) -> Curve:
        points = self._points(where, value, (2,))
        if not points:
            raise InputError(where, self.name, value, "at least one (x, y) pair")
        if any(second[0] <= first[0] for first, second in itertools.pairwise(points)):
            raise InputError(where, self.name, value, "x that rises from pair to pair")
        if min(min(point) for point in points) < 0.0:
            raise InputError(where, self.name, value, "no negative value")
        return points

    def _line(self, where: str, value: Any) -> Curve:
        points = self._points(where, value, (3,) if self.name.endswith("3d") else (2,))
        if len(points) < 2:
            raise InputError(where, self.name, value, "at least two points")
        return points

    def _points(self, where: str, value: Any, sizes: tuple[int, ...]) -> Curve:
        try:
            points = tuple(tuple(float(number) for number in point) for point in value)
        except (TypeError, ValueError):
            raise InputError(where, self.name, value, "a list of points, each a list of numbers") from None
        if any(len(point) not in sizes or not all(map(math.isfinite, point)) for point in points):
            raise InputError(where, self.name, value, f"points of {sizes[0]} finite numbers each")
        return points


_CHECKS = {
    Kind.ID: Attribute._id,
    Kind.TEXT: Attribute._text,
    Kind.NUMBER: Attribute._number,
    Kind.FLAG: Attribute._flag,
    Kind.CHOICE: Attribute._choice,
    Kind.CURVE: Attribute._curve,
    Kind.LINE: Attribute._line,
}


def attribute(
    name: str,
    unit: str,
    need: Need,
    meaning: str,
    kind: Kind = Kind.NUMBER,
    default: Any = None,
    **bounds: Any,
) -> Any:
    """Declare a dataclass field that is an attribute; arguments as of `Attribute`."""
    return field(default=default, metadata={"attribute": Attribute(name, kind, unit, need, meaning, **bounds)})


def attributes_of(entity: Any) -> dict[str, Attribute]:
    """Give the attributes of an entity class by field name, in the order declared."""
    return {item.name: item.metadata["attribute"] for item in fields(entity) if "attribute" in item.metadata}


def default_of(entity: Any, name: str) -> Any:
    """Give the default of an attribute by its field name."""
    found: Mapping[str, Field[Any]] = {item.name: item for item in fields(entity)}
    return found[name].default


def length_m(points: Sequence[Sequence[float]]) -> float:
    """Length of a line through points in 2 or 3 dimensions [m]."""
    return sum(math.dist(first, second) for first, second in itertools.pairwise(points))


def listed(names: Iterable[object]) -> str:
    """Join names for a sentence, the first few of many."""
    texts = [str(name) for name in names]
    return ", ".join(texts[:5]) + (f" and {len(texts) - 5} more" if len(texts) > 5 else "")
