"""Filling what a file lacks, loudly: every filled row is marked in `quality` and has a row in the report.

One repair so far: a month whose rain is missing as zeros. Its wet days (the observer coded rain or snow) are replaced
by whole rainy days of the neighbouring months, all variables together, so that sun, temperature and rain stay
coherent. Its other days keep what was measured.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from econex_pipeline.weather.year import Repair

HOURS_PER_DAY = 24
MISSING_WET_HOURS = 10
"""A month with no rain at all and more hours than this coded as rain or snow has lost its rain."""

RAINY_DAY_MM = 0.2
"""A day with more than this is a rainy day [mm]."""


def borrow_lost_rain(table: pd.DataFrame, wet: pd.Series, utc_offset_h: int) -> tuple[pd.DataFrame, list[Repair]]:
    """Replace the wet days of months whose rain is missing by rainy days of the months beside them.

    The nearest rainy day of the month before or after stands in for each wet day, and each is used once.

    Parameters
    ----------
    table : pandas.DataFrame
        WEATHER of a typical year, hourly, 8760 rows from 1 January, standard time.
    wet : pandas.Series
        Whether rain or snow was seen falling, one a row.
    utc_offset_h : int
        Offset of standard time from UTC [h].

    Returns
    -------
    tuple of (pandas.DataFrame, list of Repair)
        The table with the days replaced and marked ``borrowed``, and one repair a day.
    """
    local = (table["time_utc"] + pd.Timedelta(hours=utc_offset_h)).dt
    month_of_day = local.month.to_numpy()[::HOURS_PER_DAY]
    rain_of_day_mm = table["rain_mm_h"].to_numpy().reshape(-1, HOURS_PER_DAY).sum(axis=1)
    wet_hours_of_day = wet.to_numpy(dtype=bool).reshape(-1, HOURS_PER_DAY).sum(axis=1)
    repaired, repairs = table.copy(), []
    values = [column for column in table.columns if column not in ("time_utc", "quality")]
    for month in range(1, 13):
        inside = month_of_day == month
        wet_hours = int(wet_hours_of_day[inside].sum())
        if rain_of_day_mm[inside].sum() > 0 or wet_hours <= MISSING_WET_HOURS:
            continue
        beside = np.isin(month_of_day, [(month - 2) % 12 + 1, month % 12 + 1])
        donors = list(np.flatnonzero(beside & (rain_of_day_mm > RAINY_DAY_MM)))
        for day in np.flatnonzero(inside & (wet_hours_of_day > 0)):
            if not donors:
                break
            donor = min(donors, key=lambda other: _days_apart(int(day), int(other), len(month_of_day)))
            donors.remove(donor)
            rows = np.arange(day * HOURS_PER_DAY, (day + 1) * HOURS_PER_DAY)
            lent = np.arange(donor * HOURS_PER_DAY, (donor + 1) * HOURS_PER_DAY)
            repaired.loc[rows, values] = table.loc[lent, values].to_numpy()
            repaired.loc[rows, "quality"] = "borrowed"
            repairs.append(_borrowed(table["time_utc"], int(rows[0]), int(lent[0]), utc_offset_h, wet_hours))
    return repaired, repairs


def _days_apart(day: int, other: int, days: int) -> int:
    """Days between two days of a year that has no end."""
    return min((day - other) % days, (other - day) % days)


def _borrowed(times: pd.Series, row: int, lent: int, utc_offset_h: int, wet_hours: int) -> Repair:
    offset = pd.Timedelta(hours=utc_offset_h)
    day, donor = times.iloc[row] + offset, times.iloc[lent] + offset
    message = (
        f"{day:%d %B}: all variables borrowed from {donor:%d %B}; {day:%B} has 0 mm of rain but {wet_hours} hours "
        "coded as rain or snow, so its rain is missing."
    )
    return Repair("all", "borrowed", message, times.iloc[row], HOURS_PER_DAY, times.iloc[lent])
