"""Photovoltaic power of 1000 weather members over a day: one call on arrays against a loop over pvlib's ModelChain.

Both sides get their inputs ready-made and look the sun up themselves; the loop runs over all members, and the results
must agree to 1e-9.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.comparison import Comparison, best_time_s
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.district import load_case
from econex_pipeline.profiles import Sun, pv_power_kw
from econex_pipeline.weather import read_weather, weather_for
from econex_pipeline_tests.profiles.modelchain import PVLIB_NAMES, inputs, model_chain, model_chain_kw

DATA = Path(__file__).parents[1] / "data"
MEMBERS = 1000
DAY = date(2025, 7, 15)
TARGET = 3000.0
REPEATS, LOOPS = 30, 2


def run() -> Comparison:
    """Time both sides on the pilot's array and check that they agree."""
    district = load_case(DATA, "base")
    pv = next(node.pv for node in district.nodes.values() if node.pv is not None)
    window = operating_window(DAY, district.site.utc_offset_h, district.step_minutes)
    weather = weather_for(read_weather(district), district, window)
    rng = np.random.default_rng(0)
    arrays = {name: np.tile(weather[name].to_numpy(), (MEMBERS, 1)) for name in PVLIB_NAMES}
    for name in ("ghi_w_m2", "dni_w_m2", "dhi_w_m2"):
        arrays[name] = arrays[name] * rng.uniform(0.2, 1.1, (MEMBERS, len(window)))
    arrays["temperature_air_c"] = arrays["temperature_air_c"] + rng.normal(0.0, 2.0, (MEMBERS, len(window)))
    frames = [
        inputs(weather.assign(**{name: array[member] for name, array in arrays.items()}), district.step_h)
        for member in range(MEMBERS)
    ]
    middles = window + pd.Timedelta(hours=district.step_h) / 2
    chain = model_chain(pv, district.site)
    ours_s, ours_kw = best_time_s(lambda: pv_power_kw(pv, Sun.over(district.site, middles), **arrays), REPEATS)
    loop_s, loop_kw = best_time_s(lambda: np.array([model_chain_kw(chain, frame) for frame in frames]), LOOPS)
    np.testing.assert_allclose(ours_kw, loop_kw, rtol=1e-9)
    return Comparison("pv_scenarios", ours_s, "modelchain_loop", loop_s, TARGET)
