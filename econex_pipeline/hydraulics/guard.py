"""What is believed of an answer of EPANET's: bounds on pressure, flow, level, and the balance of junctions and tanks.

EPANET answers without a warning where a full tank is forced, where an iteration ended early, where a link is cut off.
A step that breaks a bound is an error that names the place; nothing is passed on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import NodeKind, NodeValue
from econex_pipeline.hydraulics.plant import M3_H_PER_CMH, Plant
from econex_pipeline.hydraulics.slots import HydraulicsError

CREEP_M3_H = 2e-3  # through shut links: EPANET does not show it, and it may carry a tank past its limits
STILL_M3_H = 1e-3  # a junction with less has no pressure of its own: EPANET gives a cut-off one any head


@dataclass(frozen=True)
class Bounds:
    """What an answer has to keep to.

    Attributes
    ----------
    min_pressure_m, max_pressure_m : float
        Pressure at junctions with water moving [m of water]; below about -10 m water boils.
    max_flow_m3_h : float
        Flow in a link [m3/h].
    balance_frac : float
        Of the largest flow: what a junction's or tank's balance may miss [-].
    max_substeps : int
        Sub-steps of one step; a tank that chatters at its limit takes one a second.
    """

    min_pressure_m: float = -10.0
    max_pressure_m: float = 1000.0
    max_flow_m3_h: float = 1e5
    balance_frac: float = 1e-6
    max_substeps: int = 1000

    def __post_init__(self) -> None:
        if not self.min_pressure_m < self.max_pressure_m:
            right = f"less than max_pressure_m, {self.max_pressure_m:g} m"
            raise InputError("bounds", "min_pressure_m", self.min_pressure_m, right)
        for name in ("max_flow_m3_h", "balance_frac", "max_substeps"):
            if not getattr(self, name) > 0.0:
                raise InputError("bounds", name, getattr(self, name), "a number above 0")


class Guard:
    """Holds a plant's answers against bounds.

    Parameters
    ----------
    plant : Plant
        What answers.
    bounds : Bounds
        What is believed.
    """

    def __init__(self, plant: Plant, bounds: Bounds) -> None:
        self.bounds, self._plant = bounds, plant
        project = plant.project
        self._junctions = [name for name, kind in project.node_kinds.items() if kind is NodeKind.JUNCTION]
        nodes = [project.nodes[name] for name in self._junctions]
        self._reading = project.reading(
            [*((node, NodeValue.HEAD) for node in nodes), *((node, NodeValue.DEMAND) for node in nodes)]
        )
        self._elevation_m = np.array([project.node(node, NodeValue.ELEVATION) for node in nodes])
        ends = np.array([[project.nodes[end] for end in project.link_ends[link]] for link in plant.rows])
        self._first, self._second = ends.reshape(-1, 2).T
        self._rows, self._size = np.array(nodes, dtype=int), len(project.nodes) + 1
        self._seen: list[np.ndarray] = []
        self._flows: list[np.ndarray] = []

    def start(self) -> None:
        """Forget what was seen."""
        self._seen.clear()
        self._flows.clear()

    def look(self) -> None:
        """Take down head and demand of every junction at the instant just solved."""
        self._reading.read()
        self._seen.append(self._reading.values.copy())
        self._flows.append(self._plant.flow.copy())

    def judge(self) -> None:
        """Judge all that was seen since the start.

        Raises
        ------
        HydraulicsError
            If a flow is absurd, a junction's water does not add up, or its pressure cannot be.
        """
        bounds, path = self.bounds, self._plant.project.path
        flow, seen = np.array(self._flows), np.array(self._seen)
        self.flows(flow)
        if not self._junctions or not len(flow):
            return
        head, demand = seen[:, : len(self._junctions)], seen[:, len(self._junctions) :] * M3_H_PER_CMH
        sizes = np.abs(flow)
        came, went = self._per_node(flow, self._second), self._per_node(flow, self._first)
        moving = self._per_node(sizes, self._second) + self._per_node(sizes, self._first)
        moving = np.maximum(moving, np.abs(demand))
        pressure = head - self._elevation_m
        odd = (moving > STILL_M3_H) & ~((pressure >= bounds.min_pressure_m) & (pressure <= bounds.max_pressure_m))
        if odd.any():
            when, row = (int(place) for place in np.argwhere(odd)[0])
            self._refuse_pressure(self._junctions[row], float(pressure[when, row]), float(demand[when, row]))
        missed = np.abs(came - went - demand)
        allowed = CREEP_M3_H + bounds.balance_frac * sizes.max(axis=1, initial=0.0)[:, None]
        if not (missed <= allowed).all():
            when, row = (int(place) for place in np.argwhere(~(missed <= allowed))[0])
            raise HydraulicsError(
                f"{path}: at junction {self._junctions[row]} {missed[when, row]:g} m3/h are unaccounted for"
            )

    def _per_node(self, flow: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Sum flows by the node at one of their ends, shape (instants, junctions)."""
        return np.array([np.bincount(ends, row, self._size) for row in flow])[:, self._rows]

    def _refuse_pressure(self, name: str, pressure_m: float, demand: float) -> None:
        plant = self._plant
        tank = next((tank for tank, node in plant.boundary.items() if node == name), None)
        if tank is not None and demand < 0.0 and not plant.tanks[tank].overflows:
            raise HydraulicsError(
                f"{plant.project.path}: tank {tank} is full, may not overflow, and {-demand:g} m3/h are forced into "
                f"it at {name}: the pressure there would be {pressure_m:g} m"
            )
        raise HydraulicsError(
            f"{plant.project.path}: the pressure at {name} would be {pressure_m:g} m; believed are "
            f"{self.bounds.min_pressure_m:g} to {self.bounds.max_pressure_m:g} m"
        )

    def flows(self, flow: np.ndarray) -> None:
        """Refuse a flow that is not finite or absurd [m3/h]."""
        largest = np.abs(flow).max(initial=0.0)
        if not largest <= self.bounds.max_flow_m3_h:  # refuses NaN as well
            raise HydraulicsError(f"{self._plant.project.path}: EPANET answers with a flow of {largest:g} m3/h")

    def books(
        self, flow: np.ndarray, inflow: np.ndarray, levels: np.ndarray, error: np.ndarray, bound: np.ndarray
    ) -> None:
        """Look at the books of a step.

        Parameters
        ----------
        flow, inflow : ndarray, shape (sub-steps, links or tanks)
            Flows and net inflows [m3/h].
        levels : ndarray, shape (sub-steps + 1, tanks)
            Usable volumes [m3].
        error, bound : ndarray, shape (sub-steps, tanks)
            What the books miss, and may miss at a limit [m3].

        Raises
        ------
        HydraulicsError
            If a flow is not finite or absurd, a level leaves its tank, or a tank's books do not close.
        """
        path, names = self._plant.project.path, list(self._plant.tanks)
        self.flows(flow)
        second = np.abs(inflow).max(axis=0, initial=0.0) / 3600.0 + CREEP_M3_H
        low, high = levels.min(axis=0), levels.max(axis=0)
        outside = ~((low >= -second) & (high <= self._plant.capacity_m3 + second))
        if outside.any():
            tank = int(np.flatnonzero(outside)[0])
            raise HydraulicsError(f"{path}: tank {names[tank]} left its limits: {low[tank]:g} to {high[tank]:g} m3")
        missed = (np.abs(error) - bound).max(axis=0)
        open_books = ~(missed <= self.bounds.balance_frac * (1.0 + np.abs(flow).max(initial=0.0)))
        if open_books.any():
            tank = int(np.flatnonzero(open_books)[0])
            raise HydraulicsError(f"{path}: the books of tank {names[tank]} miss {missed[tank]:g} m3 in a sub-step")
