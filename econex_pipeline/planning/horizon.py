"""The controller's question: the next day from the measured state, one scenario, against the day-ahead schedule.

`solve_step` takes and gives arrays and only what the loop acts on; `solve_horizon` takes tables and gives the whole
answer as a PLAN. Both solve the same program.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.planning.answer import Answer, Basis, PlanOptions, Status
from econex_pipeline.planning.day_plan import DayPlan
from econex_pipeline.planning.elements import RATE_QUANTITY, EndValues, Network
from econex_pipeline.planning.engines import Outcome
from econex_pipeline.planning.instance import Instance, make_instance
from econex_pipeline.planning.monolith import Assembled, Result, assemble, solve_monolith
from econex_pipeline.planning.planner import answer_of, failure_of
from econex_pipeline.planning.ring import from_slots, to_slots
from econex_pipeline.planning.schedule import fixed_schedule, schedule_quantity
from econex_pipeline.planning.solved import Solved
from econex_pipeline.planning.tables import Tables, certain_tables, read_tables
from econex_pipeline.planning.validators import check, check_costs

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class NextStep:
    """What the optimum of a horizon says of its first step.

    Attributes
    ----------
    status : str
        As in `Answer`; ``optimal`` carries rates, and so does a run that was stopped at a feasible point.
    rates : dict of (str, str) to float
        Flows, powers, energy with water and schedules, by element and quantity as in PLAN; empty without a plan.
    amounts : dict of str to float
        Amount expected in each storage at the end of the step [kWh or m3].
    worth : dict of str to float
        What one more unit would be worth in each storage at the end of the step [USD/kWh or USD/m3].
    objective : float or None
        Value of the objective over the horizon [USD].
    message : str
        One sentence for the operator.
    basis : Basis or None
        Where the next hour's solve may start from.
    iterations : int
        Simplex iterations.
    conflict : tuple of str
        Why there is no plan.
    solved : Solved or None
        The whole horizon, where there are rates.
    """

    status: Status
    rates: dict[tuple[str, str], float] = field(default_factory=dict)
    amounts: dict[str, float] = field(default_factory=dict)
    worth: dict[str, float] = field(default_factory=dict)
    objective: float | None = None
    message: str = ""
    basis: Basis | None = None
    iterations: int = 0
    conflict: tuple[str, ...] = ()
    solved: Solved | None = None


def solve_step(
    network: Network,
    profiles: Profiles,
    coefficients: Mapping[tuple[str, str], float | Array],
    prices: Prices,
    start: Mapping[str, float],
    plan: DayPlan | None,
    end_values: EndValues,
    basis: Basis | None = None,
    time_limit_s: float = 30.0,
) -> NextStep:
    """Solve the controller's horizon and give its first step.

    Parameters
    ----------
    network : Network
        From `build_network`.
    profiles : Profiles
        Expected over the horizon.
    coefficients : mapping of (str, str) to float or numpy.ndarray
        By element and quantity: one number for all steps of the horizon, or one for each.
    prices : Prices
        Covering the horizon.
    start : mapping of str to float
        Measured amount in each storage [kWh or m3].
    plan : DayPlan or None
        A step whose schedule it has pays for deviation; other steps are free.
    end_values : dict
        Value of what is left at the end, as `DayPlan.end_values` gives it.
    basis : Basis, optional
        Basis of the last cycle; the steps lie on a ring, so that it fits the next hour as it stands.
    time_limit_s : float
        The solver stops there and says so [s].

    Raises
    ------
    InputError
        If the input cannot be used.
    """
    begun = time.perf_counter()
    tables = certain_tables(network, profiles, coefficients, prices)
    schedule = None if plan is None else plan.schedule_over(profiles.stamps)
    instance, assembled, result = _solved(network, tables, start, schedule, end_values, basis, time_limit_s)
    solution = result.solution
    if solution.status != "optimal":
        left = time_limit_s - (time.perf_counter() - begun)
        status, message, conflict = failure_of(solution, assembled, left)
        found = NextStep(status, message=message, iterations=solution.iterations, conflict=conflict)
        if not result.columns.size:
            return found
        return replace(found, objective=result.objective, **_first(instance, result))
    return NextStep(
        "optimal",
        objective=result.objective,
        message=f"optimal after {solution.iterations} iterations",
        basis=_kept(instance, solution.basis),
        iterations=solution.iterations,
        **_first(instance, result),
    )


def solve_horizon(
    network: Network,
    profiles: pd.DataFrame,
    coefficients: pd.DataFrame,
    prices: pd.DataFrame,
    start: Mapping[str, float],
    schedule: pd.DataFrame | None,
    end_values: EndValues,
    basis: Basis | None = None,
    time_limit_s: float = 30.0,
) -> Answer:
    """Solve the controller's horizon and give all of it.

    Parameters
    ----------
    network, start, end_values, basis, time_limit_s
        As of `solve_step`.
    profiles, coefficients, prices : pandas.DataFrame
        PROFILES, COEFFICIENTS of scenario 0 and PRICES over the horizon.
    schedule : pandas.DataFrame or None
        PLAN, or its rows of scenario -1 with a schedule.

    Returns
    -------
    Answer
        The PLAN of the horizon has scenario 0 and, equal to it, -1.

    Raises
    ------
    InputError
        If the input cannot be used.
    """
    begun = time.perf_counter()
    tables = read_tables(network, profiles, coefficients, prices)
    fixed = None if schedule is None else DayPlan.from_table(network, schedule).schedule_over(tables.stamps)
    instance, assembled, result = _solved(network, tables, start, fixed, end_values, basis, time_limit_s)
    options = PlanOptions(time_limit_s=time_limit_s)
    answer = answer_of(instance, Outcome(result, "monolith", None), options, begun, assembled)
    return replace(answer, basis=_kept(instance, answer.basis))


def _solved(
    network: Network,
    tables: Tables,
    start: Mapping[str, float],
    schedule: Array | None,
    end_values: EndValues,
    basis: Basis | None,
    time_limit_s: float,
) -> tuple[Instance, Assembled, Result]:
    options = PlanOptions(time_limit_s=time_limit_s)
    check(network, tables, start)
    instance = make_instance(network, tables, start, end_values, len(tables.stamps))
    check_costs(instance)
    assembled = fixed_schedule(assemble(instance, options), instance, schedule)
    last = None if basis is None else from_slots(basis, instance.template, int(tables.stamps[0]))
    result = solve_monolith(assembled, options, last)
    if last is not None and result.solution.status == "error":  # a warm start now and then ends in numerical trouble
        result = solve_monolith(assembled, options, None)
    return instance, assembled, result


def _kept(instance: Instance, basis: Basis | None) -> Basis | None:
    return None if basis is None else to_slots(basis, instance.template, int(instance.tables.stamps[0]))


def _first(instance: Instance, result: Result) -> dict[str, Any]:
    """Read the first step off a solution, as the PLAN of the horizon would say it."""
    network, t, solved = instance.network, instance.template, Solved(instance, result)
    columns = result.columns[0]
    flow = {arc.name: value + 0.0 for arc, value in zip(network.arcs, solved.flow[:, 0].tolist(), strict=True)}
    recovered = {recovery.power for recovery in network.recoveries}
    rates = {(a.name, RATE_QUANTITY[a.layer]): flow[a.name] for a in network.arcs if a.name not in recovered}
    for i, arc in enumerate(network.arcs):
        if arc.kind == "pv":
            unused = float(solved.capacity[i, 0]) - flow[arc.name]
            rates[arc.name.replace("pv.", "curtail.", 1), "power_kw"] = max(unused, 0.0)
    pieces = np.maximum(columns[t.column_slice["piece"]][:: solved.steps], 0.0).tolist()
    for coupling in network.couplings:
        quantity = "generated_kw" if coupling.sign > 0 else "consumed_kw"
        moved = flow[coupling.arc]
        if coupling.chords:
            own, pieces = pieces[: len(coupling.chords)], pieces[len(coupling.chords) :]
            moved = sum(chord.factor * piece for chord, piece in zip(coupling.chords, own, strict=True))
        rates[coupling.arc, quantity] = moved * float(instance.tables.value(coupling.source)[0, 0])
    for recovery in network.recoveries:
        rates[recovery.element, "generated_kw"] = flow[recovery.power]
    for i, commitment in enumerate(network.commitments):
        upper = commitment.upper if isinstance(commitment.upper, int | float) else np.inf
        schedule = float(columns[t.column_slice["schedule"]][i * t.shape.commit_steps])
        rates[commitment.element, schedule_quantity(commitment)] = min(max(schedule, commitment.lower), upper) + 0.0
    stored = solved.stored[:, 1].tolist()
    return {
        "rates": rates,
        "amounts": {s.name: min(max(v, 0.0), s.capacity) for s, v in zip(network.storages, stored, strict=True)},
        "worth": _worth(solved) if solved.explained else {},
        "solved": solved,
    }


def _worth(solved: Solved) -> dict[str, float]:
    """What one more unit would be worth in each storage at the end of the first step."""
    network = solved.network
    at_node = dict(zip((node.name for node in network.nodes), solved.worth[:, 1].tolist(), strict=True))
    return {s.name: (1.0 - s.standing_loss_frac_h * network.step_h) * at_node[s.node] for s in network.storages}
