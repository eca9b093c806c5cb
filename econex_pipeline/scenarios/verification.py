"""Whether forecasts and their members keep what the law promises: ranks, scores and errors against what came.

Pure numerics on arrays; nothing here takes part in a forecast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


def ranks(actual: Array, members: Array, rng: np.random.Generator) -> Whole:
    """Give the rank of what came among its members, ties broken by chance.

    Parameters
    ----------
    actual : numpy.ndarray
        What came, shape (N,).
    members : numpy.ndarray
        What was drawn for it, shape (N, M).
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    numpy.ndarray of int
        0 to M, shape (N,); each equally likely where actual and members have one law.

    References
    ----------
    .. [1] T. M. Hamill, "Interpretation of rank histograms for verifying ensemble forecasts", Monthly Weather Review
       129 (2001) 550-560, :doi:`10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2`
    """
    below, equal = (members < actual[:, None]).sum(axis=1), (members == actual[:, None]).sum(axis=1)
    return np.asarray(below + rng.integers(0, equal + 1))


def histogram(found: Whole, members: int) -> Whole:
    """Count each rank, shape (M + 1,)."""
    return np.bincount(found, minlength=members + 1)


def flatness(counts: Whole) -> float:
    """Give the p-value of Pearson's chi-squared test that all ranks are equally likely.

    The test takes the samples for independent. Samples that follow each other alike make it stricter, not laxer: their
    counts scatter more than the test allows for.
    """
    usual = counts.sum() / len(counts)
    return float(chi2.sf(((counts - usual) ** 2 / usual).sum(), len(counts) - 1))


def root_mean_square(error: Array) -> Array:
    """Give the root mean square over the first axis."""
    return np.asarray(np.sqrt((np.asarray(error) ** 2).mean(axis=0)))


def crps(actual: Array, members: Array) -> Array:
    """Give the continuous ranked probability score of each sample, in the unit of the values; 0 is perfect.

    ``mean |x_m - y| - sum |x_m - x_n| / (2 M (M - 1))``: the estimate that does not depend on the number of members.

    Parameters
    ----------
    actual, members : numpy.ndarray
        Shape (N,) and (N, M).

    Returns
    -------
    numpy.ndarray
        Shape (N,).

    References
    ----------
    .. [1] T. Gneiting, A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", Journal of the
       American Statistical Association 102 (2007) 359-378, :doi:`10.1198/016214506000001437`
    .. [2] C. A. T. Ferro, "Fair scores for ensemble forecasts", Quarterly Journal of the Royal Meteorological Society
       140 (2014) 1917-1923, :doi:`10.1002/qj.2270`
    """
    count = members.shape[1]
    off = np.abs(members - actual[:, None]).mean(axis=1)
    # sum over pairs |x_m - x_n| from the order statistics: the k-th smallest stands above k - 1 and below M - k others
    weights = 2.0 * np.arange(1, count + 1) - count - 1.0
    apart = np.sort(members, axis=1) @ weights / (count * (count - 1.0))
    return np.asarray(off - apart)
