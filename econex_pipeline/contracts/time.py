"""Conventions of time, stated once.

Time stamps are UTC, tz-aware, at the start of the step, in the column `time_utc`. Rates and powers are means over the
step; stored amounts stand at its start. The operating day runs from midnight to midnight in the site's standard time
(a fixed offset from UTC, no daylight saving), so each has 24 hours. Civil time is used for tariffs and for demand
shapes, nowhere else.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

HOURS_PER_DAY = 24


def day_start_utc(day: date, utc_offset_h: int) -> pd.Timestamp:
    """Give the UTC instant at which an operating day starts.

    Parameters
    ----------
    day : datetime.date
        Operating date: the local standard date of the window's start.
    utc_offset_h : int
        Offset of the site's standard time from UTC [h]; -5 for US Eastern.
    """
    return pd.Timestamp(datetime.combine(day, time(), tzinfo=UTC) - timedelta(hours=utc_offset_h)).as_unit("ns")


def operating_day(instant: datetime | pd.Timestamp, utc_offset_h: int) -> date:
    """Give the operating date that an instant belongs to; the inverse of `day_start_utc`."""
    return (pd.Timestamp(instant).tz_convert("UTC") + pd.Timedelta(hours=utc_offset_h)).date()


def steps(start_utc: pd.Timestamp, hours: float, step_minutes: int) -> pd.DatetimeIndex:
    """Give the starts of the steps that cover `hours` from `start_utc` on, shape (hours * 60 / step_minutes,)."""
    count = round(hours * 60 / step_minutes)
    return pd.date_range(start_utc, periods=count, freq=f"{step_minutes}min", unit="ns", name="time_utc")


def operating_window(day: date, utc_offset_h: int, step_minutes: int, days: int = 1) -> pd.DatetimeIndex:
    """Give the steps of one or more operating days, shape (days * 24 * 60 / step_minutes,)."""
    return steps(day_start_utc(day, utc_offset_h), days * HOURS_PER_DAY, step_minutes)


def with_end(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Add the end of the last step: the T + 1 stamps of a table of levels.

    Parameters
    ----------
    times : pandas.DatetimeIndex
        At least two step starts, shape (T,).
    """
    return pd.DatetimeIndex(times.append(pd.DatetimeIndex([times[-1] + (times[1] - times[0])])))


def standard(times: pd.DatetimeIndex, utc_offset_h: int) -> pd.DatetimeIndex:
    """Express UTC stamps in the site's standard time, as naive local stamps."""
    local = times.tz_convert("UTC").tz_localize(None)
    return pd.DatetimeIndex(local + pd.Timedelta(hours=utc_offset_h))


def civil(times: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    """Express UTC stamps in civil time, daylight saving included: for tariffs and demand shapes only."""
    return pd.DatetimeIndex(times.tz_convert(zone))
