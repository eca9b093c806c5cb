"""The traps of this formulation, each met once by somebody, and how each is refused or handled here.

trap | what is done
--- | ---
sign of the net demand | supply and demand are two inputs, neither negative
water sold above its price | refused by the hour, weights included, unless the flows exclude each other
electricity sold above its price | the same
import, turbine, export in a circle | refused where the spread is below gamma times the energy price
pump energy as an inequality | equality, and an explicit dump with cap and cost
pump and turbine at once | found by a check after the solve, forbidden by binaries on request
counter-flow in pipes | a cost of moving too small to decide anything else
round trip in the place of kWh/m3 | refused: yield must be less than k
inlet turbine: equal or at most | at most, the rest is the bypass
nothing asked of the end | end values or targets; with neither, the storage empties
no way out, no shortage | overflow, curtailment, unserved demand, each said in the plan
reject that vanishes | it goes to the sewer and pays
full upper basin | every storage overflows
here-and-now pump schedule | deviation at a price: every schedule can be lived with
standing loss in the first step | it counts from the start
"""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import ContractViolation, InputError, validate
from econex_pipeline.planning import PlanOptions, Terminal, build_network, plan_day, solve_horizon
from econex_pipeline.planning.elements import Arc, Commitment, Coupling, Node, Recovery, Source, Storage
from econex_pipeline_tests.planning import tiny
from econex_pipeline_tests.planning.days import days, flow
from econex_pipeline_tests.planning.equipped import changed

FREE = PlanOptions(commit_steps=0)


def plan(network, day, prices, coefficients=None, start=None, options=FREE):
    coefficients = tiny.coefficients(day) if coefficients is None else coefficients
    scenarios = day if "scenario" in day else tiny.scenarios([1.0], day)
    return plan_day(network, scenarios, coefficients, prices, start or {}, options)


def exporting(district, exclusive=()):
    """The pilot with a booster that gives potable water back to the mains."""
    utilities = district.model_dump(exclude_unset=True)["utilities"]
    utilities["mains"]["export_m3_h"] = 1.0
    return build_network(changed(district, utilities=utilities, exclusive=exclusive))


def planned(network, day, **changes):
    return plan_day(network, day.scenarios, day.coefficients, day.prices.assign(**changes), day.start)


def hydro(**rest):
    pump, turbine = Source("coefficients", "pump", "energy_kwh_m3"), Source("coefficients", "turbine", "yield_kwh_m3")
    arcs = [
        tiny.IMPORT,
        Arc("pump", "pumped", "low.W", "top.W", "W", 10.0),
        Arc("turbine", "turbined", "top.W", "low.W", "W", 10.0),
        *rest.pop("extra", ()),
    ]
    couplings = (Coupling("pump", "home.E", -1, pump), Coupling("turbine", "home.E", 1, turbine))
    nodes = [tiny.HOME, Node("low.W", "low", "W"), Node("top.W", "top", "W")]
    storages = [Storage("low", "low.W", "W", 10.0), Storage("top", "top.W", "W", 10.0)]
    return tiny.network(nodes, arcs, storages, couplings=couplings, **rest)


def hydro_coefficients(day, k=0.13, given=0.08):
    return tiny.coefficients(day, pump__energy_kwh_m3=k, turbine__yield_kwh_m3=given)


def test_supply_and_demand_are_two_inputs_and_neither_is_negative(sunny):
    negative = sunny.profiles.assign(load_kw=-sunny.profiles["load_kw"])
    with pytest.raises(ContractViolation, match="load_kw"):
        validate(negative, "PROFILES")
    # generation is more power at the node, demand is less: one kW of each cancels
    sun = Arc("pv.home", "pv", None, "home.E", "E", Source("profiles", "home", "pv_kw"))
    day = tiny.profiles(load_kw=[3.0, 3.0], pv_kw=[1.0, 0.0])
    answer = plan(tiny.network([tiny.HOME], [tiny.IMPORT, sun]), day, tiny.prices(day, buy_price_usd_kwh=0.4))
    assert flow(answer.plan, "grid_import", "power_kw").tolist() == pytest.approx([2.0, 3.0])


def test_water_sold_above_its_price_is_refused_by_the_hour(district, sunny):
    dear = sunny.prices["water_sell_usd_m3"].where(sunny.prices.index != 7, 2.80)
    with pytest.raises(InputError, match="water_sell_usd_m3 at 2025-07-15 12:00"):
        planned(exporting(district), sunny, water_sell_usd_m3=dear)


def test_water_sold_above_its_price_is_handled_by_exclusive_flows(district):
    network = exporting(district, exclusive=(("mains_import", "mains_export"),))
    answer = planned(network, days(network, hours=4), water_sell_usd_m3=2.80)
    bought, sold = (flow(answer.plan, f"mains_{way}", "flow_m3_h") for way in ("import", "export"))
    assert answer.status == "optimal"
    assert np.minimum(bought, sold).max() < 1e-6
    assert sold.max() > 0.1


