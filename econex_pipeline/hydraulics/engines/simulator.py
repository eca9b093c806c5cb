"""WNTR's own simulator as an engine: slow, but it knows pressure-driven demand junction by junction.

It keeps no hidden state here: every stretch starts from levels and inputs, so that a change acts from its own time on.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import wntr

from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.links import Pump, Valve
from econex_pipeline.hydraulics.dataset.options import RunOptions
from econex_pipeline.hydraulics.dataset.tape import Tape
from econex_pipeline.hydraulics.dataset.write_inp import Naming, inp_text
from econex_pipeline.hydraulics.engines.base import Inputs, Instant, Totals, is_running
from econex_pipeline.hydraulics.plant import GRAVITY_M_S2, WATER_DENSITY_KG_M3
from econex_pipeline.hydraulics.toolkit import HydraulicsError

STATUS = wntr.network.LinkStatus


class SimulatorEngine:
    """A WNTR model of a dataset; parameters as of `EpanetEngine`."""

    def __init__(self, dataset: Dataset, options: RunOptions) -> None:
        self._dataset, self._options = dataset, options
        with tempfile.TemporaryDirectory(prefix="econex_dataset_") as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = Path(folder) / "network.inp"
            path.write_text(inp_text(dataset, Tape(), options, Naming.by_id(dataset)), "utf-8")
            self._model: Any = wntr.network.WaterNetworkModel(str(path))
        self._model.options.hydraulic.demand_multiplier = 1.0
        self._model.options.hydraulic.pattern = None
        self._model.options.hydraulic.demand_model = "PDD" if dataset.general.demand_model == "PDA" else "DD"
        for junction in dataset.junctions:
            node = self._model.get_node(str(junction.id))
            for name in ("minimum_pressure", "required_pressure", "pressure_exponent"):
                setattr(node, name, getattr(junction, name))
        self._nodes = [str(item.id) for item in dataset.nodes]
        self._links = [str(item.id) for item in dataset.links]
        self._tank_rows = [self._nodes.index(str(item.id)) for item in dataset.tanks]
        self._elevation_m = np.array([tank.elevation for tank in dataset.tanks], dtype=float)
        self._limits = (
            np.array([tank.lowest_level_m for tank in dataset.tanks], dtype=float),
            np.array([tank.max_level for tank in dataset.tanks], dtype=float),
        )
        self._inputs, self._time_s = Inputs.of(dataset), 0
        self._levels_m = np.array([tank.level for tank in dataset.tanks], dtype=float)

    def start(self, time_s: int, levels_m: np.ndarray, inputs: Inputs) -> None:
        """Go to a time with these levels and inputs."""
        self._time_s, self._inputs = time_s, inputs
        self._levels_m = np.clip(levels_m, *self._limits)

    def put(self, inputs: Inputs, junctions: Iterable[int], reservoirs: Iterable[int], links: Iterable[int]) -> None:
        """Take over changed inputs."""
        self._inputs = inputs

    def solve(self) -> Instant:
        """Solve the present instant."""
        head, outflow, flow, status, _ = self._run(0, self._step_s)
        return Instant(head[0], outflow[0], flow[0], status[0] > 0, self._power(head[0], flow[0]), ())

    def advance(self, until_s: int) -> Totals:
        """Move on to a later time under the present inputs, in whole sub-steps of the grid and what remains."""
        totals = Totals.nothing(self._dataset)
        while self._time_s < until_s:
            grid_s = (self._time_s // self._step_s + 1) * self._step_s
            if self._time_s % self._step_s or grid_s > until_s:
                length = step = min(grid_s, until_s) - self._time_s
            else:
                length, step = (until_s - self._time_s) // self._step_s * self._step_s, self._step_s
            head, outflow, flow, _, times = self._run(length, step)
            if times[-1] != length:
                raise HydraulicsError(f"{self._dataset.name}: WNTR's simulator stopped at {self._time_s + times[-1]} s")
            for row, seconds in enumerate(np.diff(times)):
                totals.energy_j += self._power(head[row], flow[row]) * seconds
                totals.delivered_m3 += outflow[row][: len(self._dataset.junctions)] * seconds
                totals.substeps += 1
            levels = head[-1][self._tank_rows] - self._elevation_m
            self._levels_m = np.clip(levels, *self._limits)
            self._time_s += length
        return totals

    @property
    def _step_s(self) -> int:
        return int(self._options.hydraulic_timestep)

    def _run(self, length_s: int, step_s: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Run from now; answer with head, outflow, flow and status by time and place, and the times."""
        model = self._model
        time = model.options.time
        time.duration, time.hydraulic_timestep, time.report_timestep = length_s, step_s, step_s
        time.pattern_timestep = time.rule_timestep = step_s
        self._impose()
        model.reset_initial_values()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results = wntr.sim.WNTRSimulator(model).run_sim(convergence_error=True)
        except Exception as error:  # the simulator lets through whatever its solver stumbles over
            raise HydraulicsError(
                f"{self._dataset.name}: WNTR's simulator gives up at {self._time_s} s: {error}"
            ) from None
        node, link = results.node, results.link
        return (
            node["head"][self._nodes].to_numpy(float),
            node["demand"][self._nodes].to_numpy(float),
            link["flowrate"][self._links].to_numpy(float),
            link["status"][self._links].to_numpy(float),
            np.array(node["head"].index, dtype=int),
        )

    def _impose(self) -> None:
        """Write levels and inputs as the model's initial ones."""
        model, data, inputs = self._model, self._dataset, self._inputs
        demand = inputs.base_demand * inputs.demand_factor * data.general.demand_multiplier
        for junction, value in zip(data.junctions, demand.tolist(), strict=True):
            series = model.get_node(str(junction.id)).demand_timeseries_list[0]
            series.base_value, series.pattern_name = value, None
        for reservoir, value in zip(data.reservoirs, (inputs.base_head * inputs.head_factor).tolist(), strict=True):
            head = model.get_node(str(reservoir.id)).head_timeseries
            head.base_value, head.pattern_name = value, None
        for tank, level in zip(data.tanks, self._levels_m.tolist(), strict=True):
            model.get_node(str(tank.id)).init_level = level
        for link in inputs.links.values():
            item = model.get_link(str(link.id))
            item.initial_status = STATUS.Open if is_running(link) else STATUS.Closed
            if isinstance(link, Valve):
                item.initial_setting = float(getattr(link, link.setting_field))
                if link.status == "active":
                    item.initial_status = STATUS.Active

    def _power(self, head: np.ndarray, flow: np.ndarray) -> np.ndarray:
        """Electric power of each pump [W] at one instant: rho g Q H / eta."""
        data = self._dataset
        first = len(data.pipes)
        place = {item.id: row for row, item in enumerate(data.nodes)}
        power = np.zeros(len(data.pumps))
        for row, pump in enumerate(data.pumps):
            gain = head[place[pump.to_node_id or 0]] - head[place[pump.from_node_id or 0]]
            through = flow[first + row]
            if through > 0.0:
                hydraulic = WATER_DENSITY_KG_M3 * GRAVITY_M_S2 * through * abs(gain)
                power[row] = hydraulic / self._efficiency(pump, through)
        return power

    def _efficiency(self, pump: Pump, flow: float) -> float:
        if not pump.efficiency_curve:
            return self._dataset.general.pump_efficiency
        flows, shares = zip(*pump.efficiency_curve, strict=True)
        return max(float(np.interp(flow, flows, shares)), 0.01)

    def next_event_s(self) -> int:
        """Time of the next sub-step [s]; tank events inside it are the simulator's own."""
        return (self._time_s // self._step_s + 1) * self._step_s

    def levels_m(self) -> np.ndarray:
        """Levels of the tanks now [m], shape (tanks,)."""
        return self._levels_m.copy()

    def close(self) -> None:
        """Nothing to free."""
