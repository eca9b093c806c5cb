"""Days that could have been: which days of the year may stand for the days of a window, and how much each weighs.

Rain is not scored hour by hour, since most hours have none. The day is: days are ranked from the brightest dry one to
the wettest, the forecast carries a signal of that rank, and days whose rank fits the signal weigh more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from econex_pipeline.contracts import InputError
from econex_pipeline.scenarios.climatology import Climatology, Slots

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

_SIGNALS = np.linspace(-3.5, 3.5, 71)
_SMALLEST_VARIANCE = 0.02  # keeps a near-perfect rain forecast from resting on a single day
_SMALLEST_RHO = 0.05  # below it a signal says nothing


@dataclass(frozen=True)
class DayPool:
    """The candidates for one local day of a window, or for the part of it that the window holds.

    One pool can serve several windows that hold different parts of the day: an axis of them, written (...), then leads.

    Attributes
    ----------
    rows : numpy.ndarray
        Rows of the climatology, shape (n,).
    weights : numpy.ndarray
        By nearness in the calendar, copies of a day sharing one weight; sums to 1, shape (n,).
    order : numpy.ndarray
        What the days are ranked by: the rain of the part [mm], or less its clear-sky index where none fell; shape
        (..., n).
    scores : numpy.ndarray
        Weighted normal scores of that rank, shape (..., n).
    rain_mm : numpy.ndarray
        Rain of the part, shape (..., n).
    """

    rows: Whole
    weights: Array
    order: Array
    scores: Array
    rain_mm: Array

    def score(self, order: Array) -> Array:
        """Give the normal score of a day that is not in the pool, shape (...)."""
        half = self.weights.min() / 2.0
        below, equal = self.order < order[..., None], self.order == order[..., None]
        share = (self.weights * below).sum(axis=-1) + (self.weights * equal).sum(axis=-1) / 2.0
        return np.asarray(ndtri(np.clip(share, half, 1.0 - half)))

    def likelihood(self, signal: float | Array, rho: float | Array) -> Array:
        """Give how well each day fits a forecast signal f, up to a factor.

        A day of score a gives f = rho (rho a + sqrt(1 - rho^2) e): normal around rho^2 a.

        Parameters
        ----------
        signal, rho : float or numpy.ndarray
            The signal, and its correlation with the score, shape (...).

        Returns
        -------
        numpy.ndarray
            Shape (..., n), largest 1.
        """
        signals, r = np.asarray(signal, float)[..., None], np.asarray(rho, float)[..., None]
        variance = np.maximum(1.0 - r**2, _SMALLEST_VARIANCE) * np.maximum(r, _SMALLEST_RHO) ** 2
        exponent = -((signals - r**2 * self.scores) ** 2) / (2.0 * variance)
        exponent = np.where(r < _SMALLEST_RHO, 0.0, exponent)
        return np.asarray(np.exp(exponent - exponent.max(axis=-1, keepdims=True)))

    def given(self, signal: float | Array, rho: float | Array) -> Array:
        """Give the weights of the days under a forecast signal, shape (..., n), sum 1."""
        weights = self.weights * self.likelihood(signal, rho)
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

    def signal_of(self, expected_rain_mm: float, rho: float) -> float:
        """Give the signal under which this much rain is expected; 0 where it makes no difference."""
        means = np.maximum.accumulate(self.given(_SIGNALS, rho) @ self.rain_mm)
        if means[-1] - means[0] < 1e-9:
            return 0.0
        return float(np.interp(expected_rain_mm, means, _SIGNALS))


def order_of(rain_mm: Array, clear_sky_index: Array) -> Array:
    """Rank days from the brightest dry one to the wettest; shape (n,) from daily rain [mm] and mean index [-]."""
    return np.where(rain_mm > 0.0, rain_mm, -clear_sky_index)


def day_pools(climatology: Climatology, slots: Slots) -> list[DayPool]:
    """Gather the candidates for each local day that a window touches.

    Parameters
    ----------
    climatology : Climatology
        The days.
    slots : Slots
        The window's steps.

    Returns
    -------
    list of DayPool
        One a local day.

    Raises
    ------
    InputError
        If the season holds no day but the window's own and their neighbours.
    """
    eligible = climatology.unknown_to(slots.season)
    pools = []
    for part, season in enumerate(slots.season):
        held = np.zeros(climatology.clear_sky_index.shape[1], dtype=bool)
        held[slots.step[slots.part == part]] = True
        pools.append(day_pool(climatology, int(season), eligible, held))
    return pools


def day_pool(climatology: Climatology, season: int, eligible: NDArray[np.bool_], held: NDArray[np.bool_]) -> DayPool:
    """Gather the candidates for a local day.

    Parameters
    ----------
    climatology : Climatology
        The days.
    season : int
        Day of the year.
    eligible : numpy.ndarray of bool
        From `Climatology.unknown_to`, shape (N,).
    held : numpy.ndarray of bool
        Which steps of the day the window holds, shape (..., steps a day).

    Raises
    ------
    InputError
        If the season holds no day but the window's own and their neighbours.
    """
    rows = climatology.pool(season)
    rows = rows[eligible[rows]]
    if not len(rows):
        found = f"day {season + 1} of the year and its neighbours only"
        raise InputError("WEATHER", "time_utc", found, "days around them too")
    rain_mm, index = of_part(held[..., None, :], climatology.rain_mm_h[rows], climatology.clear_sky_index[rows])
    rain_mm = rain_mm * (climatology.step_minutes / 60.0)
    order = order_of(rain_mm, index)
    weights = _calendar_weights(climatology, rows, season)
    return DayPool(rows, weights, order, _weighted_scores(order, weights), rain_mm)


def of_part(held: NDArray[np.bool_], rain_mm_h: Array, clear_sky_index: Array) -> tuple[Array, Array]:
    """Give the sum of the rain and the mean clear-sky index over the steps held; the steps of a day are the last axis.

    What is not held counts as zero rather than being cut out: the sum of a part does not depend on what else is summed.
    """
    rain = np.where(held, rain_mm_h, 0.0).sum(axis=-1)
    return rain, np.where(held, clear_sky_index, 0.0).sum(axis=-1) / held.sum(axis=-1)


def runs_of_days(climatology: Climatology, pools: list[DayPool], signals: Array, rhos: Array) -> tuple[Whole, Array]:
    """Find the runs of consecutive days that may stand for a window, and weigh them by the rain signals of its days.

    Parameters
    ----------
    climatology : Climatology
        The days.
    pools : list of DayPool
        From `day_pools`, one a local day.
    signals, rhos : numpy.ndarray
        Rain signal of each local day and its correlation, shape (days,).

    Returns
    -------
    numpy.ndarray
        Rows of the climatology, shape (R, days).
    numpy.ndarray
        Probability of each run, shape (R,).

    Raises
    ------
    InputError
        If the season holds no run of consecutive days that is unknown to the window.
    """
    runs = pools[0].rows[:, None]
    weights = pools[0].given(float(signals[0]), float(rhos[0]))
    for pool, signal, rho in zip(pools[1:], signals[1:], rhos[1:], strict=True):
        following = climatology.following[runs[:, -1]]
        place = {int(row): position for position, row in enumerate(pool.rows)}
        positions = np.array([place.get(int(row), -1) for row in following], dtype=np.int64)
        kept = positions >= 0
        runs = np.column_stack([runs[kept], following[kept]])
        weights = weights[kept] * pool.likelihood(float(signal), float(rho))[positions[kept]]
    if not weights.sum() > 0.0:
        found = f"no {len(pools)} days in a row but the window's own and their neighbours"
        raise InputError("WEATHER", "time_utc", found, "a longer stretch of the season")
    return runs, np.asarray(weights / weights.sum())


def _calendar_weights(climatology: Climatology, rows: Whole, season: int) -> Array:
    """Triangular in calendar distance; copies of one day share a weight."""
    near = climatology.window_days + 1.0 - climatology.distance(season)[rows]
    groups, place, sizes = np.unique(climatology.twin[rows], return_inverse=True, return_counts=True)
    weights = near / sizes[place] if len(groups) else near
    return np.asarray(weights / weights.sum())


def _weighted_scores(order: Array, weights: Array) -> Array:
    """Normal scores at the middle of each day's share of the weight; equal days share theirs."""
    before, other = order[..., None, :], order[..., :, None]
    share = (weights * (before < other)).sum(axis=-1) + (weights * (before == other)).sum(axis=-1) / 2.0
    return np.asarray(ndtri(share))
