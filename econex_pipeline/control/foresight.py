"""What could have been done by somebody who knew: the first two steps of the regret's staircase, and their future.

Perfect foresight is one linear program over a whole stretch of time, on the linear plant. Rolling foresight decides on
the same plant hour by hour, as the controller does, with a forecast that is right as far as it reaches. Both follow no
schedule: a schedule is a promise made for want of foresight. The linear plant has one set of coefficients throughout,
those of the state the stretch starts from.

Only baselines come here. What is known here must not reach a controller that is to be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import NS_PER_H, Prices, Profiles
from econex_pipeline.contracts.errors import EconexError
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.control.baseline import Run, run_of
from econex_pipeline.control.coefficients import Coefficients
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.estimate import Estimate
from econex_pipeline.control.linear import happened
from econex_pipeline.control.yardstick import common_values
from econex_pipeline.planning import Basis, DayPlan, EndValues, Network, NextStep, Solved, Tranche, solve_step
from econex_pipeline.twin import Exogenous, Measurement, Twin, TwinState

HELD_USD = 1000.0
"""Value of a unit up to an amount that is to be held at the end: above any price, finite where it cannot be reached."""
TIME_LIMIT_S = 600.0


class NoForesight(EconexError):
    """The program of a stretch has no optimum; the message says why."""


def met(twin: Twin, actual: Profiles) -> Profiles:
    """Give what the plant really meets: the trace under its hidden demand, and under what happens to it.

    Parameters
    ----------
    twin : Twin
        The plant.
    actual : Profiles
        The trace.
    """
    steps = [twin.events.on(twin.hidden.on(Exogenous.from_profiles(actual, now))).profiles() for now in actual.times]
    order = [steps[0].nodes.index(node) for node in actual.nodes]
    return replace(actual, values=np.concatenate([step.values[:, order] for step in steps]))


def perfect_foresight(
    controller: Controller,
    start: TwinState,
    future: Profiles,
    prices: Prices,
    hold: Mapping[str, float] | None = None,
) -> Run:
    """Find the best operation of a stretch for somebody who knows all of it.

    Parameters
    ----------
    controller : Controller
        Its network and its models of the plant.
    start : TwinState
        Where the stretch starts.
    future : Profiles
        What the plant really meets, as `met` gives it: exactly the steps of the stretch.
    prices : Prices
        Over the same steps.
    hold : mapping of str to float, optional
        Amounts to be held at the end at least [m3 or kWh], such as those another strategy ended with: what separates
        the two is then regret alone, and no value of what is stored enters. By default what is left at the end counts
        at the common values.

    Raises
    ------
    NoForesight
        If the program has no optimum.
    """
    network, coefficients = indifferent_to_time(controller.network), _fixed(controller, start, future)
    values = common_values(network, future, coefficients, prices) if hold is None else held(network, hold)
    solved = _solve(network, future, coefficients, prices, start, values).solved
    assert solved is not None
    return _run(controller, solved, start, future)


def rolling_foresight(
    controller: Controller,
    start: TwinState,
    future: Profiles,
    prices: Prices,
    steps: int,
    plan_of: Callable[[pd.Timestamp], DayPlan | None],
    horizon_h: float = HOURS_PER_DAY,
) -> Run:
    """Decide hour by hour on the linear plant with a forecast that is right.

    Parameters
    ----------
    controller, start, prices
        As of `perfect_foresight`.
    future : Profiles
        What the plant really meets, with look-ahead beyond the stretch.
    steps : int
        Steps of the stretch.
    plan_of : callable
        Plan that stands at a time: what is stored at the horizon's end is worth what it says, as for the controller.
    horizon_h : float
        How far is seen [h].

    Raises
    ------
    NoForesight
        If a step has no optimum.
    """
    network, coefficients = replace(controller.network, commitments=()), _fixed(controller, start, future)
    state, basis = start, None
    states: list[TwinState] = [start]
    measurements: list[Measurement] = []
    for i in range(steps):
        horizon = future.ahead(state.time_utc, horizon_h)
        seen = {
            key: value[i : i + len(horizon.stamps)] if isinstance(value, np.ndarray) else value
            for key, value in coefficients.items()
        }
        plan = plan_of(state.time_utc)
        end = int(horizon.stamps[-1]) + round(controller.district.step_h * NS_PER_H)
        values = None if plan is None else plan.end_values(end)
        values = dict(network.end_values) if values is None else values
        found = _solve(network, horizon, seen, prices, state, values, basis)
        assert found.solved is not None
        inputs = Exogenous.from_profiles(future, state.time_utc)
        state, measurement = happened(controller.district, found.solved, 0, state, inputs)
        basis = found.basis
        states.append(state)
        measurements.append(measurement)
    return run_of(states, measurements)


def indifferent_to_time(network: Network) -> Network:
    """Take from a network its preference for acting early, and what it has promised.

    The preference grows with every step of a horizon. Over a day it is too small to decide against a price; over a
    month it is not.
    """
    arcs = tuple(
        replace(arc, costs=tuple(replace(cost, per="flow") if cost.per == "lateness" else cost for cost in arc.costs))
        for arc in network.arcs
    )
    return replace(network, arcs=arcs, commitments=())


def held(network: Network, amounts: Mapping[str, float]) -> EndValues:
    """Give end values under which amounts are held at the end, and nothing beyond them counts."""
    return {
        storage.name: (
            Tranche(min(amounts[storage.name], storage.capacity), HELD_USD),
            Tranche(max(storage.capacity - amounts[storage.name], 0.0), 0.0),
        )
        for storage in network.storages
    }


def _fixed(controller: Controller, start: TwinState, future: Profiles) -> Coefficients:
    return controller.coefficients(Estimate(start.amounts(), dict(start.membranes)), future)


def _solve(
    network: Network,
    future: Profiles,
    coefficients: Coefficients,
    prices: Prices,
    start: TwinState,
    values: EndValues,
    basis: Basis | None = None,
) -> NextStep:
    found = solve_step(
        network, future, coefficients, prices, start.amounts(), None, values, basis, time_limit_s=TIME_LIMIT_S
    )
    if found.status != "optimal":
        raise NoForesight(f"{future.times[0]}, {len(future.stamps)} steps: {found.message}")
    return found


def _run(controller: Controller, solved: Solved, start: TwinState, future: Profiles) -> Run:
    states: list[TwinState] = [start]
    measurements: list[Measurement] = []
    for step, now in enumerate(future.times):
        inputs = Exogenous.from_profiles(future, now)
        state, measurement = happened(controller.district, solved, step, states[-1], inputs)
        states.append(state)
        measurements.append(measurement)
    return run_of(states, measurements)
