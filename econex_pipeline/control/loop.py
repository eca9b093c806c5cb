"""One hour of the closed loop: estimate, refresh the coefficients, solve the horizon, act, record what came.

The controller sees forecasts, prices and its plan; what really happens reaches it through the twin only.
"""

from __future__ import annotations

from econex_pipeline.contracts import EconexError
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.control.choose import OPTIMAL, Choice, Question, choose
from econex_pipeline.control.coefficients import Coefficients, of_first_step
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.estimate import Estimate
from econex_pipeline.control.learning import learn, pump_energy
from econex_pipeline.control.state import ControlState, HourRecord
from econex_pipeline.district import District
from econex_pipeline.planning import DayPlan
from econex_pipeline.twin import Exogenous, Measurement, TwinState
from econex_pipeline.twin.records import Row, decision_rows, input_rows, measurement_rows


def operate_hour(
    controller: Controller,
    state: ControlState,
    forecast: Profiles,
    actual: Profiles,
    prices: Prices,
    plan: DayPlan | None = None,
) -> HourRecord:
    """Operate one hour: as many control cycles as the district's step asks for.

    Parameters
    ----------
    controller : Controller
        Controller and plant.
    state : ControlState
        Where the hour starts.
    forecast : Profiles
        As expected at the issue of this hour, 24 h from its start on (or what is left of it).
    actual : Profiles
        As they come; only the twin reads them.
    prices : Prices
        Over the horizon.
    plan : DayPlan, optional
        Plan of the day: its schedule is what deviation is counted from, its marginal values end the horizon, its
        expectation is the first fallback.

    Returns
    -------
    HourRecord
        What was planned, asked, delivered, and the state at the end of the hour.

    Raises
    ------
    InputError
        If `actual` lacks a step of the hour, or `forecast` its first one.
    """
    district = controller.district
    cycles = round(1.0 / district.step_h)
    rows: list[Row] = []
    states: list[TwinState] = [state.twin]
    measurements: list[Measurement] = []
    coefficients: list[Coefficients] = []
    messages: list[str] = []
    for _ in range(cycles):
        now = state.time_utc
        horizon = forecast.ahead(now, HOURS_PER_DAY)
        expected = Exogenous.from_profiles(horizon, now)
        believed = controller.believe(state)
        raw = _refresh(controller, believed, horizon)
        corrected = state.corrections.apply(raw)
        question = Question(expected, believed.amounts, horizon, corrected, prices, plan, state.basis)
        choice = choose(controller, question)
        after, measurement = controller.twin.step(state.twin, choice.decision, Exogenous.from_profiles(actual, now))
        rows += _record(choice, question, measurement, district)
        if choice.status != OPTIMAL:
            messages.append(choice.message)
        coefficients.append(corrected)
        states.append(after)
        measurements.append(measurement)
        learnt = learn(state.corrections, of_first_step(raw), measurement, district)
        state = ControlState(after, learnt, choice.basis)
    return HourRecord(
        rows=tuple(rows),
        twin_states=tuple(states),
        coefficients=tuple(coefficients),
        state=state,
        fallbacks=len(messages),
        messages=tuple(messages),
        measurements=tuple(measurements),
    )


def _refresh(controller: Controller, believed: Estimate, horizon: Profiles) -> Coefficients:
    """Linearize anew; nothing where that fails, so that the solve fails too and a fallback decides."""
    try:
        return controller.coefficients(believed, horizon)
    except EconexError:
        return {}


def _record(choice: Choice, question: Question, measurement: Measurement, district: District) -> list[Row]:
    """Put one cycle into rows: planned, asked, forecast, delivered, actual, and the controller's own."""
    now = measurement.time_utc
    rows: list[Row] = []
    if question.plan is not None:
        rows += [(now, *key, "planned", value) for key, value in question.plan.rates(now).items()]
    asked = {(element, quantity): value for _, element, quantity, _, value in decision_rows(choice.decision, now)}
    rows += [(now, *key, "asked", value) for key, value in {**choice.rates, **asked}.items()]
    rows += input_rows(question.expected, "forecast") + measurement_rows(measurement)
    predicted, simulated = pump_energy(measurement, of_first_step(question.coefficients), district)
    own = {
        "fallback_count": float(choice.status != OPTIMAL),
        "solve_status": float(choice.status),
        "predicted_pump_kwh": predicted,
        "simulated_pump_kwh": simulated,
    }
    return rows + [(now, "controller", quantity, "delivered", value) for quantity, value in own.items()]
