"""Problems of a few steps whose optimum can be written down."""

import math

import pytest

from econex_pipeline.planning import PlanOptions, Tranche, plan_day, solve_horizon
from econex_pipeline.planning.elements import Arc, Commitment, Coupling, Node, Recovery, Source, Storage
from econex_pipeline_tests.planning import tiny
from econex_pipeline_tests.planning.days import flow

NOTHING_COMMITTED = PlanOptions(commit_steps=0)


def solve(network, profiles, prices, coefficients=None, start=None, options=NOTHING_COMMITTED, **rest):
    if "scenario" not in profiles:
        profiles = tiny.scenarios([1.0], profiles)
    coefficients = tiny.coefficients(profiles) if coefficients is None else coefficients
    return plan_day(network, profiles, coefficients, prices, start or {}, options, **rest)


def test_a_battery_buys_cheap_for_the_dear_hour_and_pays_its_losses():
    node, arcs, storage = tiny.battery(capacity=5.0, power=5.0, round_trip=0.81)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, *arcs], [storage])
    day = tiny.profiles(load_kw=[0.0, 1.0])
    answer = solve(network, day, tiny.prices(day, buy_price_usd_kwh=[0.10, 0.50]), start={"battery": 0.0})
    assert answer.objective == pytest.approx(0.10 / 0.81, abs=1e-9)
    assert flow(answer.plan, "battery", "stored_kwh").tolist() == pytest.approx([0.0, 1 / 0.9, 0.0])
    # a stored kWh saves 0.9 kWh at the margin price of the battery's own purchase
    worth = flow(answer.plan, "battery", "marginal_value_usd_kwh")
    assert worth.iloc[1] == pytest.approx(0.10 / 0.9)


def test_standing_loss_counts_from_the_first_step():
    node, arcs, storage = tiny.battery(capacity=5.0, power=5.0, round_trip=1.0, loss=0.1)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, *arcs], [storage])
    day = tiny.profiles(load_kw=[0.0, 0.0, 0.81])
    answer = solve(network, day, tiny.prices(day, buy_price_usd_kwh=0.5), start={"battery": 0.81 / 0.9**3})
    assert answer.objective == pytest.approx(0.0, abs=1e-9)
    assert flow(answer.plan, "battery", "stored_kwh").tolist() == pytest.approx([0.81 / 0.9**3, 0.81 / 0.81, 0.9, 0.0])


def test_quarter_hours_carry_a_quarter_of_the_energy():
    node, arcs, storage = tiny.battery(capacity=5.0, power=4.0, round_trip=1.0)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, *arcs], [storage], step_h=0.25)
    day = tiny.profiles(15, load_kw=[0.0, 4.0, 4.0])
    answer = solve(network, day, tiny.prices(day, buy_price_usd_kwh=[0.1, 0.5, 0.5]), start={"battery": 0.0})
    # one quarter at 4 kW stores 1 kWh at 0.10; the second kWh is bought at 0.50
    assert answer.objective == pytest.approx(0.1 + 0.5, abs=1e-9)


def test_a_schedule_settles_at_the_median_and_pays_for_deviation():
    commit = Commitment("grid", ("grid_import",), (), -10.0, 10.0, 0.05, "E")
    network = tiny.network([tiny.HOME], [tiny.IMPORT], commitments=(commit,))
    low, high = tiny.profiles(load_kw=[1.0, 1.0]), tiny.profiles(load_kw=[3.0, 1.0])
    tables = tiny.scenarios([0.7, 0.3], low, high)
    answer = solve(network, tables, tiny.prices(low, buy_price_usd_kwh=0.4), options=PlanOptions(commit_steps=2))
    assert flow(answer.plan, "grid", "schedule_kw").tolist() == pytest.approx([1.0, 1.0])
    assert answer.parts["deviation_usd"] == pytest.approx(0.3 * 2.0 * 0.05)
    assert answer.parts["grid_import_usd"] == pytest.approx(0.4 * (1.0 + 0.3 * 2.0 + 1.0))
    assert flow(answer.plan, "grid", "deviation_up_kw", scenario=1).tolist() == pytest.approx([2.0, 0.0])


def test_the_inlet_turbine_draws_water_into_the_dear_hour():
    water = Node("home.P", "home", "P", demand=("potable_m3_h",))
    network = tiny.network(
        [tiny.HOME, water],
        [tiny.IMPORT, tiny.MAINS, Arc("mains.recovered", "recovered", None, "home.E", "E", math.inf)],
        [Storage("tank", "home.P", "P", 2.0)],
        recoveries=(Recovery("mains", "mains_import", "mains.recovered", Source("coefficients", "mains", "recovery_kwh_m3")),),  # noqa: E501
    )  # fmt: skip
    day = tiny.profiles(load_kw=[1.0, 1.0, 1.0], potable_m3_h=[0.0, 0.0, 1.0])
    price = tiny.prices(day, buy_price_usd_kwh=[0.4, 0.6, 0.4], water_buy_usd_m3=2.0)
    answer = solve(network, day, price, tiny.coefficients(day, mains__recovery_kwh_m3=0.07), {"tank": 0.0})
    assert flow(answer.plan, "mains_import", "flow_m3_h").tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert flow(answer.plan, "mains", "generated_kw").tolist() == pytest.approx([0.0, 0.07, 0.0])
    assert answer.objective == pytest.approx(2.0 + 1.4 - 0.6 * 0.07)


