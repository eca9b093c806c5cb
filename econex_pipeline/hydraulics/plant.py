"""An open project as a plant: tanks, actuators and boundary to set, one instant to solve, everything to read at once.

What belongs here: the order in which EPANET wants settings written, the damped retry, and the one place where EPANET's
cubic metre becomes a cubic metre. The passage of time is in `stepping`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import (
    Count,
    LinkKind,
    LinkValue,
    NodeKind,
    NodeValue,
    Option,
)
from econex_pipeline.hydraulics.convergence import converge
from econex_pipeline.hydraulics.mismatch import Mismatch
from econex_pipeline.hydraulics.results import OperatingPoint
from econex_pipeline.hydraulics.slots import Plan, Reading
from econex_pipeline.hydraulics.tanks import read_tank
from econex_pipeline.hydraulics.toolkit import Project
from econex_pipeline.hydraulics.topology import PIPES, find_actuators, find_boundary, find_mates

WATER_DENSITY_KG_M3 = 1000.0  # EPANET's specific gravity of 1
GRAVITY_M_S2 = 9.80665  # standard gravity, CGPM 1901
RHO_G_KWH_M4 = WATER_DENSITY_KG_M3 * GRAVITY_M_S2 / 3.6e6
"""Energy that lifts one cubic metre of water by one metre [kWh/(m3 m)]."""

EPANET_CMH_PER_CFS = 101.94
MAX_PLANS = 512  # remembered, of what to read
M3_H_PER_CMH = 0.3048**3 * 3600.0 / EPANET_CMH_PER_CFS
"""EPANET computes in feet and rounds its factor to CMH: its flows read 6.4e-6 smaller than its tanks fill [-]."""


class Plant:
    """An open project, its tanks, actuators and boundary, and where their values are read from.

    Parameters
    ----------
    project : Project
        Open project; controls, rules and patterns are refused.

    Attributes
    ----------
    rows : dict of str to int
        Place of each link in `flow`.
    mate_rows, mate_columns : ndarray of int
        Of each mate, its place in `flow` and its actuator's among the actuators.
    mate_signs : ndarray, shape (tanks, mates)
        1 where flow in a mate goes into a tank, -1 where it comes out.
    capacity_m3, brim_m3 : ndarray, shape (tanks,)
        Usable volume, and the volume from which a tank counts as full.
    valve_rows : ndarray of int
        Place of each valve in `flow`.
    changed : bool
        Whether something was switched, or a demand changed, since the last `solve`.
    flow, inflow, taken, power, drop : ndarray
        What `solve` read: flow in each link [m3/h], net inflow to each tank [m3/h], demand at each boundary junction
        [m3/h], power of each pump [kW], head at both ends of each valve in turn [m]. Views of `values`.

    Raises
    ------
    InputError
        If the file holds controls, rules, patterns or a demand multiplier.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        _refuse_own_will(project)
        kinds = project.node_kinds
        self.tanks = {name: read_tank(project, name) for name, kind in kinds.items() if kind is NodeKind.TANK}
        self.actuators = find_actuators(project)
        self.boundary = find_boundary(project)
        self.mates = find_mates(project, self.actuators, self.boundary)
        self.pumps = tuple(name for name, kind in project.link_kinds.items() if kind is LinkKind.PUMP)
        self.valves = tuple(n for n, k in project.link_kinds.items() if k not in PIPES and k is not LinkKind.PUMP)
        self._roughness = {
            name: project.link(index, LinkValue.ROUGHNESS)
            for name, index in project.links.items()
            if project.link_kinds[name] in PIPES
        }
        curves = {n: int(project.link(project.links[n], LinkValue.PUMP_ECURVE)) for n in self.pumps}
        self._curves = {name: (index, project.curve(index)) for name, index in curves.items() if index}
        self.rows = {name: row for row, name in enumerate(project.links)}
        places = {name: place for place, name in enumerate(self.actuators)}
        self.mate_rows = np.array([self.rows[mate.link] for mate in self.mates.values()], dtype=np.intp)
        self.mate_columns = np.array([places[name] for name in self.mates], dtype=np.intp)
        self.mate_signs = np.zeros((len(self.tanks), len(self.mates)))
        for column, mate in enumerate(self.mates.values()):
            for store, sign in ((mate.source, -mate.sign), (mate.sink, mate.sign)):
                if store in self.tanks:
                    self.mate_signs[list(self.tanks).index(store), column] = sign
        self.valve_rows = np.array([self.rows[name] for name in self.valves], dtype=np.intp)
        self.capacity_m3 = np.array([tank.capacity_m3 for tank in self.tanks.values()])
        self.brim_m3 = self.capacity_m3 * (1.0 - 1e-9) - 1e-9
        self._elevation_m = np.array([tank.elevation_m for tank in self.tanks.values()])
        self._min_level_m = np.array([tank.min_level_m for tank in self.tanks.values()])
        self._area_m2 = np.array([tank.area_m2 for tank in self.tanks.values()])
        self._curved = [(row, tank) for row, tank in enumerate(self.tanks.values()) if tank.curve]
        self.overflows = np.array([tank.overflows for tank in self.tanks.values()], dtype=bool)
        self._lay_out()
        self._imposed: dict[str, float] = {}
        for tank in self.boundary:
            self.demand_at(tank, 0.0)

    def _lay_out(self) -> None:
        """Lay out what is read at an instant, and where."""
        project = self.project
        ends = [project.nodes[end] for valve in self.valves for end in project.link_ends[valve]]
        layout: tuple[list[tuple[int, LinkValue | NodeValue]], ...] = (
            [(index, LinkValue.FLOW) for index in project.links.values()],
            [(tank.index, NodeValue.DEMAND) for tank in self.tanks.values()],
            [(project.nodes[node], NodeValue.DEMAND) for node in self.boundary.values()],
            [(project.links[name], LinkValue.ENERGY) for name in self.pumps],
            [(index, NodeValue.HEAD) for index in ends],
        )
        edges = [0, *accumulate(len(group) for group in layout)]
        self.columns = [slice(low, high) for low, high in pairwise(edges)]
        self._instant = project.reading([value for group in layout for value in group])
        self.values = self._instant.values
        self.flow, self.inflow, self.taken, self.power, self.drop = (self.values[part] for part in self.columns)
        self._always = list(range(edges[3] if project.is_pressure_driven() else edges[2]))
        self._demand_plan = self._instant.plan(range(edges[2], edges[3]))
        self._plans: dict[frozenset[str], Plan] = {}
        self._flows, self._steady = self.values[: len(self._always)], self.values[len(self._always) :]
        self._new_demands = self.values[len(self._always) : edges[3]]
        self._heads = project.reading([(tank.index, NodeValue.HEAD) for tank in self.tanks.values()])
        self._at_running = {name: [edges[3] + row] for row, name in enumerate(self.pumps)}
        self._at_running |= {name: [edges[4] + 2 * row, edges[4] + 2 * row + 1] for row, name in enumerate(self.valves)}
        self._running = {name for name in self.valves if name not in self.actuators}
        self.changed = True
        self._status = {name: project.writing(item.index, LinkValue.STATUS) for name, item in self.actuators.items()}
        self._setting = {name: project.writing(item.index, LinkValue.SETTING) for name, item in self.actuators.items()}
        self._level = {name: project.writing(tank.index, NodeValue.TANKLEVEL) for name, tank in self.tanks.items()}
        self._demand = {
            tank: project.writing(project.nodes[node], NodeValue.BASEDEMAND) for tank, node in self.boundary.items()
        }

    def apply(self, mismatch: Mismatch) -> None:
        """Set roughness and efficiency curves to the file's values times the mismatch's factors."""
        project = self.project
        used = [index for index, _ in self._curves.values()]
        for name, factor in (*mismatch.roughness.items(), *mismatch.pump_efficiency.items()):
            if not 0.0 < factor < math.inf:
                raise InputError("mismatch", f"factor of {name}", factor, "a number above 0")
        for name, factor in mismatch.pump_efficiency.items():
            if name not in self._curves or used.count(self._curves[name][0]) > 1:
                raise InputError.saying(
                    project.path, f"[ENERGY] PUMP {name}", "a mismatch needs an efficiency curve of the pump's own"
                )
            best = factor * max(percent for _, percent in self._curves[name][1])
            if best >= 100.0:
                raise InputError("mismatch", f"best efficiency of {name}", f"{best:.4g} %", "less than 100 %")
        for name, roughness in self._roughness.items():
            project.set_link(project.links[name], LinkValue.ROUGHNESS, roughness * mismatch.roughness.get(name, 1.0))
        for name, (index, points) in self._curves.items():
            factor = mismatch.pump_efficiency.get(name, 1.0)
            project.set_curve(index, [(flow, percent * factor) for flow, percent in points])

    def start(self, levels_m3: Mapping[str, float]) -> None:
        """Go to time 0 with these levels and all actuators shut."""
        for name, tank in self.tanks.items():
            self._level[name](tank.level_m(levels_m3[name]))
        self.project.start()
        for name in self.actuators:
            self.shut(name)

    def run(self, name: str, setting: float | None = None) -> None:
        """Let an actuator run at a setting, at its rated one where none is given."""
        actuator = self.actuators[name]
        setting = actuator.rated_setting if setting is None else setting
        if actuator.kind is LinkKind.PUMP:  # status first: it resets a pump's speed; on a valve it means wide open
            self._status[name](1.0)
        elif actuator.kind is LinkKind.FCV:
            setting /= M3_H_PER_CMH
        self._setting[name](setting)
        self._running.add(name)
        self.changed = True

    def shut(self, name: str) -> None:
        """Stop an actuator."""
        self._status[name](0.0)
        self._running.discard(name)
        self.changed = True

    def demand_at(self, tank: str, flow_m3_h: float) -> None:
        """Impose a demand at a tank's boundary junction."""
        if self._imposed.get(tank) != flow_m3_h:
            self._demand[tank](flow_m3_h / M3_H_PER_CMH)
            self._imposed[tank] = flow_m3_h
            self.changed = True

    def solve(self) -> tuple[int, bool]:
        """Solve this instant and read it; answer with the warning code and whether damping was needed.

        Raises
        ------
        HydraulicsError
            If it does not converge with damping either.
        """
        code, damped = converge(self.project)
        self._read()
        return code, damped

    def _read(self) -> None:
        """Read this instant: what flows, and after a change what is taken; power and heads of what runs.

        What stands still uses and gives nothing, and what was taken stays as it is until somebody changes it.
        """
        if self.changed:
            self._steady[:] = 0.0
            self._plan = self._plan_for(frozenset(self._running))
            self._instant.read(self._demand_plan)
            self._new_demands *= M3_H_PER_CMH
            self.changed = False
        self._instant.read(self._plan)
        self._flows *= M3_H_PER_CMH

    def _plan_for(self, running: frozenset[str]) -> Plan:
        """Plan what to read while these run; the same few sets come again and again."""
        if running not in self._plans:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            places = [place for name in running for place in self._at_running[name]]
            self._plans[running] = self._instant.plan([*self._always, *places])
        return self._plans[running]

    def read_levels(self) -> np.ndarray:
        """Read each tank's usable volume now [m3], shape (tanks,)."""
        self._heads.read()
        levels = self._heads.values - self._elevation_m
        volumes = self._area_m2 * (levels - self._min_level_m)
        for row, tank in self._curved:
            volumes[row] = tank.volume_m3(levels[row])
        return volumes

    def probe(
        self, levels_m3: Mapping[str, float], running: Iterable[str], settings: Mapping[str, float]
    ) -> OperatingPoint:
        """Solve one instant with these actuators running and no demand."""
        self.start(levels_m3)
        for name in running:
            self.run(name, settings.get(name))
        self.solve()
        links, (heads, firsts, seconds) = self.project.links, self._all_heads
        heads.read()
        self._efficiencies.read()
        efficiency = np.where(self.power != 0.0, self._efficiencies.values, 0.0)
        drop = heads.values[firsts] - heads.values[seconds]
        return OperatingPoint(
            flow_m3_h=dict(zip(links, self.flow.tolist(), strict=True)),
            power_kw=dict(zip(self.pumps, self.power.tolist(), strict=True)),
            efficiency_frac=dict(zip(self.pumps, efficiency.tolist(), strict=True)),
            head_drop_m=dict(zip(links, drop.tolist(), strict=True)),
        )

    @cached_property
    def _all_heads(self) -> tuple[Reading, np.ndarray, np.ndarray]:
        """Head at every node, and the places of both ends of every link."""
        project = self.project
        place = {name: i for i, name in enumerate(project.nodes)}
        ends = np.array([[place[first], place[second]] for first, second in project.link_ends.values()])
        return project.reading([(index, NodeValue.HEAD) for index in project.nodes.values()]), ends[:, 0], ends[:, 1]

    @cached_property
    def _efficiencies(self) -> Reading:
        """Efficiency of every pump at its flow."""
        return self.project.reading([(self.project.links[name], LinkValue.PUMP_EFFIC) for name in self.pumps])


def _refuse_own_will(project: Project) -> None:
    """Refuse what would move actuators or demands behind the controller's back."""
    for code, section in ((Count.CONTROLS, "[CONTROLS]"), (Count.RULES, "[RULES]")):
        count = project.integer("EN_getcount", code)
        if count:
            raise InputError.saying(
                project.path, section, f"{count} found, but actuators are the controller's to move: remove the section"
            )
    for name, index in project.links.items():
        if project.link_kinds[name] is LinkKind.PUMP and project.link(index, LinkValue.LINKPATTERN):
            raise InputError.saying(project.path, f"[PUMPS] {name} PATTERN", "it would override the speed: remove it")
    for name, index in project.nodes.items():
        if project.node_kinds[name] is not NodeKind.TANK and project.node(index, NodeValue.PATTERN):
            raise InputError.saying(
                project.path, f"pattern of {name}", "demand and head are imposed step by step: remove it"
            )
    multiplier = project.option(Option.DEMANDMULT)
    if multiplier != 1.0:
        raise InputError(project.path, "[OPTIONS] DEMAND MULTIPLIER", multiplier, "1, as demand is imposed as it is")
