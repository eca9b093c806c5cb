"""What must hold of any operated day: nothing is lost, nothing comes from nowhere, the brain knows its pumps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.orchestration.assets.coefficients import HYDRAULICS, TREATMENT
from econex_pipeline.orchestration.assets.planning import PLAN, plan_coefficients, start_amounts
from econex_pipeline.orchestration.assets.reporting import BASELINE_STATE, NO_CONTROL
from econex_pipeline.orchestration.assets.surroundings import PRICES, SCENARIOS
from econex_pipeline.orchestration.hours import Hour, OperatedDay, ensure_hour
from econex_pipeline.orchestration.recipe import ensure
from econex_pipeline.twin import balances, measurements_of
from econex_pipeline_tests.pilot.conftest import SUNNY
from econex_pipeline_tests.pilot.run import add_case, run
from econex_pipeline_tests.planning.independent import Pilot

pytestmark = pytest.mark.slow
PARTS = ("roughness", "pump_efficiency", "turbine_efficiency", "demand", "membrane")
STILL = "  twin:\n    mismatch:\n" + "".join(f"      {part}_log_sd: 0.0\n" for part in PARTS)


@pytest.fixture(scope="module")
def as_drawn(pilot_data, root):
    """The sunny day on a plant that is as its drawing says."""
    return run(pilot_data, root, add_case(pilot_data, "as_drawn", STILL), SUNNY, report=True)


def test_the_plan_costs_what_an_independent_formulation_says(rainy):
    """On the tables that the pilot's day was really planned with: twenty scenarios, treatment different in each."""
    there = rainy.day
    coefficients = plan_coefficients(there.table(HYDRAULICS), there.table(TREATMENT))
    assert coefficients.loc[coefficients["element"] == "treatment", "scenario"].nunique() == 20
    tables = there.table(SCENARIOS), coefficients, there.table(PRICES)
    theirs = Pilot(there.setting.district, *tables, start_amounts(there), len(there.times)).optimum()
    assert there.extra(PLAN)["objective_usd"] == pytest.approx(theirs, rel=1e-6)


def tables(day):
    without = day.day.table(NO_CONTROL), day.day.beside(BASELINE_STATE, "STATE")
    return (day.operations, day.states), without


def test_nothing_is_lost_or_made_at_any_node_tank_or_battery(sunny, rainy):
    """From the stored tables alone, each term read on its own, step by step."""
    for day in (sunny, rainy):
        district = day.day.setting.district
        for operations, states in tables(day):
            steps = measurements_of(operations, states, district.step_h)
            assert [step.time_utc for step in steps] == list(day.day.times)
            closing = [balances(step, district) for step in steps]
            assert set(district.tanks) <= set(closing[0].water_m3)
            assert max(step.worst_water_m3 for step in closing) < 1e-6
            assert max(step.worst_energy_kwh for step in closing) < 1e-6
            stated_m3 = np.array([step.water_bound_m3[tank] for step in closing for tank in district.tanks])
            assert (stated_m3 == 0.0).mean() > 0.8  # exact where no tank meets a limit
            assert stated_m3.max() < 0.001


def test_a_liter_that_vanishes_is_missed(sunny):
    district = sunny.day.setting.district
    at = sunny.operations["quantity"].eq("flow_m3_h") & sunny.operations["element"].eq("potable_hub_1")
    at &= sunny.operations["basis"].eq("delivered")
    leaking = sunny.operations.assign(value=sunny.operations["value"].where(~at, sunny.operations["value"] + 1e-3))
    steps = measurements_of(leaking, sunny.states, district.step_h)
    exact = [step for step in steps if not any(step.water_step_error_bound_m3.values())]
    assert exact
    assert min(balances(step, district).worst_water_m3 for step in exact) == pytest.approx(1e-3, rel=1e-3)


def pump_error(day) -> float:
    predicted = day.delivered("controller", "predicted_pump_kwh").sum()
    simulated = day.delivered("controller", "simulated_pump_kwh").sum()
    error = abs(predicted - simulated) / simulated
    print(f"pump energy predicted {predicted:.4f} kWh, simulated {simulated:.4f} kWh, error {error:.3%}")
    return error


def test_the_brain_predicts_its_pumps_on_a_plant_as_drawn(as_drawn):
    assert pump_error(as_drawn) < 0.005


def test_the_brain_predicts_its_pumps_on_the_plant_as_it_is(sunny):
    assert pump_error(sunny) < 0.03


@pytest.mark.parametrize(("node", "quantity"), [("home_1", "pv_kw"), ("hub", "load_kw"), ("hub", "potable_m3_h")])
def test_no_hour_is_known_before_it_has_come(sunny, node, quantity):
    """The forecast of the very hour that is decided on is near what comes, and never equal to it."""
    rows = sunny.operations[(sunny.operations["element"] == node) & (sunny.operations["quantity"] == quantity)]
    wide = rows.pivot_table(index="time_utc", columns="basis", values="value")
    wide = wide[wide["actual"] > 0.05 * wide["actual"].max()]
    ratio = wide["forecast"] / wide["actual"]
    assert ratio.std() > 0.01  # where the trace leaks, all that is left is the node's hidden factor, always the same
    assert wide["forecast"].corr(wide["actual"]) > 0.9


def test_nobody_went_without(sunny, rainy):
    for day in (sunny, rainy):
        for kpi in ("unserved_kwh", "unserved_m3"):
            assert day.kpis.loc[kpi, "controlled"] == pytest.approx(0.0, abs=1e-9)
        assert day.kpis.loc["fallback_cycles", "controlled"] == 0.0


def test_the_day_without_control_starts_where_the_controlled_one_did(four_days):
    second = four_days[1].day
    ensure(NO_CONTROL, second)
    controlled, without = (
        states[states["time_utc"] == second.times[0]].set_index(["element", "quantity"])["value"]
        for states in (second.states, second.beside(BASELINE_STATE, "STATE"))
    )
    pd.testing.assert_series_equal(controlled, without, check_exact=True)
    start = {name: storage.start for name, storage in second.setting.district.tanks.items()}
    assert controlled.xs("level_m3", level="quantity").to_dict() != pytest.approx(start, abs=0.1)


def test_the_plan_counts_its_own_day_only(sunny, rainy):
    for day in (sunny, rainy):
        for kpi in ("load_kwh", "potable_demand_m3"):
            assert day.kpis.loc[kpi, "plan"] == pytest.approx(day.kpis.loc[kpi, "controlled"], rel=0.2)


def test_control_is_worth_having(sunny, rainy):
    for day in (sunny, rainy):
        assert day.kpis.loc["cost_usd", "controlled"] < day.kpis.loc["cost_usd", "no_control"]


def test_an_hour_can_be_repeated_to_the_last_bit(sunny):
    day = sunny.day
    forced = OperatedDay(
        type(day)(day.setting, day.date, day.storage, day.options.model_copy(update={"force_recompute": True}))
    )
    key = day.hour_keys[-1]
    before = Path(day.storage.where("operations", day.setting.case, key)).read_bytes()
    reused = ensure_hour(Hour(forced, key)).reused
    assert not reused
    assert Path(day.storage.where("operations", day.setting.case, key)).read_bytes() == before


def test_the_page_is_for_a_reader_without_a_network(sunny):
    assert "http://" not in sunny.page.replace("http://www.w3.org", "")
    assert "15 July 2025" in sunny.page
    assert "different places" in sunny.page
