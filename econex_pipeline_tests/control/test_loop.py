from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.control import Controller, ControlState, Corrections, operate_hour
from econex_pipeline.control.fallback import Status
from econex_pipeline.hydraulics import HydraulicsError
from econex_pipeline.planning import DayPlan, NextStep, end_values_from_plan, solve_step
from econex_pipeline.twin import Twin, balances
from econex_pipeline_tests.control.conftest import operate_day, operated_with
from econex_pipeline_tests.twin.synthetic import START, hours, summer_prices, sunny_profiles


def rows_of(records, element, quantity, basis="delivered"):
    table = pd.concat([record.operations for record in records])
    chosen = table[(table["element"] == element) & (table["quantity"] == quantity) & (table["basis"] == basis)]
    return chosen.set_index("time_utc")["value"]


def pump_error(records):
    predicted = rows_of(records, "controller", "predicted_pump_kwh").sum()
    return predicted / rows_of(records, "controller", "simulated_pump_kwh").sum() - 1.0


def test_a_day_in_closed_loop_keeps_its_books(day, district):
    assert sum(record.fallbacks for record in day) == 0
    for record in day:
        validate(record.operations, "OPERATIONS")
        validate(record.states, "STATE")
        for measurement in record.measurements:
            residuals = balances(measurement, district)
            assert residuals.worst_water_m3 < 1e-6
            assert residuals.worst_energy_kwh < 1e-6


def test_nobody_goes_without(day):
    for record in day:
        for measurement in record.measurements:
            rates = {**measurement.flows_m3_h, **measurement.powers_kw}
            assert sum(value for name, value in rates.items() if name.startswith("unserved.")) < 1e-6


def test_hours_join_without_a_seam(day):
    table = pd.concat([record.states for record in day])
    twice = table[table.duplicated(["time_utc", "element", "quantity"], keep=False)]
    assert twice.groupby(["time_utc", "element", "quantity"])["value"].nunique().max() == 1
    assert table["time_utc"].nunique() == 25


def test_battery_discharges_in_the_dear_evening(day):
    discharge = rows_of(day, "battery_1.discharge", "power_kw")
    charge = rows_of(day, "battery_1.charge", "power_kw")
    evening = (discharge.index.hour >= 21) | (discharge.index.hour < 2)
    assert discharge[evening].sum() > 0.6 * discharge.sum() > 5.0
    assert charge[evening].sum() < 0.1 * charge.sum()


def test_predicted_pump_energy_is_what_the_drawing_uses(drawn_day, day):
    print(f"pump energy predicted against simulated: drawing {pump_error(drawn_day):+.3%}, real {pump_error(day):+.3%}")
    assert abs(pump_error(drawn_day)) < 0.005
    assert abs(pump_error(day)) < 0.03


def test_without_mismatch_expected_equals_delivered(drawn_day):
    for element in ("battery_1.charge", "battery_1.discharge", "treatment", "grid_import", "grid_export"):
        quantity = "flow_m3_h" if element == "treatment" else "power_kw"
        asked = rows_of(drawn_day, element, quantity, "asked")
        delivered = rows_of(drawn_day, element, quantity)
        assert (delivered - asked).abs().max() < 0.02 * max(1.0, asked.max())


def test_the_controller_learns_a_worn_pump(day, controller, drawn_day):
    learnt = day[-1].state.corrections.factor("phs_pump", "energy_kwh_m3")
    unworn = drawn_day[-1].state.corrections.factor("phs_pump", "energy_kwh_m3")
    hidden = controller.twin.hidden.pump_efficiency["phs_pump"]
    assert abs(unworn - 1.0) < 0.01
    assert learnt == pytest.approx(1.0 / hidden, rel=0.02)  # the roughness of its pipe has a say as well


def test_a_saved_state_continues_identically(controller, day, profiles, prices, plan):
    read = ControlState.from_json(day[5].state.to_json())
    assert read == day[5].state
    seen = operated_with(controller, profiles, profiles, prices, plan)
    for one in (controller, Controller(controller.district)):  # nothing warm in the first has a say
        again = operate_hour(one, read, *seen)
        pd.testing.assert_frame_equal(again.operations, day[6].operations, check_exact=True)
        assert again.state.to_json() == day[6].state.to_json()


