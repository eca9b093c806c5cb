"""What is refused before the solve, each in one sentence; and what a failed solve says."""

import numpy as np
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.planning import PlanOptions, build_network, plan_day, solve_horizon
from econex_pipeline.planning.elements import Arc, Cost
from econex_pipeline.planning.highs import SolverError, set_options
from econex_pipeline_tests.planning import tiny


def refused(network, day, match, **changes):
    rest = {"scenarios": day.scenarios, "coefficients": day.coefficients, "prices": day.prices, "start": day.start}
    with pytest.raises(InputError, match=match):
        plan_day(network, **{**rest, **changes})


def changed(frame, where, column, value):
    frame = frame.copy()
    frame.loc[where(frame), column] = value
    return frame


def test_selling_above_the_buy_price_is_refused(network, sunny):
    prices = changed(sunny.prices, lambda f: f.index == 7, "sell_price_usd_kwh", 0.80)
    refused(
        network, sunny, "sell_price_usd_kwh at 2025-07-15 12:00.* is 0.8; expected at most the buy price", prices=prices
    )


def test_water_that_goes_round_through_the_turbine_is_refused(district, sunny):
    mains = district.utilities.mains.model_copy(update={"export_m3_h": 1.0})
    utilities = district.utilities.model_copy(update={"mains": mains})
    network = build_network(district.model_copy(update={"utilities": utilities}))
    nearly = sunny.prices.assign(water_sell_usd_m3=2.70)
    refused(network, sunny, "run through the turbine and sold again", prices=nearly)
    fair = plan_day(
        network, sunny.scenarios, sunny.coefficients, sunny.prices.assign(water_sell_usd_m3=2.6), sunny.start
    )
    assert fair.status == "optimal"


def test_a_round_trip_in_the_place_of_a_yield_is_refused(network, sunny):
    free = changed(sunny.coefficients, lambda f: f["quantity"] == "yield_kwh_m3", "value", 0.78)
    refused(
        network, sunny, r"yield_kwh_m3 of phs_turbine .* less than the 0.131 kWh/m3 that phs_pump", coefficients=free
    )


@pytest.mark.parametrize("amount", [-0.5, 20.5])
def test_a_start_outside_the_tank_is_refused(network, sunny, amount):
    refused(
        network,
        sunny,
        rf"start: cistern is {amount}; expected an amount from 0 to 20 m3",
        start={**sunny.start, "cistern": amount},
    )


def test_a_start_that_is_missing_or_misspelt_is_refused(network, sunny):
    start = dict(sunny.start)
    start["cistren"] = start.pop("cistern")
    refused(network, sunny, "did you mean 'cistern'", start=start)
    start.pop("cistren")
    refused(network, sunny, "cistern is 'missing'", start=start)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused_by_name(network, sunny, value):
    profiles = changed(sunny.scenarios, lambda f: f.index == 3, "load_kw", value)
    refused(network, sunny, "load_kw of row", scenarios=profiles)
    prices = changed(sunny.prices, lambda f: f.index == 3, "carbon_kg_kwh", value)
    refused(network, sunny, "carbon_kg_kwh of row 3", prices=prices)
    values = changed(sunny.coefficients, lambda f: f["element"] == "treatment", "value", value)
    refused(network, sunny, "of treatment at", coefficients=values)


def test_missing_rows_are_refused_by_name(network, sunny):
    refused(network, sunny, "each scenario, step and node once", scenarios=sunny.scenarios.iloc[1:])
    without_hub = sunny.scenarios[sunny.scenarios["node"] != "hub"]
    refused(network, sunny, "rows of node 'hub'", scenarios=without_hub)
    cut = sunny.coefficients[sunny.coefficients["time_utc"] < sunny.times[40]]
    refused(network, sunny, "at 2025-07-16 21:00.* 'missing'", coefficients=cut)
    refused(network, sunny, "a price for each step", prices=sunny.prices.iloc[:40])
    refused(
        network, sunny, "at least two steps", scenarios=sunny.scenarios[sunny.scenarios["time_utc"] == sunny.times[0]]
    )


def test_a_profile_without_a_device_is_not_lost_in_silence(network, sunny):
    stray = changed(sunny.scenarios, lambda f: f["node"] == "hub", "irrigation_m3_h", 0.2)
    refused(network, sunny, "irrigation_m3_h of hub is 0.2; expected 0, as nodes.hub has no garden", scenarios=stray)


def test_impossible_coefficients_are_refused(network, sunny):
    for quantity, value, said in (
        ("recovery_frac", 1.2, "a share from 0 to 1"),
        ("energy_kwh_m3", -0.1, "not negative"),
    ):
        wrong = changed(sunny.coefficients, lambda f, q=quantity: f["quantity"] == q, "value", value)
        refused(network, sunny, said, coefficients=wrong)


def test_greywater_beyond_the_sewer_is_refused(district, sunny):
    narrow = district.utilities.sewer.model_copy(update={"capacity_m3_h": 0.001})
    network = build_network(
        district.model_copy(update={"utilities": district.utilities.model_copy(update={"sewer": narrow})})
    )
    refused(network, sunny, "utilities.sewer.capacity_m3_h is 0.001; expected at least", scenarios=sunny.scenarios)


def test_an_impossible_day_ends_with_the_limits_that_conflict():
    network = tiny.network([tiny.HOME], [tiny.IMPORT])
    day = tiny.profiles(load_kw=[1.0, 12.0])
    answer = solve_horizon(network, day, tiny.coefficients(day), tiny.prices(day), {}, None, {})
    assert answer.status == "infeasible"
    assert answer.plan is None
    assert answer.objective is None
    assert answer.conflict == (
        "home (electricity) must balance at 2025-07-15 06:00 UTC: demand 12 kW",
        "grid_import gives at most 10 kW at 2025-07-15 06:00 UTC",
    )
    assert "must balance at 2025-07-15 06:00 UTC: demand 12 kW is broken by 2; these cannot" in answer.message


def test_demand_that_nothing_leads_to_is_refused(district, sunny):
    arcs = {name: arc for name, arc in district.arcs.items() if "line_2" not in name and name != "line_1_2"}
    network = build_network(district.model_copy(update={"arcs": arcs}))
    refused(
        network,
        sunny,
        r"load_kw of home_2 is .*; expected 0, as nothing leads to layer E of node 'home_2'",
    )


def endless():
    """An import that is paid for and never ends, and a way to burn it."""
    gift = Arc(
        "grid_import", "import", None, "home.E", "E", float("inf"), costs=(Cost("grid_import_usd", "econ", -1.0),)
    )
    waste = Arc("dump", "dump", "home.E", None, "E", float("inf"))
    return tiny.network([tiny.HOME], [gift, waste]), tiny.profiles(load_kw=[1.0, 1.0])


def test_money_without_end_is_refused():
    network, day = endless()
    with pytest.raises(
        InputError, match="capacity of grid_import is inf; expected a finite capacity: each unit earns 1"
    ):
        solve_horizon(network, day, tiny.coefficients(day), tiny.prices(day), {}, None, {})


def test_a_solver_out_of_time_says_so(network, uncertain):
    tables = (uncertain.scenarios, uncertain.coefficients, uncertain.prices, uncertain.start)
    answer = plan_day(network, *tables, PlanOptions(time_limit_s=0.0))
    assert answer.status == "time_limit"
    assert answer.plan is None
    assert "ran out of time" in answer.message


def test_an_option_highs_refuses_is_an_error():
    import highspy

    with pytest.raises(SolverError, match="refuses option solver = 'magic'"):
        set_options(highspy.Highs(), {"output_flag": False, "solver": "magic"})
