"""What a plan says of the pilot holds together: balances, prices, sums, limits."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.planning import expected_end_state, plan_day
from econex_pipeline_tests.planning.days import flow


def wide(plan, scenario):
    """The plan of a scenario as time x (element, quantity)."""
    rows = plan[plan["scenario"] == scenario]
    return rows.pivot_table(index="time_utc", columns=["element", "quantity"], values="value")


def plan_of(network, day, **changes):
    rest = {"scenarios": day.scenarios, "coefficients": day.coefficients, "prices": day.prices, "start": day.start}
    return plan_day(network, **{**rest, **changes})


def test_a_plan_keeps_its_contract(planned):
    assert planned.status == "optimal"
    assert planned.gap == 0.0
    validate(planned.plan, "PLAN")


def test_the_lines_add_up_to_the_objective(district, planned):
    parts, o = planned.parts, district.objective
    money = o.alpha * parts["z_econ_usd"] + o.beta * parts["z_res_usd"] + parts["operation_usd"] + parts["penalty_usd"]
    assert money + parts["deviation_usd"] - parts["end_value_usd"] == pytest.approx(planned.objective, rel=1e-9)
    econ = ("grid_import_usd", "grid_export_usd", "water_import_usd", "sewer_fee_usd")
    assert sum(parts[line] for line in econ) == pytest.approx(parts["z_econ_usd"])
    assert parts["carbon_usd"] + parts["scarcity_usd"] + parts["waste_usd"] == pytest.approx(parts["z_res_usd"])


def test_the_table_holds_both_parts_of_the_objective_by_scenario_and_step(planned):
    rows = planned.plan[planned.plan["element"] == "objective"]
    for quantity in ("z_econ_usd", "z_res_usd"):
        expected = rows[(rows["quantity"] == quantity) & (rows["scenario"] == -1)]
        assert expected["value"].sum() == pytest.approx(planned.parts[quantity], rel=1e-9)
    assert rows["scenario"].nunique() == planned.plan["scenario"].nunique()


def test_the_lines_are_what_the_flows_cost(planned, uncertain):
    price = uncertain.prices.set_index("time_utc")
    bought = flow(planned.plan, "grid_import", "power_kw") @ price["buy_price_usd_kwh"]
    assert bought == pytest.approx(planned.parts["grid_import_usd"], rel=1e-9)
    drained = sum(flow(planned.plan, f"sewer.{place}", "flow_m3_h") for place in ("home_1", "home_2", "hub"))
    drained = drained + flow(planned.plan, "treatment", "reject_m3_h")
    for brim in ("raw_tank", "home_1.W", "potable_tank", "home_tank_1", "home_tank_2", "lower_basin", "upper_basin"):
        drained = drained + flow(planned.plan, f"overflow.{brim}", "flow_m3_h")
    assert 0.62 * drained.sum() == pytest.approx(planned.parts["sewer_fee_usd"], rel=1e-9)


@pytest.mark.parametrize("scenario", [0, 1, 2])
def test_no_water_appears_or_vanishes(planned, uncertain, scenario):
    """Over the whole horizon: what came in less what went out is what stands in the tanks."""
    plan = wide(planned.plan, scenario)
    day = uncertain.scenarios[uncertain.scenarios["scenario"] == scenario]
    given = day["greywater_m3_h"].sum() + day["rain_harvest_m3_h"].sum()
    used = day["potable_m3_h"].sum() + day["irrigation_m3_h"].sum()
    flows = plan.xs("flow_m3_h", axis=1, level="quantity").sum()
    gone = flows[[name for name in flows.index if name.startswith(("sewer.", "overflow."))]].sum()
    gone += plan["treatment", "reject_m3_h"].sum()
    unserved = flows[[name for name in flows.index if name.startswith("unserved.")]].sum()
    levels = plan.xs("level_m3", axis=1, level="quantity").sum(axis=1)
    change = levels.iloc[-1] - levels.iloc[0]
    assert change == pytest.approx(flows["mains_import"] + given + unserved - used - gone, abs=1e-6)


@pytest.mark.parametrize("scenario", [0, 1, 2])
def test_no_energy_appears_or_vanishes(district, planned, uncertain, scenario):
    plan = wide(planned.plan, scenario)
    day = uncertain.scenarios[uncertain.scenarios["scenario"] == scenario]
    power = plan.xs("power_kw", axis=1, level="quantity").sum()
    lines = power[[name for name in power.index if name.startswith("line_")]].sum()
    one_way = district.storages["battery_1"].round_trip_frac ** 0.5
    lost = 0.01 * lines + (1 - one_way) * power["battery_1.charge"] + (1 / one_way - 1) * power["battery_1.discharge"]
    drawn = plan.xs("consumed_kw", axis=1, level="quantity").sum().sum()
    made = plan.xs("generated_kw", axis=1, level="quantity").sum().sum()
    stored = plan["battery_1", "stored_kwh"]
    unserved = power[[name for name in power.index if name.startswith("unserved.")]].sum()
    came = power["grid_import"] + power["pv.home_1"] + made + unserved
    went = power["grid_export"] + day["load_kw"].sum() + drawn + lost
    assert stored.iloc[-1] - stored.iloc[0] == pytest.approx(came - went, abs=1e-6)
    assert power["pv.home_1"] + power["curtail.home_1"] == pytest.approx(day["pv_kw"].sum())


def test_one_schedule_stands_for_all_scenarios(planned):
    schedule = flow(planned.plan, "grid", "schedule_kw")
    assert len(schedule) == 24
    for scenario in range(3):
        plan = wide(planned.plan, scenario).iloc[:24]
        net = plan["grid_import", "power_kw"] - plan["grid_export", "power_kw"]
        deviation = plan["grid", "deviation_up_kw"] - plan["grid", "deviation_down_kw"]
        assert (net - schedule - deviation).abs().max() < 1e-6


def test_the_expectation_is_the_weighted_recourse(planned, uncertain):
    weights = uncertain.scenarios.groupby("scenario")["probability"].first()
    expected = sum(weights[s] * flow(planned.plan, "cistern", "level_m3", s) for s in range(3))
    assert np.allclose(flow(planned.plan, "cistern", "level_m3"), expected)
    end = expected_end_state(planned.plan, uncertain.times[24])
    assert end["cistern"] == pytest.approx(expected[uncertain.times[24]])
    assert set(end) == set(uncertain.start)
    with pytest.raises(KeyError, match="no levels at"):
        expected_end_state(planned.plan, uncertain.times[0] - pd.Timedelta(hours=1))


def test_the_battery_does_not_charge_and_discharge_at_once(planned, sunny_plan):
    for answer, scenarios in ((planned, 3), (sunny_plan, 1)):
        for s in range(scenarios):
            both = flow(answer.plan, "battery_1.charge", "power_kw", s) * flow(
                answer.plan, "battery_1.discharge", "power_kw", s
            )
            assert both.max() < 1e-9


def test_lines_and_pipes_do_not_flow_both_ways_at_once(planned):
    pairs = [("line_1_hub", "line_1_hub.reverse", "power_kw"), ("raw_2_hub", "raw_hub_2", "flow_m3_h")]
    pairs += [("phs_pump", "phs_turbine", "flow_m3_h"), ("grid_import", "grid_export", "power_kw")]
    for there, back, quantity in pairs:
        for s in range(3):
            assert (flow(planned.plan, there, quantity, s) * flow(planned.plan, back, quantity, s)).max() < 1e-9


@pytest.mark.parametrize(("column", "node", "layer"), [("load_kw", "hub", "E"), ("potable_m3_h", "home_1", "P")])
def test_marginal_values_foretell_the_price_of_a_little_more_demand(network, uncertain, planned, column, node, layer):
    at, more = uncertain.times[19], 1e-4
    scenarios = uncertain.scenarios.copy()
    here = (scenarios["time_utc"] == at) & (scenarios["node"] == node)
    scenarios.loc[here, column] += more
    quantity = "marginal_value_usd_kwh" if layer == "E" else "marginal_value_usd_m3"
    foretold = flow(planned.plan, f"{node}.{layer}", quantity)[at]
    dearer = plan_of(network, uncertain, scenarios=scenarios).objective - planned.objective
    assert dearer / more == pytest.approx(foretold, rel=1e-3)


@pytest.mark.parametrize("storage", ["cistern", "battery_1", "upper_basin", "home_tank_2"])
def test_marginal_values_foretell_what_a_little_more_in_store_saves(network, uncertain, planned, storage):
    quantity = "marginal_value_usd_kwh" if storage == "battery_1" else "marginal_value_usd_m3"
    foretold = flow(planned.plan, storage, quantity).iloc[0]
    start = {**uncertain.start, storage: uncertain.start[storage] + 1e-4}
    saved = planned.objective - plan_of(network, uncertain, start=start).objective
    assert saved / 1e-4 == pytest.approx(foretold, rel=1e-3, abs=1e-5)


def test_a_larger_battery_or_tank_never_costs_more(district, sunny, sunny_plan):
    from econex_pipeline.planning import build_network

    objective = sunny_plan.objective
    for name, field in (("battery_1", "capacity_kwh"), ("potable_tank", "capacity_m3"), ("upper_basin", "capacity_m3")):
        larger = district.storages[name].model_copy(update={field: 2.0 * district.storages[name].capacity})
        other = build_network(district.model_copy(update={"storages": {**district.storages, name: larger}}))
        assert plan_of(other, sunny).objective <= objective + 1e-9


def test_more_demand_or_a_dearer_tariff_never_costs_less(network, sunny, sunny_plan):
    thirsty = sunny.scenarios.assign(potable_m3_h=1.1 * sunny.scenarios["potable_m3_h"])
    assert plan_of(network, sunny, scenarios=thirsty).objective >= sunny_plan.objective - 1e-9
    dear = sunny.prices.assign(buy_price_usd_kwh=sunny.prices["buy_price_usd_kwh"] + 0.1)
    assert plan_of(network, sunny, prices=dear).objective >= sunny_plan.objective - 1e-9


def test_knowing_the_scenario_is_worth_something(network, uncertain, planned):
    """Wait-and-see is never dearer than one schedule for all."""
    weights = uncertain.scenarios.groupby("scenario")["probability"].first()
    wait_and_see = 0.0
    for s, weight in weights.items():
        alone = uncertain.scenarios[uncertain.scenarios["scenario"] == s].assign(probability=1.0)
        wait_and_see += weight * plan_of(network, uncertain, scenarios=alone).objective
    assert wait_and_see <= planned.objective + 1e-9


def test_the_same_input_gives_the_same_plan(network, uncertain, planned):
    again = plan_of(network, uncertain)
    pd.testing.assert_frame_equal(again.plan, planned.plan, check_exact=True)


def test_a_basis_saves_iterations_and_changes_nothing(network, uncertain, planned):
    again = plan_of(network, uncertain, basis=planned.basis)
    assert again.objective == pytest.approx(planned.objective, rel=1e-12)
    assert again.iterations < planned.iterations / 10
