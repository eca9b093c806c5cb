"""One hour of the closed loop: estimate, refresh the coefficients, solve the horizon, act, record what came.

Whatever fails on the way, the hour is operated: a missing forecast, a level not read for too long, a model without an
answer or a solve without one each lead to the next rung of the ladder in `fallback`, and into the record.

The controller sees forecasts, prices and its plan; what really happens reaches it through the twin only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from econex_pipeline.contracts import EconexError
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control.choose import Question, choose
from econex_pipeline.control.coefficients import Coefficients, of_first_step
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.estimate import Estimate, predict
from econex_pipeline.control.fallback import Cause, standing
from econex_pipeline.control.learning import learn
from econex_pipeline.control.recording import Cycle, rows_of
from econex_pipeline.control.state import ControlState, HourRecord
from econex_pipeline.planning import DayPlan
from econex_pipeline.twin import Exogenous, NodeInputs, Observation


def operate_hour(
    controller: Controller,
    state: ControlState,
    forecast: Profiles | None,
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
    forecast : Profiles or None
        As expected at the issue of this hour, 24 h from its start on (or what is left of it); None, or without the
        steps of this hour, where there is no forecast.
    actual : Profiles
        As they come; only the twin reads them.
    prices : Prices
        Over the horizon.
    plan : DayPlan, optional
        Plan of the day: its schedule is what deviation is counted from, its marginal values end the horizon, its
        expectation is a fallback. A plan of another day is stale and left aside.

    Returns
    -------
    HourRecord
        What was planned, asked, delivered, and the state at the end of the hour.

    Raises
    ------
    InputError
        If `actual` lacks a step of the hour.
    """
    district = controller.district
    cycles: list[Cycle] = []
    states = [state.twin]
    for _ in range(round(1.0 / district.step_h)):
        now = state.time_utc
        readings = controller.telemetry.observe(state.twin)
        believed = controller.believe(state, readings)
        horizon = _ahead(forecast, now, controller.horizon_h)
        expected = _as_before(state, district.nodes) if horizon is None else Exogenous.from_profiles(horizon, now)
        raw = _refresh(controller, believed, horizon or expected.profiles(), readings)
        question = Question(
            expected=expected,
            amounts=believed.amounts,
            horizon=horizon,
            coefficients=state.corrections.apply(raw or {}),
            prices=prices,
            plan=standing(plan, now),
            kept=state.kept,
            basis=state.basis,
            trouble=_trouble(believed, horizon, raw),
        )
        choice = choose(controller, question)
        after, measurement = controller.twin.step(state.twin, choice.decision, Exogenous.from_profiles(actual, now))
        said = of_first_step(raw or {})
        cycles.append(Cycle(question, choice, measurement, said, believed, readings))
        states.append(after)
        state = ControlState(
            twin=after,
            corrections=learn(state.corrections, said, measurement, district),
            basis=choice.basis,
            belief=predict(believed, measurement, district),
            kept=choice.kept,
            came=replace(expected, nodes=measurement.inputs),
        )
    return HourRecord(
        rows=tuple(row for cycle in cycles for row in rows_of(cycle, district)),
        twin_states=tuple(states),
        coefficients=tuple(cycle.question.coefficients for cycle in cycles),
        state=state,
        choices=tuple(cycle.choice for cycle in cycles),
        measurements=tuple(cycle.measurement for cycle in cycles),
    )


def _ahead(forecast: Profiles | None, now: pd.Timestamp, horizon_h: float) -> Profiles | None:
    """Take the horizon out of a forecast; None where it does not hold the step that is to be decided."""
    horizon = None if forecast is None else forecast.ahead(now, horizon_h)
    return horizon if horizon is not None and len(horizon.stamps) and horizon.stamps[0] == now.value else None


def _as_before(state: ControlState, nodes: Iterable[str]) -> Exogenous:
    """Expect of a step what the one before has brought; nothing where none was operated yet."""
    if state.came is None:
        return Exogenous(state.time_utc, {node: NodeInputs() for node in nodes})
    return replace(state.came, time_utc=state.time_utc)


def _refresh(
    controller: Controller, believed: Estimate, horizon: Profiles, readings: Observation
) -> Coefficients | None:
    """Linearize anew; None where that fails."""
    try:
        return controller.coefficients(believed, horizon, readings.utilities_out)
    except EconexError:
        return None


def _trouble(believed: Estimate, horizon: Profiles | None, raw: Coefficients | None) -> Cause:
    """Name what stands against solving at all."""
    if believed.stale:
        return Cause.TELEMETRY_STALE
    if horizon is None:
        return Cause.FORECAST_MISSING
    return Cause.COEFFICIENTS_FAILED if raw is None else Cause.NONE
