"""The passage of time: from sub-step to sub-step through a step, with what happens at switching times and tank limits.

Order within a sub-step: switch, solve, read flows and power, HYDSTEP, advance, read levels. An actuator whose source
tank runs empty is stopped for the rest of the step, as dry-run protection does; demand at an empty tank is served by
what flows in.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from econex_pipeline.hydraulics.plant import Plant
from econex_pipeline.hydraulics.results import StepResult
from econex_pipeline.hydraulics.toolkit import WARNINGS, HydraulicsError, Time

EVENT_S = 0.5  # EPANET rounds the time to a tank's limit to whole seconds and overlooks what is nearer than this


class Stepper:
    """Moves a plant through steps.

    Parameters
    ----------
    plant : Plant
        What is moved.
    substep_s : int
        Largest sub-step, counted from the start of the step [s].
    max_substeps : int
        Sub-steps of one step above which it is given up.
    """

    def __init__(self, plant: Plant, substep_s: int, max_substeps: int) -> None:
        self._plant, self._substep_s, self._max_substeps = plant, substep_s, max_substeps
        tanks = plant.tanks.values()
        self._capacity = np.array([tank.capacity_m3 for tank in tanks])
        self._brim = self._capacity * (1.0 - 1e-9) - 1e-9
        self._overflows = np.array([tank.overflows for tank in tanks], dtype=bool)
        self._dry = np.array([tank.dry_m3 for tank in tanks])
        self._names = list(plant.tanks)
        self._draws = {
            name: [a.name for a in plant.actuators.values() if a.sources == {name}] for name in plant.tanks
        }
        self._on: set[str] = set()
        self._tripped: set[str] = set()
        self._short: set[str] = set()
        self._asked: dict[str, float] = {}

    def start(self, levels_m3: Mapping[str, float]) -> None:
        """Put the plant at these levels, everything shut, flows to be guessed afresh."""
        self._plant.start(levels_m3)
        self._on = set()

    def run(self, run_s: Mapping[str, int], demands_m3_h: Mapping[str, float], step_s: int) -> StepResult:
        """Move through one step from where the plant is; arguments and answer as of `WaterNetwork.run_step`."""
        plant, project = self._plant, self._plant.project
        self._begin(run_s, demands_m3_h)
        tally = _Tally(plant)
        ran = dict.fromkeys(plant.actuators, 0)
        volumes = plant.volumes_m3()
        clock = 0
        while clock < step_s:
            for name in [name for name in self._on if run_s[name] <= clock]:
                self._stop(name)
            tally.note(*self._settle(volumes))
            until = min((clock // self._substep_s + 1) * self._substep_s, step_s, *(run_s[n] for n in self._on))
            project.set_time(Time.HYDSTEP, until - clock)
            seconds = project.advance()
            if seconds < 1 or tally.substeps >= self._max_substeps:
                raise HydraulicsError(
                    f"{project.path}: no progress {clock} s into the step, after {tally.substeps} sub-steps"
                )
            after = plant.volumes_m3()
            self._integrate(tally, volumes, after, seconds)
            for name in self._on:
                ran[name] += seconds
            volumes = after
            clock += seconds
        return self._result(tally, volumes, ran, step_s)

    def _begin(self, run_s: Mapping[str, int], demands_m3_h: Mapping[str, float]) -> None:
        """Impose the step's demands and switch what changes; what runs on is not touched."""
        plant = self._plant
        self._tripped, self._short = set(), set()
        self._asked = {tank: float(demands_m3_h.get(node, 0.0)) for tank, node in plant.boundary.items()}
        for tank, flow in self._asked.items():
            plant.demand_at(tank, flow)
        for name in plant.actuators:
            wanted = run_s.get(name, 0) > 0
            if wanted and name not in self._on:
                plant.run(name)
                self._on.add(name)
            elif not wanted and name in self._on:
                self._stop(name)

    def _stop(self, name: str) -> None:
        self._plant.shut(name)
        self._on.discard(name)

    def _settle(self, volumes: np.ndarray) -> tuple[list[int], int]:
        """Solve this instant so that no empty tank gives water; answer with warning codes and damped solves."""
        plant = self._plant
        codes: list[int] = []
        damped = 0

        def solve() -> None:
            nonlocal damped
            code, was_damped = plant.solve()
            codes[:] = [code]
            damped += was_damped

        empty = {name for name, is_dry in zip(self._names, volumes <= self._dry, strict=True) if is_dry}
        for tank in self._short - empty:
            plant.demand_at(tank, self._asked[tank])
        self._short &= empty
        while True:
            for tank in empty:
                self._protect(tank)
            solve()
            inflow = dict(zip(self._names, plant.tank_inflow.tolist(), strict=True))
            served = {tank: min(self._asked[tank], inflow[tank]) for tank in self._short if inflow[tank] > 0.0}
            if served:
                for tank, flow in served.items():
                    plant.demand_at(tank, flow)
                solve()
            nearly = volumes + plant.tank_inflow * (EVENT_S / 3600.0) <= 0.0
            newly = {n for n, is_near in zip(self._names, nearly & (plant.tank_inflow < 0.0), strict=True) if is_near}
            if newly <= empty:
                return codes, damped
            empty |= newly

    def _protect(self, tank: str) -> None:
        """Stop what draws from an empty tank and hold back its demand."""
        for name in self._draws[tank]:
            if name in self._on:
                self._stop(name)
                self._tripped.add(name)
        if self._asked.get(tank, 0.0) > 0.0:
            self._plant.demand_at(tank, 0.0)
            self._short.add(tank)

    def _integrate(self, tally: _Tally, before: np.ndarray, after: np.ndarray, seconds: int) -> None:
        """Add one sub-step to the step's totals, spill and EPANET's rounding at tank limits included."""
        tally.add(seconds)
        come = self._plant.tank_inflow * (seconds / 3600.0)
        excess = come - (after - before)
        full = self._overflows & (after >= self._brim) & (come > 0.0)
        spill = np.where(full, np.maximum(excess, 0.0), 0.0)
        tally.spill += spill
        tally.error += spill - excess
        limited = ((after >= self._brim) & (before < self._brim)) | ((after <= 0.0) & (before > 0.0))
        tally.bound += np.where(limited, np.abs(self._plant.tank_inflow) / 3600.0, 0.0)

    def _result(self, tally: _Tally, volumes: np.ndarray, ran: dict[str, int], step_s: int) -> StepResult:
        plant = self._plant

        def by(names: object, values: np.ndarray) -> dict[str, float]:
            return dict(zip(names, values.tolist(), strict=True))  # type: ignore[call-overload]

        taken = by(plant.junctions, tally.taken)
        warnings = [f"{WARNINGS.get(code, code)} ({n} of {tally.substeps})" for code, n in sorted(tally.codes.items())]
        warnings += [f"{name} stopped: its source ran empty" for name in sorted(self._tripped)]
        return StepResult(
            levels_m3=by(self._names, np.clip(volumes, 0.0, self._capacity)),
            volume_m3=by(plant.project.links, tally.volume),
            taken_m3={node: taken[node] for node in plant.boundary.values()},
            asked_m3={plant.boundary[tank]: flow * step_s / 3600.0 for tank, flow in self._asked.items()},
            spill_m3=by(self._names, tally.spill),
            inflow_m3=by(self._names, tally.inflow),
            step_error_m3=by(self._names, tally.error),
            step_error_bound_m3=by(self._names, tally.bound),
            pump_energy_kwh=by(plant.pumps, tally.pump_energy),
            head_energy_kwh=by(plant.valves, tally.head_energy),
            ran_s=ran,
            substeps=tally.substeps,
            retries=tally.retries,
            warnings=tuple(warnings),
        )


class _Tally:
    """Totals of one step."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self.substeps = self.retries = 0
        self.codes: dict[int, int] = {}
        self.volume = np.zeros(len(plant.flow))
        self.taken = np.zeros(len(plant.demand))
        self.inflow, self.spill, self.error, self.bound = np.zeros((4, len(plant.tank_inflow)))
        self.pump_energy = np.zeros(len(plant.power))
        self.head_energy = np.zeros(len(plant.valves))

    def note(self, codes: list[int], retries: int) -> None:
        """Count a solved instant."""
        self.substeps += 1
        self.retries += retries
        for code in codes:
            if code:
                self.codes[code] = self.codes.get(code, 0) + 1

    def add(self, seconds: int) -> None:
        """Let the present flows last for so many seconds."""
        plant, hours = self._plant, seconds / 3600.0
        self.volume += plant.flow * hours
        self.taken += plant.demand * hours
        self.inflow += plant.tank_inflow * hours
        self.pump_energy += plant.power * hours
        self.head_energy += plant.head_drop_kw() * hours
