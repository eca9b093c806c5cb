"""Each failure injected for a day: the loop goes on, the next rung of the ladder decides, the record says so."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.contracts.columns import FALLBACK_CAUSES, SOLVE_STATUS
from econex_pipeline.control import Controller, ControlState, operate_hour
from econex_pipeline.control.estimate import STALE_AFTER_H
from econex_pipeline.control.fallback import BECAUSE, KEPT_H, Cause, KeptPlan, Status, usable
from econex_pipeline.hydraulics import HydraulicsError
from econex_pipeline.planning import DayPlan, NextStep, solve_step
from econex_pipeline.twin import Observation, balances
from econex_pipeline_tests.control.conftest import DAY, operated_with
from econex_pipeline_tests.twin.synthetic import START

GOOD_HOURS = 3
"""Hours that go well before the failure begins."""


class Failing:
    """A solver that fails in its own way from some call on."""

    def __init__(self, fail, good=GOOD_HOURS):
        self.fail, self.good = fail, good

    def __call__(self, *question, **options):
        if self.good > 0:
            self.good -= 1
            return solve_step(*question, **options)
        return self.fail(question, options)


class Silent:
    """Telemetry whose level sensors are not heard any more after some hours."""

    def __init__(self, twin, from_utc):
        self.twin, self.from_utc = twin, from_utc

    def observe(self, state):
        shown = self.twin.observe(state)
        if state.time_utc < self.from_utc:
            return shown
        return Observation(shown.time_utc, {}, {}, dict.fromkeys(shown.ages_h, 1.0))


def raised(question, options):
    raise ArithmeticError("the basis is singular")


def infeasible(question, options):
    return NextStep("infeasible", message="no plan satisfies all limits at once")


def timed_out(question, options):
    return solve_step(*question, **{**options, "time_limit_s": 0.0})


def stopped_at_a_feasible_point(question, options):
    found = solve_step(*question, **options)
    result = replace(found.solved.result, duals=np.empty((0, 0)))
    return replace(found, status="time_limit", basis=None, solved=replace(found.solved, result=result))


def stopped_at_a_broken_point(question, options):
    found = stopped_at_a_feasible_point(question, options)
    columns = found.solved.result.columns + 0.1
    return replace(found, solved=replace(found.solved, result=replace(found.solved.result, columns=columns)))


def unheard(controller):
    controller.telemetry = Silent(controller.twin, START + pd.Timedelta(hours=GOOD_HOURS))


def without_probes(controller):
    probe, calls = controller.coefficients, []

    def refused(*question):
        calls.append(question)
        if len(calls) > GOOD_HOURS:
            raise HydraulicsError("EPANET does not converge")
        return probe(*question)

    controller.coefficients = refused


def operated(controller, seen, hours_count=DAY, lost_forecast=False, state=None):
    """Operate hour after hour; the forecast is lost after the good hours, if asked."""
    forecast, *rest = seen
    records, state = [], controller.start(START) if state is None else state
    for _ in range(hours_count):
        gone = lost_forecast and state.time_utc >= START + pd.Timedelta(hours=GOOD_HOURS)
        records.append(operate_hour(controller, state, None if gone else forecast, *rest))
        state = records[-1].state
    return records


def own(records, quantity):
    rows = pd.concat([record.operations for record in records])
    rows = rows[(rows["element"] == "controller") & (rows["quantity"] == quantity)]
    return rows.set_index("time_utc")["value"]


def everyone_is_served(records, district):
    for record in records:
        validate(record.operations, "OPERATIONS")
        for measurement in record.measurements:
            rates = {**measurement.flows_m3_h, **measurement.powers_kw}
            assert sum(value for name, value in rates.items() if name.startswith("unserved.")) < 1e-6
            assert balances(measurement, district).worst_water_m3 < 1e-6
            assert balances(measurement, district).worst_energy_kwh < 1e-6


SOLVERS = {
    Cause.NUMERICAL: raised,
    Cause.INFEASIBLE: infeasible,
    Cause.NO_SOLUTION_IN_TIME: timed_out,
}
OTHERS = {Cause.TELEMETRY_STALE: unheard, Cause.COEFFICIENTS_FAILED: without_probes}


@pytest.fixture(scope="module")
def seen(controller, profiles, prices, plan):
    return operated_with(controller, profiles, profiles, prices, plan)


@pytest.mark.parametrize("cause", [*SOLVERS, *OTHERS, Cause.FORECAST_MISSING], ids=lambda cause: cause.name)
def test_a_day_of_failure_is_operated_to_its_end(district, seen, cause):
    """Three good hours; then the kept horizon for six, then the plan of the day."""
    solve = Failing(SOLVERS[cause]) if cause in SOLVERS else solve_step
    controller = Controller(district, solve=solve)
    OTHERS.get(cause, lambda _: None)(controller)
    records = operated(controller, seen, lost_forecast=cause is Cause.FORECAST_MISSING)
    everyone_is_served(records, district)
    first = GOOD_HOURS + (round(STALE_AFTER_H) - 1 if cause is Cause.TELEMETRY_STALE else 0)
    assert (own(records[:first], "solve_status") == Status.OPTIMUM).all()
    failed = records[first:]
    assert (own(failed, "solve_status") == Status.LAST_GOOD_PLAN).all()
    assert (own(failed, "fallback_cause") == cause).all()
    assert (own(failed, "fallback_count") == 1.0).all()
    ages = own(records, "plan_age_h").tolist()
    kept = round(KEPT_H)
    assert ages[:first] == [0.0] * first
    assert ages[first : first + kept] == [float(age) for age in range(1, kept + 1)]
    assert ages[first + kept :] == [float(hour) for hour in range(first + kept, DAY)]
    for record in failed:
        assert record.notes["causes"] == [cause.name.lower()]
        assert record.messages[0]
        (said,) = record.notes["reasons"]
        assert said["element"] == "controller"
        assert said["text"].startswith("last good plan, ")
        assert said["text"].endswith(BECAUSE[cause])


@pytest.mark.parametrize("cause", [Cause.NUMERICAL, Cause.TELEMETRY_STALE, Cause.FORECAST_MISSING])
def test_without_any_plan_rules_serve_everyone(district, seen, cause):
    controller = Controller(district, solve=raised if cause is Cause.NUMERICAL else solve_step)
    if cause is Cause.TELEMETRY_STALE:
        controller.telemetry = Silent(controller.twin, START)
    forecast = None if cause is Cause.FORECAST_MISSING else seen[0]
    records = operated(controller, (forecast, *seen[1:3], None))
    assert (own(records, "solve_status") == Status.RULES).all()
    assert (own(records, "fallback_cause") == cause).all()
    assert own(records, "plan_age_h").empty
    assert records[5].notes["reasons"][0]["text"] == f"rules: {BECAUSE[cause]}"
    validate(pd.concat([record.operations for record in records], ignore_index=True), "OPERATIONS")
    if cause is not Cause.TELEMETRY_STALE:
        everyone_is_served(records, district)


def test_a_feasible_point_is_used_before_any_older_plan(district, seen):
    controller = Controller(district, solve=Failing(stopped_at_a_feasible_point))
    records = operated(controller, seen, 8)
    everyone_is_served(records, district)
    assert own(records, "solve_status").tolist() == [0.0] * GOOD_HOURS + [float(Status.INCUMBENT)] * 5
    assert (own(records[GOOD_HOURS:], "fallback_cause") == Cause.NO_SOLUTION_IN_TIME).all()
    assert (own(records, "plan_age_h") == 0.0).all()


def test_a_point_that_breaks_a_limit_or_leaves_somebody_short_is_not_used(district, seen):
    controller = Controller(district, solve=Failing(stopped_at_a_broken_point))
    records = operated(controller, seen, 5)
    assert own(records, "solve_status").tolist() == [0.0] * GOOD_HOURS + [float(Status.LAST_GOOD_PLAN)] * 2
    found = []
    listening = Controller(district, solve=lambda *a, **k: found.append(stopped_at_a_feasible_point(a, k)) or found[0])
    operated(listening, seen, 1)
    assert usable(found[0])
    short = {**found[0].rates, ("unserved.hub.P", "flow_m3_h"): 0.1}
    assert not usable(replace(found[0], rates=short))


def test_a_plan_of_yesterday_is_never_used(district, controller, profiles, prices, plan):
    """Its look-ahead covers today, and says nothing: no schedule, no end value, no rung of the ladder."""
    asked = []

    def listening(*question, **options):
        asked.append(question)
        return NextStep("infeasible", message="")

    tomorrow = START + pd.Timedelta(hours=DAY)
    later = profiles.assign(time_utc=profiles["time_utc"] + pd.Timedelta(hours=DAY))
    rates = prices.assign(time_utc=prices["time_utc"] + pd.Timedelta(hours=DAY))
    stale = Controller(district, solve=listening)
    seen = operated_with(stale, later, later, rates, plan)
    assert seen[-1].rates(tomorrow)
    record = operate_hour(stale, stale.start(tomorrow), *seen)
    assert own([record], "solve_status").tolist() == [float(Status.RULES)]
    assert own([record], "plan_age_h").empty
    assert not (record.operations["basis"] == "planned").any()
    assert asked[0][5] is None
    assert asked[0][6] == dict(controller.network.end_values)


def test_a_plan_is_as_old_as_its_issue(controller, plan, district, seen):
    issued = START - pd.Timedelta(hours=12)
    dated = DayPlan.from_table(controller.network, plan, issued)
    records = operated(Controller(district, solve=infeasible_always), (*seen[:3], dated), 2)
    assert own(records, "plan_age_h").tolist() == [12.0, 13.0]
    assert records[0].choices[0].reasons[0].text == "last good plan, 12 h old: no plan satisfies all limits at once"


def infeasible_always(*question, **options):
    return infeasible(question, options)


def test_one_lost_forecast_costs_one_hour_only(district, seen):
    """The hour goes by the horizon of the hour before; the next one is solved again."""
    controller = Controller(district)
    forecast, *rest = seen
    state, records = controller.start(START), []
    for hour in range(5):
        records.append(operate_hour(controller, state, None if hour == 2 else forecast, *rest))
        state = records[-1].state
    assert own(records, "solve_status").tolist() == [0.0, 0.0, 2.0, 0.0, 0.0]
    expected = [not r.operations.query("basis == 'forecast' and quantity == 'load_kw'").empty for r in records]
    assert expected == [True, True, False, True, True]


@pytest.mark.parametrize("fail", [raised, stopped_at_a_feasible_point], ids=lambda fail: fail.__name__)
def test_an_hour_that_fell_back_repeats_to_the_last_byte(district, seen, fail):
    records = operated(Controller(district, solve=Failing(fail)), seen, 8)
    for before, after in pairwise(records[3:7]):
        resumed = Controller(district, solve=Failing(fail, good=0))
        again = operate_hour(resumed, ControlState.from_json(before.state.to_json()), *seen)
        assert again.state.to_json() == after.state.to_json()
        pd.testing.assert_frame_equal(again.operations, after.operations, check_exact=True)
        assert json.dumps(again.notes) == json.dumps(after.notes)


def test_the_numbers_of_the_record_mean_what_the_contract_says():
    assert tuple(status.name.lower() for status in Status) == SOLVE_STATUS
    assert tuple(cause.name.lower() for cause in Cause) == FALLBACK_CAUSES


def test_a_kept_plan_survives_being_saved_and_stays_small(day):
    kept = day[10].state.kept
    assert KeptPlan.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept
    assert kept.rates_at(kept.made_utc) == {}
    assert kept.rates_at(kept.made_utc + pd.Timedelta(hours=KEPT_H + 1)) == {}
    assert kept.rates_at(kept.made_utc + pd.Timedelta(hours=1))
    assert len(json.dumps(kept.to_dict())) < 2000
    assert len(day[10].state.to_json()) < 8000