def test_electricity_sold_above_its_price_is_refused_with_its_weight(network, sunny):
    carbon = 0.05 * sunny.prices["carbon_kg_kwh"]
    at_par = sunny.prices["buy_price_usd_kwh"] + carbon
    assert planned(network, sunny, sell_price_usd_kwh=at_par).status == "optimal"
    with pytest.raises(InputError, match="exclusive flows"):
        planned(network, sunny, sell_price_usd_kwh=at_par + 1e-6)


def test_a_circle_through_the_inlet_turbine_is_refused_where_its_energy_pays(district, sunny):
    network = exporting(district)
    spread = 0.0736 * 0.61  # what the turbine earns in the dear hours, per m3
    fair = 2.63 + 0.10 - 1.05 * spread
    assert planned(network, sunny, water_sell_usd_m3=fair).status == "optimal"
    with pytest.raises(InputError, match="run through the turbine and sold again"):
        planned(network, sunny, water_sell_usd_m3=2.63 + 0.10 - 0.5 * spread)


def test_pumps_do_not_burn_energy_that_is_paid_for_taking():
    network = hydro()
    day = tiny.profiles(load_kw=[1.0, 1.0])
    price, values = tiny.prices(day, buy_price_usd_kwh=-0.1), hydro_coefficients(day)
    answer = plan(network, day, price, values, {"low": 0.0, "top": 10.0})
    pumped, used = flow(answer.plan, "pump", "flow_m3_h"), flow(answer.plan, "pump", "consumed_kw")
    assert used.tolist() == pytest.approx((0.13 * pumped).tolist())
    dump = Arc("dump.home", "dump", "home.E", None, "E", 2.0)
    explicit = plan(hydro(extra=[dump]), day, price, values, {"low": 0.0, "top": 0.0})
    assert flow(explicit.plan, "dump.home", "power_kw").tolist() == pytest.approx([2.0, 2.0])


def test_pump_and_turbine_at_once_are_found_at_negative_prices_and_forbidden_on_request():
    day = tiny.profiles(load_kw=[1.0, 1.0])
    given = (tiny.prices(day, buy_price_usd_kwh=-0.1), hydro_coefficients(day), {"low": 5.0, "top": 5.0})
    at_once = plan(hydro(), day, *given)
    assert "pump and turbine run at once" in str(at_once.simultaneous[0])
    apart = plan(hydro(), day, *given, options=PlanOptions(commit_steps=0, exclusive="found"))
    assert apart.simultaneous == ()
    by_data = plan(hydro(exclusive=(("pump", "turbine"),)), day, *given)
    assert apart.objective == pytest.approx(by_data.objective)
    assert apart.objective > at_once.objective


def test_water_does_not_run_to_and_fro_in_pipes(network, sunny_plan):
    assert sunny_plan.simultaneous == ()
    for one, other in network.opposites:
        quantity = "power_kw" if network.arc[one].layer == "E" else "flow_m3_h"
        both = np.minimum(flow(sunny_plan.plan, one, quantity), flow(sunny_plan.plan, other, quantity))
        assert both.max() < 1e-6


def test_a_round_trip_in_the_place_of_a_yield_is_refused():
    day = tiny.profiles(load_kw=[1.0, 1.0])
    for given in (0.78, 0.13):
        values = hydro_coefficients(day, given=given)
        with pytest.raises(InputError, match="not the round trip itself"):
            plan(hydro(), day, tiny.prices(day, buy_price_usd_kwh=0.1), values, {"low": 1.0, "top": 1.0})


def test_recovered_power_is_at_most_what_the_water_gives_and_the_rest_is_bypassed():
    recovery = Recovery("mains", "mains_import", "mains.recovered", Source("coefficients", "mains", "recovery_kwh_m3"))
    recovered = Arc("mains.recovered", "recovered", None, "home.E", "E", float("inf"))
    network = tiny.network([tiny.HOME, tiny.WATER], [tiny.IMPORT, tiny.MAINS, recovered], recoveries=(recovery,))
    day = tiny.profiles(load_kw=[1.0, 0.02], potable_m3_h=[1.0, 1.0])
    price = tiny.prices(day, buy_price_usd_kwh=0.4, water_buy_usd_m3=2.0)
    answer = plan(network, day, price, tiny.coefficients(day, mains__recovery_kwh_m3=0.07))
    water, power = flow(answer.plan, "mains_import", "flow_m3_h"), flow(answer.plan, "mains", "generated_kw")
    assert (0.07 * water - power).tolist() == pytest.approx([0.0, 0.05])


