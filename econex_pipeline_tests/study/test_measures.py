"""A range is priced as the optimizer prices its own plan, and by the hours of the tariff."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import tidy
from econex_pipeline.control.yardstick import worth
from econex_pipeline.planning import PlanOptions, build_network, plan_day
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.tables import read_tables
from econex_pipeline.profiles import prices
from econex_pipeline.reporting.ledger import plan_as_operations
from econex_pipeline.study.measures import WEIGHTED, Range, measure_range
from econex_pipeline_tests.planning.days import days

UNMETERED = ("turbidity_ntu", "water_temperature_c")
HAPPENED = {"planned": "delivered", "forecast": "actual"}


@pytest.fixture(scope="module", params=[False, True], ids=["sunny", "rainy"])
def planned(request, district):
    """A day known for certain at the district's own tariff, planned, and as if all came as planned."""
    network = build_network(district)
    made = days(network, hours=24, rainy=request.param)
    made_prices = prices(district, made.times)
    answer = plan_day(network, made.scenarios, made.coefficients, made_prices, made.start, PlanOptions(quality=False))
    operations, states = plan_as_operations(answer.plan, made.times, made.scenarios)
    operations = operations[~operations["quantity"].isin(UNMETERED)]
    happened = tidy(operations.assign(basis=operations["basis"].map(HAPPENED)), "OPERATIONS")
    span = Range(district, happened, states, _values(network, made, made_prices))
    return answer, made, made_prices, span


def _values(network, made, made_prices):
    """The end values that the plan was made with."""
    return district_end_values(network, read_tables(network, made.scenarios, made.coefficients, made_prices))


def test_what_the_plan_minimized_is_what_the_study_measures(planned):
    answer, made, _, span = planned
    stored_usd = worth(span.values, made.start)
    moved_usd = answer.parts["flow_usd"]  # a millionth of a dollar, so that nothing moves for nothing
    expected = answer.objective - moved_usd + stored_usd
    assert measure_range(span)[WEIGHTED] == pytest.approx(expected, abs=1e-6)


def test_shares_add_up_to_what_the_plan_does(planned):
    answer, made, made_prices, span = planned
    found = measure_range(span)
    plan = answer.plan[answer.plan["scenario"] == -1]
    dearest = made_prices["buy_price_usd_kwh"] == made_prices["buy_price_usd_kwh"].max()
    in_peak = plan["time_utc"].isin(made.times[dearest])
    charged = (plan["element"] == "battery_1.charge") & (plan["quantity"] == "power_kw")
    assert found["peak_hours"] == 5.0
    assert found["battery_charged_in_peak_kwh"] == pytest.approx(plan.loc[charged & in_peak, "value"].sum(), abs=1e-9)
    assert found["battery_charged_kwh"] == pytest.approx(plan.loc[charged, "value"].sum(), abs=1e-9)
    assert found["import_in_peak_kwh"] <= found["grid_import_kwh"]


def test_a_level_above_the_brim_is_counted_unless_an_event_explains_it(planned):
    _, made, _, span = planned
    over = span.states["element"].eq("cistern") & span.states["time_utc"].eq(made.times[7])
    brimming = span.states.assign(value=span.states["value"].where(~over, 20.5))
    row = {"time_utc": made.times[6], "element": "leak.cistern", "quantity": "event_active", "basis": "actual"}
    event = pd.DataFrame([{**row, "value": 1.0}])
    with_event = tidy(pd.concat([span.operations, event], ignore_index=True), "OPERATIONS")
    counted = ("steps_outside", "steps_outside_unexplained", "steps_with_event")
    for operations, expected in ((span.operations, (1.0, 1.0, 0.0)), (with_event, (1.0, 0.0, 1.0))):
        found = measure_range(replace(span, operations=operations, states=brimming))
        assert tuple(found[name] for name in counted) == expected


def test_electricity_is_worth_its_buying_price_while_it_is_bought(planned):
    _, _, made_prices, span = planned
    buys = span.energy.supply["grid"] > span.energy.use["grid"]
    expected = np.where(buys, made_prices["buy_price_usd_kwh"], made_prices["sell_price_usd_kwh"])
    np.testing.assert_array_equal(span.worth_usd_kwh, expected)
    assert 0 < buys.sum() <= len(buys)
