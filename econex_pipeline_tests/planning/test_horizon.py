"""The controller's horizon: against the schedule, from a measured state, warm."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.planning import (
    DayPlan,
    end_values_from_plan,
    expected_end_state,
    plan_day,
    solve_horizon,
    solve_step,
)
from econex_pipeline.planning.elements import MARGINAL_QUANTITY
from econex_pipeline_tests.planning.days import days, flow


@pytest.fixture(scope="module")
def actual(network):
    """What comes: three days, the first two as foreseen in scenario 0."""
    return days(network, hours=72)


def window(frame, times, hour):
    return frame[(frame["time_utc"] >= times[hour]) & (frame["time_utc"] < times[hour + 24])]


def solve(network, actual, plan, hour, start, basis=None, **changes):
    times = actual.times
    rest = {"schedule": plan, "end_values": end_values_from_plan(network, plan, times[hour + 24])}
    tables = [window(frame, times, hour) for frame in (actual.profiles, actual.coefficients, actual.prices)]
    return solve_horizon(network, *tables, start, **{**rest, **changes}, basis=basis)


def test_a_day_that_comes_as_planned_is_operated_as_planned(network, sunny, sunny_plan, actual):
    answer = solve(network, actual, sunny_plan.plan, 0, sunny.start)
    assert answer.status == "optimal"
    assert answer.parts["deviation_usd"] == pytest.approx(0.0, abs=1e-6)
    net = flow(answer.plan, "grid_import", "power_kw") - flow(answer.plan, "grid_export", "power_kw")
    assert (net - flow(sunny_plan.plan, "grid", "schedule_kw")).abs().max() < 1e-6


def test_hour_by_hour_the_loop_spends_what_the_plan_foresaw(network, sunny, sunny_plan, actual):
    """Re-solving on what was foreseen, with the plan's own end values, loses nothing."""
    state, spent, basis = dict(sunny.start), 0.0, None
    planned = sunny_plan.plan
    for hour in range(24):
        answer = solve(network, actual, planned, hour, state, basis)
        basis, at = answer.basis, actual.times[hour]
        price = actual.prices.set_index("time_utc").loc[at]
        for element, quantity, column, sign in (
            ("grid_import", "power_kw", "buy_price_usd_kwh", 1.0),
            ("grid_export", "power_kw", "sell_price_usd_kwh", -1.0),
            ("mains_import", "flow_m3_h", "water_buy_usd_m3", 1.0),
        ):
            spent += sign * flow(answer.plan, element, quantity)[at] * price[column]
        state = expected_end_state(answer.plan, actual.times[hour + 1])
    ends = end_values_from_plan(network, planned, actual.times[24])
    foreseen_state = expected_end_state(planned, actual.times[24])

    def worth(levels):
        total = 0.0
        for name, tranches in ends.items():
            left = levels[name]
            for tranche in tranches:
                total += min(max(left, 0.0), tranche.width) * tranche.value_usd
                left -= tranche.width
        return total

    price = actual.prices.set_index("time_utc").iloc[:24]
    foreseen = sum(
        sign * (flow(planned, element, quantity).iloc[:24] * price[column]).sum()
        for element, quantity, column, sign in (
            ("grid_import", "power_kw", "buy_price_usd_kwh", 1.0),
            ("grid_export", "power_kw", "sell_price_usd_kwh", -1.0),
            ("mains_import", "flow_m3_h", "water_buy_usd_m3", 1.0),
        )
    )
    assert spent - worth(state) == pytest.approx(foreseen - worth(foreseen_state), abs=0.05)


def test_a_warm_start_changes_the_effort_and_not_the_answer(network, sunny, sunny_plan, actual):
    first = solve(network, actual, sunny_plan.plan, 0, sunny.start)
    state = expected_end_state(first.plan, actual.times[1])
    warm = solve(network, actual, sunny_plan.plan, 1, state, basis=first.basis)
    cold = solve(network, actual, sunny_plan.plan, 1, state)
    assert warm.objective == pytest.approx(cold.objective, rel=1e-9)
    assert warm.iterations < cold.iterations / 2


def test_a_basis_of_another_shape_is_left_aside(network, sunny, sunny_plan, planned, actual):
    answer = solve(network, actual, sunny_plan.plan, 0, sunny.start, basis=planned.basis)
    assert answer.status == "optimal"


def test_without_a_schedule_nothing_deviates(network, sunny, sunny_plan, actual):
    answer = solve(network, actual, sunny_plan.plan, 0, sunny.start, schedule=None)
    assert answer.parts["deviation_usd"] == 0.0


def test_past_the_committed_day_the_schedule_is_free(network, sunny, sunny_plan, actual):
    start = expected_end_state(sunny_plan.plan, actual.times[12])
    cloudy = actual.profiles.assign(pv_kw=0.5 * actual.profiles["pv_kw"])
    tables = [window(frame, actual.times, 12) for frame in (cloudy, actual.coefficients, actual.prices)]
    ends = end_values_from_plan(network, sunny_plan.plan, actual.times[36])
    answer = solve_horizon(network, *tables, start, sunny_plan.plan, ends)
    up, down = (flow(answer.plan, "grid", f"deviation_{way}_kw") for way in ("up", "down"))
    assert (up + down).iloc[:12].sum() > 1.0
    assert (up + down).iloc[12:].sum() == pytest.approx(0.0, abs=1e-6)


