"""What every family of constraints may look at: the keys of data and variables, and the block under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from econex_pipeline.planning.elements import Arc, Commitment, Coupling, Network, Recovery, Source


@dataclass(frozen=True)
class Shape:
    """Everything about an instance that changes rows and columns.

    Attributes
    ----------
    steps : int
        Steps of the horizon, T.
    commit_steps : int
        Steps from the start on in which a schedule stands.
    tranches : tuple of int
        Number of end-value tranches of each storage, in the network's order.
    targets : tuple of str
        Storages with a target at the end of the horizon.
    """

    steps: int
    commit_steps: int
    tranches: tuple[int, ...]
    targets: tuple[str, ...] = ()


def data_index(network: Network, shape: Shape) -> dict[str, list[Any]]:
    """List the keys of every data family, in the order of the data vector.

    Parameters
    ----------
    network : Network
        The network.
    shape : Shape
        Horizon, tranches and targets.

    Returns
    -------
    dict of str to list of tuple or str
        Family name to its keys; a family over time runs over steps fastest.
    """
    steps, committed = range(shape.steps), range(shape.commit_steps)
    filled = [(s.name, j) for s, count in zip(network.storages, shape.tranches, strict=True) for j in range(count)]
    pieces = [(k.arc, j, t) for k in network.chorded for j in range(len(k.chords)) for t in steps]
    limited = [c.element for c in network.commitments if isinstance(c.upper, Source)]
    return {
        "supply": [(n.name, t) for n in network.nodes if n.supply for t in steps],
        "demand": [(n.name, t) for n in network.nodes if n.demand for t in steps],
        "capacity": [(a.name, t) for a in network.arcs for t in steps],
        "cost": [(a.name, t) for a in network.arcs for t in steps],
        "gain": [(a.name, t) for a in network.arcs if isinstance(a.gain, Source) for t in steps],
        "intensity": [(k.arc, t) for k in network.couplings if not k.chords for t in steps],
        "chord_width": pieces,
        "chord_intensity": pieces,
        "recovery": [(r.element, t) for r in network.recoveries for t in steps],
        "deviation_cost": [(c.element, t) for c in network.commitments for t in committed],
        "schedule_limit": [(element, t) for element in limited for t in committed],
        "start": [s.name for s in network.storages],
        "reserve": [(s.name, t) for s in network.storages if s.reserve for t in steps],
        "reserve_cost": [(s.name, t) for s in network.storages if s.reserve for t in steps],
        "tranche_width": filled,
        "tranche_value": filled,
        "target": list(shape.targets),
        "shortfall_limit": list(shape.targets),
        "shortfall_cost": list(shape.targets),
    }  # fmt: skip


def variable_index(network: Network, shape: Shape) -> dict[str, list[Any]]:
    """List the keys of every family of variables, in the order of the columns."""
    committed = [(c.element, t) for c in network.commitments for t in range(shape.commit_steps)]
    data = data_index(network, shape)
    return {
        "schedule": committed,
        "flow": [(a.name, t) for a in network.arcs for t in range(shape.steps)],
        "stored": [(s.name, t) for s in network.storages for t in range(shape.steps + 1)],
        "up": committed,
        "down": committed,
        "missing": data["reserve"],
        "tranche": data["tranche_width"],
        "shortfall": data["target"],
        "piece": data["chord_width"],
        "on": [(name, t) for name in network.switched for t in range(shape.steps)],
        "full": ordered_pieces(network, shape),
    }


def ordered_pieces(network: Network, shape: Shape) -> list[Any]:
    """List the pieces that must be full before the next begins: all but the last of each curve that needs it."""
    curves = [k for k in network.chorded if k.ordered]
    return [(k.arc, j, t) for k in curves for j in range(len(k.chords) - 1) for t in range(shape.steps)]


@dataclass
class Statement:
    """What a family of constraints may look at: the network, the data, and the block with its variables."""

    network: Network
    shape: Shape
    data: Mapping[str, Mapping[Any, Any]]
    block: Any
    into: dict[str, list[Arc]] = field(init=False)
    out_of: dict[str, list[Arc]] = field(init=False)
    coupled: dict[str, list[Coupling]] = field(init=False)

    def __post_init__(self) -> None:
        self.into = {node.name: [] for node in self.network.nodes}
        self.out_of = {node.name: [] for node in self.network.nodes}
        self.coupled = {node.name: [] for node in self.network.nodes}
        for arc in self.network.arcs:
            if arc.head is not None:
                self.into[arc.head].append(arc)
            if arc.tail is not None:
                self.out_of[arc.tail].append(arc)
        for coupling in self.network.couplings:
            self.coupled[coupling.node].append(coupling)

    @cached_property
    def recovery(self) -> dict[str, Recovery]:
        """Recoveries by element."""
        return {recovery.element: recovery for recovery in self.network.recoveries}

    @cached_property
    def commitment(self) -> dict[str, Commitment]:
        """Commitments by element."""
        return {commitment.element: commitment for commitment in self.network.commitments}

    @cached_property
    def pieces(self) -> dict[str, range]:
        """Numbers of the pieces of each curve, by arc."""
        return {coupling.arc: range(len(coupling.chords)) for coupling in self.network.chorded}

    @cached_property
    def tranches(self) -> dict[str, int]:
        """Number of tranches by storage."""
        names = [storage.name for storage in self.network.storages]
        return dict(zip(names, self.shape.tranches, strict=True))

    def gain(self, arc: Arc, t: int) -> Any:
        """Give what the head receives per unit of flow."""
        return self.data["gain"][arc.name, t] if isinstance(arc.gain, Source) else arc.gain

    def ramp(self, a: str) -> float:
        """Give the most a flow changes from one step to the next."""
        return float(self.network.arc[a].ramp or 0.0) * self.network.step_h
