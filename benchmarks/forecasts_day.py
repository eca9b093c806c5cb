"""The 24 forecasts of an operating day, with supply and demand: all issues at once against one by one.

Both sides start from the same trace and the same memory of soil, roofs and raw water, and must agree to the last bit.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from benchmarks.comparison import Comparison, best_time_s
from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.contracts.time import HOURS_PER_DAY, operating_window, steps
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.district import load_case
from econex_pipeline.profiles import profiles, profiles_ahead, remember
from econex_pipeline.scenarios import Climatology, actual_trace, forecast, forecasts
from econex_pipeline.weather import read_weather, weather_for

DATA = Path(__file__).parents[1] / "data"
DAY = date(2025, 7, 15)
TARGET = 8.0
REPEATS, LOOPS = 20, 3


def run() -> Comparison:
    """Time both sides on the pilot and check that they agree."""
    district = load_case(DATA, "base")
    weather = read_weather(district)
    whole = steps(weather.table["time_utc"].iloc[0], len(weather.table), district.step_minutes)
    climatology = Climatology.fit(weather_for(weather, district, whole), district)
    times = operating_window(DAY, district.site.utc_offset_h, district.step_minutes, days=2)
    trace = actual_trace(district, weather_for(weather, district, times))
    issues = times[:HOURS_PER_DAY]
    past = operating_window(DAY - timedelta(days=30), district.site.utc_offset_h, district.step_minutes, days=30)
    memory = remember(district, actual_trace(district, weather_for(weather, district, past)))
    windows = Windows.starting(issues, HOURS_PER_DAY, district.step_minutes)

    def at_once() -> list[Profiles]:
        ahead = forecasts(district, climatology, trace, issues, windows)
        return profiles_ahead(district, windows, ahead.values, trace, memory)

    def one_by_one() -> list[Profiles]:
        made = []
        for window, now in enumerate(issues):
            expected = forecast(district, climatology, trace, now, windows.of(window))
            known = remember(district, trace[trace["time_utc"] < now], memory)
            made.append(Profiles.from_table(profiles(district, expected, known)))
        return made

    ours_s, ours = best_time_s(at_once, REPEATS)
    loop_s, loop = best_time_s(one_by_one, LOOPS)
    for mine, other in zip(ours, loop, strict=True):
        np.testing.assert_array_equal(mine.values, other.values)
    ours_ms, loop_ms = (1e3 * seconds / HOURS_PER_DAY for seconds in (ours_s, loop_s))
    note = f"forecasts_day: {ours_ms:.2f} ms an issue; {loop_ms:.1f} ms one by one"
    return Comparison("forecasts_day", ours_s, "one_by_one", loop_s, TARGET, note=note)
