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

    Attributes
    ----------
    rows : numpy.ndarray
        Rows of the climatology, shape (n,).
    weights : numpy.ndarray
        By nearness in the calendar, copies of a day sharing one weight; sums to 1, shape (n,).
    order : numpy.ndarray
        What the days are ranked by: the rain of the part [mm], or less its clear-sky index where none fell, shape (n,).
    scores : numpy.ndarray
        Weighted normal scores of that rank, shape (n,).
    rain_mm : numpy.ndarray
        Rain of the part, shape (n,).
    """

    rows: Whole
    weights: Array
    order: Array
    scores: Array
    rain_mm: Array

    def score(self, order: float) -> float:
        """Give the normal score of a day that is not in the pool."""
        half = self.weights.min() / 2.0
        share = self.weights[self.order < order].sum() + self.weights[self.order == order].sum() / 2.0
        return float(ndtri(np.clip(share, half, 1.0 - half)))

    def likelihood(self, signal: float | Array, rho: float) -> Array:
        """Give how well each day fits a forecast signal f, up to a factor.

        A day of score a gives f = rho (rho a + sqrt(1 - rho^2) e): normal around rho^2 a.

        Parameters
        ----------
        signal : float or numpy.ndarray
            Shape (...,).
        rho : float
            Correlation of signal and score.

        Returns
        -------
        numpy.ndarray
            Shape (..., n), largest 1.
        """
        signals = np.asarray(signal, float)[..., None]
        if rho < _SMALLEST_RHO:
            return np.ones(np.broadcast_shapes(signals.shape, self.scores.shape))
        variance = max(1.0 - rho**2, _SMALLEST_VARIANCE) * rho**2
        exponent = -((signals - rho**2 * self.scores) ** 2) / (2.0 * variance)
        return np.asarray(np.exp(exponent - exponent.max(axis=-1, keepdims=True)))

    def given(self, signal: float | Array, rho: float) -> Array:
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
        rows = climatology.pool(int(season))
        rows = rows[eligible[rows]]
        if not len(rows):
            raise InputError(
                "WEATHER", "time_utc", f"day {season + 1} of the year and its neighbours only", "days around them too"
            )
        steps = slots.step[slots.part == part]
        rain_mm = climatology.rain_mm_h[rows][:, steps].sum(axis=1) * climatology.step_minutes / 60.0
        order = order_of(rain_mm, climatology.clear_sky_index[rows][:, steps].mean(axis=1))
        weights = _calendar_weights(climatology, rows, int(season))
        pools.append(DayPool(rows, weights, order, _weighted_scores(order, weights), rain_mm))
    return pools


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
    scores = np.empty(len(order))
    for position, value in enumerate(order):
        scores[position] = weights[order < value].sum() + weights[order == value].sum() / 2.0
    return np.asarray(ndtri(scores))
