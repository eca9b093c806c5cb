"""Who decides: each strategy as a function of the study's days and a state, by the day or over a whole range at once.

A strategy by the day starts where its day before ended. One that knows the whole range is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import pandas as pd

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.time import HOURS_PER_DAY, operating_day, steps
from econex_pipeline.control import Controller, ControlState, Run, operate_hour, run_no_control, run_rules
from econex_pipeline.control.foresight import met, perfect_foresight, rolling_foresight
from econex_pipeline.control.strategies import VARIANTS
from econex_pipeline.orchestration.recipe import once
from econex_pipeline.planning import DayPlan
from econex_pipeline.study.days import StudyDays
from econex_pipeline.twin import Measurement, TwinState


@dataclass(frozen=True)
class Operated:
    """A day, or a range, as it was operated.

    Attributes
    ----------
    operations, states : pandas.DataFrame
        OPERATIONS and STATE, T + 1 stamps.
    state : ControlState
        Where the next day starts.
    measurements : tuple of Measurement
        Every step as the plant measured it.
    messages : tuple of str
        What the controller said when it fell back.
    """

    operations: pd.DataFrame
    states: pd.DataFrame
    state: ControlState
    measurements: tuple[Measurement, ...]
    messages: tuple[str, ...] = ()

    @classmethod
    def of(cls, run: Run) -> Operated:
        """Take over what a baseline gave."""
        return cls(run.operations, run.states, ControlState(run.state), run.measurements)


ByDay = Callable[[StudyDays, date, ControlState], Operated]
AtOnce = Callable[[StudyDays, TwinState, Mapping[str, float] | None], Operated]
Baseline = Callable[[Controller, TwinState, Profiles, Prices], Run]


def _baseline(days: StudyDays, of: date, state: ControlState, run: Baseline) -> Operated:
    inputs = days.inputs(of)
    return Operated.of(run(days.controller, state.twin, inputs.actual, inputs.tariffs))


def _variant(days: StudyDays, of: date, state: ControlState, name: str) -> Operated:
    """Operate a day in closed loop: at every hour a new forecast, against the day's plan."""
    inputs, records = days.inputs(of), []
    controller, horizon_h = days.controller_of(name), VARIANTS[name].horizon_h
    tariffs = inputs.tariffs
    if horizon_h > HOURS_PER_DAY:
        reach = steps(inputs.times[0], HOURS_PER_DAY + horizon_h, days.setting.district.step_minutes)
        tariffs = Prices.from_table(days.prices(reach))
    for expected in _expected(days, of, name).values():
        record = operate_hour(controller, state, expected, inputs.actual, tariffs, inputs.day_plan)
        state = record.state
        records.append(record)
    return Operated(
        operations=pd.concat([record.operations for record in records], ignore_index=True),
        states=once(pd.concat([record.states for record in records], ignore_index=True)),
        state=state,
        measurements=tuple(step for record in records for step in record.measurements),
        messages=tuple(message for record in records for message in record.messages),
    )


def _expected(days: StudyDays, of: date, name: str) -> Mapping[pd.Timestamp, Profiles | None]:
    variant = VARIANTS[name]
    if not variant.foresees:
        return days.forecasts(of, variant.horizon_h + 1.0)
    inputs = days.inputs(of)
    future = met(days.controller.twin, Profiles.from_table(inputs.profiles))
    hours = steps(inputs.times[0], HOURS_PER_DAY, 60)
    return {issued: future.ahead(issued, variant.horizon_h + 1.0) for issued in hours}


def _rolling(days: StudyDays, start: TwinState, hold: Mapping[str, float] | None) -> Operated:
    def plan_of(time_utc: pd.Timestamp) -> DayPlan:
        return days.inputs(operating_day(time_utc, days.setting.utc_offset_h)).day_plan

    future = met(days.controller.twin, days.actual_and_ahead)
    tariffs = Prices.from_table(days.prices(future.times))
    return Operated.of(rolling_foresight(days.controller, start, future, tariffs, len(days.times), plan_of))


def _foresight(days: StudyDays, start: TwinState, hold: Mapping[str, float] | None) -> Operated:
    future = met(days.controller.twin, days.actual)
    tariffs = Prices.from_table(days.prices(days.times))
    return Operated.of(perfect_foresight(days.controller, start, future, tariffs, hold))


BY_DAY: Mapping[str, ByDay] = {
    "no_control": partial(_baseline, run=run_no_control),
    "rules": partial(_baseline, run=run_rules),
    **{name: partial(_variant, name=name) for name in VARIANTS},
}
"""By name, each beginning where `StudyDays.start` says."""
ENDING_AS = {"foresight_ending_as_rules": "rules", "foresight_ending_as_controlled": "controlled"}
"""Strategies that hold at the end what another one ended with."""
AT_ONCE: Mapping[str, AtOnce] = {
    "perfect_foresight": _foresight,
    "rolling_foresight": _rolling,
    **dict.fromkeys(ENDING_AS, _foresight),
}
"""By name, each from where `StudyDays.start` says; with the amounts to hold at the end, where it has to."""
EVERY_CASE = ("no_control", "rules", "controlled")
BASE_ONLY = (*(name for name in VARIANTS if name not in EVERY_CASE), *AT_ONCE)
