"""The water network of a district, stepped and probed in process.

Public face of the room's engine: levels in m3, flows in m3/h, energy in kWh, names as in the network file. What EPANET
needs to be told, and when, is in `stepping`; codes are in `toolkit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.hydraulics.codes import LinkKind
from econex_pipeline.hydraulics.mismatch import Mismatch
from econex_pipeline.hydraulics.plant import Plant
from econex_pipeline.hydraulics.results import OperatingPoint, StepResult
from econex_pipeline.hydraulics.stepping import Stepper
from econex_pipeline.hydraulics.tanks import Tank
from econex_pipeline.hydraulics.toolkit import Project
from econex_pipeline.hydraulics.topology import PIPES, Actuator

SUBSTEP_S = 300
MAX_SUBSTEPS = 1000


class WaterNetwork:
    """An EPANET network that moves from step to step.

    Pumps, FCVs and TCVs are actuators: each runs at its rated setting from the start of a step for a number of whole
    seconds and is shut for the rest. Demand and inflow are imposed at the boundary junctions.

    Parameters
    ----------
    inp_path : Path
        EPANET input file in CMH, without controls, rules and patterns.
    substep_s : int, optional
        Largest hydraulic sub-step [s]; EPANET is explicit in tank levels.
    max_substeps : int, optional
        Sub-steps of one step above which a chattering network is given up.

    Attributes
    ----------
    path : Path
        The network file.
    tanks : dict of str to Tank
        Tanks by name; volumes count usable water above the minimum level.
    actuators : dict of str to Actuator
        Pumps, FCVs and TCVs by name.
    pumps, pipes : tuple of str
        Names of the pumps and pipes, in the file's order.
    links : dict of str to LinkKind
        All links.
    boundary : dict of str to str
        Boundary junction of each tank that has one.

    Raises
    ------
    InputError
        If the file cannot be read or holds what is not handled here (controls, rules, patterns, other units).

    Notes
    -----
    `run_step` is pure: it depends on its arguments only. An instance serves one thread; several instances in one
    process, and in forked ones, do not disturb each other.
    """

    def __init__(self, inp_path: Path, substep_s: int = SUBSTEP_S, max_substeps: int = MAX_SUBSTEPS) -> None:
        if substep_s < 1:
            raise InputError("water network", "substep_s", substep_s, "a whole number of seconds, at least 1 s")
        self.path = Path(inp_path)
        self.substep_s, self.max_substeps = int(substep_s), max_substeps
        self._plant = Plant(Project(self.path))
        self._probe_plant: Plant | None = None
        self._mismatch = Mismatch()
        self._stepper = Stepper(self._plant, self.substep_s, max_substeps)
        project = self._plant.project
        self.tanks: dict[str, Tank] = self._plant.tanks
        self.actuators: dict[str, Actuator] = self._plant.actuators
        self.boundary: dict[str, str] = self._plant.boundary
        self.links: dict[str, LinkKind] = dict(project.link_kinds)
        self.pumps = tuple(name for name, kind in self.links.items() if kind is LinkKind.PUMP)
        self.pipes = tuple(name for name, kind in self.links.items() if kind in PIPES)

    def run_step(
        self,
        levels_m3: Mapping[str, float],
        run_s: Mapping[str, int],
        demands_m3_h: Mapping[str, float],
        step_s: int = 3600,
    ) -> StepResult:
        """Move the network through one step from given levels.

        Parameters
        ----------
        levels_m3 : mapping of str to float
            Usable water in every tank at the start [m3].
        run_s : mapping of str to int
            Whole seconds for which each actuator runs, from the start of the step; those not named stand still [s].
        demands_m3_h : mapping of str to float
            Water taken out at boundary junctions, constant over the step [m3/h]; negative where it is put in.
        step_s : int, optional
            Length of the step [s].

        Returns
        -------
        StepResult
            Volumes, energies, levels at the end, spill; what was delivered may be less than what was asked.

        Raises
        ------
        InputError
            If a name is unknown, a level is missing or outside its tank, or a run time is outside the step.
        HydraulicsError
            If EPANET does not converge, damped retries included, chatters, or breaks a guard.
        """
        self._check_request(run_s, demands_m3_h, step_s)
        self._stepper.start(self._checked_levels(levels_m3))
        return self._stepper.run(run_s, demands_m3_h, step_s)

    def continue_step(
        self, run_s: Mapping[str, int], demands_m3_h: Mapping[str, float], step_s: int = 3600
    ) -> StepResult:
        """Move on from where the last step of this instance ended, EPANET's flows and levels included.

        Bit for bit what one continuous EPANET run does; `run_step` guesses flows afresh at each step and agrees
        with it to solver accuracy. Arguments, answer and errors as of `run_step`.
        """
        self._check_request(run_s, demands_m3_h, step_s)
        return self._stepper.run(run_s, demands_m3_h, step_s)

    def probe(self, levels_m3: Mapping[str, float], running: Iterable[str]) -> OperatingPoint:
        """Solve one instant with some actuators at their rated settings and all demand at zero.

        Happens in a second project, so that a step under way is not disturbed.

        Parameters
        ----------
        levels_m3 : mapping of str to float
            Usable water in every tank [m3]; a tank that is all but empty is probed just above its dry mark.
        running : iterable of str
            Actuators that run together.

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
            self._probe_plant = Plant(Project(self.path))
            self._probe_plant.apply(self._mismatch)
        on = tuple(running)
        self._check_names("running", on, self.actuators, "actuator")
        levels = self._checked_levels(levels_m3)
        return self._probe_plant.probe({n: max(v, 2.0 * self.tanks[n].dry_m3) for n, v in levels.items()}, on)

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

    def _check_names(self, field: str, names: Iterable[str], known: Iterable[str], noun: str) -> None:
        known = tuple(known)
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

    def _checked_levels(self, levels_m3: Mapping[str, float]) -> dict[str, float]:
        self._check_names("levels_m3", levels_m3, self.tanks, "tank")
        checked = {}
        for name, tank in self.tanks.items():
            if name not in levels_m3:
                raise InputError.saying(self.path, "levels_m3", f"the level of tank '{name}' is missing")
            level = float(levels_m3[name])
            slack = 1e-9 * (1.0 + tank.capacity_m3)
            if not -slack <= level <= tank.capacity_m3 + slack:
                raise InputError(self.path, f"levels_m3 of {name}", level, f"0 to {tank.capacity_m3:g} m3")
            checked[name] = min(max(level, 0.0), tank.capacity_m3)
        return checked