def test_stored_amounts_are_worth_less_the_more_there_is(network, planned, uncertain):
    ends = end_values_from_plan(network, planned.plan, uncertain.times[24])
    assert set(ends) == set(network.storage)
    for name, tranches in ends.items():
        values = [tranche.value_usd for tranche in tranches]
        assert values == sorted(values, reverse=True)
        assert sum(tranche.width for tranche in tranches) == pytest.approx(network.storage[name].capacity)
    with pytest.raises(KeyError, match="no stored amounts"):
        end_values_from_plan(network, planned.plan, uncertain.times[0] - pd.Timedelta(hours=1))


def worth_at(tranches, amount):
    """What a unit is worth at an amount: the value of the tranche it lies in."""
    edges = np.cumsum([tranche.width for tranche in tranches])
    return tranches[int(np.searchsorted(edges, amount))].value_usd


def test_each_scenario_counts_by_its_probability(network, planned, uncertain):
    """Values that rise with the level are pooled into one: their expectation."""
    weights = uncertain.scenarios.groupby("scenario")["probability"].first()
    stated = planned.plan[planned.plan["quantity"] == "probability"].set_index("scenario")["value"]
    assert stated.to_dict() == pytest.approx(weights.to_dict())
    plan, time, values = planned.plan.copy(), uncertain.times[24], 1.0 + np.arange(len(weights))
    at = (plan["element"] == "cistern") & (plan["time_utc"] == time) & (plan["scenario"] >= 0)
    for quantity in ("level_m3", "marginal_value_usd_m3"):
        plan.loc[at & (plan["quantity"] == quantity), "value"] = values
    pooled = worth_at(end_values_from_plan(network, plan, time)["cistern"], float(values.mean()))
    assert pooled == pytest.approx(weights.to_numpy() @ values)
    assert pooled != pytest.approx(values.mean(), rel=0.01)


def test_a_single_scenario_values_a_storage_at_its_dual(network, sunny, sunny_plan):
    ends = end_values_from_plan(network, sunny_plan.plan, sunny.times[20])
    dual = flow(sunny_plan.plan, "battery_1", "marginal_value_usd_kwh")[sunny.times[20]]
    held = flow(sunny_plan.plan, "battery_1", "stored_kwh")[sunny.times[20]]
    assert worth_at(ends["battery_1"], held) == pytest.approx(dual)


def test_of_amounts_no_scenario_came_to_the_district_speaks(network, sunny, sunny_plan):
    """A plan of one scenario knows one amount. Less is worth no less, more no more, than the district says."""
    plan, time = sunny_plan.plan.copy(), sunny.times[20]
    at = (plan["element"] == "cistern") & (plan["time_utc"] == time)
    for quantity, value in (("level_m3", 8.0), ("marginal_value_usd_m3", 2.3)):
        plan.loc[at & (plan["quantity"] == quantity), "value"] = value
    tranches = end_values_from_plan(network, plan, time)["cistern"]
    first, *_, last = dict(network.end_values)["cistern"]
    assert worth_at(tranches, 0.5 * first.width) == max(2.3, first.value_usd)
    assert worth_at(tranches, 8.0) == 2.3
    assert worth_at(tranches, 19.0) == min(2.3, last.value_usd)


def test_water_above_a_turbine_is_worth_its_fall_as_well(network, sunny, sunny_plan):
    worth = flow(sunny_plan.plan, "upper_basin", "marginal_value_usd_m3").iloc[-1]
    mean_sell = sunny.prices["sell_price_usd_kwh"].mean()
    assert worth == pytest.approx(1.0 + 0.0796 * mean_sell, rel=1e-6)


def test_end_values_must_be_concave_and_known(network, sunny):
    from econex_pipeline.contracts import InputError
    from econex_pipeline.planning import Tranche

    tables = (sunny.scenarios, sunny.coefficients, sunny.prices, sunny.start)
    with pytest.raises(InputError, match="values that do not rise"):
        plan_day(network, *tables, end_values={"cistern": (Tranche(1.0, 1.0), Tranche(1.0, 2.0))})
    with pytest.raises(InputError, match="did you mean 'cistern'"):
        plan_day(network, *tables, end_values={"cisterne": (Tranche(1.0, 1.0),)})


def test_the_first_step_alone_says_what_the_whole_horizon_says(network, sunny, sunny_plan, actual):
    """From arrays to rates, and from tables to a PLAN: the same numbers, bit by bit."""
    times, plan = actual.times, DayPlan.from_table(network, sunny_plan.plan)
    whole = solve(network, actual, sunny_plan.plan, 0, sunny.start)
    first = actual.coefficients[actual.coefficients["time_utc"] == times[0]]
    step = solve_step(
        network,
        Profiles.from_table(actual.profiles).ahead(times[0], 24),
        dict(zip(zip(first["element"], first["quantity"], strict=True), first["value"], strict=True)),
        Prices.from_table(actual.prices),
        sunny.start,
        plan,
        plan.end_values(times[24].value),
    )
    assert step.basis == whole.basis
    assert step.objective == whole.objective
    now = whole.plan[(whole.plan["scenario"] == -1) & (whole.plan["time_utc"] == times[0])]
    said = dict(zip(zip(now["element"], now["quantity"], strict=True), now["value"], strict=True))
    assert step.rates == {key: said[key] for key in step.rates}
    assert step.rates.keys() == plan.rates(times[0]).keys()
    soon = whole.plan[(whole.plan["scenario"] == -1) & (whole.plan["time_utc"] == times[1])]
    worth = dict(zip(zip(soon["element"], soon["quantity"], strict=True), soon["value"], strict=True))
    assert step.worth == {name: worth[name, MARGINAL_QUANTITY[s.layer]] for name, s in network.storage.items()}
    assert step.amounts == expected_end_state(whole.plan, times[1])
