"""Fast forward selection: which few of many weighted points stand best for all. Pure numerics, no tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Selection:
    """The chosen points and what they stand for.

    Attributes
    ----------
    chosen : numpy.ndarray
        Rows of the chosen points, ascending, shape (K,).
    probability : numpy.ndarray
        Weight of each with that of the points it stands for, shape (K,), sum 1.
    nearest : numpy.ndarray
        For each point the position in `chosen` of the one that stands for it, shape (S,).
    transport : float
        Kantorovich distance between all points and the chosen ones, in the unit of the distances.
    """

    chosen: Whole
    probability: Array
    nearest: Whole
    transport: float


def distances(features: Array) -> Array:
    """Give the Euclidean distances between points, shape (S, D) -> (S, S)."""
    squares = np.einsum("sd,sd->s", features, features)
    between = features @ features.T
    between *= -2.0
    between += squares[:, None]
    between += squares[None, :]
    np.maximum(between, 0.0, out=between)
    np.fill_diagonal(between, 0.0)
    return np.asarray(np.sqrt(between, out=between))


def fast_forward_selection(distance: Array, probability: Array, count: int, keep: Sequence[int] = ()) -> Selection:
    """Choose points one by one, each time the one that brings the chosen closest to all in Kantorovich distance.

    Parameters
    ----------
    distance : numpy.ndarray
        Symmetric distances, shape (S, S).
    probability : numpy.ndarray
        Weights of the points, shape (S,), sum 1.
    count : int
        How many to choose, 1 to S.
    keep : sequence of int
        Rows that are chosen whatever the distance says; no more than `count`.

    Returns
    -------
    Selection
        With the optimal redistribution: each point's weight goes to the nearest chosen one.

    Raises
    ------
    ValueError
        If `count` is not within 1 to S, or `keep` holds more.

    Notes
    -----
    Algorithm 2.4 of [1]_ with r = 1. What a point would still bring can only shrink as others are chosen, so an old
    gain is an upper bound and only the most promising points are computed anew [2]_; the choice is the same.

    References
    ----------
    .. [1] H. Heitsch, W. Roemisch, "Scenario reduction algorithms in stochastic programming", Computational
       Optimization and Applications 24 (2003) 187-206, :doi:`10.1023/A:1021805924152`
    .. [2] M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", in Optimization
       Techniques (Springer, 1978) 234-243, :doi:`10.1007/BFb0006528`
    """
    size = len(distance)
    chosen = list(dict.fromkeys(int(row) for row in keep))
    if not max(1, len(chosen)) <= count <= size:
        raise ValueError(f"{count} of {size} points with {len(chosen)} to keep: count must lie between")
    if not chosen:
        chosen.append(int(np.argmin(probability @ distance)))
    closest = distance[:, chosen].min(axis=1)
    gains = np.maximum(closest - distance, 0.0) @ probability  # rows for columns: distances are symmetric
    gains[chosen] = -np.inf
    while len(chosen) < count:
        stale = np.ones(size, dtype=bool)
        best = int(np.argmax(gains))
        while stale[best]:
            gains[best] = np.maximum(closest - distance[best], 0.0) @ probability
            stale[best] = False
            best = int(np.argmax(gains))
        chosen.append(best)
        gains[best] = -np.inf
        np.minimum(closest, distance[best], out=closest)
    rows = np.sort(np.array(chosen, dtype=np.int64))
    nearest = distance[:, rows].argmin(axis=1)
    nearest[rows] = np.arange(len(rows))  # a point stands for itself even where another equals it
    weights = np.bincount(nearest, weights=probability, minlength=len(rows))
    transport = float(probability @ distance[np.arange(size), rows[nearest]])
    return Selection(rows, weights / weights.sum(), nearest, transport)
