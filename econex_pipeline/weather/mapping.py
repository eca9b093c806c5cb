"""From a WeatherYear to the weather of given steps: dates of a typical year, length of step, the case's modifiers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from econex_pipeline.contracts import ContractViolation, InputError, tidy
from econex_pipeline.contracts.tables import WEATHER_VALUES
from econex_pipeline.contracts.time import standard
from econex_pipeline.district import District
from econex_pipeline.weather import resampling
from econex_pipeline.weather.modifiers import modified
from econex_pipeline.weather.year import WeatherYear

HOURS_PER_DAY = 24
DAY_NEEDS = "an operating day needs its weather from the noon before it to the end of the day after it"


def weather_for(year: WeatherYear, district: District, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Give the weather of the steps that start at `times`.

    A typical year stands for any date: each hour takes the row of its month, day and hour in the site's standard
    time, 29 February that of 28 February. A historical file must hold the dates. Steps shorter than the file's keep
    the mean of every variable over the file's step; longer ones are means. Then the case's modifiers are applied.

    Parameters
    ----------
    year : WeatherYear
        From `read_weather`.
    district : District
        Gives the site, the length of step and the modifiers.
    times : pandas.DatetimeIndex
        Step starts, UTC, evenly spaced by the district's step, shape (T,).

    Returns
    -------
    pandas.DataFrame
        WEATHER, T rows.

    Raises
    ------
    InputError
        If a historical file does not hold the dates, or no whole number of steps makes a step of the other length.
    ContractViolation
        If `times` are no starts of steps.
    """
    step = pd.Timedelta(minutes=district.step_minutes)
    own = pd.Timedelta(minutes=year.step_minutes)
    off = times.as_unit("ns").asi8 % step.value != 0
    if off.any():
        expected = f"starts on multiples of {district.step_minutes} min"
        raise ContractViolation("WEATHER", "time_utc", f"first at {times[int(off.argmax())]}", expected, "weather_for")
    if step == own:
        table = _rows(year, district, times)
    elif step < own and not own % step:
        table = _finer(year, district, times, int(own / step))
    elif step > own and not step % own:
        table = _coarser(year, district, times, int(step / own))
    else:
        expected = f"a divisor or a multiple of the weather file's {year.step_minutes} min"
        raise InputError(district.directory / "district.yaml", "step_minutes", district.step_minutes, expected)
    table.insert(0, "time_utc", times)
    return tidy(modified(table, district), "WEATHER")


def _rows(year: WeatherYear, district: District, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Take the file's rows for starts on its own steps."""
    if year.kind == "typical":
        local = standard(times, district.site.utc_offset_h)
        leap_day = (local.month == 2) & (local.day == 29)
        # The day of the year in a calendar without 29 February.
        day = local.dayofyear.to_numpy() - ((local.month > 2) & local.is_leap_year) - leap_day - 1
        rows = np.asarray(day * HOURS_PER_DAY + local.hour)
    else:
        own = pd.DatetimeIndex(year.table["time_utc"])
        rows = own.get_indexer(times)
        if (rows < 0).any():
            missing = times[int((rows < 0).argmax())]
            sentence = f"no row for {missing}; the file holds {own[0]} to {own[-1]}, and {DAY_NEEDS}"
            raise InputError.saying(year.path, "time_utc", sentence)
    return year.table.drop(columns="time_utc").iloc[rows].reset_index(drop=True)


def _coarser(year: WeatherYear, district: District, times: pd.DatetimeIndex, parts: int) -> pd.DataFrame:
    """Take means over `parts` of the file's steps."""
    own = pd.Timedelta(minutes=year.step_minutes)
    fine = _rows(year, district, resampling.spread(times, own, parts))
    table = pd.DataFrame({name: resampling.means(fine[name].to_numpy(), parts) for name in WEATHER_VALUES})
    table["quality"] = fine["quality"].to_numpy()[::parts]
    return table


def _finer(year: WeatherYear, district: District, times: pd.DatetimeIndex, parts: int) -> pd.DataFrame:
    """Split the file's steps into `parts`, keeping each variable's mean over the file's step."""
    own = pd.Timedelta(minutes=year.step_minutes)
    step = own / parts
    first, last = times[0].floor(own), times[-1].floor(own)
    coarse_times = pd.date_range(first - own, last + own, freq=own, unit="ns")
    if year.kind == "historical":  # a file ends: its first and last step have one neighbour only
        held = pd.DatetimeIndex(year.table["time_utc"])
        start, end = max(coarse_times[0], min(held[0], first)), min(coarse_times[-1], max(held[-1], last))
        coarse_times = coarse_times[(coarse_times >= start) & (coarse_times <= end)]
    coarse = _rows(year, district, coarse_times)
    fine_times = resampling.spread(coarse_times, step, parts)
    table = resampling.split(coarse, fine_times, step, parts, district.site)
    quality = np.repeat(coarse["quality"].to_numpy(), parts)
    table["quality"] = np.where(quality == "borrowed", quality, "interpolated")
    return table.iloc[fine_times.get_indexer(times)].reset_index(drop=True)
