"""What stored amounts are worth when a horizon ends: from the district's tranches, or from a plan's duals."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise
from math import inf
from operator import itemgetter
from typing import Any

import numpy as np

from econex_pipeline.planning.elements import EndValues, Network, Storage, Tranche
from econex_pipeline.planning.tables import Tables

Array = np.ndarray[Any, np.dtype[Any]]

SAME_LEVEL = 1e-6
"""Levels closer than this count as one [kWh or m3]."""

LEAST_WEIGHT = 1e-9
"""Weight of a scenario that is as good as impossible, so that it still has a place [-]."""

MOST_TRANCHES = 7
"""Tranches kept of a plan's duals: the two most alike are merged until no more are left."""


def district_end_values(network: Network, tables: Tables) -> EndValues:
    """Give the district's end values, plus what a turbine makes of water in an upper basin.

    Parameters
    ----------
    network : Network
        Has the district's tranches.
    tables : Tables
        Turbine yields and sell prices of the horizon.

    Returns
    -------
    dict
        Tranches per storage; those at the tail of a turbined arc gain alpha x mean yield x mean sell price.
    """
    values = dict(network.end_values)
    sell = float(tables.prices["sell_price_usd_kwh"].mean())
    for coupling in network.couplings:
        tail = network.arc[coupling.arc].tail
        if coupling.sign > 0 and tail in network.storage_at:
            name = network.storage_at[tail].name
            extra = network.weights.alpha * float((tables.value(coupling.source) @ tables.probability).mean()) * sell
            values[name] = tuple(
                Tranche(tranche.width, tranche.value_usd + max(extra, 0.0)) for tranche in values.get(name, ())
            )
    return values


def tranches_of(
    storage: Storage, amounts: Array, values: Array, probability: Array, stated: tuple[Tranche, ...] = ()
) -> tuple[Tranche, ...]:
    """Give the value of what a storage holds as a concave function, from a plan's scenarios at one stamp.

    Parameters
    ----------
    storage : Storage
        The storage.
    amounts, values, probability : numpy.ndarray, shape (scenario,)
        Stored amount [kWh or m3], what one more unit is worth [USD], weight.
    stated : tuple of Tranche, optional
        What the district says of the storage, for amounts that no scenario came to.

    Returns
    -------
    tuple of Tranche
        Values not increasing.

    Notes
    -----
    Each scenario gives a point (amount, marginal value). The decreasing step function nearest to the points, each
    counting by its probability, is found by pooling adjacent violators; it steps halfway between neighbouring amounts.
    A plan says nothing of amounts outside those of its scenarios. Below them a unit is worth no less, and above them no
    more, than the district says.
    """
    weights, levels, means = _by_level(amounts, values, np.maximum(probability, LEAST_WEIGHT))
    height = _decreasing(means, weights)
    edges = [0.0, *((low + high) / 2.0 for low, high in pairwise(levels)), storage.capacity]
    edges, height = _beyond(edges, height, stated, levels[0], levels[-1])
    width = [high - low for low, high in pairwise(edges)]
    while len(height) > 1:
        rises = [after - value for value, after in pairwise(height)]
        i = rises.index(max(rises))
        if len(height) <= MOST_TRANCHES and not rises[i] >= 0.0:
            break
        mass, mass_after = (max(w, SAME_LEVEL) for w in width[i : i + 2])
        height[i : i + 2] = [(height[i] * mass + height[i + 1] * mass_after) / (mass + mass_after)]
        width[i : i + 2] = [width[i] + width[i + 1]]
    return tuple(Tranche(w, v) for w, v in zip(width, height, strict=True))


def _by_level(amounts: Array, values: Array, mass: Array) -> tuple[list[float], list[float], list[float]]:
    """Join scenarios with the same amount: their mass, and the means of amount and value, in order of amount."""
    points = sorted(zip(amounts.tolist(), values.tolist(), mass.tolist(), strict=True), key=itemgetter(0))
    sums: list[list[float]] = []
    before = -inf
    for amount, value, weight in points:
        if amount - before > SAME_LEVEL:
            sums.append([0.0, 0.0, 0.0])
        before, last = amount, sums[-1]
        last[0] += weight
        last[1] += weight * amount
        last[2] += weight * value
    weights, of_amounts, of_values = (list(column) for column in zip(*sums, strict=True))
    levels, means = ([part / w for part, w in zip(of, weights, strict=True)] for of in (of_amounts, of_values))
    return weights, levels, means


def _beyond(
    edges: list[float], height: list[float], stated: tuple[Tranche, ...], lowest: float, highest: float
) -> tuple[list[float], list[float]]:
    """Join what a plan says between its lowest and highest amount with what the district says outside."""
    if not stated:
        return edges, height
    top, values = edges[-1], [*(tranche.value_usd for tranche in stated), 0.0]
    marks = list(accumulate((tranche.width for tranche in stated), initial=0.0))
    all_edges = sorted({*edges, *(min(max(mark, 0.0), top) for mark in (lowest, highest, *marks))})
    finer = [*(low for low, high in pairwise(all_edges) if high - low > SAME_LEVEL), top]
    joined = []
    for low, high in pairwise(finer):
        middle = (low + high) / 2.0
        own, said = height[bisect_left(edges, middle) - 1], values[bisect_left(marks, middle) - 1]
        joined.append(max(own, said) if middle < lowest else min(own, said) if middle > highest else own)
    return finer, joined


def _decreasing(values: list[float], weights: list[float]) -> list[float]:
    """Nearest sequence that does not increase, by pooling adjacent violators (Ayer et al. 1955)."""
    pools: list[tuple[float, float, int]] = []
    for value, mass in zip(values, weights, strict=True):
        pools.append((value, mass, 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            value_2, mass_2, size_2 = pools.pop()
            value_1, mass_1, size_1 = pools.pop()
            mass_12 = mass_1 + mass_2
            pools.append(((value_1 * mass_1 + value_2 * mass_2) / mass_12, mass_12, size_1 + size_2))
    return [value for value, _, size in pools for _ in range(size)]
