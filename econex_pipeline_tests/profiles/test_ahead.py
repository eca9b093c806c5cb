"""What many issues look ahead to at once is what each would look ahead to by itself, bit for bit."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import ContractViolation
from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.contracts.tables import DRIVER_VALUES, PROFILE_VALUES
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.profiles import profiles, profiles_ahead, remember
from econex_pipeline.profiles.garden import Soil

DAY = date(2025, 7, 3)  # 37 mm of rain, after dry days


@pytest.fixture(scope="module")
def came(trace_of):
    return trace_of(DAY, 3)


@pytest.fixture(scope="module")
def memory(district, trace_of):
    return remember(district, trace_of(date(2025, 6, 3), 30))


def expected_of(came, windows):
    """Drivers of each window, every one off by chance of its own."""
    rng = np.random.default_rng(7)
    factor = dict.fromkeys(DRIVER_VALUES, 0.3) | {"pressure_pa": 0.01, "relative_humidity_frac": 0.0}
    return {
        name: came[name].to_numpy()[windows.places] * (1.0 + factor[name] * rng.uniform(-1, 1, windows.places.shape))
        for name in DRIVER_VALUES
    }


@pytest.mark.parametrize("starts", [slice(0, 24), slice(0, 24, 5), slice(0, 1), slice(17, 24)])
def test_windows_are_what_each_is_alone(district, came, memory, starts):
    windows = Windows.starting(pd.DatetimeIndex(came["time_utc"])[starts], 24, district.step_minutes)
    first = starts.start
    expected = expected_of(came[first:], windows)
    together = profiles_ahead(district, windows, expected, came, memory)
    assert len(together) == len(windows.starts)
    for window, found in enumerate(together):
        drivers = pd.DataFrame({"time_utc": windows.of(window)} | {name: expected[name][window] for name in expected})
        until = came[came["time_utc"] < windows.starts[window]]
        alone = Profiles.from_table(profiles(district, drivers, remember(district, until, memory)))
        assert found.nodes == alone.nodes
        assert (found.stamps == alone.stamps).all()
        assert (found.values == alone.values).all()


def test_a_later_window_knows_the_rain_that_came(district, came, memory):
    windows = Windows.starting(pd.DatetimeIndex(came["time_utc"])[:24], 24, district.step_minutes)
    dry = {name: came[name].to_numpy()[windows.places] * (name != "rain_mm_h") for name in DRIVER_VALUES}
    nearly_dry = Soil(np.array([14.5]), np.zeros(1), np.zeros(1, dtype=np.int64))
    memory = replace(memory, soils={"home_2": nearly_dry})
    wet, parched = (profiles_ahead(district, windows, dry, each, memory) for each in (came, came.assign(rain_mm_h=0.0)))
    garden, irrigation = wet[0].nodes.index("home_2"), PROFILE_VALUES.index("irrigation_m3_h")
    asked_m3 = np.array([[each.values[:, garden, irrigation].sum() for each in windows] for windows in (wet, parched)])
    assert asked_m3[0, 0] == asked_m3[1, 0]
    assert asked_m3[0, 23] == 0.0 < asked_m3[1, 23]


def test_what_came_later_is_not_looked_at(district, came, memory):
    windows = Windows.starting(pd.DatetimeIndex(came["time_utc"])[:5], 24, district.step_minutes)
    expected = expected_of(came, windows)
    flooded = came.copy()
    flooded.loc[4:, "rain_mm_h"] = 90.0
    before, after = (profiles_ahead(district, windows, expected, each, memory) for each in (came, flooded))
    assert all((one.values == other.values).all() for one, other in zip(before, after, strict=True))


def test_a_gap_in_what_came_is_refused(district, came, memory):
    windows = Windows.starting(pd.DatetimeIndex(came["time_utc"])[2:5], 24, district.step_minutes)
    for gap in (came[:3], came[1:], came.drop(index=1)):
        with pytest.raises(ContractViolation, match=r"what came|history"):
            profiles_ahead(district, windows, expected_of(came, windows), gap, memory)
