"""Normal scores: a value's place within a climatology as a standard normal number, and the way back.

Pure numerics on arrays; what the climatology is comes from `climatology`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]

_HERMITE_NODES = 15
_SCORE_GRID = np.linspace(-4.5, 4.5, 91)
_SMALLEST_SPREAD = 1e-9


@dataclass(frozen=True)
class NormalScores:
    """Map between the values of a variable and normal scores, one map a step.

    Between the sample's quantiles the map is linear; beyond them it goes on as a normal distribution of the sample's
    spread, then stops at the bounds.

    Attributes
    ----------
    table : numpy.ndarray
        Quantiles at equidistant probabilities, ascending, shape (T, G).
    low, high : numpy.ndarray or float
        Bounds of a value, shape (T,) or scalar.
    """

    table: Array
    low: Array | float = -np.inf
    high: Array | float = np.inf

    @property
    def grid(self) -> Array:
        """Scores of the table's columns, shape (G,)."""
        return plotting_scores(self.table.shape[1])

    @property
    def spread(self) -> Array:
        """Standard deviation of the sample, shape (T,)."""
        return np.asarray(np.maximum(self.table.std(axis=1), _SMALLEST_SPREAD))

    def score(self, values: Array) -> Array:
        """Give the normal scores of values, shape (T,); of equal sample values the middle one."""
        table, grid = self.table, self.grid
        last = table.shape[1] - 1
        below = (table < values[:, None]).sum(axis=1)
        upto = (table <= values[:, None]).sum(axis=1)
        rows = np.arange(len(values))
        left, right = np.clip(below - 1, 0, last), np.clip(below, 0, last)
        gap = np.maximum(table[rows, right] - table[rows, left], _SMALLEST_SPREAD)
        between = grid[left] + (grid[right] - grid[left]) * np.clip((values - table[rows, left]) / gap, 0.0, 1.0)
        tied = (grid[np.clip(below, 0, last)] + grid[np.clip(upto - 1, 0, last)]) / 2.0
        scores = np.where(upto > below, tied, between)
        under, over = (values - table[:, 0]) / self.spread, (values - table[:, -1]) / self.spread
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
        return np.clip(lower + share * (upper - lower) + tails * self.spread, self.low, self.high)

    def expected(self, scores: Array, residual_sd: Array) -> Array:
        """Give the mean value where the score is normal around `scores`, by Gauss-Hermite quadrature.

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
        total = np.zeros(np.shape(scores))
        for node, weight in zip(*hermite(), strict=True):
            total += weight * self.value(scores + residual_sd * node)
        return total

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


def hermite() -> tuple[Array, Array]:
    """Give nodes and weights that average over a standard normal variable, each shape (15,)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_HERMITE_NODES)
    return nodes, weights / weights.sum()
