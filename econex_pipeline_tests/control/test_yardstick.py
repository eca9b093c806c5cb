"""One statement of what an hour costs: the optimizer's objective, the yardstick and the indicators, line by line."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import tidy
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control import Controller
from econex_pipeline.control.baseline import run_of
from econex_pipeline.control.estimate import Estimate
from econex_pipeline.control.linear import happened
from econex_pipeline.control.yardstick import common_values, money, worth
from econex_pipeline.district import load_case
from econex_pipeline.district.bill import missing_reserve_m3, reserve_usd
from econex_pipeline.planning import DayPlan, solve_step
from econex_pipeline.planning.parts import parts_of
from econex_pipeline.reporting import kpis
from econex_pipeline.twin import Exogenous, Twin
from econex_pipeline_tests.twin.synthetic import DATA, START, hours, summer_prices, sunny_profiles

EXACT_USD = 1e-6
TIMES = hours(24)
SCHEDULED = TIMES[:12]  # nothing is promised for the other half
PAID = (
    "grid_import_usd", "grid_export_usd", "water_import_usd", "sewer_fee_usd", "carbon_usd", "scarcity_usd",
    "waste_usd", "backup_usd", "unserved_energy_usd", "unserved_water_usd", "deviation_usd", "reserve_usd",
)  # fmt: skip


@pytest.fixture(scope="module")
def stormy():
    """The case of the storm on a plant that equals its drawing."""
    return load_case(DATA, "storm")


def cloudburst(district):
    """A day on which all goes wrong that costs money: the cistern runs over, people go short of water and of power."""
    profiles = sunny_profiles(district, TIMES)
    rain = profiles["node"].eq("home_2") & profiles["time_utc"].isin(TIMES[2:5])
    profiles.loc[rain, "rain_harvest_m3_h"] = 3.0
    for node, hour, column, rate in (
        ("home_1", 9, "potable_m3_h", 9.0), ("hub", 20, "load_kw", 200.0), ("home_2", 21, "irrigation_m3_h", 40.0),
    ):  # fmt: skip
        profiles.loc[profiles["node"].eq(node) & profiles["time_utc"].eq(TIMES[hour]), column] = rate
    return Profiles.from_table(profiles)


def promised(schedules):
    rows = [
        pd.DataFrame({"time_utc": SCHEDULED, "element": element, "quantity": quantity, "value": rate})
        for element, quantity, rate in schedules
    ]
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def lived(stormy):
    """Parts of the objective by the optimizer, and the day it solved, as it happened."""
    controller = Controller(stormy, Twin(stormy, mismatch=False))
    profiles, prices = cloudburst(stormy), Prices.from_table(summer_prices(TIMES))
    state = controller.twin.initial_state(START, {"cistern": 19.5, "potable_tank": 0.5})
    coefficients = controller.coefficients(Estimate(state.amounts(), dict(state.membranes)), profiles)
    values = common_values(controller.network, profiles, coefficients, prices)
    promise = promised([("grid", "schedule_kw", 1.0), ("treatment", "schedule_m3_h", 0.1)])
    plan = DayPlan.from_table(controller.network, tidy(promise.assign(scenario=-1), "PLAN"))
    step = solve_step(controller.network, profiles, coefficients, prices, state.amounts(), plan, values)
    assert step.status == "optimal", step.message
    states, measurements = [state], []
    for number, time in enumerate(TIMES):
        inputs = Exogenous.from_profiles(profiles, time)
        state, measurement = happened(stormy, step.solved, number, states[-1], inputs)
        states.append(state)
        measurements.append(measurement)
    run = run_of(states, measurements)
    operations = tidy(pd.concat([run.operations, promise.assign(basis="planned")]), "OPERATIONS")
    return step, values, prices, measurements, operations, run.states


def test_the_yardstick_reads_every_line_as_the_optimizer_does(stormy, lived):
    step, values, prices, measurements, _, _ = lived
    parts = parts_of(step.solved.instance, step.solved.result)
    paid = money(stormy, measurements, prices, values)
    ends = {name: np.array([m.end_amounts[name] for m in measurements]) for name in stormy.tanks}
    missing_usd = reserve_usd(stormy, missing_reserve_m3(stormy, ends), stormy.step_h)
    assert sum(m.flows_m3_h["overflow.cistern"] for m in measurements) > 1.0
    assert all(abs(parts[line]) > 0.01 for line in PAID), {line: parts[line] for line in PAID}
    for line in PAID[:-2]:
        assert paid.lines[line] == pytest.approx(parts[line], abs=EXACT_USD), line
    assert missing_usd == pytest.approx(parts["reserve_usd"], abs=EXACT_USD)
    assert paid.stored_usd == pytest.approx(
        parts["end_value_usd"] - worth(values, measurements[0].start_amounts), abs=EXACT_USD
    )
    assert paid.z_econ_usd == pytest.approx(parts["z_econ_usd"], abs=EXACT_USD)
    assert paid.z_res_usd == pytest.approx(parts["z_res_usd"], abs=EXACT_USD)
    everything = paid.weighted_usd + paid.unserved_usd + missing_usd + parts["deviation_usd"] + parts["flow_usd"]
    assert everything - worth(values, measurements[0].start_amounts) == pytest.approx(step.objective, abs=EXACT_USD)


def test_the_indicators_read_every_line_as_the_optimizer_does(stormy, lived):
    step, _, _, _, operations, states = lived
    parts = parts_of(step.solved.instance, step.solved.result)
    table = kpis(operations, states, summer_prices(TIMES), stormy, "controlled")
    value = table.set_index("kpi")["value"]
    for name, expected in (
        ("grid_import_cost_usd", parts["grid_import_usd"]),
        ("grid_export_revenue_usd", -parts["grid_export_usd"]),
        ("water_import_cost_usd", parts["water_import_usd"]),
        ("sewer_cost_usd", parts["sewer_fee_usd"]),
        ("exchange_cost_usd", parts["z_econ_usd"]),
        ("resource_impact_usd", parts["z_res_usd"]),
        ("deviation_cost_usd", parts["deviation_usd"]),
    ):
        assert value[name] == pytest.approx(expected, abs=EXACT_USD), name
