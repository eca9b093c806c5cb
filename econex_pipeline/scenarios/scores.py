"""Normal scores: a value's place within a climatology as a standard normal number, and the way back.

Pure numerics on arrays; what the climatology is comes from `climatology`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

_SCORE_GRID = np.linspace(-4.5, 4.5, 91)
_SMALLEST_SPREAD = 1e-9
_SMALLEST_SD = 1e-12


@dataclass(frozen=True)
class NormalScores:
    """Map between the values of a variable and normal scores, one map a step.

    Between the sample's quantiles the map is linear; beyond them it goes on as a normal distribution of the sample's
    spread, down to `low` and, unless it is bounded above, without end.

    Attributes
    ----------
    table : numpy.ndarray
        Quantiles at equidistant probabilities, ascending, shape (T, G); (I, T, G) for the windows of several issues.
    low : float
        Smallest value there can be.
    bounded_above : bool
        Whether the largest quantile is also the largest value there can be.
    """

    table: Array
    low: float
    bounded_above: bool = False

    @cached_property
    def grid(self) -> Array:
        """Scores of the table's columns, shape (G,)."""
        return plotting_scores(self.table.shape[-1])

    @cached_property
    def spread(self) -> Array:
        """Standard deviation of the sample, shape (T,)."""
        return np.asarray(np.maximum(self.table.std(axis=-1), _SMALLEST_SPREAD))

    def seen(self, places: NDArray[np.int64]) -> NormalScores:
        """Give the maps of the steps at positions of shape (I, T)."""
        return NormalScores(self.table[places], self.low, self.bounded_above)

    def score(self, values: Array) -> Array:
        """Give the normal scores of values, shape (T,); of equal sample values the middle one."""
        table, grid = self.table, self.grid
        last = table.shape[-1] - 1
        below = (table < values[..., None]).sum(axis=-1)
        upto = (table <= values[..., None]).sum(axis=-1)
        left, right = np.clip(below - 1, 0, last), np.clip(below, 0, last)
        lower, upper = (np.take_along_axis(table, side[..., None], axis=-1)[..., 0] for side in (left, right))
        gap = np.maximum(upper - lower, _SMALLEST_SPREAD)
        between = grid[left] + (grid[right] - grid[left]) * np.clip((values - lower) / gap, 0.0, 1.0)
        tied = (grid[np.clip(below, 0, last)] + grid[np.clip(upto - 1, 0, last)]) / 2.0
        scores = np.where(upto > below, tied, between)
        under, over = (values - table[..., 0]) / self.spread, (values - table[..., -1]) / self.spread
        return np.asarray(scores + np.minimum(under, 0.0) + np.maximum(over, 0.0))

    def value(self, scores: Array) -> Array:
        """Give the values of normal scores, shape (..., T)."""
        table, grid = self.table, self.grid
        last = table.shape[1] - 1
        right = np.clip(np.searchsorted(grid, scores), 1, last)
        share = np.clip((scores - grid[right - 1]) / (grid[right] - grid[right - 1]), 0.0, 1.0)
        rows = np.arange(table.shape[0])
        lower, upper = table[rows, right - 1], table[rows, right]
        tails = np.minimum(scores - grid[0], 0.0) + np.maximum(scores - grid[-1], 0.0)
        values = np.maximum(lower + share * (upper - lower) + tails * self.spread, self.low)
        return np.asarray(np.minimum(values, table[:, -1]) if self.bounded_above else values)

    def expected(self, scores: Array, residual_sd: Array) -> Array:
        """Give the mean value where the score is normal around `scores`; exact.

        Parameters
        ----------
        scores : numpy.ndarray
            Conditional means of the score, shape (..., T).
        residual_sd : numpy.ndarray
            Its conditional standard deviation, shape (T,).

        Returns
        -------
        numpy.ndarray
            Shape (..., T).
        """
        reach_low = self.grid[0] - (self.table[..., :1] - self.low) / self.spread[..., None]
        knots = np.concatenate([reach_low, np.broadcast_to(self.grid, self.table.shape)], axis=-1)
        values = np.concatenate([np.full_like(reach_low, self.low), self.table], axis=-1)
        right = np.zeros_like(self.spread) if self.bounded_above else self.spread
        return mean_of_broken_line(knots, values, right, scores, residual_sd)

    def conditional_mean_score(self, expected: Array, residual_sd: Array) -> Array:
        """Give the conditional mean of the score that `expected` values stand for: the inverse of `expected`.

        Parameters
        ----------
        expected : numpy.ndarray
            Conditional mean values, shape (T,).
        residual_sd : numpy.ndarray
            Shape (T,).

        Returns
        -------
        numpy.ndarray
            Shape (T,), within -4.5 to 4.5.
        """
        grid = np.broadcast_to(_SCORE_GRID[:, None], (len(_SCORE_GRID), len(expected)))
        means = np.maximum.accumulate(self.expected(grid, residual_sd), axis=0)
        return np.array([np.interp(expected[t], means[:, t], _SCORE_GRID) for t in range(len(expected))])


def plotting_scores(count: int) -> Array:
    """Give the normal scores of the order statistics of a sample, at Hazen's positions (i - 1/2) / n, shape (n,)."""
    return np.asarray(ndtri((np.arange(count) + 0.5) / count))


def mean_of_broken_line(knots: Array, values: Array, right_slope: Array, mean: Array, sd: Array) -> Array:
    """Give the mean of a piecewise linear function of a normal variable.

    ``g(x) = g_1 + sum_k (change of slope at x_k) (x - x_k)_+`` and ``E (X - k)_+ = (m - k) Phi(u) + s phi(u)`` with
    ``u = (m - k) / s``. Left of the first knot the function is level.

    Parameters
    ----------
    knots, values : numpy.ndarray
        The function of each step, knots ascending, shape (T, K); (I, T, K) for several windows, and so below.
    right_slope : numpy.ndarray
        Its slope right of the last knot, shape (T,).
    mean : numpy.ndarray
        Means of the normal variable, shape (..., T).
    sd : numpy.ndarray
        Its standard deviations, shape (T,).

    Returns
    -------
    numpy.ndarray
        Shape (..., T).
    """
    slopes = np.diff(values, axis=-1) / np.maximum(np.diff(knots, axis=-1), _SMALLEST_SPREAD)
    ends = np.zeros_like(slopes[..., :1]), slopes, np.asarray(right_slope)[..., None]
    changes = np.diff(np.concatenate(ends, axis=-1), axis=-1)
    above = np.asarray(mean)[..., None] - knots
    spread = np.maximum(sd, _SMALLEST_SD)[..., None]
    u = above / spread
    density = np.exp(-(u**2) / 2.0) / np.sqrt(2.0 * np.pi)
    return np.asarray(values[..., 0] + ((above * ndtr(u) + spread * density) * changes).sum(axis=-1))
