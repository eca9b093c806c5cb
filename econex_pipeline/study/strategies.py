"""Who decides: each strategy as one function that operates a day from the state the day before left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control import Controller, ControlState, Run, operate_hour, run_no_control, run_rules
from econex_pipeline.orchestration.recipe import once
from econex_pipeline.study.days import StudyDays
from econex_pipeline.twin import Measurement, TwinState


@dataclass(frozen=True)
class Operated:
    """A day as it was operated.

    Attributes
    ----------
    operations, states : pandas.DataFrame
        OPERATIONS and STATE of the day, T + 1 stamps.
    state : ControlState
        Where the next day starts.
    measurements : tuple of Measurement
        Every step as the twin measured it.
    messages : tuple of str
        What the controller said when it fell back.
    """

    operations: pd.DataFrame
    states: pd.DataFrame
    state: ControlState
    measurements: tuple[Measurement, ...]
    messages: tuple[str, ...] = ()


Strategy = Callable[[StudyDays, date, ControlState], Operated]
Baseline = Callable[[Controller, TwinState, Profiles, Prices], Run]


def _baseline(run: Baseline) -> Strategy:
    def operate(days: StudyDays, of: date, state: ControlState) -> Operated:
        inputs = days.inputs(of)
        done = run(days.controller, state.twin, inputs.actual, inputs.tariffs)
        return Operated(done.operations, done.states, ControlState(done.state), done.measurements)

    return operate


def controlled(days: StudyDays, of: date, state: ControlState) -> Operated:
    """Operate a day in closed loop: at every hour a new forecast, against the day's plan."""
    inputs, records = days.inputs(of), []
    for expected in days.forecasts(of).values():
        record = operate_hour(days.controller, state, expected, inputs.actual, inputs.tariffs, inputs.day_plan)
        state = record.state
        records.append(record)
    return Operated(
        operations=pd.concat([record.operations for record in records], ignore_index=True),
        states=once(pd.concat([record.states for record in records], ignore_index=True)),
        state=state,
        measurements=tuple(step for record in records for step in record.measurements),
        messages=tuple(message for record in records for message in record.messages),
    )


STRATEGIES: Mapping[str, Strategy] = {
    "no_control": _baseline(run_no_control),
    "rules": _baseline(run_rules),
    "controlled": controlled,
}
"""By name, each beginning where `StudyDays.start` says."""
EVERY_CASE = ("no_control", "rules", "controlled")
BASE_ONLY: tuple[str, ...] = ()
