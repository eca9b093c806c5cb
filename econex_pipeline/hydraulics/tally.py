"""The books of one step: what was read at each instant, summed over time, with the guards on it.

Flows are constant over a sub-step; rows are instants, columns what `Plant.values` holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from econex_pipeline.hydraulics.codes import WARNINGS, LinkKind
from econex_pipeline.hydraulics.guard import CREEP_M3_H, Guard
from econex_pipeline.hydraulics.plant import RHO_G_KWH_M4, Plant
from econex_pipeline.hydraulics.results import StepResult

EMPTY_M3 = 1e-9
SHORT_FRAC = 1e-3  # of what was asked of a flow control valve: less is missed by solver accuracy


class Tally:
    """Collects the sub-steps of one step and closes the books.

    Parameters
    ----------
    plant : Plant
        What is read.
    volumes_m3 : ndarray, shape (tanks,)
        Usable volumes at the start.

    Attributes
    ----------
    volumes : ndarray, shape (tanks,)
        Usable volumes now [m3].
    substeps : int
        Sub-steps closed.
    tripped : list of str
        Actuators stopped at an empty tank.
    """

    def __init__(self, plant: Plant, volumes_m3: np.ndarray) -> None:
        self._plant = plant
        self.volumes = volumes_m3
        self.substeps = 0
        self.tripped: list[str] = []
        self._retries = 0
        self._codes: dict[int, int] = {}
        self._code = 0
        self._seconds: list[int] = []
        self._rows: list[np.ndarray] = []
        self._levels = [volumes_m3]
        self._on: list[np.ndarray] = []

    def note(self, code: int, damped: bool) -> None:
        """Take down how the present instant was solved; the last solve of an instant counts."""
        self._code = code
        self._retries += damped

    def close(self, seconds: int, volumes_m3: np.ndarray, on: np.ndarray) -> None:
        """End a sub-step: with these actuators on, its flows lasted so many seconds and led to these volumes."""
        self.substeps += 1
        if self._code:
            self._codes[self._code] = self._codes.get(self._code, 0) + 1
        self._seconds.append(seconds)
        self._rows.append(self._plant.values.copy())
        self._on.append(on)
        self._levels.append(volumes_m3)
        self.volumes = volumes_m3

    def result(
        self, guard: Guard, asked_m3_h: dict[str, float], settings: Mapping[str, float], step_s: int
    ) -> StepResult:
        """Close the books of the step.

        Parameters
        ----------
        guard : Guard
            Looks at the books.
        asked_m3_h : dict of str to float
            Demand asked at each tank's boundary junction.
        settings : mapping of str to float
            What actuators ran at, where it was not their rated setting.
        step_s : int
            Length of the step [s].

        Raises
        ------
        HydraulicsError
            If a flow is not finite or absurd, a level leaves its tank, or a tank's books do not close.
        """
        plant = self._plant
        rows, levels = np.array(self._rows), np.array(self._levels)
        seconds = np.array(self._seconds)
        hours = seconds / 3600.0
        flow, inflow, _, _, ends = (rows[:, part] for part in plant.columns)
        totals = np.add.reduce(rows * hours[:, None], axis=0)  # instant after instant, as a meter adds
        volume, come, taken, energy, _ = (totals[part] for part in plant.columns)
        head_kw = RHO_G_KWH_M4 * (ends[:, 0::2] - ends[:, 1::2]) * flow[:, plant.valve_rows]
        end, spill, error, bound = self._limits(guard, flow, inflow, levels, hours)
        names = tuple(plant.tanks)
        on = np.array(self._on, dtype=float)
        ran_s = dict(zip(plant.actuators, (seconds @ on).astype(int).tolist(), strict=True))
        delivered = {name: float(volume[plant.rows[name]]) for name in plant.actuators}
        short = self._short(delivered, ran_s, settings)
        warnings = [f"{WARNINGS.get(code, code)} ({n} of {self.substeps})" for code, n in sorted(self._codes.items())]
        warnings += [f"{name} stopped: its source ran empty" for name in self.tripped]
        warnings += [
            f"{name} delivered {delivered[name]:.4g} of {delivered[name] + gap:.4g} m3" for name, gap in short.items()
        ]
        return StepResult(
            levels_m3=_by(names, end),
            volume_m3=_by(plant.rows, volume),
            delivered_m3=delivered,
            short_m3=short,
            taken_m3=_by(plant.boundary.values(), taken),
            asked_m3={plant.boundary[tank]: asked * step_s / 3600.0 for tank, asked in asked_m3_h.items()},
            spill_m3=_by(names, spill),
            inflow_m3=_by(names, come),
            creep_m3=self._creep(flow, hours, on),
            step_error_m3=_by(names, error),
            step_error_bound_m3=_by(names, bound),
            pump_energy_kwh=_by(plant.pumps, energy),
            head_energy_kwh=_by(plant.valves, hours @ head_kw),
            ran_s=ran_s,
            substeps=self.substeps,
            retries=self._retries,
            warnings=tuple(warnings),
        )

    def _short(
        self, delivered_m3: Mapping[str, float], ran_s: Mapping[str, int], settings: Mapping[str, float]
    ) -> dict[str, float]:
        """What flow control valves gave less than they were set to, where they did: EPANET does not say so."""
        short = {}
        for name, actuator in self._plant.actuators.items():
            if actuator.kind is LinkKind.FCV and ran_s[name]:
                wanted = settings.get(name, actuator.rated_setting) * ran_s[name] / 3600.0
                if wanted - delivered_m3[name] > SHORT_FRAC * wanted:
                    short[name] = wanted - delivered_m3[name]
        return short

    def _creep(self, flow: np.ndarray, hours: np.ndarray, on: np.ndarray) -> dict[str, float]:
        """What passed shut actuators into each tank."""
        plant = self._plant
        passed = hours @ ((1.0 - on[:, plant.mate_columns]) * flow[:, plant.mate_rows])
        return _by(plant.tanks, plant.mate_signs @ passed)

    def _limits(
        self, guard: Guard, flow: np.ndarray, inflow: np.ndarray, levels: np.ndarray, hours: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Volumes at the end; spill; what EPANET's whole seconds at a limit made or lost, with its bound; by tank."""
        capacity, brim = self._plant.capacity_m3, self._plant.brim_m3
        before, after = levels[:-1], levels[1:]
        come = inflow * hours[:, None]
        excess = come - (after - before)
        if (levels < brim).all() and (levels > EMPTY_M3).all():  # the usual step
            guard.books(flow, np.abs(excess))
            none = np.zeros(len(capacity))
            return levels[-1], none, -np.add.reduce(excess, axis=0), none
        spill = np.where(self._plant.overflows & (after >= brim) & (come > 0.0), np.maximum(excess, 0.0), 0.0)
        low = after <= EMPTY_M3
        second = np.abs(inflow) / 3600.0  # EPANET moves a tank that is a second from a limit onto it
        lifted = np.maximum(-before, 0.0) + CREEP_M3_H * hours[:, None]  # and lifts what fell or crept below zero
        bound = np.where(low | ((after >= brim) & (before < brim)), second, 0.0) + np.where(low, lifted, 0.0)
        error = spill - excess
        guard.levels(levels, second.max(axis=0, initial=0.0))
        guard.books(flow, np.abs(error) - bound)
        end = np.clip(levels[-1], 0.0, capacity)
        clipped = end - levels[-1]
        return end, spill.sum(axis=0), error.sum(axis=0) + clipped, bound.sum(axis=0) + np.abs(clipped)


def _by(names: Iterable[str], values: np.ndarray) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))
