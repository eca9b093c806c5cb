"""The same district on the same trace without a controller: what the money of the controlled day is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control.coefficients import of_first_step
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.estimate import Estimate
from econex_pipeline.control.rules import Situation, by_rules, situation_of, without_control
from econex_pipeline.district import District
from econex_pipeline.twin import Decision, Exogenous, Measurement, TwinState
from econex_pipeline.twin.records import Row, decision_rows, measurement_rows, operations_table, state_table


@dataclass(frozen=True)
class Run:
    """An operated stretch of time.

    Attributes
    ----------
    operations : pandas.DataFrame
        OPERATIONS rows: asked, delivered, actual.
    states : pandas.DataFrame
        STATE rows, T + 1 stamps.
    state : TwinState
        At the end.
    measurements : tuple of Measurement
        Every step as the twin measured it.
    """

    operations: pd.DataFrame
    states: pd.DataFrame
    state: TwinState
    measurements: tuple[Measurement, ...]


def run_of(states: Sequence[TwinState], measurements: Sequence[Measurement], asked: Sequence[Row] = ()) -> Run:
    """Put an operated stretch together: states at T + 1 stamps, what was measured, what was asked if anything was."""
    rows = [*asked, *(row for measurement in measurements for row in measurement_rows(measurement))]
    return Run(operations_table(rows), state_table(list(states)), states[-1], tuple(measurements))


def run_no_control(controller: Controller, start: TwinState, actual: Profiles, prices: Prices) -> Run:
    """Run the district without control over all steps of a trace.

    Parameters
    ----------
    controller : Controller
        Only its plant and its drawing are used.
    start : TwinState
        Where the first step starts.
    actual : Profiles
        As they come, from the state's time on.
    prices : Prices
        Over the same steps.

    Notes
    -----
    No battery, no pumped hydro, no treatment, no rain transfer. Tanks refill themselves by hysteresis, greywater goes
    to the sewer, the cistern waters the garden and overflows, the grid does the rest.
    """
    return _run(controller, start, actual, prices, without_control)


def run_rules(controller: Controller, start: TwinState, actual: Profiles, prices: Prices) -> Run:
    """Run the district by the written rules over all steps of a trace; arguments and answer as of `run_no_control`."""
    return _run(controller, start, actual, prices, by_rules)


def _run(
    controller: Controller,
    start: TwinState,
    actual: Profiles,
    prices: Prices,
    decide: Callable[[District, Situation], Decision],
) -> Run:
    """Rules look at the levels and the weather of their own step, as level switches and inverters do."""
    asked: list[Row] = []
    states, measurements = [start], []
    for now in actual.times:
        state, exogenous = states[-1], Exogenous.from_profiles(actual, now)
        believed = Estimate(state.amounts(), dict(state.membranes))
        coefficients = of_first_step(controller.coefficients(believed, actual.ahead(now, controller.district.step_h)))
        decision = decide(controller.district, situation_of(believed.amounts, exogenous, coefficients, prices))
        state, measurement = controller.twin.step(state, decision, exogenous)
        asked += decision_rows(decision, now)
        states.append(state)
        measurements.append(measurement)
    return run_of(states, measurements, asked)
