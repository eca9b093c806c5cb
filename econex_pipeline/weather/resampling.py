"""Changing the length of step while keeping what was there: means stay means, no energy or rain is made or lost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from econex_pipeline.contracts.columns import COLUMNS
from econex_pipeline.district import Site
from econex_pipeline.weather.sky import clear_sky

IRRADIANCE = ("ghi_w_m2", "dni_w_m2", "dhi_w_m2")
SMOOTH = ("temperature_air_c", "relative_humidity_frac", "wind_speed_m_s", "pressure_pa")


def spread(times: pd.DatetimeIndex, step: pd.Timedelta, parts: int) -> pd.DatetimeIndex:
    """Give the starts of `parts` steps of length `step` within each of `times`, shape (len(times) * parts,)."""
    ns = times.as_unit("ns").asi8[:, None] + np.arange(parts) * step.value
    return pd.DatetimeIndex(ns.ravel(), tz="UTC")


def means(values: np.ndarray, parts: int) -> np.ndarray:
    """Give the means over groups of `parts` values, shape (T * parts,) -> (T,)."""
    return values.reshape(-1, parts).mean(axis=1)


def split(
    coarse: pd.DataFrame, fine_times: pd.DatetimeIndex, step: pd.Timedelta, parts: int, site: Site
) -> pd.DataFrame:
    """Split each step into `parts`, keeping the mean of every variable over the coarse step.

    Irradiance follows the clear sky within the step at the step's clear-sky index; temperature, humidity, wind and
    pressure run in straight lines between the middles of the steps, moved to keep the mean; rain falls evenly.

    Parameters
    ----------
    coarse : pandas.DataFrame
        Value columns of WEATHER, N rows, consecutive.
    fine_times : pandas.DatetimeIndex
        Starts of the fine steps, UTC, shape (N * parts,).
    step : pandas.Timedelta
        Length of a fine step.
    parts : int
        Fine steps in a coarse one.
    site : District.site
        Where the sun is looked up.

    Returns
    -------
    pandas.DataFrame
        Value columns of WEATHER, N * parts rows.
    """
    sky = clear_sky(fine_times + step / 2, site)
    split_values: dict[str, np.ndarray] = {}
    for name in IRRADIANCE:
        # Diffuse light follows the clear global irradiance: its own clear-sky value hardly varies.
        shape = sky["dni_w_m2" if name == "dni_w_m2" else "ghi_w_m2"].reshape(-1, parts)
        split_values[name] = _shaped(coarse[name].to_numpy(), shape, _bound(name))
    for name in SMOOTH:
        split_values[name] = _straight(coarse[name].to_numpy(), parts, COLUMNS[name].ge, COLUMNS[name].le)
    split_values["rain_mm_h"] = np.repeat(coarse["rain_mm_h"].to_numpy(), parts)
    return pd.DataFrame(split_values)


def _bound(name: str) -> float:
    high = COLUMNS[name].le
    return np.inf if high is None else high


def _shaped(values: np.ndarray, shape: np.ndarray, high: float) -> np.ndarray:
    """Spread each value by the shape of its step; evenly where there is no shape or it would leave the bounds."""
    mean = shape.mean(axis=1)
    index = np.divide(values, mean, out=np.zeros_like(values), where=mean > 0)
    fine = index[:, None] * shape
    plain = (mean <= 0) | (fine.max(axis=1) > high)
    fine[plain] = values[plain, None]
    return fine.ravel()


def _straight(values: np.ndarray, parts: int, low: float | None, high: float | None) -> np.ndarray:
    """Run in straight lines through the middles of the steps, then move each step to its mean."""
    middles = np.arange(len(values)) + 0.5
    fine = np.interp((np.arange(len(values) * parts) + 0.5) / parts, middles, values).reshape(-1, parts)
    fine += (values - fine.mean(axis=1))[:, None]
    outside = fine.min(axis=1) < (-np.inf if low is None else low)
    outside |= fine.max(axis=1) > (np.inf if high is None else high)
    fine[outside] = values[outside, None]
    return fine.ravel()
