"""Controllers that differ in one thing: each differs in that thing, and in nothing else."""

import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control import operate_hour
from econex_pipeline.control.regret import captured_frac, staircase
from econex_pipeline.control.separate import SeparateUtilities
from econex_pipeline.control.strategies import VARIANTS, controller_of
from econex_pipeline.planning import DayPlan, solve_step
from econex_pipeline.twin import Twin
from econex_pipeline_tests.control.conftest import operate_day
from econex_pipeline_tests.twin.synthetic import START, hours, summer_prices, sunny_profiles

WATER = ("mains_import", "potable_hub_1", "potable_hub_2", "raw_2_hub", "raw_hub_2", "treatment", "sewer.hub")


@pytest.fixture(scope="module")
def twin(district):
    return Twin(district, mismatch=False)


def decided(controller, solve, profiles, prices, plan=None):
    state = controller.start(START)
    horizon = Profiles.from_table(profiles).ahead(START, 24)
    coefficients = controller.coefficients(controller.believe(state), horizon)
    tariff, end = Prices.from_table(prices), dict(controller.network.end_values)
    return solve(controller.network, horizon, coefficients, tariff, state.twin.amounts(), plan, end)


def test_the_water_utility_does_not_know_the_hour(controller, district, profiles, prices):
    """With the dear hours moved to the morning of the same mean price it decides the same; together they do not."""
    moved = prices.copy()
    shifted = prices["time_utc"].map(dict(zip(prices["time_utc"], prices["time_utc"].shift(-18), strict=True)))
    by_time = prices.set_index("time_utc")
    for column in ("buy_price_usd_kwh", "sell_price_usd_kwh"):
        moved[column] = by_time[column].reindex(shifted.ffill()).to_numpy()
    moved["buy_price_usd_kwh"] += prices["buy_price_usd_kwh"][:24].mean() - moved["buy_price_usd_kwh"][:24].mean()
    apart = SeparateUtilities(district, controller.network)
    one, other = (decided(controller, apart, profiles, tariff) for tariff in (prices, moved))
    for element in WATER:
        assert one.rates[element, "flow_m3_h"] == pytest.approx(other.rates[element, "flow_m3_h"], abs=1e-6)


def test_two_utilities_serve_everyone(district, profiles, prices, plan):
    controller = controller_of(district, "separate")
    records = operate_day(controller, controller.start(START), profiles, prices, plan)
    assert sum(record.fallbacks for record in records) == 0
    for record in records:
        for measurement in record.measurements:
            rates = {**measurement.flows_m3_h, **measurement.powers_kw}
            assert sum(rate for name, rate in rates.items() if name.startswith("unserved.")) < 1e-6
    moved = {
        name: sum(r.measurements[0].flows_m3_h[name] for r in records) for name in ("potable_hub_1", "phs_turbine")
    }
    assert moved["potable_hub_1"] > 0.3  # the one utility's
    assert moved["phs_turbine"] > 0.5  # the other's
    assert sum(r.measurements[0].powers_kw["battery_1.discharge"] for r in records) > 5.0


def test_at_midnight_everything_stands_where_the_district_started(district, twin, profiles, prices):
    controller = controller_of(district, "midnight_target", twin)
    evening = START + pd.Timedelta(hours=21)
    state = controller.start(evening, {"battery_1": 9.0, "potable_tank": 2.2})
    records = operate_day(controller, state, profiles, prices, None, 3)
    assert sum(record.fallbacks for record in records) == 0
    ended = records[-1].state.twin.amounts()
    assert ended["potable_tank"] > 3.0 - 0.15
    assert 2.7 - 0.3 < ended["battery_1"] < 9.0 - 3.0


def test_without_a_schedule_the_plan_still_ends_the_horizon(controller, profiles, prices, plan):
    indexed = DayPlan.from_table(controller.network, plan)
    bound = decided(controller, solve_step, profiles, prices, indexed)
    free = decided(controller, VARIANTS["uncommitted"].solver(controller.district), profiles, prices, indexed)
    assert free.objective < bound.objective


def test_three_days_are_seen_where_so_asked(district, twin):
    seen = []
    controller = controller_of(district, "horizon_72h", twin)
    solve = controller.solve
    controller.solve = lambda *question, **options: seen.append(len(question[1].stamps)) or solve(*question, **options)
    profiles = Profiles.from_table(sunny_profiles(district, hours(96)))
    record = operate_hour(
        controller, controller.start(START), profiles, profiles, Prices.from_table(summer_prices(hours(96)))
    )
    assert seen == [72]
    assert record.fallbacks == 0


COSTS = {
    "perfect_foresight": 10.0,
    "rolling_foresight": 10.5,
    "perfect_forecast": 10.25,
    "uncommitted": 12.0,
    "controlled": 13.0,
}


def test_the_staircase_adds_up():
    steps = staircase(COSTS)
    assert steps == {"horizon": 0.5, "model": -0.25, "forecast": 1.75, "commitment": 1.0}
    assert sum(steps.values()) == COSTS["controlled"] - COSTS["perfect_foresight"]


def test_a_missing_stair_is_named():
    with pytest.raises(InputError, match="a cost of 'uncommitted'"):
        staircase({name: cost for name, cost in COSTS.items() if name != "uncommitted"})


def test_what_is_captured_lies_between_rules_and_foresight():
    assert captured_frac(20.0, 12.0, 10.0) == pytest.approx(0.8)
    with pytest.raises(InputError, match="above that of perfect foresight"):
        captured_frac(10.0, 10.0, 10.0)
