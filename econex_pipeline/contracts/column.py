"""What the dictionary says of a column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One entry of the dictionary.

    Attributes
    ----------
    name : str
        Column name; ends in its unit.
    unit : str
        Unit as printed; "-" where there is none.
    meaning : str
        One sentence for the reader of the data dictionary.
    dtype : str
        ``float``, ``int``, ``str`` or ``time``.
    ge, le : float or None
        Closed bounds of a valid value, in `unit`.
    values : tuple of str
        Allowed values of a text column; empty where any text is allowed.
    """

    name: str
    unit: str
    meaning: str
    dtype: str = "float"
    ge: float | None = 0.0
    le: float | None = None
    values: tuple[str, ...] = ()

    def expectation(self) -> str:
        """Say in words what a valid value looks like."""
        if self.values:
            return "one of " + ", ".join(self.values)
        if self.dtype == "time":
            return "a time stamp in UTC at the start of a step"
        if self.dtype == "str":
            return "text"
        low = "" if self.ge is None else f" >= {self.ge:g}"
        high = "" if self.le is None else f" <= {self.le:g}"
        bounds = " and".join(part for part in (low, high) if part)
        return f"a finite number{bounds} [{self.unit}]"
