"""The tables that go down the corridor: which columns each has, and which of them are its key.

A wide table has one column per quantity. A long table (`value` with a `quantity` or `kpi` beside it) is used where
districts differ in what they hold: each of its rows is bounded by the dictionary entry its quantity names.
"""

from __future__ import annotations

from dataclasses import dataclass

from econex_pipeline.contracts import columns as c

WEATHER_VALUES = tuple(column.name for column in c.WEATHER if not column.name.endswith("_factor"))
DRIVER_VALUES = tuple(column.name for column in c.WEATHER)
PROFILE_VALUES = tuple(column.name for column in c.PROFILES)
PRICE_VALUES = tuple(column.name for column in c.PRICES)


@dataclass(frozen=True)
class Table:
    """A table of the corridor.

    Attributes
    ----------
    name : str
        Upper-case name, as the design uses it.
    key : tuple of str
        Columns that identify a row; the table is sorted by them and they are unique together.
    values : tuple of str
        The other columns, in order.
    meaning : str
        One sentence.
    quantities : tuple of str
        For a long table, the dictionary entries its rows may name; empty for a wide table.
    quantity_column : str
        Column that names the dictionary entry of a long row.
    may_be_empty : bool
        Whether a district can have nothing to put into it.
    """

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    meaning: str
    quantities: tuple[str, ...] = ()
    quantity_column: str = "quantity"
    may_be_empty: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in their order."""
        return self.key + self.values

    def entries(self) -> tuple[c.Column, ...]:
        """Give the dictionary's entries that bound its columns and rows."""
        return tuple(c.COLUMNS[name] for name in (*self.columns, *self.quantities))


_COEFFICIENT_QUANTITIES = tuple(column.name for column in c.COEFFICIENTS)
_NETWORK_QUANTITIES = tuple(column.name for column in c.NETWORK)
_MEMBRANE_QUANTITIES = tuple(column.name for column in c.MEMBRANE)
_LONG = ("time_utc", "element", "quantity")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table("WEATHER", ("time_utc",), (*WEATHER_VALUES, "quality"), "Weather at the site, repaired and flagged."),
        Table("TRACE", ("time_utc",), DRIVER_VALUES, "What really happened: weather and demand factors."),
        Table("FORECAST", ("time_utc",), (*DRIVER_VALUES, "lead_h"), "What was expected at the issue time."),
        Table("MEMBERS", ("scenario", "time_utc"), DRIVER_VALUES, "Equally likely draws around the forecast."),
        Table("PROFILES", ("time_utc", "node"), PROFILE_VALUES, "Supply and demand of each node."),
        Table("MEMBER_PROFILES", ("scenario", "time_utc", "node"), PROFILE_VALUES, "Supply and demand by member."),
        Table("SCENARIOS", ("scenario", "time_utc", "node"), ("probability", *PROFILE_VALUES), "The weighted set."),
        Table("PRICES", ("time_utc",), PRICE_VALUES, "Tariffs and carbon by step."),
        Table(
            "COEFFICIENTS", ("scenario", *_LONG),
            ("value", "fit_error_frac", "valid_from_m3_h", "valid_to_m3_h", "age_h"),
            "Linear coefficients of pumps, turbines and treatment.", _COEFFICIENT_QUANTITIES, may_be_empty=True,
        ),
        Table(
            "PLAN", ("scenario", *_LONG), ("value",), "The day-ahead answer, with the weight of each scenario.",
            (*_NETWORK_QUANTITIES, "probability"),
        ),
        Table(
            "OPERATIONS", (*_LONG, "basis"), ("value",), "What the closed loop asked and what came of it.",
            _NETWORK_QUANTITIES + PROFILE_VALUES + _COEFFICIENT_QUANTITIES + tuple(column.name for column in c.EVENTS),
        ),
        Table(
            "STATE", _LONG, ("value",), "The twin's state at the start of each step and at the end of the last.",
            ("level_m3", "stored_kwh", *_MEMBRANE_QUANTITIES),
        ),
        Table(
            "KPIS", ("strategy", "kpi"), ("value",), "Indicators of one operated day.",
            tuple(column.name for column in c.KPIS), "kpi",
        ),
    )
}  # fmt: skip
