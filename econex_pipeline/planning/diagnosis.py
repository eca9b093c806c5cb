"""Why there is no plan: what is short, and the smallest set of limits that cannot hold together, in words."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from econex_pipeline.planning.answer import Status
from econex_pipeline.planning.highs import LinearProgram, new_solver, pass_model, solve
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.monolith import Assembled
from econex_pipeline.planning.recourse import scenario_programs
from econex_pipeline.planning.words import Words, is_trivial, scenario_words

Array = np.ndarray[Any, np.dtype[Any]]

NOTICEABLE = 1e-6
"""Violations below this are the solver's tolerance [kW, m3/h, kWh or m3]."""

MOST_NAMED = 3
"""Broken limits named in the message."""

IRREDUCIBLE_FROM_LP = 6
"""HiGHS's `iis_strategy`: its default gives an empty set that it calls valid."""

ENDLESS = 1e7
"""Flows capped here are taken for endless: no micro-district moves as many kW or m3/h."""

_UPPER = (highspy.IisBoundStatus.kIisBoundStatusUpper, highspy.IisBoundStatus.kIisBoundStatusBoxed)
_LOWER = (highspy.IisBoundStatus.kIisBoundStatusLower, highspy.IisBoundStatus.kIisBoundStatusBoxed)


@dataclass(frozen=True)
class Diagnosis:
    """What a failed solve comes down to.

    Attributes
    ----------
    status : str
        ``infeasible`` or ``unbounded``, now for certain.
    message : str
        One sentence: what is short, or what can grow without end.
    conflict : tuple of str
        The smallest set of limits that cannot hold together; empty where the time did not suffice.
    """

    status: Status
    message: str
    conflict: tuple[str, ...] = ()


def diagnose(assembled: Assembled, time_limit_s: float) -> Diagnosis:
    """Find out why a program has no optimum.

    Parameters
    ----------
    assembled : Assembled
        An infeasible or unbounded program.
    time_limit_s : float
        For all of it together [s].

    Returns
    -------
    Diagnosis
        HiGHS's feasibility relaxation says what is short by how much; its irreducible infeasible subsystem of the worst
        scenario says what stands against it.
    """
    until = time.perf_counter() + time_limit_s
    instance = assembled.instance
    if time_limit_s <= 0.0:
        return Diagnosis("infeasible", "no time was left to find out why")
    violation = _violations(assembled.program, time_limit_s)
    if violation is None:
        return Diagnosis("infeasible", "the time did not suffice to find out why")
    rows = len(instance.template.row_names)
    worst = [int(row) for row in np.argsort(-violation, kind="stable") if violation[row] > NOTICEABLE]
    if not worst:
        return _endless(assembled, until - time.perf_counter())
    said = [_short(instance, row, rows, float(violation[row])) for row in worst[:MOST_NAMED]]
    more = f" and {len(worst) - MOST_NAMED} more" if len(worst) > MOST_NAMED else ""
    scenario = min(worst[0] // rows, len(instance.tables.scenarios) - 1)
    conflict = _conflict(assembled, scenario, until - time.perf_counter())
    together = f"; these cannot hold together: {'; '.join(conflict)}" if conflict else ""
    return Diagnosis("infeasible", ", ".join(said) + more + together, conflict)


def _short(instance: Instance, row: int, rows: int, violation: float) -> str:
    scenario, place = divmod(row, rows)
    if scenario >= len(instance.tables.scenarios):
        return f"the measure of risk is broken by {violation:.3g}"
    return f"{Words(instance, scenario).row(place)}{scenario_words(instance, scenario)} is broken by {violation:.3g}"


def _violations(program: LinearProgram, time_limit_s: float) -> Array | None:
    """Give by how much each row breaks when the sum of it is smallest, with all bounds kept."""
    solver = new_solver({"time_limit": time_limit_s})
    pass_model(solver, program)
    if solver.feasibilityRelaxation(-1.0, -1.0, 1.0) == highspy.HighsStatus.kError:
        return None
    values = np.asarray(solver.getSolution().row_value)
    if len(values) != len(program.row_lower):
        return None
    broken: Array = np.maximum(np.maximum(program.row_lower - values, values - program.row_upper), 0.0)
    return broken


def _conflict(assembled: Assembled, scenario: int, time_limit_s: float) -> tuple[str, ...]:
    """Say the irreducible infeasible subsystem of a scenario's own program, or of the whole one."""
    if time_limit_s <= 0.0:
        return ()
    instance = assembled.instance
    alone = len(instance.tables.scenarios) == 1
    program = assembled.program if alone else scenario_programs(instance)[scenario]
    solver = new_solver(
        {"iis_strategy": IRREDUCIBLE_FROM_LP, "iis_time_limit": time_limit_s, "time_limit": time_limit_s}
    )
    pass_model(solver, replace(program, integer=None))
    status, found = solver.getIis()
    if status == highspy.HighsStatus.kError or not found.valid_:
        return ()
    words, columns = Words(instance, scenario), len(instance.template.column_names)
    said = [words.row(row) for row in found.row_index_ if row < len(instance.template.row_names)]
    for column, bound in zip(found.col_index_, found.col_bound_, strict=True):
        if column >= columns:
            continue
        if bound in _UPPER and program.upper[column] < np.inf:
            said.append(words.bound(column, True, float(program.upper[column])))
        elif bound in _LOWER and not is_trivial(float(program.lower[column])):
            said.append(words.bound(column, False, float(program.lower[column])))
    return tuple(said)


def _endless(assembled: Assembled, time_limit_s: float) -> Diagnosis:
    """Say which flows grow without end: those that reach a cap no district could."""
    program, instance = assembled.program, assembled.instance
    capped = replace(program, upper=np.minimum(program.upper, ENDLESS), lower=np.maximum(program.lower, -ENDLESS))
    solution = solve(replace(capped, integer=None), {"time_limit": max(time_limit_s, 0.0)})
    if solution.columns is None:
        return Diagnosis("unbounded", "the time did not suffice to find out which")
    names, shared = instance.template.column_names, instance.template.first_stage.stop
    grown = np.flatnonzero((np.abs(solution.columns) >= 0.1 * ENDLESS) & ~np.isfinite(program.upper))
    said = []
    for column in grown[:MOST_NAMED]:
        own = column if column < shared else shared + (column - shared) % (len(names) - shared)
        said.append(_endless_words(instance, names[own]))
    return Diagnosis("unbounded", f"without end can grow: {'; '.join(said)}", tuple(said))


def _endless_words(instance: Instance, name: str) -> str:
    words = Words(instance)
    column = instance.template.column_names.index(name)
    return words.bound(column, True, float("inf")).replace("at most inf", "any number of")
