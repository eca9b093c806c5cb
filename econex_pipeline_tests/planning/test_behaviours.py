"""The four behaviours the pilot is there to show, each beside the day on which its reason is gone."""

import numpy as np
import pytest

from econex_pipeline.planning import build_network, plan_day
from econex_pipeline_tests.planning.days import days, flow


@pytest.fixture(scope="module")
def rainy_plan(network, rainy):
    return plan_day(network, rainy.scenarios, rainy.coefficients, rainy.prices, rainy.start)


def by_hour(plan, element, quantity):
    """The first day by hour."""
    return flow(plan, element, quantity).iloc[:24].reset_index(drop=True)


PEAK, SUN = range(16, 21), range(6, 19)


def test_the_battery_charges_before_the_peak_and_carries_it(sunny_plan):
    charge = by_hour(sunny_plan.plan, "battery_1.charge", "power_kw")
    discharge = by_hour(sunny_plan.plan, "battery_1.discharge", "power_kw")
    assert charge.sum() > 10.0
    assert charge[list(PEAK)].sum() == pytest.approx(0.0, abs=1e-6)
    assert discharge[list(PEAK)].sum() > 5.0
    assert by_hour(sunny_plan.plan, "grid_import", "power_kw")[list(PEAK)].max() == pytest.approx(0.0, abs=1e-6)


def test_the_basins_take_the_sun_and_give_the_evening(sunny_plan):
    pumped = by_hour(sunny_plan.plan, "phs_pump", "flow_m3_h")
    turbined = by_hour(sunny_plan.plan, "phs_turbine", "flow_m3_h")
    assert pumped.sum() > 40.0
    assert pumped[list(SUN)].sum() == pytest.approx(pumped.sum(), rel=1e-6)
    assert turbined[16:].sum() > 40.0
    assert turbined[8:16].sum() == pytest.approx(0.0, abs=1e-6)


def test_water_is_let_in_when_its_pressure_is_worth_most(sunny_plan):
    imported = by_hour(sunny_plan.plan, "mains_import", "flow_m3_h")
    assert imported.sum() > 0.5
    assert imported[list(PEAK)].sum() == pytest.approx(imported.sum(), rel=1e-6)


def test_water_follows_the_peak_when_it_moves_into_the_night(network, sunny, sunny_plan):
    """Most of it: where battery and pumped hydro cover a peak, its pressure is worth no more than at other hours."""
    moved = sunny.prices.copy()
    for column in ("buy_price_usd_kwh", "sell_price_usd_kwh"):
        moved[column] = np.roll(moved[column], -16)
    answer = plan_day(network, sunny.scenarios, sunny.coefficients, moved, sunny.start)
    imported = by_hour(answer.plan, "mains_import", "flow_m3_h")
    before = by_hour(sunny_plan.plan, "mains_import", "flow_m3_h")
    assert imported.sum() > 2.0
    assert imported[list(range(5))].sum() > 0.6 * imported.sum()
    assert before[list(range(5))].sum() < 0.1 * before.sum()


def test_rain_moves_to_the_hub_and_is_treated_when_power_is_cheap(rainy_plan):
    moved = by_hour(rainy_plan.plan, "raw_2_hub", "flow_m3_h")
    treated = by_hour(rainy_plan.plan, "treatment", "flow_m3_h")
    assert treated.sum() > 4.0
    assert moved.sum() > 2.0
    assert treated[list(PEAK)].sum() == pytest.approx(0.0, abs=1e-6)
    assert moved[list(PEAK)].sum() == pytest.approx(0.0, abs=1e-6)


def test_under_a_flat_tariff_the_grid_is_not_shifted(network, rainy):
    """Without a peak price the battery only follows the sun, and treatment has no hour to avoid."""
    cloudy = days(network, rainy=True, flat=0.45)
    plan = plan_day(network, cloudy.scenarios, cloudy.coefficients, cloudy.prices, cloudy.start).plan
    shifted = plan_day(network, rainy.scenarios, rainy.coefficients, rainy.prices, rainy.start).plan
    assert by_hour(plan, "grid_import", "power_kw")[list(PEAK)].sum() > 2.0 * (
        by_hour(shifted, "grid_import", "power_kw")[list(PEAK)].sum()
    )
    assert by_hour(plan, "treatment", "flow_m3_h")[list(PEAK)].sum() > 0.1


def test_without_a_battery_the_peak_is_bought(district, sunny):
    storages = {name: storage for name, storage in district.storages.items() if name != "battery_1"}
    ends = {name: tranches for name, tranches in district.end_values.items() if name != "battery_1"}
    bare = build_network(district.model_copy(update={"storages": storages, "end_values": ends}))
    start = {name: amount for name, amount in sunny.start.items() if name != "battery_1"}
    answer = plan_day(bare, sunny.scenarios, sunny.coefficients, sunny.prices, start)
    assert by_hour(answer.plan, "grid_import", "power_kw")[list(PEAK)].sum() > 2.0
