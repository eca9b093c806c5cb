import pytest

from econex_pipeline.control import estimate
from econex_pipeline.control.estimate import Estimate, without_reserve
from econex_pipeline.twin import Observation
from econex_pipeline_tests.twin.synthetic import START


def amounts_of(district, **changes):
    return {name: storage.start for name, storage in district.storages.items()} | changes


def test_an_impossible_reading_is_brought_back_to_its_limits(district):
    shown = Observation(START, amounts_of(district, cistern=20.3, raw_tank=-0.01), {})
    believed = estimate(shown, district)
    assert believed.amounts["cistern"] == 20.0
    assert believed.amounts["raw_tank"] == 0.0
    assert believed.levels_m3(district)["CISTERN"] == 20.0


def test_a_low_potable_tank_keeps_its_reserve_and_a_full_one_shows_all(district, profiles):
    believed = Estimate(amounts_of(district, potable_tank=1.0, home_tank_1=0.9, cistern=1.0), {})
    usable = without_reserve(believed, profiles, district)
    peak_m3 = profiles.loc[profiles["node"] == "hub", "potable_m3_h"].max()
    assert usable["potable_tank"] == pytest.approx(1.0 - peak_m3)
    assert usable["home_tank_1"] == 0.9
    assert usable["cistern"] == 1.0
    assert believed.amounts["potable_tank"] == 1.0


def test_a_reserve_is_never_less_than_nothing(district, profiles):
    believed = Estimate(amounts_of(district, potable_tank=0.001), {})
    assert without_reserve(believed, profiles, district)["potable_tank"] == 0.0
