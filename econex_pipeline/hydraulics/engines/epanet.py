"""EPANET in process as the engine of a dataset.

Order of an instant: inputs, solve, read, HYDSTEP, advance, levels. Flows are CMH inside and m3/s outside, with EPANET's
rounding of the cubic metre taken out both ways.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import UNCONVERGED, WARNINGS, LinkValue, NodeValue, Time
from econex_pipeline.hydraulics.convergence import converge
from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.links import Link, Pump, Valve
from econex_pipeline.hydraulics.dataset.options import RunOptions
from econex_pipeline.hydraulics.dataset.tape import Tape
from econex_pipeline.hydraulics.dataset.write_inp import Naming, inp_text, own_pattern
from econex_pipeline.hydraulics.engines.base import Inputs, Instant, Totals, is_running
from econex_pipeline.hydraulics.plant import M3_H_PER_CMH
from econex_pipeline.hydraulics.toolkit import HydraulicsError, Project

M3_S_PER_CMH = M3_H_PER_CMH / 3600.0
CMH_PER_M3_S = 1.0 / M3_S_PER_CMH  # multiplied by in the file and here alike, so that a value written again is the same
W_PER_KW = 1000.0
FULL_FRAC = 1.0 - 1e-9


def engine_text(dataset: Dataset, options: RunOptions, tape: Tape | None = None) -> str:
    """Give the input file that the engine opens; with a tape, the one that plays it by itself."""
    return inp_text(dataset, tape or Tape(), options, Naming.by_id(dataset), CMH_PER_M3_S, for_engine=True)


class EpanetEngine:
    """An open EPANET project of a dataset.

    Parameters
    ----------
    dataset : Dataset
        A complete dataset that EPANET can do.
    options : RunOptions
        Sub-step and solver options.

    Raises
    ------
    InputError
        If EPANET refuses the network.
    """

    def __init__(self, dataset: Dataset, options: RunOptions) -> None:
        self._dataset, self._options = dataset, options
        with tempfile.TemporaryDirectory(prefix="econex_dataset_") as folder:
            path = Path(folder) / "network.inp"
            path.write_text(engine_text(dataset, options), "utf-8")
            try:
                self.project = Project(path)
            except InputError as error:
                raise InputError.saying(dataset.name, "EPANET", str(error).split(": ", 1)[-1]) from None
        self.project.path = Path(dataset.name)
        self._step_s, self._time_s = int(options.hydraulic_timestep), 0
        self._solved, self._code, self._damped = False, 0, False
        self._elevation_m = np.array([tank.elevation for tank in dataset.tanks], dtype=float)
        self._limits = (
            np.array([tank.lowest_level_m for tank in dataset.tanks], dtype=float),
            np.array([tank.max_level for tank in dataset.tanks], dtype=float),
        )
        self._start_levels = [tank.level for tank in dataset.tanks]
        self._overflow = np.array([tank.overflow for tank in dataset.tanks], dtype=bool)
        self._lay_out()
        self._full_m3 = np.zeros(len(dataset.tanks))

    def _lay_out(self) -> None:
        """Lay out what is read and written."""
        project, data = self.project, self._dataset
        node = {item.id: project.nodes[str(item.id)] for item in data.nodes}
        link = {item.id: project.links[str(item.id)] for item in data.links}
        tanks = [node[item.id] for item in data.tanks]
        pumps = [link[item.id] for item in data.pumps]
        self._instant, self._at = _parts(
            project,
            [(node[item.id], NodeValue.HEAD) for item in data.nodes],
            [(node[item.id], NodeValue.DEMAND) for item in data.nodes],
            [(link[item.id], LinkValue.FLOW) for item in data.links],
            [(link[item.id], LinkValue.STATUS) for item in data.links],
            [(index, LinkValue.ENERGY) for index in pumps],
        )
        is_pda = data.general.demand_model == "PDA"
        self._rates, self._rates_at = _parts(
            project,
            [(index, LinkValue.ENERGY) for index in pumps],
            [(index, NodeValue.DEMAND) for index in tanks],
            [(node[item.id], NodeValue.DEMAND) for item in data.junctions if is_pda],
        )
        self._stores, self._stores_at = _parts(
            project, [(i, NodeValue.HEAD) for i in tanks], [(i, NodeValue.TANKVOLUME) for i in tanks]
        )
        self._write_level = [project.writing(index, NodeValue.TANKLEVEL) for index in tanks]
        self._write_demand = [project.writing(node[item.id], NodeValue.BASEDEMAND) for item in data.junctions]
        self._write_head = [project.writing(node[item.id], NodeValue.ELEVATION) for item in data.reservoirs]
        self._write_factor = [project.pattern(own_pattern(item.id)) for item in (*data.junctions, *data.reservoirs)]
        self._write_status: dict[int, Callable[[float], None]] = {
            i: project.writing(index, LinkValue.STATUS) for i, index in link.items()
        }
        self._write_setting = {i: project.writing(index, LinkValue.SETTING) for i, index in link.items()}

    def start(self, time_s: int, levels_m: np.ndarray, inputs: Inputs) -> None:
        """Go to a time with these levels and inputs, flows guessed afresh."""
        for place, level in enumerate(np.clip(levels_m, *self._limits).tolist()):
            if level != self._start_levels[place]:  # what the file says is not said again: EPANET rounds it another way
                self._write_level[place](level)
                self._start_levels[place] = level
        data = self._dataset
        changed = [i for i, item in inputs.links.items() if item is not data.by_id[i]]
        self.project.start()
        self.put(inputs, range(len(data.junctions)), range(len(data.reservoirs)), changed)
        self._time_s = time_s
        self._fill_m3()

    def _fill_m3(self) -> None:
        """Learn the volume of each full tank: EPANET's own, curve included."""
        self._full_m3 = np.array(
            [self.project.node(self.project.nodes[str(t.id)], NodeValue.MAXVOLUME) for t in self._dataset.tanks]
        )

    def put(self, inputs: Inputs, junctions: Iterable[int], reservoirs: Iterable[int], links: Iterable[int]) -> None:
        """Take over changed inputs: positions of junctions and reservoirs, ids of links."""
        many = len(self._dataset.junctions)
        for place in junctions:
            self._write_demand[place](float(inputs.base_demand[place]) * CMH_PER_M3_S)
            self._write_factor[place](float(inputs.demand_factor[place]))
        for place in reservoirs:
            self._write_head[place](float(inputs.base_head[place]))
            self._write_factor[many + place](float(inputs.head_factor[place]))
        for link_id in links:
            self._put_link(inputs.links[link_id])
        self._solved = False

    def _put_link(self, link: Link) -> None:
        status, setting = self._write_status[link.id], self._write_setting[link.id]
        if not is_running(link):
            status(0.0)
        elif isinstance(link, Pump) and link.type == "head":  # status first: it resets the speed
            status(1.0)
            setting(link.speed)
        elif isinstance(link, Valve) and link.status == "active" and link.type != "GPV":  # status would mean wide open
            value = float(getattr(link, link.setting_field))
            setting(value * CMH_PER_M3_S if link.type == "FCV" else value)
        else:
            status(1.0)

    def _settle(self) -> None:
        if not self._solved:
            if self._options.solver.unbalanced == "STOP":
                self._code, self._damped = self.project.solve(), False
                if self._code in UNCONVERGED:
                    raise HydraulicsError(f"{self.project.path}: EPANET does not converge: {WARNINGS[self._code]}")
            else:
                self._code, self._damped = converge(self.project)
            self._solved = True

    def solve(self) -> Instant:
        """Solve the present instant."""
        self._settle()
        self._instant.read()
        head, outflow, flow, status, power = (self._instant.values[part].copy() for part in self._at)
        outflow *= M3_S_PER_CMH
        flow *= M3_S_PER_CMH
        power *= W_PER_KW
        return Instant(head, outflow, flow, status > 0.0, power, self._remarks())

    def _remarks(self) -> tuple[str, ...]:
        return (WARNINGS.get(self._code, str(self._code)),) if self._code else ()

    def advance(self, until_s: int) -> Totals:
        """Move on to a later time under the present inputs."""
        totals = Totals.nothing(self._dataset)
        self._stores.read()
        volume = self._stores.values[self._stores_at[1]].copy()
        while self._time_s < until_s:
            self._settle()
            self._rates.read()
            power, inflow, met = (self._rates.values[part] for part in self._rates_at)
            self.project.set_time(Time.HYDSTEP, min(self._grid_s(), until_s) - self._time_s)
            seconds = self.project.advance()
            self._solved = False
            totals.substeps += 1
            totals.retries += self._damped
            totals.warnings |= frozenset(self._remarks())
            if seconds < 1 or (totals.substeps >= self._options.max_substeps and self._time_s + seconds < until_s):
                raise HydraulicsError(
                    f"{self.project.path}: no progress at {self._time_s} s after {totals.substeps} sub-steps; "
                    "a tank at its limit may chatter"
                )
            self._time_s += seconds
            totals.energy_j += power * (seconds * W_PER_KW)
            if met.size:
                totals.delivered_m3 += met * (seconds * M3_S_PER_CMH)
            self._stores.read()
            after = self._stores.values[self._stores_at[1]]
            excess = inflow * (seconds * M3_S_PER_CMH) - (after - volume)
            is_full = self._overflow & (after >= self._full_m3 * FULL_FRAC) & (inflow > 0.0)
            totals.spill_m3 += np.where(is_full, np.maximum(excess, 0.0), 0.0)
            volume = after.copy()
        return totals

    def _grid_s(self) -> int:
        """Next whole multiple of the sub-step."""
        return (self._time_s // self._step_s + 1) * self._step_s

    def next_event_s(self) -> int:
        """Time of the next sub-step or tank event, should nothing change until then [s]."""
        self._settle()
        self.project.set_time(Time.HYDSTEP, self._grid_s() - self._time_s)
        return self._time_s + max(1, self.project.time(Time.NEXTEVENT))

    def levels_m(self) -> np.ndarray:
        """Levels of the tanks now [m], shape (tanks,)."""
        self._stores.read()
        return np.clip(self._stores.values[self._stores_at[0]] - self._elevation_m, *self._limits)

    def close(self) -> None:
        """Free EPANET's memory; harmless when called again."""
        self.project.close()


def _parts(project: Project, *groups: list[tuple[int, NodeValue | LinkValue]]):  # type: ignore[no-untyped-def]
    """Plan to read groups of values, and say where each group lies."""
    edges = [0, *accumulate(len(group) for group in groups)]
    reading = project.reading([item for group in groups for item in group])
    return reading, [slice(low, high) for low, high in pairwise(edges)]
