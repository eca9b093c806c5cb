"""Why there is no plan: the smallest set of broken balances and limits, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from econex_pipeline.planning.highs import LinearProgram, solve
from econex_pipeline.planning.monolith import Assembled

Array = np.ndarray[Any, np.dtype[Any]]

NOTICEABLE = 1e-6
"""Violations below this are the solver's tolerance [kW, m3/h, kWh or m3]."""

MOST_NAMED = 3
"""Rows named in the message."""


def violated_rows(assembled: Assembled, time_limit_s: float) -> str:
    """Say which rows cannot hold together.

    Parameters
    ----------
    assembled : Assembled
        An infeasible program.
    time_limit_s : float
        The relaxed program may take as long [s].

    Returns
    -------
    str
        Rows that break when the sum of violations is smallest, by name, scenario and amount; empty where the solver
        does not find out.
    """
    program = assembled.program
    solution = solve(_relaxed(program), {"time_limit": time_limit_s})
    if solution.columns is None:
        return ""
    rows = len(program.row_lower)
    slack = solution.columns[len(program.cost) :]
    violation = slack[:rows] + slack[rows:]
    names, scenarios = assembled.instance.template.row_names, assembled.instance.tables.scenarios
    worst = [row for row in np.argsort(-violation, kind="stable") if violation[row] > NOTICEABLE]
    said = []
    for row in worst[:MOST_NAMED]:
        scenario, place = divmod(int(row), len(names))
        at = f" in scenario {scenarios[scenario]}" if scenario < len(scenarios) > 1 else ""
        said.append(f"{names[place]}{at} is broken by {violation[row]:.3g}")
    more = f" and {len(worst) - MOST_NAMED} more" if len(worst) > MOST_NAMED else ""
    return ", ".join(said) + more


def _relaxed(program: LinearProgram) -> LinearProgram:
    """Let every row be broken upwards and downwards, and minimize the sum of it."""
    rows, columns = len(program.row_lower), len(program.cost)
    own = np.repeat(np.arange(rows), np.diff(program.indptr))
    row = np.concatenate([own, np.arange(rows), np.arange(rows)])
    column = np.concatenate([program.indices, columns + np.arange(2 * rows)])
    value = np.concatenate([program.values, np.ones(rows), -np.ones(rows)])
    order = np.lexsort((column, row))
    return LinearProgram(
        cost=np.concatenate([np.zeros(columns), np.ones(2 * rows)]),
        lower=np.concatenate([program.lower, np.zeros(2 * rows)]),
        upper=np.concatenate([program.upper, np.full(2 * rows, np.inf)]),
        indptr=np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))]).astype(np.int32),
        indices=column[order].astype(np.int32),
        values=value[order],
        row_lower=program.row_lower,
        row_upper=program.row_upper,
    )