def test_recovered_power_that_nobody_wants_takes_the_bypass():
    network = tiny.network(
        [tiny.HOME, tiny.WATER],
        [tiny.IMPORT, tiny.MAINS, Arc("mains.recovered", "recovered", None, "home.E", "E", math.inf)],
        recoveries=(Recovery("mains", "mains_import", "mains.recovered", Source("coefficients", "mains", "recovery_kwh_m3")),),  # noqa: E501
    )  # fmt: skip
    day = tiny.profiles(load_kw=[0.02, 0.02], potable_m3_h=[1.0, 1.0])
    price = tiny.prices(day, buy_price_usd_kwh=0.4, water_buy_usd_m3=2.0)
    answer = solve(network, day, price, tiny.coefficients(day, mains__recovery_kwh_m3=0.07))
    assert flow(answer.plan, "mains", "generated_kw").tolist() == pytest.approx([0.02, 0.02])
    assert flow(answer.plan, "mains_import", "flow_m3_h").tolist() == pytest.approx([1.0, 1.0])


def test_pumped_water_comes_back_as_power_less_its_losses():
    pump, turbine = Source("coefficients", "pump", "energy_kwh_m3"), Source("coefficients", "turbine", "yield_kwh_m3")
    network = tiny.network(
        [tiny.HOME, Node("low.W", "low", "W"), Node("top.W", "top", "W")],
        [tiny.IMPORT, Arc("pump", "pumped", "low.W", "top.W", "W", 10.0), Arc("turbine", "turbined", "top.W", "low.W", "W", 10.0)],  # noqa: E501
        [Storage("low", "low.W", "W", 10.0), Storage("top", "top.W", "W", 10.0)],
        couplings=(Coupling("pump", "home.E", -1, pump), Coupling("turbine", "home.E", 1, turbine)),
    )  # fmt: skip
    day = tiny.profiles(load_kw=[0.0, 1.0])
    values = tiny.coefficients(day, pump__energy_kwh_m3=0.13, turbine__yield_kwh_m3=0.08)
    answer = solve(network, day, tiny.prices(day, buy_price_usd_kwh=[0.1, 0.5]), values, {"low": 10.0, "top": 0.0})
    assert answer.objective == pytest.approx(10 * 0.13 * 0.1 + (1.0 - 10 * 0.08) * 0.5)
    assert flow(answer.plan, "pump", "consumed_kw").tolist() == pytest.approx([1.3, 0.0])
    assert flow(answer.plan, "turbine", "generated_kw").tolist() == pytest.approx([0.0, 0.8])


def test_demand_beyond_the_connection_is_unserved_and_said():
    network = tiny.network([tiny.HOME], [tiny.IMPORT, tiny.unserved(tiny.HOME, 5.0)])
    day = tiny.profiles(load_kw=[12.0, 1.0])
    answer = solve(network, day, tiny.prices(day, buy_price_usd_kwh=0.4))
    assert flow(answer.plan, "unserved.home.E", "power_kw").tolist() == pytest.approx([2.0, 0.0])
    assert answer.parts["penalty_usd"] == pytest.approx(10.0)
    assert flow(answer.plan, "home.E", "marginal_value_usd_kwh").tolist() == pytest.approx([5.0, 0.4])


def test_the_first_units_left_are_worth_most():
    network = tiny.network([tiny.WATER], [tiny.MAINS], [Storage("tank", "home.P", "P", 4.0)])
    day = tiny.profiles(potable_m3_h=[0.0, 0.0])
    values = {"tank": (Tranche(1.0, 3.0), Tranche(1.0, 2.5), Tranche(1.0, 1.0))}
    answer = solve(network, day, tiny.prices(day, water_buy_usd_m3=2.0), start={"tank": 0.0}, end_values=values)
    assert answer.parts["end_value_usd"] == pytest.approx(5.5)
    assert flow(answer.plan, "tank", "level_m3").iloc[-1] == pytest.approx(2.0)


def test_water_with_a_negative_value_is_let_go():
    drain = Arc("sewer.home", "sewer", "home.P", None, "P", 5.0)
    network = tiny.network([tiny.WATER], [tiny.MAINS, drain], [Storage("tank", "home.P", "P", 4.0)])
    day = tiny.profiles(potable_m3_h=[0.0, 0.0])
    values = {"tank": (Tranche(1.0, 3.0), Tranche(1.0, -0.5))}
    answer = solve(network, day, tiny.prices(day, water_buy_usd_m3=9.0), start={"tank": 4.0}, end_values=values)
    assert flow(answer.plan, "tank", "level_m3").iloc[-1] == pytest.approx(1.0)


def test_a_covered_step_pays_for_deviation_and_an_uncovered_one_does_not():
    commit = Commitment("grid", ("grid_import",), (), -10.0, 10.0, 0.05, "E")
    network = tiny.network([tiny.HOME], [tiny.IMPORT], commitments=(commit,))
    foreseen, actual = tiny.profiles(load_kw=[1.0, 1.0]), tiny.profiles(load_kw=[2.0, 0.5, 7.0])
    price = tiny.prices(actual, buy_price_usd_kwh=0.4)
    plan = solve(network, foreseen, price, options=PlanOptions(commit_steps=2)).plan
    answer = solve_horizon(network, actual, tiny.coefficients(actual), price, {}, plan, {})
    assert answer.parts["deviation_usd"] == pytest.approx(0.05 * (1.0 + 0.5))
    assert flow(answer.plan, "grid", "deviation_down_kw").tolist() == pytest.approx([0.0, 0.5, 0.0])
    free = solve_horizon(network, actual, tiny.coefficients(actual), price, {}, None, {})
    assert free.parts["deviation_usd"] == 0.0
