"""The actual trace: weather untouched, demand factors with the spread the district states."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.contracts.tables import WEATHER_VALUES
from econex_pipeline.scenarios import actual_trace
from econex_pipeline.scenarios.trace import COMFORT_C, temperature_response


def test_weather_of_the_trace_is_the_weather(district, year):
    trace = validate(actual_trace(district, year), "TRACE")
    assert (trace[list(WEATHER_VALUES)].to_numpy() == year[list(WEATHER_VALUES)].to_numpy()).all()


def test_an_hour_has_the_same_demand_whichever_day_asks(district, year):
    whole = actual_trace(district, year)
    part = actual_trace(district, year.iloc[1000:1031].reset_index(drop=True))
    pd.testing.assert_frame_equal(part, whole.iloc[1000:1031].reset_index(drop=True))


def test_demand_scatters_around_the_mean_shape(district, year):
    trace = actual_trace(district, year)
    mild = trace["temperature_air_c"].between(*COMFORT_C)
    for column, sd in (("electricity_factor", 0.10), ("water_factor", 0.15)):
        logs = np.log(trace.loc[mild, column])
        assert trace.loc[mild, column].mean() == pytest.approx(1.0, abs=0.015)
        assert logs.std() == pytest.approx(sd, rel=0.05)


def test_heat_and_cold_raise_electricity_but_not_water(district, year):
    trace = actual_trace(district, year)
    hot, cold = trace["temperature_air_c"] > 30, trace["temperature_air_c"] < 0
    assert trace.loc[hot, "electricity_factor"].mean() > 1.07
    assert trace.loc[cold, "electricity_factor"].mean() > 1.15
    assert trace.loc[hot | cold, "water_factor"].mean() == pytest.approx(1.0, abs=0.02)
    assert temperature_response([12.0, 18.0, 25.0], 0.01) == pytest.approx([1.03, 1.0, 1.03])
