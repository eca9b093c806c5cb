"""Forecasts that were really made: a user's file in the columns of the FORECAST contract, read by issue.

A row's issue is its `time_utc` less its `lead_h`, so that one file holds many. Of an issue that cannot be used nothing
is made up: the reader says which steps are missing, or how old the last issue is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import TABLES, InputError, digest_bytes
from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.district import District
from econex_pipeline.weather import checks
from econex_pipeline.weather.formats import CSV_FIRST_LINE, csv_rows, parquet_rows
from econex_pipeline.weather.source import SourceColumn, SourceFile

FORECAST_VALUES = TABLES["FORECAST"].values
NS_PER_H = 3_600_000_000_000


@dataclass(frozen=True)
class Feed:
    """Forecasts by issue.

    Attributes
    ----------
    path : Path
        The file.
    max_age_h : float
        Oldest issue that still counts [h].
    issues : numpy.ndarray of int64, shape (I,)
        Instants of issue, rising [ns since 1970, UTC].
    rows : numpy.ndarray of int64, shape (I + 1,)
        Where the rows of each issue begin, and the last end.
    stamps : numpy.ndarray of int64, shape (R,)
        Starts of the steps, rising within an issue [ns].
    values : numpy.ndarray, shape (R, V)
        In the order of the FORECAST contract.
    """

    path: Path
    max_age_h: float
    issues: NDArray[np.int64]
    rows: NDArray[np.int64]
    stamps: NDArray[np.int64]
    values: NDArray[np.float64]

    def digest(self, now_utc: pd.Timestamp) -> str:
        """Digest of all that counts as a forecast at an instant: what `at` can give then, and nothing issued later."""
        oldest, known = self._known(now_utc)
        rows = slice(self.rows[oldest], self.rows[known])
        parts = self.issues[oldest:known], self.stamps[rows], self.values[rows]
        return digest_bytes(b"".join(part.tobytes() for part in parts))

    def at(self, now_utc: pd.Timestamp, times: pd.DatetimeIndex) -> pd.DataFrame:
        """Give the newest forecast known at an instant that holds all the steps asked for.

        Parameters
        ----------
        now_utc : pandas.Timestamp
            What was issued later is not known yet.
        times : pandas.DatetimeIndex
            Step starts, UTC, shape (T,).

        Returns
        -------
        pandas.DataFrame
            FORECAST, T rows, `lead_h` counted from its own issue.

        Raises
        ------
        ForecastMissing
            If no issue that is new enough holds them all; says what the newest one lacks.
        """
        oldest, known = self._known(now_utc)
        wanted = times.as_unit("ns").asi8
        for issue in reversed(range(oldest, known)):
            begin, end = self.rows[issue : issue + 2]
            places = begin + self.stamps[begin:end].searchsorted(wanted)
            there = places < end
            there[there] = self.stamps[places[there]] == wanted[there]
            if there.all():
                columns = dict(zip(FORECAST_VALUES, self.values[places].T, strict=True))
                return pd.DataFrame({"time_utc": times, **columns})
            if issue == known - 1:
                lacking = f"the issue of {_said(self.issues[issue])} lacks {_said(wanted[int((~there).argmax())])}"
        if not known:
            lacking = f"the first issue is of {_said(self.issues[0])}"
        elif known == oldest:
            lacking = f"the last issue is of {_said(self.issues[known - 1])}, more than {self.max_age_h:g} h old"
        asked = f"no forecast at {_said(now_utc.value)} of {_said(wanted[0])} to {_said(wanted[-1])}"
        raise ForecastMissing.saying(self.path, "time_utc", f"{asked}; {lacking}")

    def _known(self, now_utc: pd.Timestamp) -> tuple[int, int]:
        """Give the first issue that is new enough at an instant, and the first that is not issued yet."""
        oldest = self.issues.searchsorted(now_utc.value - round(self.max_age_h * NS_PER_H))
        return int(oldest), int(self.issues.searchsorted(now_utc.value, side="right"))


def read_feed(district: District) -> Feed:
    """Read and check the forecast file of a district.

    Parameters
    ----------
    district : District
        Its `forecast.feed` names the file in ``data/forecasts/`` and the format.

    Returns
    -------
    Feed

    Raises
    ------
    InputError
        If the district names none; if the file is missing or unreadable, lacks a column, has a value that is no number
        or out of bounds, a naive stamp, one off the district's steps, an issue off the minute, a step twice, or sun in
        the site's night. A step that an issue lacks is no error until it is asked for.
    """
    source = district.forecast.feed
    if source is None:
        raise InputError(district.directory / "district.yaml", "forecast.feed", None, "a file of forecasts")
    path = district.data_dir / "forecasts" / source.file
    if not path.is_file():
        raise InputError(path, "forecast.feed.file", "missing", "a forecast file at this path")
    if source.format == "csv":
        frame, starts = csv_rows(path, "FORECAST", FORECAST_VALUES)
    else:
        frame, starts = parquet_rows(path, "FORECAST", FORECAST_VALUES)
    if frame.empty:
        raise InputError(path, "rows", 0, "at least one forecast step")
    first_line = CSV_FIRST_LINE if source.format == "csv" else 0
    columns = {name: SourceColumn(name) for name in FORECAST_VALUES}
    file = SourceFile(path, frame.reset_index(drop=True), starts, columns, first_line, "modelled")
    values = checks.checked_values(file)[list(FORECAST_VALUES)].to_numpy()
    stamps = starts.as_unit("ns").asi8
    issued = stamps - np.rint(values[:, FORECAST_VALUES.index("lead_h")] * NS_PER_H).astype(np.int64)
    off = stamps % (district.step_minutes * 60 * 10**9) != 0
    _refuse(file, off, "time_utc", f"the start of a step of {district.step_minutes} min")
    _refuse(file, issued % (60 * 10**9) != 0, "lead_h", "hours since an issue on the minute")
    ghi_w_m2 = values[:, FORECAST_VALUES.index("ghi_w_m2")]
    at, places = np.unique(stamps, return_inverse=True)  # a step stands in many issues, and has one sun
    seen_w_m2 = np.bincount(places, weights=ghi_w_m2)
    checks.check_daylight(file, pd.DatetimeIndex(at, tz="UTC"), seen_w_m2, district.step_h, district.site)
    order = np.lexsort((stamps, issued))
    again = np.zeros(len(order), dtype=bool)
    again[order[1:]] = (np.diff(issued[order]) == 0) & (np.diff(stamps[order]) == 0)
    _refuse(file, again, "time_utc", "each step once in an issue")
    issues, first = np.unique(issued[order], return_index=True)
    return Feed(path, source.max_age_h, issues, np.append(first, len(order)), stamps[order], values[order])


def _refuse(file: SourceFile, wrong: NDArray[np.bool_], column: str, expected: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(file.path, f"{column}, {file.place(row)}", str(file.frame[column].iloc[row]), expected)


def _said(stamp_ns: int) -> str:
    return f"{pd.Timestamp(int(stamp_ns), tz='UTC'):%Y-%m-%dT%H:%MZ}"