def test_without_an_end_value_or_a_target_a_storage_empties_and_with_one_it_does_not():
    node, arcs, storage = tiny.battery(capacity=4.0, power=4.0, round_trip=1.0)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, *arcs], [storage])
    day = tiny.profiles(load_kw=[2.0, 2.0])
    price, start = tiny.prices(day, buy_price_usd_kwh=0.4), {"battery": 3.0}
    bare = plan(network, day, price, start=start)
    assert flow(bare.plan, "battery", "stored_kwh").iloc[-1] == pytest.approx(0.0)
    cyclic = plan(network, day, price, start=start, options=PlanOptions(commit_steps=0, terminal=Terminal()))
    assert flow(cyclic.plan, "battery", "stored_kwh").iloc[-1] == pytest.approx(3.0)


@pytest.mark.parametrize(("rain", "start"), [(40.0, 1.0), (0.0, 0.0)], ids=["storm", "dry spell"])
def test_storm_and_dry_spell_have_a_plan_and_say_what_it_costs(network, rain, start):
    day = days(network, hours=24, rainy=True)
    scenarios = day.scenarios.assign(rain_harvest_m3_h=day.scenarios["rain_harvest_m3_h"] * rain)
    thirsty = scenarios["node"].isin(["home_2"]) & (rain == 0.0)
    scenarios["irrigation_m3_h"] = np.where(thirsty, 3.0, scenarios["irrigation_m3_h"])
    levels = {name: start * network.storage[name].capacity for name in network.storage}
    answer = plan_day(network, scenarios, day.coefficients, day.prices, levels)
    assert answer.status == "optimal"
    if rain:
        assert flow(answer.plan, "overflow.cistern", "flow_m3_h").sum() > 10.0
    else:
        assert flow(answer.plan, "unserved.home_2.W", "flow_m3_h").sum() > 1.0
        assert answer.parts["penalty_usd"] > 50.0


def test_reject_of_treatment_goes_to_the_sewer_and_pays(network, planned_rainy):
    plan_, _ = planned_rainy
    feed, product, reject = (
        flow(plan_.plan, "treatment", quantity) for quantity in ("flow_m3_h", "product_m3_h", "reject_m3_h")
    )
    assert feed.sum() > 0.1
    assert (feed - product).to_numpy() == pytest.approx(reject.to_numpy(), abs=1e-9)
    drained = reject.sum() + sum(
        flow(plan_.plan, arc.name, "flow_m3_h").sum()
        for arc in network.arcs
        if any(cost.line == "sewer_fee_usd" and cost.per == "flow" for cost in arc.costs)
    )
    assert plan_.parts["sewer_fee_usd"] == pytest.approx(0.62 * drained)


@pytest.fixture(scope="module")
def planned_rainy(network, rainy):
    return plan_day(network, rainy.scenarios, rainy.coefficients, rainy.prices, rainy.start), rainy


def test_every_storage_of_water_has_a_way_out(district):
    network = build_network(district)
    for storage in network.storages:
        if storage.layer != "E":
            out = network.arc[f"overflow.{storage.name}"]
            assert out.tail == storage.node
    full = {storage.name: storage.capacity for storage in network.storages}
    day = days(network, hours=24, rainy=True)
    answer = plan_day(network, day.scenarios, day.coefficients, day.prices, full)
    assert answer.status == "optimal"


@pytest.mark.parametrize("schedule", [0.0, 4.0, 10.0])
def test_any_schedule_of_a_pump_can_be_lived_with_in_a_dry_scenario(schedule):
    rated = Source("coefficients", "pump", "rated_flow_m3_h")
    network = hydro(commitments=(Commitment("pump", ("pump",), (), 0.0, rated, 0.02, "W"),))
    day = tiny.profiles(load_kw=[1.0, 1.0])
    values = pd.concat([hydro_coefficients(day), tiny.coefficients(day, pump__rated_flow_m3_h=10.0)])
    rows = pd.DataFrame({"scenario": -1, "time_utc": day["time_utc"], "element": "pump", "quantity": "schedule_m3_h", "value": schedule})  # fmt: skip  # noqa: E501
    price = tiny.prices(day, buy_price_usd_kwh=0.4)
    answer = solve_horizon(network, day, values, price, {"low": 0.0, "top": 0.0}, rows, {})
    assert answer.status == "optimal"
    assert flow(answer.plan, "pump", "deviation_down_m3_h").tolist() == pytest.approx([schedule] * 2)
    assert answer.parts["deviation_usd"] == pytest.approx(0.02 * 2 * schedule)


def test_standing_loss_counts_from_the_first_step():
    node, arcs, storage = tiny.battery(capacity=5.0, power=5.0, round_trip=1.0, loss=0.1)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, *arcs], [storage])
    day = tiny.profiles(load_kw=[0.0, 0.0])
    answer = plan(network, day, tiny.prices(day, buy_price_usd_kwh=0.5), start={"battery": 1.0})
    assert flow(answer.plan, "battery", "stored_kwh").tolist() == pytest.approx([1.0, 0.9, 0.81])
