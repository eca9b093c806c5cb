"""The shape in which every format's reader hands over a file: its own columns, and how they become the contract's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from econex_pipeline.weather.year import Repair


@dataclass(frozen=True)
class SourceColumn:
    """A column of a file and the factor that takes it to the contract's unit."""

    name: str
    factor: float = 1.0


@dataclass(frozen=True)
class SourceFile:
    """The content of a weather file before any check.

    Attributes
    ----------
    path : Path
        The file.
    frame : pandas.DataFrame
        The file's own columns, one row a step, in the file's order; its index counts the file's rows from 0.
    starts : pandas.DatetimeIndex
        Start of each row's step: naive in the site's standard time, or tz-aware.
    columns : dict of str to SourceColumn
        Contract column to file column.
    first_line : int
        Line of the file that row 0 stands on, for messages; 0 where the file has no lines.
    quality : str or pandas.Series
        Where the values come from, in the words of the contract.
    wet : pandas.Series or None
        Whether an observer saw rain or snow fall, where the file says so.
    station : dict of str to float
        ``latitude_deg``, ``longitude_deg``, ``utc_offset_h`` of the file's header, where it has one.
    notes : tuple of Repair
        What the reader itself did: labels moved, columns dropped.
    """

    path: Path
    frame: pd.DataFrame
    starts: pd.DatetimeIndex
    columns: dict[str, SourceColumn]
    first_line: int
    quality: str | pd.Series
    wet: pd.Series | None = None
    station: dict[str, float] = field(default_factory=dict)
    notes: tuple[Repair, ...] = ()

    def place(self, row: int) -> str:
        """Say where row `row` (from 0) stands, as a person can find it again."""
        number = int(self.frame.index[row])
        return f"line {number + self.first_line}" if self.first_line else f"row {number}"
