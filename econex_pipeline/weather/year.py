"""What a weather file becomes: a checked table in the file's own steps, and the report of what was done to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

TYPICAL_YEAR = 2001
"""The calendar a typical year is written in: 365 days, no leap day. Its number means nothing else."""


@dataclass(frozen=True)
class Repair:
    """One thing that was done to the content of a weather file.

    Attributes
    ----------
    field : str
        Column of the WEATHER table, or ``all`` where a whole row was replaced.
    what : str
        ``unit``, ``label``, ``dropped`` or ``borrowed``.
    message : str
        One sentence for the reader of the report.
    time_utc : pandas.Timestamp or None
        Start of the first step concerned; None where the whole file is.
    steps : int
        Number of steps concerned.
    source_time_utc : pandas.Timestamp or None
        Start of the step the first value was borrowed from. A borrowed day is a copy: whoever draws analog days
        must treat both as one.
    """

    field: str
    what: Literal["unit", "label", "dropped", "borrowed"]
    message: str
    time_utc: pd.Timestamp | None = None
    steps: int = 0
    source_time_utc: pd.Timestamp | None = None


@dataclass(frozen=True)
class WeatherYear:
    """A weather file, read, checked and repaired.

    Attributes
    ----------
    table : pandas.DataFrame
        WEATHER in the file's own steps. A typical year is stamped in the calendar of `TYPICAL_YEAR`.
    repairs : tuple of Repair
        What was done to the file's content, in the order it was done.
    kind : str
        ``typical`` (mapped onto any date) or ``historical`` (holds its own dates only).
    path : Path
        The file.
    """

    table: pd.DataFrame
    repairs: tuple[Repair, ...]
    kind: Literal["typical", "historical"]
    path: Path

    @property
    def step_minutes(self) -> int:
        """Length of the file's own step [min]."""
        times = self.table["time_utc"]
        return int((times.iloc[1] - times.iloc[0]) / pd.Timedelta("1min"))

    def repairs_report(self) -> pd.DataFrame:
        """Give the repairs as a table, one row each, for metadata and the report."""
        columns = ["field", "what", "time_utc", "steps", "source_time_utc", "message"]
        rows = [[getattr(repair, column) for column in columns] for repair in self.repairs]
        return pd.DataFrame(rows, columns=columns)
