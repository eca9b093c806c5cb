"""An open project as a plant: tanks, actuators and boundary to set, one instant to solve, everything to read at once.

What belongs here: the order in which EPANET wants settings written, the damped retry, the guards on an answer. The
passage of time is in `stepping`.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Mapping

import numpy as np

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.mismatch import Mismatch
from econex_pipeline.hydraulics.results import OperatingPoint, StepResult
from econex_pipeline.hydraulics.tanks import read_tank
from econex_pipeline.hydraulics.toolkit import (
    UNCONVERGED,
    WARNINGS,
    Count,
    HydraulicsError,
    LinkKind,
    LinkValue,
    NodeKind,
    NodeValue,
    Option,
    Project,
    Time,
)
from econex_pipeline.hydraulics.topology import PIPES, find_actuators, find_boundary

WATER_DENSITY_KG_M3 = 1000.0  # EPANET's specific gravity of 1
GRAVITY_M_S2 = 9.80665  # standard gravity, CGPM 1901
RHO_G_KWH_M4 = WATER_DENSITY_KG_M3 * GRAVITY_M_S2 / 3.6e6
"""Energy that lifts one cubic metre of water by one metre [kWh/(m3 m)]."""

DAMPED = {Option.TRIALS: 200.0, Option.CHECKFREQ: 2.0, Option.MAXCHECK: 10.0, Option.DAMPLIMIT: 0.01}
MAX_FLOW_M3_H = 1e5
NODE_BALANCE_M3_H = 2e-3  # a shut link passes up to 1e-4 m3/h in EPANET's equations and reads 0


class Plant:
    """An open project, its tanks, actuators and boundary, and where their values are read from.

    Parameters
    ----------
    project : Project
        Open project; controls, rules and patterns are refused.

    Raises
    ------
    InputError
        If the file holds controls, rules, patterns or a demand multiplier.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        _refuse_own_will(project)
        names = project.node_kinds
        self.tanks = {name: read_tank(project, name) for name, kind in names.items() if kind is NodeKind.TANK}
        self.actuators = find_actuators(project)
        self.boundary = find_boundary(project)
        self.pumps = tuple(name for name, kind in project.link_kinds.items() if kind is LinkKind.PUMP)
        self.valves = tuple(n for n, k in project.link_kinds.items() if k not in PIPES and k is not LinkKind.PUMP)
        self.junctions = {n: project.nodes[n] for n, kind in names.items() if kind is NodeKind.JUNCTION}
        for tank in self.boundary:
            self.demand_at(tank, 0.0)
        self._roughness = {n: project.link(i, LinkValue.ROUGHNESS) for n, i in project.links.items()
                           if project.link_kinds[n] in PIPES}  # fmt: skip
        curves = {n: int(project.link(project.links[n], LinkValue.PUMP_ECURVE)) for n in self.pumps}
        self._curves = {name: (index, project.curve(index)) for name, index in curves.items() if index}
        self._prepare_reading()

    def _prepare_reading(self) -> None:
        """Lay out one buffer for all that is read at an instant, so that a read is one C call and no more."""
        project = self.project
        get_link, get_node = project.function("EN_getlinkvalue"), project.function("EN_getnodevalue")
        valve_ends = [end for valve in self.valves for end in project.link_ends[valve]]
        layout = (
            [(get_link, index, LinkValue.FLOW) for index in project.links.values()],
            [(get_link, project.links[name], LinkValue.ENERGY) for name in self.pumps],
            [(get_node, tank.index, NodeValue.DEMAND) for tank in self.tanks.values()],
            [(get_node, index, NodeValue.DEMAND) for index in self.junctions.values()],
            [(get_node, project.nodes[name], NodeValue.HEAD) for name in valve_ends],
        )
        buffer = (ctypes.c_double * sum(map(len, layout)))()
        values = np.frombuffer(buffer)
        flat = [read for group in layout for read in group]
        self._reads = [(f, i, int(c), ctypes.byref(buffer, 8 * n)) for n, (f, i, c) in enumerate(flat)]
        edges = np.cumsum([0, *map(len, layout)])
        views = [values[low:high] for low, high in zip(edges[:-1], edges[1:], strict=True)]
        self.flow, self.power, self.tank_inflow, self.demand, heads = views
        self.values, self._heads = values, heads
        self.valve_rows = np.array([list(project.links).index(name) for name in self.valves], dtype=int)
        rows = {name: row for row, name in enumerate(self.junctions)}
        self._incidence = np.zeros((len(rows), len(project.links)))
        for column, (first, second) in enumerate(project.link_ends.values()):
            if first in rows:
                self._incidence[rows[first], column] = -1.0
            if second in rows:
                self._incidence[rows[second], column] = 1.0
        self._levels = [(get_node, tank.index) for tank in self.tanks.values()]

    def apply(self, mismatch: Mismatch) -> None:
        """Set roughness and efficiency curves to the file's values times the mismatch's factors."""
        project = self.project
        used = [index for index, _ in self._curves.values()]
        for name, factor in (*mismatch.roughness.items(), *mismatch.pump_efficiency.items()):
            if not 0.0 < factor < math.inf:
                raise InputError("mismatch", f"factor of {name}", factor, "a number above 0")
        for name in mismatch.pump_efficiency:
            if name not in self._curves or used.count(self._curves[name][0]) > 1:
                raise InputError.saying(
                    project.path, f"[ENERGY] PUMP {name}", "a mismatch needs an efficiency curve of the pump's own"
                )
        for name, roughness in self._roughness.items():
            project.set_link(project.links[name], LinkValue.ROUGHNESS, roughness * mismatch.roughness.get(name, 1.0))
        for name, (index, points) in self._curves.items():
            factor = mismatch.pump_efficiency.get(name, 1.0)
            project.set_curve(index, [(flow, min(percent * factor, 99.9)) for flow, percent in points])

    def start(self, levels_m3: Mapping[str, float]) -> None:
        """Go to time 0 with these levels and all actuators shut."""
        for name, tank in self.tanks.items():
            self.set_level(name, tank.level_m(levels_m3[name]))
        self.project.start()
        for name in self.actuators:
            self.shut(name)

    def set_level(self, tank: str, level_m: float) -> None:
        """Write a tank's level [m], a rounding error inside its limits."""
        self.project.set_node(self.tanks[tank].index, NodeValue.TANKLEVEL, level_m)

    def run(self, name: str) -> None:
        """Let an actuator run at its rated setting."""
        actuator = self.actuators[name]
        if actuator.kind is LinkKind.PUMP:  # status first: it resets a pump's speed; on a valve it means wide open
            self.project.set_link(actuator.index, LinkValue.STATUS, 1.0)
        self.project.set_link(actuator.index, LinkValue.SETTING, actuator.rated_setting)

    def shut(self, name: str) -> None:
        """Stop an actuator."""
        self.project.set_link(self.actuators[name].index, LinkValue.STATUS, 0.0)

    def demand_at(self, tank: str, flow_m3_h: float) -> None:
        """Impose a demand at a tank's boundary junction."""
        self.project.set_node(self.project.nodes[self.boundary[tank]], NodeValue.BASEDEMAND, flow_m3_h)

    def solve(self) -> tuple[int, bool]:
        """Solve this instant and read it; answer with the warning code and whether damping was needed.

        Raises
        ------
        HydraulicsError
            If it does not converge with damping either, or flows are not finite, not bounded or not balanced.
        """
        code, damped = self.project.solve(), False
        if code in UNCONVERGED:
            usual = {option: self.project.option(option) for option in DAMPED}
            for option, value in DAMPED.items():
                self.project.set_option(option, value)
            code, damped = self.project.solve(), True
            for option, value in usual.items():
                self.project.set_option(option, value)
            if code in UNCONVERGED:
                raise HydraulicsError(f"{self.project.path}: EPANET does not converge: {WARNINGS[code]}")
        for function, index, what, pointer in self._reads:
            function(index, what, pointer)
        largest = np.abs(self.flow).max(initial=0.0)
        if not (np.isfinite(self.values).all() and largest <= MAX_FLOW_M3_H):
            raise HydraulicsError(f"{self.project.path}: EPANET answers with a flow of {largest:g} m3/h")
        gap = np.abs(self._incidence @ self.flow - self.demand).max(initial=0.0)
        if gap > NODE_BALANCE_M3_H + 1e-5 * largest:
            raise HydraulicsError(f"{self.project.path}: EPANET's flows miss a junction's balance by {gap:g} m3/h")
        return code, damped

    def head_drop_kw(self) -> np.ndarray:
        """Hydraulic power of the head drop across each valve [kW], shape (valves,)."""
        return RHO_G_KWH_M4 * (self._heads[0::2] - self._heads[1::2]) * self.flow[self.valve_rows]

    def volumes_m3(self) -> np.ndarray:
        """Usable volume of each tank now [m3], shape (tanks,)."""
        heads = [self.project.node(tank.index, NodeValue.HEAD) for tank in self.tanks.values()]
        return np.array([t.volume_m3(h - t.elevation_m) for t, h in zip(self.tanks.values(), heads, strict=True)])

    def probe(self, levels_m3: Mapping[str, float], running: Iterable[str]) -> OperatingPoint:
        """Solve one instant with these actuators running and no demand."""
        self.start(levels_m3)
        for name in running:
            self.run(name)
        self.solve()
        project = self.project
        power = dict(zip(self.pumps, self.power.tolist(), strict=True))
        head = {name: project.node(index, NodeValue.HEAD) for name, index in project.nodes.items()}
        return OperatingPoint(
            flow_m3_h=dict(zip(project.links, self.flow.tolist(), strict=True)),
            power_kw=power,
            efficiency_frac={
                n: project.link(project.links[n], LinkValue.PUMP_EFFIC) if power[n] else 0.0 for n in self.pumps
            },
            head_drop_m={name: head[first] - head[second] for name, (first, second) in project.link_ends.items()},
        )


def _refuse_own_will(project: Project) -> None:
    """Refuse what would move actuators or demands behind the controller's back."""
    for code, section in ((Count.CONTROLS, "[CONTROLS]"), (Count.RULES, "[RULES]")):
        count = project.integer("EN_getcount", code)
        if count:
            raise InputError.saying(
                project.path, section, f"{count} found; actuators are the controller's to move: strip them from the file"
            )
    for name, index in project.links.items():
        if project.link_kinds[name] is LinkKind.PUMP and project.link(index, LinkValue.LINKPATTERN):
            raise InputError.saying(project.path, f"[PUMPS] {name} PATTERN", "would override its speed: remove it")
    for name, index in project.nodes.items():
        if project.node_kinds[name] is not NodeKind.TANK and project.node(index, NodeValue.PATTERN):
            raise InputError.saying(project.path, f"pattern of {name}", "demand is imposed step by step: remove it")
    multiplier = project.option(Option.DEMANDMULT)
    if multiplier != 1.0:
        raise InputError(project.path, "[OPTIONS] DEMAND MULTIPLIER", multiplier, "1, for demand is imposed as it is")
