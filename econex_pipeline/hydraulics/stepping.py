"""The passage of time: from sub-step to sub-step through a step, with what happens at switching times and tank limits.

Order within a sub-step: switch, solve, read flows and power, HYDSTEP, advance, read levels. An actuator whose source
tank runs empty is stopped for the rest of the step, as dry-run protection does; demand at an empty tank is served by
what flows in.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from econex_pipeline.hydraulics.codes import Time
from econex_pipeline.hydraulics.guard import Bounds, Guard
from econex_pipeline.hydraulics.plant import Plant
from econex_pipeline.hydraulics.results import StepResult
from econex_pipeline.hydraulics.tally import Tally
from econex_pipeline.hydraulics.toolkit import HydraulicsError

_least = np.minimum.reduce
EVENT_H = 0.5 / 3600.0  # EPANET rounds the time to a tank's limit to whole seconds and overlooks what is nearer
SPARE_M3_H = 2e-3  # of inflow left to an empty tank: a tank in exact balance keeps EPANET from converging


class Stepper:
    """Moves a plant through steps.

    Parameters
    ----------
    plant : Plant
        What is moved.
    substep_s : int
        Largest sub-step, counted from the start of the step [s].
    bounds : Bounds
        What is believed; beyond it a step is given up.
    """

    def __init__(self, plant: Plant, substep_s: int, bounds: Bounds) -> None:
        self._plant, self._substep_s, self._max_substeps = plant, substep_s, bounds.max_substeps
        self._guard = Guard(plant, bounds)
        self._names = list(plant.tanks)
        self._dry = np.array([tank.dry_m3 for tank in plant.tanks.values()])
        self._driest = float(self._dry.max(initial=0.0))
        self._hydstep_s = 0
        self._draws = {name: [a.name for a in plant.actuators.values() if a.sources == {name}] for name in plant.tanks}
        self._places = {name: place for place, name in enumerate(plant.actuators)}
        self._is_on = np.zeros(len(plant.actuators), dtype=bool)
        self._on: dict[str, float | None] = {}
        self._short: set[str] = set()
        self._asked: dict[str, float] = {}

    def start(self, levels_m3: Mapping[str, float]) -> None:
        """Put the plant at these levels, everything shut, flows to be guessed afresh."""
        self._plant.start(levels_m3)
        self._on = {}
        self._is_on = np.zeros_like(self._is_on)

    def run(
        self,
        run_s: Mapping[str, int],
        demands_m3_h: Mapping[str, float],
        step_s: int,
        settings: Mapping[str, float],
    ) -> StepResult:
        """Move through one step from where the plant is; arguments and answer as of `WaterNetwork.run_step`."""
        plant, project = self._plant, self._plant.project
        self._begin(run_s, demands_m3_h, settings)
        tally, guard = Tally(plant, plant.read_levels()), self._guard
        guard.start()
        clock, stop, cut_short = 0, 0, True
        while clock < step_s:
            if stop <= clock:
                for name in [name for name in self._on if run_s[name] <= clock]:
                    self._stop(name)
            look = cut_short or plant.changed
            self._settle(tally)
            if look:
                guard.look()
                stop = min((run_s[name] for name in self._on), default=step_s)
            until = min((clock // self._substep_s + 1) * self._substep_s, step_s, stop)
            if until - clock != self._hydstep_s:
                self._hydstep_s = until - clock
                project.set_time(Time.HYDSTEP, self._hydstep_s)
            seconds = project.advance()
            tally.close(seconds, plant.read_levels(), self._is_on)
            clock += seconds
            cut_short = clock < until or seconds < 1  # a tank met a limit
            if seconds < 1 or (tally.substeps >= self._max_substeps and clock < step_s):
                guard.judge()
                raise HydraulicsError(
                    f"{project.path}: no progress {clock} s into the step, after {tally.substeps} sub-steps"
                )
        guard.judge()
        return tally.result(guard, self._asked, settings, clock)

    def _begin(
        self, run_s: Mapping[str, int], demands_m3_h: Mapping[str, float], settings: Mapping[str, float]
    ) -> None:
        """Impose the step's demands and switch what changes; what runs on at its setting is not touched."""
        plant = self._plant
        self._short = set()
        self._asked = {tank: float(demands_m3_h.get(node, 0.0)) for tank, node in plant.boundary.items()}
        for tank, flow in self._asked.items():
            plant.demand_at(tank, flow)
        self._is_on = self._is_on.copy()
        for name, place in self._places.items():
            wanted, setting = run_s.get(name, 0) > 0, settings.get(name)
            if wanted and (name not in self._on or self._on[name] != setting):
                plant.run(name, setting)
                self._on[name] = setting
                self._is_on[place] = True
            elif not wanted and name in self._on:
                self._stop(name)

    def _stop(self, name: str) -> None:
        self._plant.shut(name)
        del self._on[name]
        self._is_on = self._is_on.copy()  # the tally keeps the old one
        self._is_on[self._places[name]] = False

    def _settle(self, tally: Tally) -> None:
        """Solve this instant so that no empty tank gives water."""
        plant, volumes = self._plant, tally.volumes
        empty: set[str] = set()
        least = _least(volumes, initial=np.inf)
        if self._short or least <= self._driest:
            empty = self._those(volumes <= self._dry)
            for tank in self._short - empty:
                plant.demand_at(tank, self._asked[tank])
            self._short &= empty
        while True:
            for tank in empty:
                self._protect(tank, tally)
            tally.note(*plant.solve())
            if self._short:
                self._serve(tally)
            if least + EVENT_H * _least(plant.inflow, initial=0.0) > 0.0:
                return
            gone = (volumes + plant.inflow * EVENT_H <= 0.0) & (plant.inflow < 0.0)
            if self._those(gone) <= empty:
                return
            empty |= self._those(gone)

    def _those(self, mask: np.ndarray) -> set[str]:
        return {name for name, is_in in zip(self._names, mask.tolist(), strict=True) if is_in}

    def _protect(self, tank: str, tally: Tally) -> None:
        """Stop what draws from an empty tank and hold back its demand."""
        for name in self._draws[tank]:
            if name in self._on:
                self._stop(name)
                tally.tripped.append(name)
        if self._asked.get(tank, 0.0) > 0.0:
            self._plant.demand_at(tank, 0.0)
            self._short.add(tank)

    def _serve(self, tally: Tally) -> None:
        """Let demand at an empty tank take what flows in, and solve once more where something does."""
        inflow = dict(zip(self._names, self._plant.inflow.tolist(), strict=True))
        spare = {tank: inflow[tank] - SPARE_M3_H for tank in self._short}
        served = {tank: min(self._asked[tank], flow) for tank, flow in spare.items() if flow > 0.0}
        if served:
            for tank, flow in served.items():
                self._plant.demand_at(tank, flow)
            tally.note(*self._plant.solve())
