"""A year of forecasts beside what came: members drawn each day, and errors of the same hours at many leads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econex_pipeline.contracts.time import day_start_utc, steps
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.district import District, Skill
from econex_pipeline.scenarios import Climatology, actual_trace, draw_members, forecasts
from econex_pipeline.scenarios.sky import sky_over
from econex_pipeline.weather import WeatherYear, weather_for

DAYS = 365
MEMBERS = 19  # twenty ranks: a year of days fills each 18 times
REACH_H = 60  # from noon to the end of the plan's look-ahead
NOON_H = 12
FIRST = dt.date(2025, 1, 1)
VARIABLES = ("clear_sky_index", "temperature_air_c", "electricity_factor", "water_factor")
LIT = (9, 12, 15)  # hours of standard time at which the sun is up all year: the index means something
RANKED_LEADS_H = {
    "clear_sky_index": tuple(lead for lead in range(REACH_H) if (lead + NOON_H) % 24 in LIT),
    **dict.fromkeys(VARIABLES[1:], (0, 3, 6, 12, 18, 24, 36, 48, 59)),
}
LEADS_H = (0, 3, 6, 12, 24, 36, 48, 72, 120, 240, 480)


@dataclass(frozen=True)
class Drawn:
    """What came and what was drawn for it at an issue each noon.

    Attributes
    ----------
    actual : dict of str to numpy.ndarray
        By variable, shape (365, 60): issue and lead, in steps of an hour.
    members : dict of str to numpy.ndarray
        Shape (365, 19, 60).
    """

    actual: dict[str, np.ndarray]
    members: dict[str, np.ndarray]


@dataclass(frozen=True)
class Errors:
    """Errors at one in the afternoon of each day, by lead.

    Attributes
    ----------
    leads_h : tuple of int
        Hours from issue to the hour.
    by_lead : dict of str to numpy.ndarray
        Forecast less actual by variable, shape (365, leads).
    climatology : dict of str to numpy.ndarray
        Error of a forecast without skill: the season's mean, shape (365,).
    """

    leads_h: tuple[int, ...]
    by_lead: dict[str, np.ndarray]
    climatology: dict[str, np.ndarray]


def trace_of_year(district: District, weather: WeatherYear) -> pd.DataFrame:
    """TRACE of a year and the days that forecasts reach beyond it."""
    times = steps(day_start_utc(FIRST, district.site.utc_offset_h), DAYS * 24 + REACH_H, district.step_minutes)
    return actual_trace(district, weather_for(weather, district, times))


def draw_year(district: District, climatology: Climatology, trace: pd.DataFrame, seed: int = 1) -> Drawn:
    """Draw members of the forecast of each noon."""
    noons = steps(day_start_utc(FIRST, district.site.utc_offset_h), DAYS * 24, 60)[NOON_H::24]
    windows = Windows.starting(noons, REACH_H, 60)
    predicted = forecasts(district, climatology, trace, noons, windows)
    rng = np.random.default_rng(seed)
    frames = [draw_members(district, climatology, predicted.table(day), MEMBERS, rng) for day in range(DAYS)]
    members = {
        name: np.stack([frame[name].to_numpy().reshape(MEMBERS, REACH_H) for frame in frames])
        for name in ("ghi_w_m2", *VARIABLES[1:])
    }
    came = trace.set_index("time_utc").loc[windows.times]
    actual = {name: came[name].to_numpy()[windows.places] for name in members}
    clear = sky_over(district.site, windows.times, 60).clear_w_m2[windows.places]
    with np.errstate(divide="ignore", invalid="ignore"):
        members["clear_sky_index"] = members.pop("ghi_w_m2") / clear[:, None]
        actual["clear_sky_index"] = actual.pop("ghi_w_m2") / clear
    return Drawn(actual, members)


def errors_of_year(
    district: District, climatology: Climatology, trace: pd.DataFrame, leads_h: tuple[int, ...] = LEADS_H
) -> Errors:
    """Forecast one hour of each day at many leads, so that the leads differ by nothing else."""
    hours = steps(day_start_utc(FIRST, district.site.utc_offset_h), DAYS * 24, 60)[NOON_H + 1 :: 24]
    windows = Windows.starting(hours, 1, 60)
    clear = sky_over(district.site, hours, 60).clear_w_m2
    actual = trace.set_index("time_utc").loc[hours]

    def errors(of: District, lead_h: int) -> dict[str, np.ndarray]:
        issues = hours - pd.Timedelta(hours=lead_h)
        values = forecasts(of, climatology, trace, issues, windows).values
        off = {name: values[name][:, 0] - actual[name].to_numpy() for name in ("ghi_w_m2", *VARIABLES[1:])}
        return {"clear_sky_index": off.pop("ghi_w_m2") / clear} | off

    none = Skill(rho_0=0.0, tau_h=1.0)
    skilless = dict.fromkeys(("clear_sky_index", "temperature", "demand", "rain"), none)
    unknowing = district.model_copy(update={"forecast": district.forecast.model_copy(update=skilless)})
    by_lead = [errors(district, lead) for lead in leads_h]
    return Errors(
        leads_h=leads_h,
        by_lead={name: np.column_stack([of_lead[name] for of_lead in by_lead]) for name in VARIABLES},
        climatology=errors(unknowing, 0),
    )
