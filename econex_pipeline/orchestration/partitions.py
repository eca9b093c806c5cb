"""Which partitions there are and which operating day each belongs to. Both kinds are in UTC.

A daily partition starts at midnight of the site's standard time, written in UTC: a Dagster key is therefore the UTC
date of that instant, which east of Greenwich is the day before the operating date. Keys are turned into operating
dates here and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pandas as pd

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.contracts.time import HOURS_PER_DAY, day_start_utc, operating_day

DAYS_AHEAD = 2  # today and tomorrow: a day is planned before it starts
HOURS_AHEAD = HOURS_PER_DAY + 1  # all hours of today, and never one beyond tomorrow's daily partition
HOUR_FORMAT = "%Y-%m-%d-%H:%M"
DAY_FORMAT = "%Y-%m-%d"


def daily(utc_offset_h: int, first_day: date) -> dg.DailyPartitionsDefinition:
    """Operating days of a site, as UTC windows."""
    start = day_start_utc(first_day, utc_offset_h)
    return dg.DailyPartitionsDefinition(
        start_date=start.strftime(DAY_FORMAT),
        timezone="UTC",
        hour_offset=start.hour,
        end_offset=DAYS_AHEAD,
    )


def hourly(utc_offset_h: int, first_day: date) -> dg.HourlyPartitionsDefinition:
    """Hours of operation, in UTC, over the same days."""
    start = day_start_utc(first_day, utc_offset_h)
    return dg.HourlyPartitionsDefinition(
        start_date=start.strftime(HOUR_FORMAT),
        timezone="UTC",
        end_offset=HOURS_AHEAD,
    )


def day_of_key(key: str, utc_offset_h: int) -> date:
    """Operating date of a daily partition."""
    start = datetime.strptime(key, DAY_FORMAT).replace(tzinfo=UTC)
    return operating_day(start + timedelta(hours=-utc_offset_h % HOURS_PER_DAY), utc_offset_h)


def key_of_day(day: date, utc_offset_h: int) -> str:
    """Key of the daily partition of an operating date; the inverse of `day_of_key`."""
    return day_start_utc(day, utc_offset_h).strftime(DAY_FORMAT)


def hour_of_key(key: str) -> pd.Timestamp:
    """UTC instant at which an hourly partition starts."""
    return pd.Timestamp(datetime.strptime(key, HOUR_FORMAT), tz="UTC").as_unit("ns")


def key_of_hour(instant: pd.Timestamp) -> str:
    """Key of the hourly partition that starts at an instant."""
    return instant.tz_convert("UTC").strftime(HOUR_FORMAT)


def keys_of_hours(day: date, utc_offset_h: int) -> list[str]:
    """Keys of the 24 hourly partitions of an operating day, in order."""
    start = day_start_utc(day, utc_offset_h)
    return [key_of_hour(start + pd.Timedelta(hours=hour)) for hour in range(HOURS_PER_DAY)]


def parse_date(text: str, field: str = "day") -> date:
    """Read a date of the command line.

    Raises
    ------
    InputError
        If the text is not a date; names the field.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("command line", field, text, "a date such as 2025-07-15") from None


def parse_day(text: str, utc_offset_h: int, first_day: date, field: str = "day") -> date:
    """Read an operating date of a site.

    Raises
    ------
    InputError
        If the text is not a date, or its hours have no partitions (yet); names the field.
    """
    day, today = parse_date(text, field), operating_day(datetime.now(UTC), utc_offset_h)
    if not first_day <= day <= today:
        expected = f"a date from {first_day} (weather.first_day of the case) to {today}, today at the site"
        raise InputError("command line", field, text, expected)
    return day
