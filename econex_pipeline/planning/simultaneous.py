"""A check after the solve: opposite flows at once, or the dear end of a machine's curve before the cheap one.

A linear program may do both where a price is negative or two plans cost the same. What was found is reported, and can
be forbidden by binaries in a second solve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.planning.elements import Network, Source
from econex_pipeline.planning.instance import Instance

Array = np.ndarray[Any, np.dtype[Any]]

NOTICEABLE = 1e-6
"""Flows below this are the solver's tolerance [kW or m3/h]."""


@dataclass(frozen=True)
class Simultaneous:
    """Two opposite flows at once, or one flow whose curve is not filled in order.

    Attributes
    ----------
    flows : tuple of str
        Names of the arcs: two, or the one with the curve.
    time_utc : pandas.Timestamp
        Where it is worst.
    scenario : int
        Where it is worst.
    amount : float
        The smaller of the two flows, or what lies in a piece too dear [kW or m3/h].
    steps : int
        Steps in which it happens, over all scenarios.
    """

    flows: tuple[str, ...]
    time_utc: pd.Timestamp
    scenario: int
    amount: float
    steps: int

    def __str__(self) -> str:
        """Say it in one sentence."""
        what = f"{self.flows[0]} skips the cheap part of its curve"
        if len(self.flows) > 1:
            what = f"{self.flows[0]} and {self.flows[1]} run at once"
        return f"{what}, worst by {self.amount:.3g} at {self.time_utc} in scenario {self.scenario}, {self.steps} times"


def find_simultaneous(instance: Instance, columns: Array) -> tuple[Simultaneous, ...]:
    """Look for what should not happen at once.

    Parameters
    ----------
    instance : Instance
        Template and data.
    columns : numpy.ndarray
        Values of all columns, shape (scenario, column).

    Returns
    -------
    tuple of Simultaneous
        One for each pair or curve, with its worst step.
    """
    return tuple(_found(instance, columns))


def _found(instance: Instance, columns: Array) -> Iterator[Simultaneous]:
    network, t, tables = instance.network, instance.template, instance.tables
    flows = columns[:, t.column_slice["flow"]].reshape(len(columns), len(network.arcs), -1)
    at = {arc.name: i for i, arc in enumerate(network.arcs)}
    for pair in network.opposites:
        yield from _worst(pair, np.minimum(flows[:, at[pair[0]]], flows[:, at[pair[1]]]), tables)
    pieces = columns[:, t.column_slice["piece"]].reshape(len(columns), -1, t.shape.steps)
    widths = instance.theta[t.data_slice["chord_width"]].T.reshape(pieces.shape)
    first = 0
    for coupling in network.chorded:
        own = slice(first, first + len(coupling.chords))
        empty = widths[:, own] - pieces[:, own]
        yield from _worst((coupling.arc,), np.minimum(empty[:, :-1], pieces[:, own][:, 1:]).max(axis=1), tables)
        first += len(coupling.chords)


def _worst(flows: tuple[str, ...], amount: Array, tables: Any) -> Iterator[Simultaneous]:
    """Yield the worst of amounts of shape (scenario, step), where any is noticeable."""
    if amount.size and amount.max() > NOTICEABLE:
        s, step = np.unravel_index(int(amount.argmax()), amount.shape)
        count = int((amount > NOTICEABLE).sum())
        yield Simultaneous(flows, tables.times[step], int(tables.scenarios[s]), float(amount[s, step]), count)


def forbidding(network: Network, found: Iterable[Simultaneous]) -> Network:
    """Give the network in which what was found is forbidden by binaries, where the flows have a capacity."""
    flows = [one.flows for one in found]
    capped = {a.name for a in network.arcs if isinstance(a.capacity, Source) or np.isfinite(a.capacity)}
    groups = tuple(pair for pair in flows if len(pair) > 1 and pair not in network.exclusive and set(pair) <= capped)
    couplings = tuple(
        replace(coupling, ordered=True) if (coupling.arc,) in flows else coupling for coupling in network.couplings
    )
    return replace(network, exclusive=network.exclusive + groups, couplings=couplings)