def test_the_actual_trace_cannot_change_the_decision(controller, profiles, prices, plan):
    other = profiles.assign(pv_kw=profiles["pv_kw"] * 0.3, potable_m3_h=profiles["potable_m3_h"] * 2.0)
    state = controller.start(START)
    same = operate_hour(controller, state, *operated_with(controller, profiles, profiles, prices, plan))
    changed = operate_hour(controller, state, *operated_with(controller, profiles, other, prices, plan))
    asked = [record.operations.query("basis == 'asked'").reset_index(drop=True) for record in (same, changed)]
    pd.testing.assert_frame_equal(*asked)


def test_the_solver_is_asked_about_the_plant_as_believed_against_the_plan(district, profiles, prices, plan):
    """Measured levels, corrected coefficients, the plan's schedule, the plan's values where the horizon ends."""
    asked = []

    def listening(*question, **options):
        asked.append(question)
        return solve_step(*question, **options)

    controller = Controller(district, solve=listening)
    state = replace(controller.start(START), corrections=Corrections({"phs_pump:energy_kwh_m3": 1.25}))
    operate_hour(controller, state, *operated_with(controller, profiles, profiles, prices, plan))
    ((_, horizon, coefficients, _, amounts, schedule, end_values),) = asked
    assert list(horizon.times) == list(hours(24))
    believed = controller.believe(state)
    assert amounts == believed.amounts != state.twin.amounts()
    worn = controller.coefficients(believed, horizon)
    assert coefficients.keys() == worn.keys()
    for key, value in worn.items():
        factor = 1.25 if key == ("phs_pump", "energy_kwh_m3") else 1.0
        assert np.array_equal(coefficients[key], factor * value)
    assert schedule.rates(START) == DayPlan.from_table(controller.network, plan).rates(START)
    assert end_values == end_values_from_plan(controller.network, plan, START + pd.Timedelta(hours=24))
    assert end_values != dict(controller.network.end_values)


def failing(*_, **__):
    return NextStep("infeasible", message="no plan satisfies all limits at once")


def raising(*_, **__):
    raise ArithmeticError("numerical trouble")


@pytest.mark.parametrize("solve", [failing, raising])
def test_when_the_solver_fails_the_plan_decides_and_the_record_says_so(district, profiles, prices, plan, solve):
    controller = Controller(district, solve=solve)
    records = operate_day(controller, controller.start(START), profiles, prices, plan, 3)
    assert [record.fallbacks for record in records] == [1, 1, 1]
    assert (rows_of(records, "controller", "fallback_count") == 1.0).all()
    assert (rows_of(records, "controller", "solve_status") == Status.LAST_GOOD_PLAN).all()
    assert all("no plan" in r.messages[0] or "numerical trouble" in r.messages[0] for r in records)
    planned = rows_of(records, "battery_1.charge", "power_kw", "planned")
    asked = rows_of(records, "battery_1.charge", "power_kw", "asked")
    pd.testing.assert_series_equal(planned, asked)


def test_without_solver_and_plan_rules_serve_everyone_all_day(district, profiles, prices):
    controller = Controller(district, solve=raising)
    records = operate_day(controller, controller.start(START), profiles, prices)
    assert (rows_of(records, "controller", "solve_status") == Status.RULES).all()
    test_nobody_goes_without(records)
    assert rows_of(records, "treatment", "flow_m3_h").sum() > 0.5
    assert rows_of(records, "battery_1.charge", "power_kw").sum() > 1.0
    assert rows_of(records, "battery_1.discharge", "power_kw").sum() > 1.0


def test_four_cycles_fit_an_hour(district):
    quarter = district.model_copy(update={"step_minutes": 15})
    controller = Controller(quarter, Twin(quarter))
    times = hours(26, 15)
    profiles, prices = sunny_profiles(quarter, times), summer_prices(times)
    record = operate_hour(controller, controller.start(START), *operated_with(controller, profiles, profiles, prices))
    assert record.operations["time_utc"].nunique() == 4
    assert record.states["time_utc"].nunique() == 5
    assert record.state.time_utc == START + pd.Timedelta(hours=1)
    assert max(balances(m, quarter).worst_water_m3 for m in record.measurements) < 1e-6
    assert record.fallbacks == 0


def test_a_failing_probe_leaves_the_plan_in_charge(district, profiles, prices, plan, monkeypatch):
    controller = Controller(district)

    def unconverged(*_):
        raise HydraulicsError("EPANET does not converge")

    monkeypatch.setattr(controller, "coefficients", unconverged)
    record = operate_hour(
        controller, controller.start(START), *operated_with(controller, profiles, profiles, prices, plan)
    )
    assert record.fallbacks == 1
    assert (rows_of([record], "controller", "solve_status") == Status.LAST_GOOD_PLAN).all()
    validate(record.operations, "OPERATIONS")
