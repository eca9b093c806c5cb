"""What stored amounts are worth when a horizon ends: from the district's tranches, or from a plan's duals."""

from __future__ import annotations

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
    mass = np.maximum(probability, LEAST_WEIGHT)
    order = np.argsort(amounts, kind="stable")
    amounts, values, mass = amounts[order], values[order], mass[order]
    groups = np.concatenate([[0], np.cumsum(np.diff(amounts) > SAME_LEVEL)])
    weight = np.bincount(groups, mass)
    level = np.bincount(groups, mass * amounts) / weight
    height = _decreasing(np.bincount(groups, mass * values) / weight, weight)
    edges = np.concatenate([[0.0], (level[1:] + level[:-1]) / 2.0, [storage.capacity]])
    edges, height = _beyond(edges, height, stated, float(level[0]), float(level[-1]))
    width = np.diff(edges)
    while len(height) > 1 and (len(height) > MOST_TRANCHES or np.diff(height).max() >= 0.0):
        i = int(np.argmax(np.diff(height)))
        merged = float(np.average(height[i : i + 2], weights=np.maximum(width[i : i + 2], SAME_LEVEL)))
        height = np.concatenate([height[:i], [merged], height[i + 2 :]])
        width = np.concatenate([width[:i], [width[i] + width[i + 1]], width[i + 2 :]])
    return tuple(Tranche(float(w), float(v)) for w, v in zip(width, height, strict=True))


def _beyond(
    edges: Array, height: Array, stated: tuple[Tranche, ...], lowest: float, highest: float
) -> tuple[Array, Array]:
    """Join what a plan says between its lowest and highest amount with what the district says outside."""
    if not stated:
        return edges, height
    marks = np.cumsum([0.0, *(tranche.width for tranche in stated)])
    finer = np.unique(np.concatenate([edges, np.clip([lowest, highest, *marks], 0.0, edges[-1])]))
    finer = np.append(finer[:-1][np.diff(finer) > SAME_LEVEL], edges[-1])
    middle = (finer[1:] + finer[:-1]) / 2.0
    own = height[np.searchsorted(edges, middle) - 1]
    said = np.array([*(tranche.value_usd for tranche in stated), 0.0])[np.searchsorted(marks, middle) - 1]
    below, above = middle < lowest, middle > highest
    return finer, np.where(below, np.maximum(own, said), np.where(above, np.minimum(own, said), own))


def _decreasing(values: Array, weight: Array) -> Array:
    """Nearest sequence that does not increase, by pooling adjacent violators (Ayer et al. 1955)."""
    pools: list[list[float]] = []
    for value, mass in zip(values, weight, strict=True):
        pools.append([float(value), float(mass), 1.0])
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            value_2, mass_2, size_2 = pools.pop()
            value_1, mass_1, size_1 = pools.pop()
            mass_12 = mass_1 + mass_2
            pools.append([(value_1 * mass_1 + value_2 * mass_2) / mass_12, mass_12, size_1 + size_2])
    return np.repeat([pool[0] for pool in pools], [int(pool[2]) for pool in pools])
