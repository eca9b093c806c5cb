"""The water network of a district, stepped and probed in process.

Public face of the room's engine: levels in m3, flows in m3/h, energy in kWh, names as in the network file. What EPANET
needs to be told, and when, is in `stepping`; codes are in `toolkit`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.hydraulics.codes import LinkKind
from econex_pipeline.hydraulics.converting import in_cmh
from econex_pipeline.hydraulics.guard import Bounds
from econex_pipeline.hydraulics.mismatch import Mismatch
from econex_pipeline.hydraulics.plant import Plant
from econex_pipeline.hydraulics.results import OperatingPoint, StepResult
from econex_pipeline.hydraulics.stepping import Stepper
from econex_pipeline.hydraulics.tanks import Tank
from econex_pipeline.hydraulics.toolkit import Project
from econex_pipeline.hydraulics.topology import PIPES, Actuator, Mate, find_series

SUBSTEP_S = 300


class WaterNetwork:
    """An EPANET network that moves from step to step.

    Pumps, FCVs and TCVs are actuators: each runs at its rated setting from the start of a step for a number of whole
    seconds and is shut for the rest. Demand and inflow are imposed at the boundary junctions.

    Parameters
    ----------
    inp_path : Path
        EPANET input file in any of its units, without controls, rules and patterns.
    substep_s : int, optional
        Largest hydraulic sub-step [s]; EPANET is explicit in tank levels.
    bounds : Bounds, optional
        What is believed of an answer; beyond it a step is given up.

    Attributes
    ----------
    path : Path
        The network file.
    tanks : dict of str to Tank
        Tanks by name; volumes count usable water above the minimum level.
    actuators : dict of str to Actuator
        Pumps, FCVs and TCVs by name.
    pumps, valves, pipes : tuple of str
        Names of the pumps, valves and pipes, in the file's order.
    links : dict of str to LinkKind
        All links.
    boundary : dict of str to str
        Boundary junction of each tank that has one.
    mates : dict of str to Mate
        Link in series with each actuator between two stores: there EPANET shows what creeps through a shut one.
    series : dict of str to dict of str to int
        Links that carry exactly what each actuator carries, with 1 where they point its way and -1 where against it.

    Raises
    ------
    InputError
        If the file cannot be read or holds what is not handled here (controls, rules, patterns).

    Notes
    -----
    `run_step` is pure: it depends on its arguments only. An instance serves one thread; several instances in one
    process, and in forked ones, do not disturb each other.
    """

    def __init__(self, inp_path: Path, substep_s: int = SUBSTEP_S, bounds: Bounds | None = None) -> None:
        if substep_s < 1:
            raise InputError("water network", "substep_s", substep_s, "a whole number of seconds, at least 1 s")
        self.path = Path(inp_path)
        self.substep_s, self.bounds = int(substep_s), bounds or Bounds()
        self._plant = self._open()
        self._probe_plant: Plant | None = None
        self._mismatch = Mismatch()
        self._stepper = Stepper(self._plant, self.substep_s, self.bounds)
        project = self._plant.project
        self.tanks: dict[str, Tank] = self._plant.tanks
        self.actuators: dict[str, Actuator] = self._plant.actuators
        self.boundary: dict[str, str] = self._plant.boundary
        self.mates: dict[str, Mate] = self._plant.mates
        self.series = find_series(project, self.actuators, self.boundary)
        self.links: dict[str, LinkKind] = dict(project.link_kinds)
        self.pumps = tuple(name for name, kind in self.links.items() if kind is LinkKind.PUMP)
        self.valves = self._plant.valves
        self.pipes = tuple(name for name, kind in self.links.items() if kind in PIPES)

    def run_step(
        self,
        levels_m3: Mapping[str, float],
        run_s: Mapping[str, int],
        demands_m3_h: Mapping[str, float],
        step_s: int = 3600,
        settings: Mapping[str, float] | None = None,
    ) -> StepResult:
        """Move the network through one step from given levels.

        Parameters
        ----------
        levels_m3 : mapping of str to float
            Usable water in each tank at the start; one that nothing runs to or from may be left out, and keeps the
            file's level [m3].
        run_s : mapping of str to int
            Whole seconds for which each actuator runs, from the start of the step; those not named stand still [s].
        demands_m3_h : mapping of str to float
            Water taken out at boundary junctions, constant over the step [m3/h]; negative where it is put in.
        step_s : int, optional
            Length of the step [s].
        settings : mapping of str to float, optional
            What actuators run at instead of their rated setting: relative speed of a pump, flow of an FCV [m3/h], loss
            coefficient of a TCV.

        Returns
        -------
        StepResult
            Volumes, energies, levels at the end, spill; what was delivered may be less than what was asked.

        Raises
        ------
        InputError
            If a name is unknown, a level is missing or outside its tank, a run time is outside the step, or a setting
            is not above 0.
        HydraulicsError
            If EPANET does not converge, damped retries included, chatters, or breaks a guard.
        """
        self._check_request(run_s, demands_m3_h, step_s)
        at = self._checked_settings(settings)
        self._stepper.start(self._checked_levels(levels_m3, run_s, demands_m3_h))
        return self._stepper.run(run_s, demands_m3_h, step_s, at)

    def continue_step(
        self,
        run_s: Mapping[str, int],
        demands_m3_h: Mapping[str, float],
        step_s: int = 3600,
        settings: Mapping[str, float] | None = None,
    ) -> StepResult:
        """Move on from where the last step of this instance ended, EPANET's flows and levels included.

        Bit for bit what one continuous EPANET run does; `run_step` guesses flows afresh at each step and agrees
        with it to solver accuracy. Arguments, answer and errors as of `run_step`.
        """
        self._check_request(run_s, demands_m3_h, step_s)
        return self._stepper.run(run_s, demands_m3_h, step_s, self._checked_settings(settings))

    def probe(
        self,
        levels_m3: Mapping[str, float],
        running: Iterable[str],
        settings: Mapping[str, float] | None = None,
    ) -> OperatingPoint:
        """Solve one instant with some actuators running and all demand at zero.

        Happens in a second project, so that a step under way is not disturbed.

        Parameters
        ----------
        levels_m3 : mapping of str to float
            Usable water in every tank [m3]; a tank that is all but empty is probed just above its dry mark.
        running : iterable of str
            Actuators that run together.
        settings : mapping of str to float, optional
            As of `run_step`.

        Returns
        -------
        OperatingPoint
            Flow, power, efficiency and head drop.

        Raises
        ------
        InputError
            If a name is unknown or a level is missing or outside its tank.
        HydraulicsError
            If EPANET does not converge.
        """
        if self._probe_plant is None:
            self._probe_plant = self._open()
            self._probe_plant.apply(self._mismatch)
        on = tuple(running)
        self._check_names("running", on, self.actuators, "actuator")
        at = self._checked_settings(settings)
        levels = self._checked_levels(levels_m3, on)
        return self._probe_plant.probe({n: max(v, 2.0 * self.tanks[n].dry_m3) for n, v in levels.items()}, on, at)

    def perturb(self, mismatch: Mismatch) -> None:
        """Make this network differ from its file, for stepping and probing alike.

        Parameters
        ----------
        mismatch : Mismatch
            Factors on the file's values; they replace the factors of an earlier call.

        Raises
        ------
        InputError
            If a name is unknown, a factor is not above 0, or a pump has no efficiency curve of its own.
        """
        self._check_names("mismatch.roughness", mismatch.roughness, self.pipes, "pipe")
        self._check_names("mismatch.pump_efficiency", mismatch.pump_efficiency, self.pumps, "pump")
        self._plant.apply(mismatch)
        if self._probe_plant is not None:
            self._probe_plant.apply(mismatch)
        self._mismatch = mismatch

    def close(self) -> None:
        """Free EPANET's memory; the instance is of no use afterwards."""
        self._plant.project.close()
        if self._probe_plant is not None:
            self._probe_plant.project.close()

    def _open(self) -> Plant:
        with in_cmh(self.path) as path:
            return Plant(Project(path, named=self.path))

    def _check_names(self, field: str, names: Iterable[str], known: Collection[str], noun: str) -> None:
        for name in names:
            if name not in known:
                raise InputError.saying(self.path, field, f"no {noun} '{name}'{nearest(name, known)}")

    def _check_request(self, run_s: Mapping[str, int], demands_m3_h: Mapping[str, float], step_s: int) -> None:
        self._check_names("run_s", run_s, self.actuators, "actuator")
        self._check_names("demands_m3_h", demands_m3_h, self.boundary.values(), "boundary junction")
        for name, seconds in run_s.items():
            if seconds != int(seconds) or not 0 <= seconds <= step_s:
                raise InputError(self.path, f"run_s of {name}", seconds, f"whole seconds from 0 to {step_s} s")
        for name, demand in demands_m3_h.items():
            if not abs(demand) < 1e6:  # refuses NaN as well
                raise InputError(self.path, f"demands_m3_h at {name}", demand, "a finite flow in m3/h")

    def _checked_settings(self, settings: Mapping[str, float] | None) -> Mapping[str, float]:
        self._check_names("settings", settings or {}, self.actuators, "actuator")
        for name, setting in (settings or {}).items():
            if not 0.0 < setting < math.inf:
                raise InputError(self.path, f"settings of {name}", setting, "a number above 0; run_s shuts it")
        return settings or {}

    def _checked_levels(
        self, levels_m3: Mapping[str, float], running: Iterable[str], demands: Iterable[str] = ()
    ) -> dict[str, float]:
        self._check_names("levels_m3", levels_m3, self.tanks, "tank")
        checked = {}
        for name, tank in self.tanks.items():
            if name not in levels_m3:
                if name in self._used(running, demands):
                    raise InputError.saying(self.path, "levels_m3", f"the level of tank '{name}' is missing")
                checked[name] = tank.volume_m3(tank.start_level_m)
                continue
            level = float(levels_m3[name])
            slack = 1e-9 * (1.0 + tank.capacity_m3)
            if not -slack <= level <= tank.capacity_m3 + slack:
                raise InputError(self.path, f"levels_m3 of {name}", level, f"0 to {tank.capacity_m3:g} m3")
            checked[name] = min(max(level, 0.0), tank.capacity_m3)
        return checked

    def _used(self, running: Iterable[str], demands: Iterable[str]) -> set[str]:
        """Stores that something runs to or from."""
        used = {store for name in running for store in self.actuators[name].sources | self.actuators[name].sinks}
        return used | {tank for tank, junction in self.boundary.items() if junction in set(demands)}
