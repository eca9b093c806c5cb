"""A year of the pilot's weather, and a season of forecasts of it with members, made once."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts.time import operating_window, steps
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.scenarios import Climatology, actual_trace, draw_members, forecast, forecasts
from econex_pipeline.weather import read_weather, weather_for

MEMBERS = 19
EVERY_DAYS = 3
HOURS = 48


def weather_year(district):
    year = read_weather(district)
    start = pd.Timestamp("2001-01-01", tz="UTC") - pd.Timedelta(hours=district.site.utc_offset_h)
    return weather_for(year, district, steps(start, 365 * 24, district.step_minutes))


def trace_of(district, times):
    return actual_trace(district, weather_for(read_weather(district), district, times))


@pytest.fixture(scope="session")
def year(district):
    return weather_year(district)


@pytest.fixture(scope="session")
def climatology(district, year):
    return Climatology.fit(year, district)


@pytest.fixture(scope="session")
def quarter_hourly(district):
    """The pilot in steps of 15 minutes, with its climatology."""
    fine = district.model_copy(update={"step_minutes": 15})
    return fine, Climatology.fit(weather_year(fine), fine)


@pytest.fixture(scope="session")
def times(district):
    return operating_window(dt.date(2025, 7, 3), district.site.utc_offset_h, 60, days=2)


@pytest.fixture(scope="session")
def trace(district, times):
    return trace_of(district, times)


@pytest.fixture(scope="session")
def expected(district, climatology, trace, times):
    return forecast(district, climatology, trace, times[0] - pd.Timedelta(hours=12), times)


@pytest.fixture(scope="session")
def members(district, climatology, expected):
    return draw_members(district, climatology, expected, 200, np.random.default_rng(1))


@dataclass(frozen=True)
class Season:
    """Actual and forecast by variable, shape (days, 48), and members, shape (days, 19, 48)."""

    actual: dict
    forecast: dict
    members: dict


@pytest.fixture(scope="session")
def season(district, climatology):
    """Every third day of a year: 48 hours, forecast at their start, 19 members."""
    start = operating_window(dt.date(2025, 1, 1), district.site.utc_offset_h, 60)[0]
    windows = Windows.starting(start + pd.to_timedelta(np.arange(0, 363, EVERY_DAYS), unit="D"), HOURS, 60)
    trace, rng = trace_of(district, windows.times), np.random.default_rng(5)
    ahead = forecasts(district, climatology, trace, windows.starts, windows)
    predicted = [ahead.table(issue) for issue in range(len(windows.starts))]
    drawn = [draw_members(district, climatology, frame, MEMBERS, rng) for frame in predicted]
    actual = [trace.iloc[places] for places in windows.places]
    columns = [name for name in actual[0].columns if name != "time_utc"]

    def stacked(frames, *shape):
        return {name: np.stack([frame[name].to_numpy().reshape(*shape, HOURS) for frame in frames]) for name in columns}

    return Season(stacked(actual), stacked(predicted), stacked(drawn, MEMBERS))
