"""A problem without a plan ends with the limits that conflict: device, node, time, number."""

from dataclasses import replace

import pytest

from econex_pipeline.planning import PlanOptions, Terminal, plan_day
from econex_pipeline.planning.diagnosis import diagnose
from econex_pipeline.planning.elements import Arc, Cost, Node, Storage
from econex_pipeline.planning.instance import make_instance
from econex_pipeline.planning.monolith import assemble
from econex_pipeline.planning.tables import read_tables
from econex_pipeline_tests.planning import tiny
from econex_pipeline_tests.planning.days import days


def plan(network, day, prices=None, start=None, **options):
    scenarios = day if "scenario" in day else tiny.scenarios([1.0], day)
    prices = tiny.prices(day, buy_price_usd_kwh=0.2) if prices is None else prices
    options = PlanOptions(**{"commit_steps": 0, **options})
    return plan_day(network, scenarios, tiny.coefficients(day), prices, start or {}, options)


def instance_of(network, day):
    tables = read_tables(network, tiny.scenarios([1.0], day), tiny.coefficients(day), tiny.prices(day))
    return make_instance(network, tables, {}, {}, 0)


def test_the_conflict_names_the_scenario_that_fails():
    members = [tiny.profiles(load_kw=[1.0, load]) for load in (1.0, 12.0, 9.0)]
    answer = plan(tiny.network([tiny.HOME], [tiny.IMPORT]), tiny.scenarios([0.2, 0.3, 0.5], *members))
    assert answer.status == "infeasible"
    assert "demand 12 kW in scenario 1 is broken by 2" in answer.message
    assert answer.conflict[1] == "grid_import gives at most 10 kW at 2025-07-15 06:00 UTC"


def test_two_targets_that_cannot_both_be_reached_are_named_with_their_amounts():
    node, arcs, storage = tiny.battery(capacity=9.0, power=4.0, round_trip=1.0)
    other = Storage("second", "second", "E", 9.0)
    second = Node("second", "home", "E")
    charge = Arc("second.charge", "charge", "home.E", "second", "E", 4.0)
    network = tiny.network([tiny.HOME, node, second], [tiny.IMPORT, *arcs, charge], [storage, other])
    narrow = replace(network, arcs=(replace(tiny.IMPORT, capacity=5.0), *network.arcs[1:]))
    both = Terminal({"battery": 8.0, "second": 8.0})
    day = tiny.profiles(load_kw=[0.0, 0.0])
    answer = plan(narrow, day, start={"battery": 0.0, "second": 0.0}, terminal=both)
    assert answer.status == "infeasible"
    assert "battery must hold 8 kWh at 2025-07-15 07:00 UTC" in answer.conflict
    assert "second must hold 8 kWh at 2025-07-15 07:00 UTC" in answer.conflict
    # each may be charged with 4 kW, so both need all of both hours: one hour of the grid is enough to forbid it
    assert sum(said.startswith("grid_import gives at most 5 kW at") for said in answer.conflict) == 1
    assert "is broken by" in answer.message


def test_a_ramp_that_is_too_slow_is_named():
    slow = replace(tiny.IMPORT, ramp=2.0)
    answer = plan(tiny.network([tiny.HOME], [slow]), tiny.profiles(load_kw=[1.0, 8.0]))
    assert "grid_import rises by no more than 2 kW an hour at 2025-07-15 06:00 UTC" in answer.conflict
    assert len(answer.conflict) == 3


def test_the_pilot_without_a_way_out_says_which_tank_overflows(network):
    """A storm, the overflow of the cistern closed and its sewer narrow."""
    shut = {"overflow.cistern": 0.0, "sewer.home_2": 0.05}
    arcs = tuple(replace(arc, capacity=shut.get(arc.name, arc.capacity)) for arc in network.arcs)
    day = days(network, hours=24, rainy=True)
    flood = day.scenarios.assign(rain_harvest_m3_h=day.scenarios["rain_harvest_m3_h"] * 20)
    answer = plan_day(
        replace(network, arcs=arcs),
        flood,
        day.coefficients,
        day.prices.iloc[:24],
        day.start,
        PlanOptions(quality=False),
    )
    assert answer.status == "infeasible"
    assert "home_2 (raw water) must balance at" in answer.message
    assert any(said.startswith("cistern holds at most 20 m3 at ") for said in answer.conflict)
    assert any("supply" in said for said in answer.conflict)


def test_what_can_grow_without_end_is_named():
    gift = Arc("grid_import", "import", None, "home.E", "E", float("inf"), costs=(Cost("x", "econ", -1.0),))
    waste = Arc("dump", "dump", "home.E", None, "E", float("inf"))
    instance = instance_of(tiny.network([tiny.HOME], [gift, waste]), tiny.profiles(load_kw=[1.0, 1.0]))
    found = diagnose(assemble(instance, PlanOptions()), 10.0)
    assert found.status == "unbounded"
    assert "grid_import gives any number of kW at 2025-07-15 05:00 UTC" in found.conflict


@pytest.mark.parametrize("budget_s", [0.0, 1e-9])
def test_a_diagnosis_without_time_still_says_infeasible(budget_s):
    instance = instance_of(tiny.network([tiny.HOME], [tiny.IMPORT]), tiny.profiles(load_kw=[1.0, 12.0]))
    found = diagnose(assemble(instance, PlanOptions()), budget_s)
    assert found.status == "infeasible"
