"""One filtration cycle of the ultrafiltration membrane: how long it lasts, what it yields, what it costs.

Constant flux: the pressure rises as a cake grows, until the cake, the pressure or the clock calls for a backwash. All
functions take and give arrays, so that every scenario and step is one call. What the membrane remembers from cycle to
cycle is in `membrane`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from econex_pipeline.district import Treatment

Array = NDArray[np.float64]

PA_PER_BAR = 1.0e5
J_PER_KWH = 3.6e6
S_PER_H = 3600.0
L_PER_M3 = 1000.0
COMPRESSION_PRESSURE_PA = 0.5 * PA_PER_BAR  # at which alpha equals alpha0
_PRESSURE_ITERATIONS = 50
_PRESSURE_STEP = 1e-7  # relative; the error after a step of Newton's method is less than its square
_HALF_AND_ALL = np.array([0.5, 1.0])


@dataclass(frozen=True)
class Cycle:
    """A filtration cycle, per square metre of membrane; every array has the shape of the inputs.

    Attributes
    ----------
    filtration_s : numpy.ndarray
        Time from one backwash to the next [s].
    duration_s : numpy.ndarray
        The same with backwash and flush [s].
    feed_m : numpy.ndarray
        Raw water taken [m3/m2].
    backwash_m, flush_m, leak_m : numpy.ndarray
        Where reject comes from: filtrate used to backwash, raw water used to flush, losses [m3/m2].
    pressure_kwh_m2 : numpy.ndarray
        Pump energy of filtration, backwash and flush [kWh/m2].
    cake_1_m : numpy.ndarray
        Resistance of the cake that the backwash finds [1/m].
    ended_by_pressure : numpy.ndarray of bool
        Whether the pressure limit came before the cake's and the clock's: the sign of a fouled membrane.
    """

    filtration_s: Array
    duration_s: Array
    feed_m: Array
    backwash_m: Array
    flush_m: Array
    leak_m: Array
    pressure_kwh_m2: Array
    cake_1_m: Array
    ended_by_pressure: NDArray[np.bool_]

    @property
    def product_m(self) -> Array:
        """Potable water given [m3/m2]; negative where the backwash needs more than was filtered."""
        return np.asarray(self.feed_m - self.flush_m - self.backwash_m - self.leak_m)


def viscosity_pa_s(temperature_c: ArrayLike) -> Array:
    """Give the dynamic viscosity of water, ``2.414e-5 * 10^(247.8 / (T - 140))`` with T in kelvin [1]_.

    Parameters
    ----------
    temperature_c : array_like
        [degC]

    Returns
    -------
    numpy.ndarray
        [Pa s]

    References
    ----------
    .. [1] T. Al-Shemmeri, Engineering Fluid Mechanics (Ventus, 2012), pp. 17-18; the form is that of Vogel.
    """
    return np.asarray(2.414e-5 * 10.0 ** (247.8 / (np.asarray(temperature_c, float) + 133.15)))


def filtration_cycle(
    treatment: Treatment, irreversible_1_m: ArrayLike, turbidity_ntu: ArrayLike, temperature_c: ArrayLike
) -> Cycle:
    """Follow one cycle from backwash to backwash.

    ``J = TMP / (mu (Rm + Rirr + Rc))``, ``Rc = alpha C V`` with ``alpha = alpha0 (TMP / 0.5 bar)^s``, at constant flux
    J [1]_. The cycle ends when Rc or the pressure TMP reaches its limit, or after the longest interval.

    Parameters
    ----------
    treatment : Treatment
        Parameters of the plant.
    irreversible_1_m : array_like
        Irreversible resistance [1/m].
    turbidity_ntu, temperature_c : array_like
        Of the raw water [NTU], [degC].

    Returns
    -------
    Cycle

    Notes
    -----
    V(TMP) is explicit though TMP(V) is not, so both limits are met in closed form; only a cycle that the clock ends
    needs the fixed point. The mean pressure over the cycle is Simpson's rule on TMP(V), which is close to a line.

    References
    ----------
    .. [1] M. Mulder, Basic Principles of Membrane Technology, 2nd ed. (Kluwer, 1996), chapter VII: resistances in
       series with a compressible cake, :doi:`10.1007/978-94-009-1766-8`
    """
    end = end_of_cycle(treatment, irreversible_1_m, turbidity_ntu, temperature_c)
    volume_m, filtration_s = end.volume_m, end.filtration_s
    start_pa = end.pa_per_resistance * end.clean_1_m
    middle_pa, end_pa = _pressure_after(treatment, end, np.multiply.outer(_HALF_AND_ALL, volume_m))
    mean_pa = (start_pa + 4.0 * middle_pa + end_pa) / 6.0
    backwash_m = np.full(volume_m.shape, treatment.backwash_flux_l_m2_h / L_PER_M3 / S_PER_H * treatment.backwash_s)
    flush_m = np.full(volume_m.shape, 2.0 * _flux_m_s(treatment) * treatment.flush_s)
    loss_pa = treatment.piping_loss_bar * PA_PER_BAR
    work_j_m2 = (
        volume_m * (mean_pa + loss_pa) + backwash_m * treatment.backwash_pump_bar * PA_PER_BAR + flush_m * loss_pa
    )
    return Cycle(
        filtration_s=filtration_s,
        duration_s=filtration_s + treatment.backwash_s + treatment.flush_s,
        feed_m=volume_m + flush_m,
        backwash_m=backwash_m,
        flush_m=flush_m,
        leak_m=treatment.leak_frac * np.maximum(volume_m - backwash_m, 0.0),
        pressure_kwh_m2=work_j_m2 / treatment.pump_efficiency_frac / J_PER_KWH,
        cake_1_m=_cake_per_volume(treatment, end.solids_kg_m3, end_pa) * volume_m,
        ended_by_pressure=end.by_pressure,
    )


@dataclass(frozen=True)
class End:
    """Where a cycle ends, with the shape of all inputs together, and what it depends on, each with that of its own.

    Attributes
    ----------
    volume_m, filtration_s : numpy.ndarray
        Filtered from the start to the end [m3/m2], and the time that takes [s].
    by_pressure : numpy.ndarray of bool
        Whether the pressure limit came first.
    pa_per_resistance, clean_1_m, solids_kg_m3 : numpy.ndarray
        Flux times viscosity [Pa m], resistance without a cake [1/m], solids in the raw water [kg/m3].
    """

    volume_m: Array
    filtration_s: Array
    by_pressure: NDArray[np.bool_]
    pa_per_resistance: Array
    clean_1_m: Array
    solids_kg_m3: Array


def end_of_cycle(
    treatment: Treatment, irreversible_1_m: ArrayLike, turbidity_ntu: ArrayLike, temperature_c: ArrayLike
) -> End:
    """Find where a cycle ends; arguments as of `filtration_cycle`."""
    irreversible, turbidity, temperature = (
        np.asarray(value, float) for value in (irreversible_1_m, turbidity_ntu, temperature_c)
    )
    pa_per_resistance = _flux_m_s(treatment) * viscosity_pa_s(temperature)
    clean = treatment.membrane_resistance_1_m + irreversible
    solids = treatment.solids_kg_m3_ntu * turbidity
    by_clock = _flux_m_s(treatment) * treatment.backwash_interval_min * 60.0
    cake_limit, pressure_limit = treatment.backwash_resistance_1_m, treatment.backwash_pressure_bar * PA_PER_BAR
    with np.errstate(divide="ignore"):  # clear water builds no cake: the volume is unbounded
        by_cake = cake_limit / _cake_per_volume(treatment, solids, pa_per_resistance * (clean + cake_limit))
        cake_at_pressure = np.maximum(pressure_limit / pa_per_resistance - clean, 0.0)
        in_time = cake_at_pressure / np.where(
            cake_at_pressure > 0.0, _cake_per_volume(treatment, solids, pressure_limit), 1.0
        )
    first = np.minimum(by_clock, by_cake)
    volume_m = np.minimum(first, in_time)
    return End(volume_m, volume_m / _flux_m_s(treatment), in_time < first, pa_per_resistance, clean, solids)


def _flux_m_s(treatment: Treatment) -> float:
    return treatment.flux_l_m2_h / L_PER_M3 / S_PER_H


def _cake_per_volume(treatment: Treatment, solids_kg_m3: Array, pressure_pa: ArrayLike) -> Array:
    """``alpha C``: what a volume filtered at a pressure adds to the cake's resistance [1/m2]."""
    ratio = np.asarray(pressure_pa) / COMPRESSION_PRESSURE_PA
    return np.asarray(treatment.cake_resistance_alpha0_m_kg * ratio**treatment.cake_compressibility * solids_kg_m3)


def _pressure_after(treatment: Treatment, end: End, volume_m: Array) -> Array:
    """Solve ``TMP = J mu (Rm + Rirr + Rc(TMP))`` by Newton's method in ln TMP.

    There it is concave and steeper than 1 - s, so that the method cannot miss.
    """
    s = treatment.cake_compressibility
    start = np.log(end.pa_per_resistance * end.clean_1_m)
    cake_per_clean = _cake_per_volume(treatment, end.solids_kg_m3, np.exp(start)) * volume_m / end.clean_1_m
    risen = np.zeros_like(volume_m)
    for _ in range(_PRESSURE_ITERATIONS):
        total = 1.0 + cake_per_clean * np.exp(s * risen)
        step = (risen - np.log(total)) / (1.0 - s + s / total)
        risen = risen - step
        if np.abs(step).max(initial=0.0) < _PRESSURE_STEP:
            break
    return np.asarray(np.exp(start + risen))
