"""What the membrane does in a step and what it remembers: fouling that stays, chemical cleaning, mass and energy.

State in, state out; nothing here changes its arguments. The cycle itself is in `fouling`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from econex_pipeline.district import Treatment
from econex_pipeline.treatment.disinfection import largest_flow_m3_h
from econex_pipeline.treatment.fouling import S_PER_H, Cycle, end_of_cycle, filtration_cycle

Array = NDArray[np.float64]

KEPT_POINTS = 16  # a step comes back to the same few


@dataclass(frozen=True)
class MembraneState:
    """What a membrane remembers.

    Attributes
    ----------
    irreversible_1_m : float
        Resistance that a backwash does not remove [1/m].
    filtered_m3 : float
        Feed since the last chemical cleaning [m3].
    since_cleaning_h : float
        Time since the end of the last chemical cleaning [h].
    cleaning_left_h : float
        Time until a cleaning that is under way ends [h]; 0 in normal operation.
    """

    irreversible_1_m: float = 0.0
    filtered_m3: float = 0.0
    since_cleaning_h: float = 0.0
    cleaning_left_h: float = 0.0


@dataclass(frozen=True)
class Performance:
    """The linear coefficients at an operating point; arrays of one shape.

    Attributes
    ----------
    recovery_frac : numpy.ndarray
        Product over feed [-].
    energy_kwh_m3 : numpy.ndarray
        Electricity per cubic metre of feed: raw-water transfer, membrane pumps, ultraviolet lamp, controls [kWh/m3].
    membrane_kwh_m3 : numpy.ndarray
        Electricity per cubic metre of product without the raw-water transfer [kWh/m3].
    capacity_m3_h : numpy.ndarray
        Largest feed: the least of the rated capacity, the membrane's and the disinfection's [m3/h].
    """

    recovery_frac: Array
    energy_kwh_m3: Array
    membrane_kwh_m3: Array
    capacity_m3_h: Array


@dataclass(frozen=True)
class TreatmentResult:
    """What a treatment did in one step.

    Attributes
    ----------
    feed_m3 : float
        Raw water taken: what was asked, as far as the capacity went [m3].
    product_m3, reject_m3 : float
        Where it went [m3]; each measured by itself.
    energy_kwh : float
        Electricity used [kWh].
    capacity_m3_h : float
        Largest mean feed of the step, a cleaning under way taken off [m3/h].
    cleaning_started : bool
        Whether the step ended with the start of a chemical cleaning.
    """

    feed_m3: float
    product_m3: float
    reject_m3: float
    energy_kwh: float
    capacity_m3_h: float
    cleaning_started: bool = False


@dataclass(frozen=True)
class _Point:
    """One operating point: of its cycle and its performance what a step needs, named as there."""

    feed_m: float
    reject_m: float
    cake_1_m: float
    recovery_frac: float
    energy_kwh_m3: float
    capacity_m3_h: float


class Membrane:
    """An ultrafiltration plant with disinfection behind it.

    Parameters
    ----------
    treatment : Treatment
        Its parameters, from the district.

    Notes
    -----
    The plant runs at its constant flux for part of a step, so product and energy are proportional to feed, with the
    mean of a cycle at the state of the step's start: within a step the coefficients are exact, over a week they are
    not.

    A chemical cleaning is due when the *pressure* limit ends a cycle sooner than `cleaning_filtration_min`. A short
    cycle that the cake ends, as in very turbid water on a clean membrane, is no sign of fouling.
    """

    def __init__(self, treatment: Treatment) -> None:
        self.treatment = treatment
        self._point = lru_cache(maxsize=KEPT_POINTS)(self._point_at)
        self._short_by_pressure = lru_cache(maxsize=KEPT_POINTS)(self._is_short)

    def performance(
        self, irreversible_1_m: ArrayLike, turbidity_ntu: ArrayLike, temperature_c: ArrayLike
    ) -> Performance:
        """Give recovery, energy and capacity at operating points.

        Parameters
        ----------
        irreversible_1_m : array_like
            Irreversible resistance [1/m].
        turbidity_ntu, temperature_c : array_like
            Of the raw water [NTU], [degC].

        Returns
        -------
        Performance
            Zero everywhere at a point where a backwash needs more than a cycle filters.
        """
        return self._performance(
            filtration_cycle(self.treatment, irreversible_1_m, turbidity_ntu, temperature_c), temperature_c
        )

    def _performance(self, cycle: Cycle, temperature_c: ArrayLike) -> Performance:
        p, produced_m = self.treatment, cycle.product_m
        works = produced_m > 0.0
        product_m = np.where(works, produced_m, 1.0)  # any positive number where nothing is produced
        recovery = np.where(works, product_m / cycle.feed_m, 0.0)
        hydraulic_m3_h = p.area_m2 * cycle.feed_m / cycle.duration_s * S_PER_H
        safe_m3_h = largest_flow_m3_h(p.contact_volume_m3, p.baffling_frac, temperature_c, p.water_ph, p.chlorine_mg_l)
        safe_feed_m3_h = safe_m3_h / np.where(works, recovery, 1.0)
        capacity = np.where(works, np.minimum(np.minimum(hydraulic_m3_h, safe_feed_m3_h), p.capacity_m3_h), 0.0)
        product_m3_h = np.where(works, capacity * recovery, 1.0)
        specific = cycle.pressure_kwh_m2 / product_m + p.ultraviolet_kwh_m3 + p.controls_kw / product_m3_h
        return Performance(
            recovery_frac=recovery,
            energy_kwh_m3=np.where(works, recovery * specific + p.raw_transfer_kwh_m3, 0.0),
            membrane_kwh_m3=np.where(works, specific, 0.0),
            capacity_m3_h=capacity,
        )

    def operate(
        self, state: MembraneState, feed_m3: float, turbidity_ntu: float, temperature_c: float, step_h: float
    ) -> tuple[MembraneState, TreatmentResult]:
        """Run one step.

        Parameters
        ----------
        state : MembraneState
            At the start of the step.
        feed_m3 : float
            Raw water offered [m3], >= 0.
        turbidity_ntu, temperature_c : float
            Of the raw water [NTU], [degC].
        step_h : float
            Length of the step [h].

        Returns
        -------
        MembraneState
            At its end.
        TreatmentResult
            What happened.

        Raises
        ------
        ValueError
            If the feed is negative or the step is not positive.
        """
        if feed_m3 < 0.0 or step_h <= 0.0:
            raise ValueError(f"feed {feed_m3} m3 must be >= 0 and step {step_h} h > 0")
        p = self.treatment
        point = self._point(state.irreversible_1_m, turbidity_ntu, temperature_c)
        open_h = max(step_h - state.cleaning_left_h, 0.0)
        capacity_m3_h = point.capacity_m3_h * open_h / step_h
        taken_m3 = min(feed_m3, capacity_m3_h * step_h)
        cycles_m2 = taken_m3 / point.feed_m  # cycles times area
        result = TreatmentResult(
            feed_m3=taken_m3,
            product_m3=taken_m3 * point.recovery_frac,
            reject_m3=cycles_m2 * point.reject_m,
            energy_kwh=taken_m3 * point.energy_kwh_m3,
            capacity_m3_h=capacity_m3_h,
        )
        fouled = replace(
            state,
            irreversible_1_m=state.irreversible_1_m + p.irreversible_frac * point.cake_1_m * cycles_m2 / p.area_m2,
            filtered_m3=state.filtered_m3 + taken_m3,
            since_cleaning_h=state.since_cleaning_h + open_h,
            cleaning_left_h=max(state.cleaning_left_h - step_h, 0.0),
        )
        if fouled.cleaning_left_h > 0.0 or not self.needs_cleaning(fouled, turbidity_ntu, temperature_c):
            return fouled, result
        cleaned = MembraneState(fouled.irreversible_1_m * p.cleaning_keeps_frac, cleaning_left_h=p.cleaning_h)
        return cleaned, replace(result, cleaning_started=True)

    def needs_cleaning(self, state: MembraneState, turbidity_ntu: float, temperature_c: float) -> bool:
        """Say whether the pressure limit ends a cycle sooner than the plant's threshold."""
        return self._short_by_pressure(state.irreversible_1_m, turbidity_ntu, temperature_c)

    def _is_short(self, irreversible_1_m: float, turbidity_ntu: float, temperature_c: float) -> bool:
        end = end_of_cycle(self.treatment, irreversible_1_m, turbidity_ntu, temperature_c)
        return bool(end.by_pressure) and float(end.filtration_s) < self.treatment.cleaning_filtration_min * 60.0

    def _point_at(self, irreversible_1_m: float, turbidity_ntu: float, temperature_c: float) -> _Point:
        cycle = filtration_cycle(self.treatment, irreversible_1_m, turbidity_ntu, temperature_c)
        performance = self._performance(cycle, temperature_c)
        return _Point(
            feed_m=float(cycle.feed_m),
            reject_m=float(cycle.backwash_m + cycle.flush_m + cycle.leak_m),
            cake_1_m=float(cycle.cake_1_m),
            recovery_frac=float(performance.recovery_frac),
            energy_kwh_m3=float(performance.energy_kwh_m3),
            capacity_m3_h=float(performance.capacity_m3_h),
        )
