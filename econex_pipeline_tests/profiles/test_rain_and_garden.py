from datetime import date

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import ContractViolation
from econex_pipeline.profiles import profiles, remember
from econex_pipeline.profiles.garden import Soil, irrigation_m3_h
from econex_pipeline.profiles.roof import RoofState, rain_harvest_m3_h


@pytest.fixture(scope="module")
def roof(district):
    return district.nodes["home_2"].roof


@pytest.fixture(scope="module")
def garden(district):
    return district.nodes["home_2"].garden


@pytest.fixture(scope="module")
def home(district, trace_of):
    """A year at the thirsty home, after a year of history."""
    year = profiles(district, trace_of(date(2025, 1, 1), 365), remember(district, trace_of(date(2024, 1, 1), 366)))
    return year[year["node"] == "home_2"].set_index("time_utc").tz_convert("Etc/GMT+5")


def harvest(roof, rain: list[float], step_h: float = 1.0) -> np.ndarray:
    return rain_harvest_m3_h(roof, step_h, np.array([rain]), RoofState.after_dry_spell(roof, 1))[0][0]


def test_the_first_flush_is_turned_away_once_a_spell(roof):
    kept = harvest(roof, [0.0, 0.5, 0.5, 0.0, 2.0] + [0.0] * 24 + [3.0])
    per_mm = roof.area_m2 * roof.runoff_frac / 1000
    np.testing.assert_allclose(kept[[1, 2, 4, 29]], np.array([0.0, 0.2, 2.0, 2.2]) * per_mm, atol=1e-12)


def test_quarter_hours_harvest_as_much_as_hours(roof):
    rain = [0.0, 3.0, 1.0, 0.0, 0.4, 0.0]
    quarters = harvest(roof, list(np.repeat(rain, 4)), 0.25).sum() / 4
    assert quarters == pytest.approx(harvest(roof, rain).sum())


def test_a_year_fills_284_cubic_metres(home):
    assert home["rain_harvest_m3_h"].sum() == pytest.approx(284, rel=0.02)
    assert home["rain_harvest_m3_h"].max() == pytest.approx(17, rel=0.02)


def test_a_year_of_garden_asks_for_what_it_is_known_for(home):
    """A watering is 4 m3, so that one more or less moves the year by 3 %."""
    assert home["irrigation_m3_h"].sum() == pytest.approx(145, rel=0.12)
    july = home[home.index.month == 7]
    assert july["irrigation_m3_h"].sum() / 31 == pytest.approx(0.55, rel=0.06)


def test_the_garden_is_watered_at_the_timers_hours_on_the_wall(home, garden):
    wall = home.index[home["irrigation_m3_h"] > 0].tz_convert("America/New_York")
    assert set(wall.hour) == {garden.start_hour, garden.start_hour + 1}


def dry_spell(garden, days: int, rain_mm_h: float = 0.0, step_h: float = 1.0, start: Soil | None = None):
    steps = round(days * 24 / step_h)
    clock = np.arange(steps) * step_h % 24
    shape = np.full((1, steps), rain_mm_h), np.full((1, steps), 0.2)
    return irrigation_m3_h(garden, clock == garden.start_hour, step_h, *shape, start or Soil.at_field_capacity(1))


def test_without_rain_the_garden_drinks_what_the_crop_uses(garden):
    asked_m3, soils = dry_spell(garden, 100)
    net_mm = asked_m3.sum() * garden.irrigation_efficiency_frac / garden.area_m2 * 1000
    used_mm = 100 * 24 * 0.2 * garden.crop_coefficient
    assert net_mm + soils[-1].depletion_mm[0] == pytest.approx(used_mm, rel=0.02)  # the crop is short of water at times


def test_a_garden_that_gets_enough_rain_asks_for_nothing(garden):
    asked_m3, soils = dry_spell(garden, 100, rain_mm_h=0.2)
    assert asked_m3.sum() == 0
    assert soils[-1].depletion_mm[0] < garden.available_water_mm * garden.depletion_frac


def test_quarter_hours_water_as_much_as_hours(garden):
    hours, quarters = dry_spell(garden, 60)[0].sum(), dry_spell(garden, 60, step_h=0.25)[0].sum() / 4
    assert quarters == pytest.approx(hours, rel=0.01)


def test_a_watering_under_way_goes_on_across_a_cut(garden):
    whole, _ = dry_spell(garden, 10)
    first = int(np.flatnonzero(whole[0])[0])
    clock = np.arange(240) % 24 == garden.start_hour
    rain, drying = np.zeros((1, 240)), np.full((1, 240), 0.2)
    cut = first + 1  # in the middle of the watering
    full = Soil.at_field_capacity(1)
    begin, soils = irrigation_m3_h(garden, clock[:cut], 1.0, rain[:, :cut], drying[:, :cut], full)
    rest, _ = irrigation_m3_h(garden, clock[cut:], 1.0, rain[:, cut:], drying[:, cut:], soils[-1])
    np.testing.assert_array_equal(np.hstack([begin, rest]), whole)


def test_a_month_of_history_is_enough(district, trace_of):
    day = trace_of(date(2025, 7, 13))
    month, season = trace_of(date(2025, 6, 13), 30), trace_of(date(2025, 1, 1), 193)
    short, long = (profiles(district, day, remember(district, past)) for past in (month, season))
    np.testing.assert_allclose(short["irrigation_m3_h"], long["irrigation_m3_h"], rtol=0.02)
    np.testing.assert_allclose(short["water_temperature_c"], long["water_temperature_c"], atol=0.05)
    assert short["irrigation_m3_h"].sum() > 4


def test_the_past_is_the_same_in_one_piece_or_in_two(district, trace_of):
    day, past = trace_of(date(2025, 7, 13)), trace_of(date(2025, 6, 13), 30)
    begin = remember(district, past[:24])
    whole = remember(district, past[24:], begin)
    halves = remember(district, past[300:], remember(district, past[24:300], begin))
    pd.testing.assert_frame_equal(profiles(district, day, halves), profiles(district, day, whole), rtol=1e-12)


def test_a_past_of_another_instant_is_refused(district, trace_of):
    day = trace_of(date(2025, 7, 13))
    for days in (29, 31):
        with pytest.raises(ContractViolation, match=r"history.*expected a history up to the step before 2025-07-13"):
            profiles(district, day, remember(district, trace_of(date(2025, 6, 13), days)))


def test_rain_stirs_up_the_raw_water_up_to_a_cap(district, trace_of):
    treatment = district.treatments["treatment"]
    day = trace_of(date(2025, 7, 15)).assign(rain_mm_h=[0.0, 2.0, 50.0] * 8)
    hub = profiles(district, day).query("node == 'hub'")
    wanted = [treatment.turbidity_dry_ntu, treatment.turbidity_dry_ntu + 8.0, treatment.turbidity_max_ntu]
    np.testing.assert_allclose(hub["turbidity_ntu"], wanted * 8)


def test_stored_water_follows_the_air_slowly(home, district, trace_of):
    air = trace_of(date(2025, 1, 1), 365)["temperature_air_c"].to_numpy()
    water = home["water_temperature_c"].to_numpy()
    assert water.mean() == pytest.approx(air.mean(), abs=1.0)
    assert np.abs(np.diff(water)).max() < 0.5
    assert water.reshape(365, 24).mean(axis=1).std() < air.reshape(365, 24).mean(axis=1).std()
