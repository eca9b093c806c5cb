"""Where each number of a network's data stands in the arrays of `tables`: looked up once, gathered again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.contracts.tables import PRICE_VALUES, PROFILE_VALUES
from econex_pipeline.planning.elements import Coupling, Network
from econex_pipeline.planning.sources import Source

NOT_FLOWS = ("turbidity_ntu", "water_temperature_c")
Array = np.ndarray[Any, np.dtype[Any]]
Picked = tuple[Array, Array]
"""Rows to fill, and the rows of an array they are filled from."""


def sources(network: Network) -> list[Source]:
    """List what the network needs from COEFFICIENTS, each once."""
    found: dict[Source, None] = {}
    for arc in network.arcs:
        for value in (arc.capacity, arc.gain):
            if isinstance(value, Source) and value.table == "coefficients":
                found[value] = None
    limits = (commitment.upper for commitment in network.commitments)
    found |= dict.fromkeys(limit for limit in limits if isinstance(limit, Source))
    found |= dict.fromkeys(coupling.source for coupling in network.couplings)
    found |= dict.fromkeys(recovery.source for recovery in network.recoveries)
    return list(found)


@dataclass(frozen=True)
class Series:
    """A family of series: each a constant, a row of the profiles or a row of the coefficients."""

    constant: Array
    of_profiles: Picked
    of_coefficients: Picked

    def fill(self, out: Array, profiles: Array, coefficients: Array) -> None:
        """Write all of them into an array of shape (series, step, scenario)."""
        if not len(self.constant):
            return
        out[:] = self.constant[:, None, None]
        for (rows, at), values in ((self.of_profiles, profiles), (self.of_coefficients, coefficients)):
            if len(rows):
                out[rows] = values[at]


@dataclass(frozen=True)
class CostLines:
    """The cost lines of a network's arcs.

    Attributes
    ----------
    sums : scipy.sparse.csr_array, shape (arc, line)
        Which lines each arc has; those of what a treatment rejects are left out.
    weight : numpy.ndarray, shape (line, 1)
        Weight of each line in the objective.
    factor : numpy.ndarray, shape (line, 1)
        Constant factors.
    price : numpy.ndarray, shape (line,)
        Columns of PRICES; one past the last for none.
    late : numpy.ndarray
        Lines that count by lateness.
    step_h : float
        Length of a step [h].
    rejects : tuple of (int, int, Source)
        Place of the arc, line, and the recovery of the treatment whose reject it counts.
    """

    sums: sparse.csr_array
    weight: Array
    factor: Array
    price: Array
    late: Array
    step_h: float
    rejects: tuple[tuple[int, int, Source], ...]

    @classmethod
    def of(cls, network: Network) -> CostLines:
        """Lay out the lines of the arcs of a network."""
        lines = [(place, arc, cost) for place, arc in enumerate(network.arcs) for cost in arc.costs]
        rejects = tuple(
            (place, line, arc.gain)
            for line, (place, arc, cost) in enumerate(lines)
            if cost.per == "reject" and isinstance(arc.gain, Source)
        )
        without = {line for _, line, _ in rejects}
        summed = [(place, line) for line, (place, _, _) in enumerate(lines) if line not in without]
        at = tuple(_whole(one) for one in zip(*summed, strict=True)) if summed else (_whole(()), _whole(()))
        none = len(PRICE_VALUES)
        return cls(
            sparse.csr_array((np.ones(len(summed)), at), shape=(len(network.arcs), len(lines))),
            np.array([[network.weights.of(cost.part)] for _, _, cost in lines], dtype=float).reshape(-1, 1),
            np.array([[cost.factor] for _, _, cost in lines], dtype=float).reshape(-1, 1),
            _whole(none if cost.price is None else PRICE_VALUES.index(cost.price) for _, _, cost in lines),
            _whole(line for line, (_, _, cost) in enumerate(lines) if cost.per == "lateness"),
            network.step_h,
            rejects,
        )

    def fill(self, out: Array, prices: Array, gain: Callable[[Source], Array]) -> None:
        """Write the weighted sum of each arc's lines per unit of flow.

        Parameters
        ----------
        out : numpy.ndarray, shape (arc, step, scenario)
            Receives them [USD].
        prices : numpy.ndarray, shape (column + 1, step)
            PRICES, and ones.
        gain : callable
            Gives a treatment's recovery, shape (step, scenario).
        """
        price = self.factor * prices[self.price]
        if len(self.late):
            price[self.late] *= self.step_h * (1.0 + np.arange(prices.shape[1]))
        out[:] = (self.sums @ (self.weight * price))[:, :, None]
        for place, line, source in self.rejects:
            out[place] += self.weight[line] * (price[line][:, None] * (1.0 - gain(source)))


class Layout:
    """Where a network's data stand, for profiles with their nodes in a given order.

    Parameters
    ----------
    network : Network
        Says what is needed.
    places : tuple of str
        Nodes of the profiles, in the order of their rows.

    Raises
    ------
    InputError
        If a node of the network with supply or demand has no profile.
    """

    def __init__(self, network: Network, places: tuple[str, ...]) -> None:
        self.network, self.places = network, {place: i for i, place in enumerate(places)}
        for node in network.nodes:
            if (node.supply or node.demand) and node.place not in self.places:
                raise InputError("PROFILES", "node", sorted(self.places), f"rows of node '{node.place}' as well")
        self.sources = tuple(sources(network))
        self.row = {source: i for i, source in enumerate(self.sources)}
        self.supply = self._sums([(node.place, node.supply) for node in network.nodes if node.supply])
        self.demand = self._sums([(node.place, node.demand) for node in network.nodes if node.demand])
        self.capacity = self._series([arc.capacity for arc in network.arcs])
        self.gain = self._series([arc.gain for arc in network.arcs if isinstance(arc.gain, Source)])
        self.intensity = self._series([k.source for k in network.couplings if not k.chords])
        self.recovery = self._series([recovery.source for recovery in network.recoveries])
        self.costs = CostLines.of(network)

    @cached_property
    def most(self) -> Array:
        """Largest possible value of each source."""
        return np.array([1.0 if source.quantity.endswith("_frac") else np.inf for source in self.sources])

    @cached_property
    def lost(self) -> Array:
        """Rows of the profiles that nothing in the network takes, turbidity and temperature apart."""
        flows = [PROFILE_VALUES.index(column) for column in PROFILE_VALUES if column not in NOT_FLOWS]
        rows = {place * len(PROFILE_VALUES) + column for place in self.places.values() for column in flows}
        for node in self.network.nodes:
            rows -= {self.profile_row(node.place, column) for column in (*node.supply, *node.demand)}
        return _whole(sorted(rows - set(self.capacity.of_profiles[1].tolist())))

    @cached_property
    def uncapped(self) -> list[int]:
        """Places of the arcs without a finite capacity."""
        return np.flatnonzero(~np.isfinite(self.capacity.constant)).tolist()

    @cached_property
    def unreached(self) -> tuple[tuple[str, str, str], ...]:
        """Layer, place and column of each demand to which nothing leads that could give."""
        network = self.network
        reached = {arc.head for arc in network.arcs if arc.tail is None and arc.kind != "unserved"}
        reached |= {node.name for node in network.nodes if node.supply}
        reached |= {storage.node for storage in network.storages}
        reached |= {coupling.node for coupling in network.couplings if coupling.sign > 0}
        onward: dict[str, list[str]] = {}
        for arc in network.arcs:
            if arc.tail is not None and arc.head is not None and arc.capacity != 0.0:
                onward.setdefault(arc.tail, []).append(arc.head)
        waiting = [name for name in reached if name is not None]
        while waiting:
            for head in onward.get(waiting.pop(), ()):
                if head not in reached:
                    reached.add(head)
                    waiting.append(head)
        lost = [node for node in network.nodes if node.name not in reached]
        return tuple((node.layer, node.place, column) for node in lost for column in node.demand)

    @cached_property
    def ups_and_downs(self) -> tuple[tuple[Coupling, Coupling], ...]:
        """Turbines with the pumps between the same two nodes."""
        arc, couplings = self.network.arc, self.network.couplings
        return tuple(
            (turbine, pump)
            for turbine in couplings
            for pump in couplings
            if turbine.sign > 0 > pump.sign
            and (arc[pump.arc].tail, arc[pump.arc].head) == (arc[turbine.arc].head, arc[turbine.arc].tail)
        )

    def profile_row(self, place: str, column: str) -> int:
        """Give the row of a node's profile."""
        return self.places[place] * len(PROFILE_VALUES) + PROFILE_VALUES.index(column)

    def _sums(self, wanted: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[Picked, ...]:
        """Lay out sums of profiles: the first term of each, the second of those that have one, and so on."""
        terms = max((len(columns) for _, columns in wanted), default=0)
        picked = []
        for term in range(terms):
            own = [
                (i, self.profile_row(place, columns[term]))
                for i, (place, columns) in enumerate(wanted)
                if term < len(columns)
            ]
            picked.append((_whole(i for i, _ in own), _whole(at for _, at in own)))
        return tuple(picked)

    def _series(self, values: Sequence[float | Source]) -> Series:
        constant = np.array([0.0 if isinstance(value, Source) else value for value in values], dtype=float)
        named = [(i, value) for i, value in enumerate(values) if isinstance(value, Source)]
        profiles = [(i, self.profile_row(v.element, v.quantity)) for i, v in named if v.table == "profiles"]
        others = [(i, self.row[v]) for i, v in named if v.table == "coefficients"]
        return Series(
            constant, *((_whole(i for i, _ in own), _whole(at for _, at in own)) for own in (profiles, others))
        )


def layout_of(network: Network, places: tuple[str, ...]) -> Layout:
    """Give the layout of a network for nodes in this order, made the first time."""
    if places not in network.layouts:
        network.layouts[places] = Layout(network, places)
    return network.layouts[places]


def add_up(out: Array, terms: tuple[Picked, ...], profiles: Array) -> None:
    """Write sums of profiles into an array of shape (sum, step, scenario)."""
    for first, (rows, at) in enumerate(terms):
        if first:
            out[rows] += profiles[at]
        else:
            out[rows] = profiles[at]


def _whole(numbers: Iterable[int]) -> Array:
    return np.fromiter(numbers, dtype=np.intp)
