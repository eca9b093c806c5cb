"""A solved horizon as arrays over its steps: what flows, what is stored, what a unit is worth where, what it costs.

For whoever explains a decision, keeps a plan for the next hours, or doubts an answer. Nothing is solved here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from econex_pipeline.planning.elements import RATE_QUANTITY, Network, Source
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.monolith import Result

Array = np.ndarray[Any, np.dtype[Any]]

FOLLOWS = ("line", "recovered", "unserved", "overflow")
"""Kinds of arcs whose flow nobody sets: physics does. The grid's exchange is one of them."""


@dataclass(frozen=True)
class Solved:
    """The horizon of one scenario, solved.

    Attributes
    ----------
    instance : Instance
        Template and data.
    result : Result
        Its solution; with duals where it is an optimum.

    Notes
    -----
    Arrays run over arcs, storages or nodes in the order of the network, then over steps. An arc is used where what it
    brings is worth what it takes: ``gain w[head] + energy - draw w[tail] - cost`` is its margin, which is positive at
    its capacity, negative where it stands still and zero between (the reduced cost of linear programming, negated).
    """

    instance: Instance
    result: Result

    @property
    def network(self) -> Network:
        """The network."""
        return self.instance.network

    @property
    def steps(self) -> int:
        """Number of steps."""
        return self.instance.template.shape.steps

    @cached_property
    def arc(self) -> dict[str, int]:
        """Place of each arc."""
        return {arc.name: i for i, arc in enumerate(self.network.arcs)}

    @cached_property
    def flow(self) -> Array:
        """Flow of each arc, shape (arc, step) [kW or m3/h]."""
        # a simplex vertex may undershoot a bound by the feasibility tolerance
        return np.maximum(self._columns("flow", self.steps), 0.0)

    @cached_property
    def stored(self) -> Array:
        """Amount in each storage, shape (storage, step + 1) [kWh or m3]."""
        return self._columns("stored", self.steps + 1)

    @cached_property
    def worth(self) -> Array:
        """What one more unit at each node is worth, shape (node, step) [USD/kWh or USD/m3]."""
        return self._duals("mass_balance")

    @cached_property
    def promise(self) -> Array:
        """What one more unit of each committed flow is worth for keeping its schedule, shape (commitment, step)."""
        return self._duals("commitment")

    @cached_property
    def schedule(self) -> Array:
        """Schedule of each commitment, shape (commitment, step) [kW or m3/h]."""
        return self._columns("schedule", self.steps)

    @cached_property
    def capacity(self) -> Array:
        """Capacity of each arc, shape (arc, step) [kW or m3/h]."""
        return self._data("capacity")

    @cached_property
    def cost(self) -> Array:
        """Weighted cost of a unit of each flow, all lines together, shape (arc, step) [USD/kWh or USD/m3]."""
        return self._data("cost")

    @cached_property
    def gain(self) -> dict[str, Array]:
        """What the head receives per unit of flow, by arc, over the steps; only where that changes."""
        varying = [arc.name for arc in self.network.arcs if isinstance(arc.gain, Source)]
        return dict(zip(varying, self._data("gain"), strict=True))

    @cached_property
    def energy(self) -> dict[str, tuple[str, Array]]:
        """Energy that goes with a water arc: its node, and kWh/m3 over the steps; negative where it is consumed."""
        constant = [coupling for coupling in self.network.couplings if not coupling.chords]
        rates = zip(constant, self._data("intensity"), strict=True)
        return {coupling.arc: (coupling.node, coupling.sign * rate) for coupling, rate in rates}

    @cached_property
    def recovered(self) -> dict[str, tuple[str, Array]]:
        """Energy that may be recovered from a water arc: its node, and kWh/m3 over the steps."""
        rates = zip(self.network.recoveries, self._data("recovery"), strict=True)
        head = self.network.arc
        return {recovery.arc: (str(head[recovery.power].head), rate) for recovery, rate in rates}

    @property
    def explained(self) -> bool:
        """Whether there are duals to explain the answer with."""
        return self.result.duals.size > 0

    def set_points(self, first: int, last: int) -> dict[tuple[str, str], Array]:
        """Give what is asked of actuators from one step up to another, by (element, quantity), shape (last - first,).

        Sun that is left unused is asked of its inverter, as ``curtail.<node>``.
        """
        found = {}
        for i, arc in enumerate(self.network.arcs):
            flow = self.flow[i, first:last]
            if arc.kind == "pv":
                unused = np.maximum(self.capacity[i, first:last] - flow, 0.0)
                found[arc.name.replace("pv.", "curtail.", 1), "power_kw"] = unused
            elif arc.kind not in FOLLOWS and not (arc.layer == "E" and arc.kind in ("import", "export")):
                found[arc.name, RATE_QUANTITY[arc.layer]] = flow
        return found

    def violation(self) -> float:
        """Give how far the solution is from keeping every limit, in the unit of the worst row or bound."""
        t, theta = self.instance.template, self.instance.theta[:, :1]
        x = self.result.columns[0]
        rows = np.repeat(np.arange(len(t.row_names)), np.diff(t.indptr))
        sums = np.bincount(rows, t.matrix(theta)[0] * x[t.indices], minlength=len(t.row_names))
        over = sums - t.right(theta)[0]
        rows_off = np.where(t.sense == 1, over, np.where(t.sense == -1, -over, np.abs(over)))
        bounds_off = np.maximum(t.lower(theta)[0] - x, x - t.upper(theta)[0])
        return float(max(rows_off.max(initial=0.0), bounds_off.max(initial=0.0)))

    def _columns(self, family: str, steps: int) -> Array:
        part = self.result.columns[0, self.instance.template.column_slice[family]]
        return part.reshape(-1, steps)

    def _duals(self, family: str) -> Array:
        index = self.instance.template.row_index.get(family, np.empty(0, dtype=np.int64))
        return self.result.duals[0, index].reshape(-1, self.steps) / self.network.step_h

    def _data(self, family: str) -> Array:
        return self.instance.theta[self.instance.template.data_slice[family], 0].reshape(-1, self.steps)
