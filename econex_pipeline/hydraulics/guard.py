"""What is believed of an answer of EPANET's: bounds on pressure, flow, level, and the balance of junctions and tanks.

EPANET answers without a warning where a full tank is forced, where an iteration ended early, where a link is cut off.
A step that breaks a bound is an error that names the place; nothing is passed on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import NodeKind, NodeValue
from econex_pipeline.hydraulics.plant import M3_H_PER_CMH, Plant
from econex_pipeline.hydraulics.slots import HydraulicsError
from econex_pipeline.hydraulics.toolkit import Project

CREEP_M3_H = 2e-3  # through shut links: EPANET does not show it, and it may carry a tank past its limits
LINKS_OF_CREEP = 8  # links at a junction up to which that holds; a hub with forty pumps has more of it
STILL_M3_H = 1e-3  # a junction with less has no pressure of its own
DENSE = 20_000  # entries up to which a full matrix is quicker than a sparse one


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
        self._heads = self._reading.plan(range(len(nodes)))
        self._boundary = [self._junctions.index(node) for node in plant.boundary.values()]
        self._knows_demand, self._pressure_driven = False, project.is_pressure_driven()
        self._elevation_m = np.array([project.node(node, NodeValue.ELEVATION) for node in nodes])
        self._net = _inflow_of_links(project, self._junctions)
        links = np.asarray(abs(self._net).sum(axis=1), dtype=float).reshape(-1, 1)
        self._creep_m3_h = CREEP_M3_H * np.maximum(1.0, links / LINKS_OF_CREEP)
        self._seen: list[np.ndarray] = []
        self._flows: list[np.ndarray] = []

    def start(self) -> None:
        """Forget what was seen."""
        self._seen.clear()
        self._flows.clear()

    def look(self) -> None:
        """Take down head and demand of every junction at the instant just solved."""
        self._reading.read(self._heads if self._knows_demand else None)
        values = self._reading.values.copy()
        count = len(self._junctions)
        if self._knows_demand:
            values[count:][self._boundary] = self._plant.taken / M3_H_PER_CMH  # nobody changes the others
        self._knows_demand = not self._pressure_driven
        self._seen.append(values)
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
        if not self._junctions or not len(flow):
            return
        head, demand = seen[:, : len(self._junctions)], seen[:, len(self._junctions) :] * M3_H_PER_CMH
        pressure = head - self._elevation_m
        if not (pressure.min() >= bounds.min_pressure_m and pressure.max() <= bounds.max_pressure_m):
            self._judge_pressure(pressure, flow, demand)
        missed = np.abs(self._net @ flow.T - demand.T)
        allowed = self._creep_m3_h + bounds.balance_frac * np.abs(flow).max()
        if not (missed <= allowed).all():
            self.flows(flow)
            row, when = (int(place) for place in np.argwhere(~(missed <= allowed))[0])
            raise HydraulicsError(
                f"{path}: at junction {self._junctions[row]} {missed[row, when]:g} m3/h are unaccounted for"
            )

    def _judge_pressure(self, pressure: np.ndarray, flow: np.ndarray, demand: np.ndarray) -> None:
        """Refuse the first odd pressure where water moves: EPANET gives a cut-off junction any head."""
        bounds = self.bounds
        moving = np.maximum((abs(self._net) @ np.abs(flow).T).T, np.abs(demand))
        odd = (moving > STILL_M3_H) & ~((pressure >= bounds.min_pressure_m) & (pressure <= bounds.max_pressure_m))
        if odd.any():
            when, row = (int(place) for place in np.argwhere(odd)[0])
            self._refuse_pressure(self._junctions[row], float(pressure[when, row]), float(demand[when, row]))

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

    def flows(self, flow: np.ndarray) -> float:
        """Give the largest flow, refuse one that is not finite or absurd [m3/h]."""
        largest = np.abs(flow).max(initial=0.0)
        if not largest <= self.bounds.max_flow_m3_h:  # refuses NaN as well
            raise HydraulicsError(f"{self._plant.project.path}: EPANET answers with a flow of {largest:g} m3/h")
        return float(largest)

    def levels(self, levels: np.ndarray, second: np.ndarray) -> None:
        """Refuse usable volumes outside their tanks [m3], beyond what flows in a second [m3]."""
        slack = second + CREEP_M3_H
        low, high = levels.min(axis=0), levels.max(axis=0)
        outside = ~((low >= -slack) & (high <= self._plant.capacity_m3 + slack))
        if outside.any():
            tank = int(np.flatnonzero(outside)[0])
            raise HydraulicsError(
                f"{self._plant.project.path}: tank {list(self._plant.tanks)[tank]} left its limits: "
                f"{low[tank]:g} to {high[tank]:g} m3"
            )

    def books(self, flow: np.ndarray, missed: np.ndarray) -> None:
        """Look at the books of a step.

        Parameters
        ----------
        flow : ndarray, shape (sub-steps, links)
            Flows [m3/h].
        missed : ndarray, shape (sub-steps, tanks)
            What a tank's books miss beyond what a limit explains [m3].

        Raises
        ------
        HydraulicsError
            If a flow is not finite or absurd, or a tank's books do not close.
        """
        largest = self.flows(flow)
        if missed.size and not missed.max() <= self.bounds.balance_frac * (1.0 + largest):
            tank = int(np.nanargmax(missed.max(axis=0)))
            raise HydraulicsError(
                f"{self._plant.project.path}: the books of tank {list(self._plant.tanks)[tank]} miss "
                f"{missed[:, tank].max():g} m3 in a sub-step"
            )


def _inflow_of_links(project: Project, junctions: list[str]) -> np.ndarray | csr_matrix:
    """Build the matrix that makes net inflows of junctions from flows of links, shape (junctions, links)."""
    place = {name: row for row, name in enumerate(junctions)}
    entries = [
        (place[node], column, sign)
        for column, ends in enumerate(project.link_ends.values())
        for node, sign in zip(ends, (-1.0, 1.0), strict=True)
        if node in place
    ]
    rows, columns, signs = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = csr_matrix((signs, (rows, columns)), shape=(len(junctions), len(project.links)))
    return matrix.toarray() if len(junctions) * len(project.links) <= DENSE else matrix
