from datetime import date

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import tidy
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.weather import WeatherYear, read_weather, weather_for


@pytest.fixture(scope="session")
def year(district) -> WeatherYear:
    return read_weather(district)


@pytest.fixture(scope="session")
def trace_of(district, year):
    """A maker of TRACE frames: days of the typical year with demand at its mean."""

    def make(when: date, days: int = 1, minutes: int = 60) -> pd.DataFrame:
        stepped = district.model_copy(update={"step_minutes": minutes})
        weather = weather_for(year, stepped, operating_window(when, -5, minutes, days))
        return tidy(weather.assign(electricity_factor=1.0, water_factor=1.0), "TRACE")

    return make


@pytest.fixture(scope="session")
def members_of():
    """A maker of MEMBERS frames: a trace, each variable made more or less by chance."""

    def make(trace: pd.DataFrame, count: int) -> pd.DataFrame:
        rng = np.random.default_rng(5)
        members = pd.concat([trace.assign(scenario=number) for number in range(count)], ignore_index=True)
        for column in ("ghi_w_m2", "dni_w_m2", "dhi_w_m2", "rain_mm_h", "electricity_factor", "water_factor"):
            members[column] *= rng.uniform(0.3, 1.2, len(members))
        members["temperature_air_c"] += rng.normal(0, 3, len(members))
        return tidy(members, "MEMBERS")

    return make
