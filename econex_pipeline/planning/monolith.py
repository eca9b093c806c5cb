"""The two-stage problem as one linear program: shared first-stage columns, stamped recourse, optionally CVaR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from econex_pipeline.planning.answer import Basis, PlanOptions
from econex_pipeline.planning.highs import LinearProgram, Solution, solve
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.mixed import solve_mixed

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Assembled:
    """A deterministic equivalent and the instance it was stamped from.

    Columns are the first stage, then the recourse of each scenario, then those of the risk measure; rows are those of
    each scenario, then those of the risk measure.
    """

    instance: Instance
    program: LinearProgram


@dataclass(frozen=True)
class Result:
    """A solution cut back into stages and scenarios.

    Attributes
    ----------
    solution : Solution
        As HiGHS gave it.
    objective : float
        Value of the objective [USD].
    columns : numpy.ndarray
        All columns of the template per scenario, first stage repeated, shape (scenario, column).
    duals : numpy.ndarray
        Duals of the template's rows, shape (scenario, row); weighted by probability. Empty where there is no optimum.
    """

    solution: Solution
    objective: float
    columns: Array
    duals: Array


def assemble(instance: Instance, options: PlanOptions) -> Assembled:
    """Stamp the scenarios into one program.

    Parameters
    ----------
    instance : Instance
        Template and data.
    options : PlanOptions
        Weight and level of the conditional value at risk.
    """
    t, theta, probability = instance.template, instance.theta, instance.tables.probability
    count, shared = len(probability), t.first_stage.stop
    own = len(t.column_names) - shared
    offset = own * np.arange(count)[:, None]
    indptr, indices = t.pattern
    if count > 1:
        indices = np.where(t.indices < shared, t.indices, t.indices + offset).astype(np.int32).ravel()
        indptr = np.concatenate([[0], np.cumsum(np.tile(np.diff(t.indptr), count))]).astype(np.int32)
    values, right, cost, lower, upper = t.stamp(theta)
    weight = 1.0 - options.cvar_weight

    def columns(per_scenario: Array) -> Array:
        if count == 1:
            return per_scenario[0]
        return np.concatenate([per_scenario[0, :shared], per_scenario[:, shared:].ravel()])

    program = LinearProgram(
        cost=columns(weight * probability[:, None] * cost),
        lower=columns(lower),
        upper=columns(upper),
        indptr=indptr,
        indices=indices,
        values=values.ravel(),
        row_lower=np.where(t.sense == 1, -np.inf, right).ravel(),
        row_upper=np.where(t.sense == -1, np.inf, right).ravel(),
        integer=columns(np.broadcast_to(t.integer, (count, len(t.integer)))) if t.integer.any() else None,
    )
    if options.cvar_weight > 0.0:
        program = _with_risk(program, cost[:, shared:], probability, shared, options)
    return Assembled(instance, program)


def _with_risk(
    program: LinearProgram, cost: Array, probability: Array, shared: int, options: PlanOptions
) -> LinearProgram:
    """Add ``cost_s - z - e_s <= 0`` and ``weight (z + sum_s p_s e_s / (1 - level))``.

    z is the value at risk, e_s the excess over it (Rockafellar and Uryasev 2000, doi:10.21314/JOR.2000.038).
    """
    count, own = cost.shape
    first = shared + count * own
    columns = np.hstack(
        [
            shared + np.arange(count * own).reshape(count, own),
            np.full((count, 1), first),
            first + 1 + np.arange(count)[:, None],
        ]
    )
    values = np.hstack([cost, np.full((count, 2), -1.0)])
    used = values != 0.0
    tail = options.cvar_weight * np.concatenate([[1.0], probability / (1.0 - options.cvar_level)])
    return LinearProgram(
        cost=np.concatenate([program.cost, tail]),
        lower=np.concatenate([program.lower, [-np.inf], np.zeros(count)]),
        upper=np.concatenate([program.upper, np.full(count + 1, np.inf)]),
        indptr=np.concatenate([program.indptr, program.indptr[-1] + np.cumsum(used.sum(axis=1))]).astype(np.int32),
        indices=np.concatenate([program.indices, columns[used]]).astype(np.int32),
        values=np.concatenate([program.values, values[used]]),
        row_lower=np.concatenate([program.row_lower, np.full(count, -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.zeros(count)]),
        integer=None if program.integer is None else np.concatenate([program.integer, np.zeros(count + 1, dtype=bool)]),
    )


def solve_monolith(
    assembled: Assembled, options: PlanOptions, basis: Basis | None = None, logged: bool = False
) -> Result:
    """Solve the program and cut the solution back into scenarios.

    Parameters
    ----------
    assembled : Assembled
        From `assemble`.
    options : PlanOptions
        Method and time limit.
    basis : Basis, optional
        Where to start from.
    logged : bool
        Whether to keep what HiGHS says.
    """
    method = {"auto": "simplex", "simplex": "simplex", "ipm": "ipm"}[options.method]
    settings = {"time_limit": float(options.time_limit_s), "solver": method}
    if assembled.program.mixed:
        limit, gap = float(options.time_limit_s), options.mip_gap_frac
        solution = solve_mixed(assembled.program, limit, gap, cancelled=options.cancelled, progress=options.progress)
    else:
        solution = solve(assembled.program, settings, basis, logged, options.cancelled, options.progress)
    t, count = assembled.instance.template, len(assembled.instance.tables.probability)
    shared, rows = t.first_stage.stop, len(t.row_names)
    if solution.columns is None:
        return Result(solution, float("nan"), np.empty((0, 0)), np.empty((0, 0)))
    own = len(t.column_names) - shared
    columns = np.empty((count, shared + own))
    columns[:, :shared] = solution.columns[:shared]
    columns[:, shared:] = solution.columns[shared : shared + count * own].reshape(count, own)
    duals = np.empty((0, 0))
    if solution.row_duals is not None:
        duals = solution.row_duals[: count * rows].reshape(count, rows)
    return Result(solution, solution.objective, columns, duals)
