"""What a weather file must be before anything is computed from it; each refusal names file, field, row and value.

NaN irradiance would become 0 kW without a word downstream, and a missing hour a shifted year: so both stop here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from econex_pipeline.contracts.columns import COLUMNS
from econex_pipeline.contracts.errors import InputError
from econex_pipeline.district import Site
from econex_pipeline.weather.sky import clear_sky
from econex_pipeline.weather.source import SourceFile
from econex_pipeline.weather.year import TYPICAL_YEAR

RAIN_YEAR_MM = (50.0, 3500.0)
"""Rain of a year outside this range is a unit error or a missing column, not a climate a garden grows in [mm]."""

SUN_YEAR_KWH_M2 = (400.0, 3000.0)
"""Global irradiation of a year from beyond the polar circles to the Atacama; outside it the unit is another one."""

DAYS_PER_YEAR = 365.25
MIN_DAYS_FOR_YEARLY_SUMS = 300
STATION_LATITUDE_DEG = 1.0
STATION_LONGITUDE_DEG = 2.0

TWILIGHT_DEG = 1.0
DEGREES_PER_HOUR = 15.0
MOST_NIGHT_FRAC = 0.01
"""The sun counts as down when it is this far below the horizon all step long; so much of the sum may fall there."""


def checked_values(source: SourceFile) -> pd.DataFrame:
    """Convert a file's columns to the contract's and refuse what is no number or out of bounds.

    Parameters
    ----------
    source : SourceFile
        As its reader left it.

    Returns
    -------
    pandas.DataFrame
        The file's columns by their names in the contract, float64, one row a step.

    Raises
    ------
    InputError
        For the first value that is missing, not a number, or out of the dictionary's bounds.
    """
    values = {}
    for name, column in source.columns.items():
        expected = COLUMNS[name]
        raw = source.frame[column.name]
        number = pd.to_numeric(raw, errors="coerce").to_numpy(dtype=float) * column.factor
        low = -np.inf if expected.ge is None else expected.ge
        high = np.inf if expected.le is None else expected.le
        wrong = ~((number >= low) & (number <= high))
        if wrong.any():
            row = int(wrong.argmax())
            unit = "" if column.factor == 1.0 else f" after x {column.factor:g}"
            hint = "; is weather.rain_unit_mm right?" if name == "rain_mm_h" and np.nanmin(number) >= 0 else ""
            raise InputError(
                source.path,
                f"{column.name}, {source.place(row)}",
                _plain(raw.iloc[row]),
                f"{expected.expectation()} as {name}{unit}; {int(wrong.sum())} of {len(raw)} rows fail{hint}",
            )
        values[name] = number
    return pd.DataFrame(values)


def check_even_steps(source: SourceFile) -> None:
    """Refuse stamps that repeat, go back, leave a gap or do not divide the hour."""
    stamps = source.starts
    if len(stamps) < 2:
        raise InputError(source.path, "rows", len(stamps), "at least two time steps")
    if stamps.hasnans:
        row = int(np.asarray(stamps.isna()).argmax())
        raise InputError(source.path, f"time, {source.place(row)}", "no time stamp", "a time stamp in every row")
    gaps = np.diff(stamps.asi8)
    step = int(np.median(gaps))
    wrong = np.flatnonzero(gaps != step)
    if len(wrong):
        row = int(wrong[0]) + 1
        what = "twice" if gaps[wrong[0]] == 0 else "out of order" if gaps[wrong[0]] < 0 else "after a gap"
        raise InputError(
            source.path,
            f"time, {source.place(row)}",
            f"{stamps[row]} {what} (after {stamps[row - 1]})",
            f"a row each {pd.Timedelta(step)}, without a gap or a repeat",
        )
    hour = pd.Timedelta("1h").value
    if step <= 0 or hour % step or (stamps.asi8 % step).any():
        expected = "a step that divides the hour, with rows on its multiples"
        raise InputError(source.path, "time step", str(pd.Timedelta(step)), expected)


def check_calendar_year(source: SourceFile) -> None:
    """Refuse a typical year that is not one whole calendar year in hour order, whatever years its months are from."""
    wanted = pd.date_range(f"{TYPICAL_YEAR}-01-01", f"{TYPICAL_YEAR + 1}-01-01", freq="1h", inclusive="left")
    found = source.starts
    rows = min(len(found), len(wanted))
    wrong = np.zeros(rows, dtype=bool)
    for part in ("month", "day", "hour", "minute"):
        wrong |= np.asarray(getattr(found[:rows], part) != getattr(wanted[:rows], part))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            source.path,
            f"time, {source.place(row)}",
            f"{found[row]:%m-%d %H:%M} (start of the step)",
            f"{wanted[row]:%m-%d %H:%M}: each hour of a 365-day year once, in order, without a gap or a repeat",
        )
    if len(found) != len(wanted):
        raise InputError(source.path, "rows", len(found), f"{len(wanted)}: each hour of a 365-day year once")


def check_yearly_sun(source: SourceFile, ghi_w_m2: np.ndarray, step_h: float) -> None:
    """Refuse sunshine whose yearly total no place has: most often its unit is another one, or the column is empty."""
    days = len(ghi_w_m2) * step_h / 24.0
    if days < MIN_DAYS_FOR_YEARLY_SUMS:
        return
    yearly_kwh_m2 = float(ghi_w_m2.sum()) * step_h / 1000.0 * DAYS_PER_YEAR / days
    low, high = SUN_YEAR_KWH_M2
    if not low <= yearly_kwh_m2 <= high:
        found = f"{yearly_kwh_m2:.0f} kWh/m2 in a year"
        expected = f"{low:g} to {high:g} kWh/m2; is the column in W/m2?"
        raise InputError(source.path, source.columns["ghi_w_m2"].name, found, expected)


def check_yearly_rain(source: SourceFile, rain_mm_h: np.ndarray, step_h: float) -> None:
    """Refuse rain whose yearly total no climate has: most often its unit is another one."""
    days = len(rain_mm_h) * step_h / 24.0
    if days < MIN_DAYS_FOR_YEARLY_SUMS:
        return
    yearly_mm = float(rain_mm_h.sum()) * step_h * DAYS_PER_YEAR / days
    low, high = RAIN_YEAR_MM
    if not low <= yearly_mm <= high:
        column = source.columns["rain_mm_h"]
        raise InputError(
            source.path,
            f"{column.name} (rain)",
            f"{yearly_mm:.0f} mm in a year",
            f"{low:g} to {high:g} mm; weather.rain_unit_mm is {column.factor:g} mm, is that the file's unit?",
        )


def check_station(source: SourceFile, site: Site) -> None:
    """Refuse a station that is not at the site: sun and clock would not belong together."""
    wanted = {
        "utc_offset_h": (float(site.utc_offset_h), 0.0, "h"),
        "latitude_deg": (site.latitude_deg, STATION_LATITUDE_DEG, "degrees"),
        "longitude_deg": (site.longitude_deg, STATION_LONGITUDE_DEG, "degrees"),
    }
    for field, (value, tolerance, unit) in wanted.items():
        if field in source.station and abs(source.station[field] - value) > tolerance:
            expected = f"site.{field} {value:g} within {tolerance:g} {unit}: the station must stand at the site"
            raise InputError(source.path, f"header {field}", source.station[field], expected)


def check_daylight(
    source: SourceFile, stamps: pd.DatetimeIndex, ghi_w_m2: np.ndarray, step_h: float, site: Site
) -> None:
    """Refuse sunshine at night: the sign of another place, of local stamps taken for UTC, or of ends of long steps."""
    sky = clear_sky(stamps + pd.Timedelta(hours=step_h) / 2, site)
    night = sky["zenith_deg"] > 90.0 + TWILIGHT_DEG + DEGREES_PER_HOUR * step_h / 2
    total = float(ghi_w_m2.sum())
    dark_frac = float(ghi_w_m2[night].sum()) / total if total > 0 else 0.0
    if dark_frac > MOST_NIGHT_FRAC:
        found = f"{dark_frac:.1%} of its sum at night"
        expected = (
            f"less than {MOST_NIGHT_FRAC:.0%}: time stamps must be the steps' starts in UTC (is an offset missing?), "
            "and the sun that of the site"
        )
        raise InputError(source.path, source.columns["ghi_w_m2"].name, found, expected)


def _plain(value: object) -> object:
    """Show numpy numbers as numbers."""
    return value.item() if isinstance(value, np.generic) else value
