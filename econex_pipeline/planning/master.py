"""The master of the L-shaped method: the schedule, one cost per group of scenarios, and the planes below that cost."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from econex_pipeline.planning.answer import PlanOptions
from econex_pipeline.planning.highs import STATUS, new_solver
from econex_pipeline.planning.limits import Stopped
from econex_pipeline.planning.risk import risk_of, value_at_risk

Array = np.ndarray[Any, np.dtype[Any]]


class Master:
    """Minimizes ``r z + sum_k theta_k`` over the schedule g (and z, the value at risk, where there is a weight r).

    Scenario s contributes ``p_s ((1 - r) Q_s(g) + r max(Q_s(g) - z, 0) / (1 - level))`` to the theta of its group.

    Parameters
    ----------
    limits : (numpy.ndarray, numpy.ndarray)
        Range of each first-stage column.
    probability : numpy.ndarray
        Per scenario.
    options : PlanOptions
        Risk.
    free : numpy.ndarray
        Cost of each scenario if it were known beforehand: no schedule does better.
    upper : float
        Cost of some schedule.
    groups : int
        How many thetas.
    """

    def __init__(
        self,
        limits: tuple[Array, Array],
        probability: Array,
        options: PlanOptions,
        free: Array,
        upper: float,
        groups: int,
    ) -> None:
        self.probability, self.options = probability, options
        self.least = risk_of(free, probability, options)
        r, self.share = options.cvar_weight, options.cvar_weight / (1.0 - options.cvar_level)
        low, high = (np.asarray(bound, dtype=float) for bound in limits)
        self.shared = len(low)
        if r > 0.0:
            # the mean is at least that of `free`, so the tail of an optimal schedule cannot lie above this
            top = (upper - (1.0 - r) * float(probability @ free)) / r
            low, high = np.append(low, free.min()), np.append(high, max(top, free.max()))
        self.low, self.high = low, high
        self.range = np.where(high > low, high - low, 1.0)
        # neighbours in cost form a group: their planes are alike
        order = np.argsort(np.argsort(free, kind="stable"), kind="stable")
        self.group = order * min(groups, len(free)) // len(free)
        self.groups = int(self.group.max()) + 1
        self.first = np.arange(len(low), dtype=np.int32)
        self.theta = len(low) + np.arange(self.groups, dtype=np.int32)
        floor = np.bincount(self.group, (1.0 - r) * probability * free)
        self.solver = new_solver({"solver": "simplex"})
        cost = np.concatenate([np.zeros(self.shared), [r] * (r > 0.0), np.ones(self.groups)])
        self.solver.addVars(len(cost), np.append(low, floor), np.append(high, np.full(self.groups, np.inf)))
        self.solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def with_risk(self, first: Array, costs: Array) -> Array:
        """Complete a schedule by the value at risk of its costs, where risk counts."""
        if self.options.cvar_weight == 0.0:
            return np.asarray(first[: self.shared])
        return np.append(first[: self.shared], value_at_risk(costs, self.probability, self.options.cvar_level))

    def add(self, point: Array, costs: Array, slopes: Array) -> None:
        """Add a plane per group: exact at the point, nowhere above the cost.

        Parameters
        ----------
        point : numpy.ndarray
            Schedule, and value at risk where it counts.
        costs, slopes : numpy.ndarray
            Of each scenario there, shapes (scenario,) and (scenario, first-stage column).
        """
        r = self.options.cvar_weight
        factor, value = np.full(len(costs), 1.0 - r), (1.0 - r) * costs
        if r > 0.0:
            over = costs > point[-1]
            factor = factor + self.share * over
            value = value + self.share * np.maximum(costs - point[-1], 0.0)
            slopes = np.column_stack([factor[:, None] * slopes, -self.share * over])
        else:
            slopes = factor[:, None] * slopes
        tilt = np.zeros((self.groups, len(self.first)))
        np.add.at(tilt, self.group, self.probability[:, None] * slopes)
        right = np.bincount(self.group, self.probability * value) - tilt @ point
        width = len(self.first) + 1
        self.solver.addRows(
            self.groups,
            right,
            np.full(self.groups, np.inf),
            self.groups * width,
            (np.arange(self.groups + 1) * width).astype(np.int32)[:-1],
            np.column_stack([np.tile(self.first, (self.groups, 1)), self.theta]).astype(np.int32).ravel(),
            np.column_stack([-tilt, np.ones(self.groups)]).ravel(),
        )

    def solve(self, center: Array, radius: float | None) -> tuple[Array, float]:
        """Give the best point within a radius of the center (everywhere if None) and its promised cost [USD]."""
        low, high = self.low, self.high
        if radius is not None:
            low = np.maximum(low, center - radius * self.range)
            high = np.maximum(np.minimum(high, center + radius * self.range), low)
        self.solver.changeColsBounds(len(self.first), self.first, low, high)
        self.solver.run()
        status = self.solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise Stopped(STATUS.get(status, "error"), f"master: {self.solver.modelStatusToString(status)}")
        point = np.array(self.solver.getSolution().col_value[: len(self.first)])
        return np.clip(point, self.low, self.high), float(self.solver.getInfo().objective_function_value)

    def distance(self, one: Array, other: Array) -> float:
        """Largest difference as a share of a column's range."""
        return float(np.max(np.abs(one - other) / self.range, initial=0.0))
