"""Civil time for tariffs and demand shapes: the one place of this room where daylight saving is known."""

from __future__ import annotations

from math import gcd
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.time import civil
from econex_pipeline.district import District

QUARTER_MINUTES = 15
HOURS_PER_DAY = 24


def civil_parts(district: District, times: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, int]:
    """Cut steps into parts that lie within one civil quarter of an hour each.

    Parameters
    ----------
    district : District
        Gives the length of step and the civil time zone.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).

    Returns
    -------
    tuple of (pandas.DatetimeIndex, int)
        Naive civil starts of the parts, shape (T * n,), and n.
    """
    part_minutes = gcd(district.step_minutes, QUARTER_MINUTES)
    parts = district.step_minutes // part_minutes
    ns = times.as_unit("ns").asi8[:, None] + np.arange(parts) * pd.Timedelta(minutes=part_minutes).value
    starts = pd.DatetimeIndex(ns.ravel(), tz="UTC")
    return pd.DatetimeIndex(civil(starts, district.site.civil_time_zone).tz_localize(None)), parts


def step_means(values: NDArray[np.float64], parts: int) -> NDArray[np.float64]:
    """Give the mean over the parts of each step, shape (T * parts,) -> (T,)."""
    return values.reshape(-1, parts).mean(axis=1)


def read_day_shape(path: Path, column: str) -> NDArray[np.float64]:
    """Read a value for each civil hour of a day from a CSV file with the columns ``hour`` and `column`.

    Parameters
    ----------
    path : Path
        The file; lines that start with ``#`` are comments.
    column : str
        Name of the value column.

    Returns
    -------
    array, shape (24,)

    Raises
    ------
    InputError
        If the file is missing, lacks a column, or does not hold one non-negative number for each hour from 0 to 23.
    """
    try:
        table = pd.read_csv(path, comment="#", dtype=str, keep_default_na=False, skipinitialspace=True)
    except FileNotFoundError:
        raise InputError(path, "file", "missing", f"a CSV file with the columns hour and {column}") from None
    for name in ("hour", column):
        if name not in table.columns:
            raise InputError(path, f"column '{name}'", "missing", f"the columns hour and {column}")
    hours = pd.to_numeric(table["hour"], errors="coerce").tolist()
    if hours != list(range(HOURS_PER_DAY)):
        raise InputError(path, "hour", table["hour"].tolist(), "each hour from 0 to 23 once, in order")
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
    wrong = ~((values >= 0) & np.isfinite(values))
    if wrong.any():
        hour = int(wrong.argmax())
        raise InputError(path, f"{column} at hour {hour}", table[column].iloc[hour], "a finite number >= 0")
    return values
