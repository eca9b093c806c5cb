"""Quality of the raw water that is fed to treatment: turbidity stirred up by rain, temperature behind the air's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from econex_pipeline.district import Treatment

Floats = NDArray[np.float64]

TANK_TIME_CONSTANT_H = 72.0
"""How slowly a buried or shaded tank of some cubic metres follows the air: assumption, days rather than hours [h]."""

WATER_LOW_C, WATER_HIGH_C = 1.0, 39.0
"""A tank in use neither freezes through nor boils: limits of the model [degC]."""


def turbidity_ntu(treatment: Treatment | None, rain_mm_h: Floats) -> Floats:
    """Give the turbidity of the raw water: a dry-weather value, more with rain, capped.

    Parameters
    ----------
    treatment : Treatment or None
        Holds the three numbers; None where the district treats nothing.
    rain_mm_h : array, shape (S, T)
        Rain [mm/h].

    Returns
    -------
    array, shape (S, T)
        Turbidity [NTU]; zero where nothing is treated.
    """
    if treatment is None:
        return np.zeros_like(rain_mm_h)
    stirred = treatment.turbidity_dry_ntu + treatment.turbidity_per_rain_ntu_h_mm * rain_mm_h
    return np.minimum(stirred, treatment.turbidity_max_ntu)


def water_temperature_c(step_h: float, temperature_air_c: Floats, before_c: Floats | None) -> tuple[Floats, Floats]:
    """Give the temperature of stored raw water: the air's, smoothed over days.

    Parameters
    ----------
    step_h : float
        Length of step [h].
    temperature_air_c : array, shape (S, T)
        Air temperature [degC].
    before_c : array of shape (S,), or None
        Water temperature before the first step; None takes the window's mean air temperature.

    Returns
    -------
    tuple of (array of shape (S, T), array of shape (S, T + 1))
        Water temperature in every step; the same, unlimited, before each step and after the last, to go on from [degC].
    """
    keep = float(np.exp(-step_h / TANK_TIME_CONSTANT_H))
    start = temperature_air_c.mean(axis=1) if before_c is None else before_c
    water, _ = lfilter([1.0 - keep], [1.0, -keep], temperature_air_c, axis=1, zi=(keep * start)[:, None])
    return np.clip(water, WATER_LOW_C, WATER_HIGH_C), np.column_stack([start, water])
