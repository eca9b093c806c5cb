"""The second stage, scenario by scenario: one warm HiGHS each, the first stage fixed by the bounds of its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

import highspy
import numpy as np

from econex_pipeline.planning.highs import STATUS, LinearProgram, new_solver, pass_model
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.limits import Limits, Stopped

Array = np.ndarray[Any, np.dtype[Any]]
Found = TypeVar("Found")

SETTINGS = {"solver": "simplex", "simplex_dual_edge_weight_strategy": 0}
"""A warm start is a few iterations from its end: Dantzig's rule is the cheapest for those."""

WORKERS = 2
"""Threads; HiGHS lets others run while it solves. A constant, so that every machine gives the same plan."""


def scenario_programs(instance: Instance) -> list[LinearProgram]:
    """Stamp every scenario as a program of its own, in USD of that scenario, all columns of the template."""
    t, theta = instance.template, instance.theta
    values, right, cost = t.matrix(theta), t.right(theta), t.cost(theta)
    lower, upper = t.lower(theta), t.upper(theta)
    row_lower, row_upper = np.where(t.sense == 1, -np.inf, right), np.where(t.sense == -1, np.inf, right)
    indptr, indices = t.indptr.astype(np.int32), t.indices.astype(np.int32)
    whole = t.integer if t.integer.any() else None
    return [
        LinearProgram(cost[s], lower[s], upper[s], indptr, indices, values[s], row_lower[s], row_upper[s], whole)
        for s in range(theta.shape[1])
    ]


class Recourse:
    """What each scenario costs under a first stage, and how that changes with it.

    Parameters
    ----------
    instance : Instance
        Template and data.
    limits : Limits
        When to stop.
    workers : int
        Threads.
    """

    def __init__(self, instance: Instance, limits: Limits, workers: int = WORKERS) -> None:
        self.limits = limits
        self.shared = instance.template.first_stage.stop
        self.columns = np.arange(self.shared, dtype=np.int32)
        programs = scenario_programs(instance)
        self.range = programs[0].lower[: self.shared], programs[0].upper[: self.shared]
        self.iterations = 0
        self._solvers: list[highspy.Highs] = []
        for program in programs:
            # a named algorithm would make HiGHS forget that columns are whole numbers
            solver = new_solver({"mip_rel_gap": 1e-6} if program.mixed else SETTINGS)
            pass_model(solver, program)
            self._solvers.append(solver)
        self._workers = max(1, min(workers, len(programs)))

    def free(self) -> Array:
        """Give the cost of each scenario if it were known beforehand, shape (scenario,) [USD]."""
        self._bound(*self.range)
        return np.array(self._each(_cost, chained=True))

    def at(self, first: Array) -> tuple[Array, Array]:
        """Give cost and slope under a first stage, shapes (scenario,) and (scenario, first-stage column) [USD]."""
        self._bound(first, first)
        found = self._each(lambda solver: (_cost(solver), _slope(solver, self.shared)))
        return np.array([cost for cost, _ in found]), np.array([slope for _, slope in found])

    def costs(self, first: Array) -> Array:
        """Give the cost of each scenario under a first stage, shape (scenario,) [USD]."""
        self._bound(first, first)
        return np.array(self._each(_cost))

    def solutions(self, first: Array) -> tuple[Array, Array]:
        """Give columns and duals of the rows under a first stage, shapes (scenario, column) and (scenario, row)."""
        self._bound(first, first)
        found = self._each(lambda solver: (solver.getSolution().col_value, solver.getSolution().row_dual))
        return np.array([columns for columns, _ in found]), np.array([duals for _, duals in found])

    def chosen(self) -> Array:
        """Give the first stage of the last solve of the first scenario."""
        return np.array(self._solvers[0].getSolution().col_value[: self.shared])

    def _bound(self, lower: Array, upper: Array) -> None:
        low, high = np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64)
        for solver in self._solvers:
            solver.changeColsBounds(self.shared, self.columns, low, high)

    def _each(self, read: Callable[[highspy.Highs], Found], chained: bool = False) -> list[Found]:
        """Solve every scenario and read something off it."""

        def part(solvers: Sequence[highspy.Highs]) -> list[Found]:
            found, before = [], None
            for solver in solvers:
                self.limits.check()
                if chained and before is not None and before.getBasis().valid:
                    solver.setBasis(before.getBasis())
                solver.run()
                status = STATUS.get(solver.getModelStatus(), "error")
                if status == "error":  # a warm basis may lead the simplex astray
                    solver.clearSolver()
                    solver.run()
                    status = STATUS.get(solver.getModelStatus(), "error")
                if status != "optimal":
                    raise Stopped(status, solver.modelStatusToString(solver.getModelStatus()))
                found.append(read(solver))
                before = solver
            return found

        if self._workers == 1:
            return part(self._solvers)
        cut = np.linspace(0, len(self._solvers), self._workers + 1).astype(int)
        with ThreadPoolExecutor(self._workers) as pool:
            parts = pool.map(part, [self._solvers[a:b] for a, b in pairwise(cut)])
            return [one for some in parts for one in some]


def mean_instance(instance: Instance) -> Instance:
    """Give the problem of the expected data: one scenario with the mean of every number."""
    tables, weight = instance.tables, instance.tables.probability
    mean = replace(
        tables,
        scenarios=tables.scenarios[:1],
        probability=np.ones(1),
        profiles=tables.profiles @ weight[:, None],
        values=tables.values @ weight[:, None],
    )
    finite = np.isfinite(instance.theta).all(axis=1)
    theta = instance.theta[:, :1].copy()
    theta[finite] = instance.theta[finite] @ weight[:, None]
    return Instance(instance.template, mean, theta)


def _cost(solver: highspy.Highs) -> float:
    return float(solver.getInfo().objective_function_value)


def _slope(solver: highspy.Highs, shared: int) -> list[float]:
    return solver.getSolution().col_dual[:shared]
