"""The words of the network: nodes, arcs, holdovers, couplings. Data only; `network` builds it.

Here stand nodes, arcs, storages and the whole; `couplings` has what follows a flow or was promised of it, `money` what
it costs, `sources` where a number comes from.

Flow of an arc is what a meter on it would read; `draw` and `gain` say what it takes from its tail and gives to its
head per unit of that flow.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from econex_pipeline.planning.couplings import Chord, Commitment, Coupling, Recovery
from econex_pipeline.planning.money import Cost, EndValues, Part, Target, Targets, Tranche, Weights
from econex_pipeline.planning.sources import Layer, Source

if TYPE_CHECKING:
    from econex_pipeline.planning.layout import Layout

__all__ = [
    "AMOUNT_QUANTITY",
    "MARGINAL_QUANTITY",
    "RATE_QUANTITY",
    "Arc",
    "Chord",
    "Commitment",
    "Cost",
    "Coupling",
    "EndValues",
    "Layer",
    "Network",
    "Node",
    "Part",
    "Recovery",
    "Source",
    "Storage",
    "Target",
    "Targets",
    "Tranche",
    "Weights",
]

RATE_QUANTITY: dict[str, str] = {"E": "power_kw", "P": "flow_m3_h", "W": "flow_m3_h"}
AMOUNT_QUANTITY: dict[str, str] = {"E": "stored_kwh", "P": "level_m3", "W": "level_m3"}
MARGINAL_QUANTITY: dict[str, str] = {
    "E": "marginal_value_usd_kwh",
    "P": "marginal_value_usd_m3",
    "W": "marginal_value_usd_m3",
}


@dataclass(frozen=True)
class Node:
    """A place in one layer, where flows balance in every step.

    Attributes
    ----------
    name : str
        ``<place>.<layer>``, or the name of a device that is a node of its own (a battery).
    place : str
        Node of the district.
    layer : {"E", "P", "W"}
        Energy [kW], potable water [m3/h], raw water [m3/h].
    supply, demand : tuple of str
        Columns of PROFILES (at `place`) that enter and leave here.
    """

    name: str
    place: str
    layer: Layer
    supply: tuple[str, ...] = ()
    demand: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arc:
    """A directed arc; `tail` or `head` is None where it comes from, or goes to, the outside.

    Attributes
    ----------
    name : str
        Element name in PLAN and OPERATIONS.
    kind : str
        line, pumped, gravity, drain, turbined, backup, import, export, pv, treatment, charge, discharge, recovered,
        unserved, overflow, sewer, dump.
    tail, head : str or None
        Names of nodes.
    layer : {"E", "P", "W"}
        Layer its flow is counted in.
    capacity : float or Source
        Largest flow [kW or m3/h].
    draw : float
        Taken from the tail per unit of flow.
    gain : float or Source
        Given to the head per unit of flow.
    costs : tuple of Cost
        Lines of the objective.
    minimum : float
        Least flow while it runs; 0 for none [kW or m3/h].
    ramp : float or None
        Most its flow changes in an hour [kW/h or m3/h per h].
    """

    name: str
    kind: str
    tail: str | None
    head: str | None
    layer: Layer
    capacity: float | Source
    draw: float = 1.0
    gain: float | Source = 1.0
    costs: tuple[Cost, ...] = ()
    minimum: float = 0.0
    ramp: float | None = None


@dataclass(frozen=True)
class Storage:
    """The holdover arc of a node: what stays from one step to the next.

    Attributes
    ----------
    name : str
        Element name.
    node : str
        Name of its node; one holdover per node at most.
    layer : {"E", "P", "W"}
        Layer.
    capacity : float
        Largest amount [kWh or m3].
    standing_loss_frac_h : float
        Share lost per hour, from the first step on.
    reserve : float
        Amount below which it should not stand; 0 for none [kWh or m3].
    reserve_usd_h : float
        Price of each unit missing from the reserve for an hour [USD/kWh/h or USD/m3/h].
    """

    name: str
    node: str
    layer: Layer
    capacity: float
    standing_loss_frac_h: float = 0.0
    reserve: float = 0.0
    reserve_usd_h: float = 0.0


@dataclass(frozen=True)
class Network:
    """The district as the optimizer sees it: any number of nodes, any subset of devices.

    Attributes
    ----------
    name : str
        District.
    step_h : float
        Step length [h].
    nodes, arcs, storages, couplings, recoveries, commitments : tuple
        The elements, in a fixed order that rows and columns follow.
    weights : Weights
        Weights of the objective.
    end_values : tuple of (str, tuple of Tranche)
        The district's own end values, without what a turbine adds.
    start : tuple of (str, float)
        The district's start amount of each storage [kWh or m3].
    exclusive : tuple of tuple of str
        Arcs of which only one runs at a time.
    """

    name: str
    step_h: float
    nodes: tuple[Node, ...]
    arcs: tuple[Arc, ...]
    storages: tuple[Storage, ...]
    couplings: tuple[Coupling, ...]
    recoveries: tuple[Recovery, ...]
    commitments: tuple[Commitment, ...]
    weights: Weights
    end_values: tuple[tuple[str, tuple[Tranche, ...]], ...]
    start: tuple[tuple[str, float], ...]
    exclusive: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def node(self) -> dict[str, Node]:
        """Nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def arc(self) -> dict[str, Arc]:
        """Arcs by name."""
        return {arc.name: arc for arc in self.arcs}

    @cached_property
    def storage(self) -> dict[str, Storage]:
        """Storages by name."""
        return {storage.name: storage for storage in self.storages}

    @cached_property
    def storage_at(self) -> dict[str, Storage]:
        """Storages by node name."""
        return {storage.node: storage for storage in self.storages}

    @cached_property
    def switched(self) -> tuple[str, ...]:
        """Arcs that are either on or off: a binary in every step."""
        grouped = {name for group in self.exclusive for name in group}
        return tuple(arc.name for arc in self.arcs if arc.minimum > 0.0 or arc.name in grouped)

    @cached_property
    def chorded(self) -> tuple[Coupling, ...]:
        """Couplings whose energy per m3 changes with flow."""
        return tuple(coupling for coupling in self.couplings if coupling.chords)

    @cached_property
    def opposites(self) -> tuple[tuple[str, str], ...]:
        """Pairs of arcs that undo each other: to and fro between two nodes, in from and out to a utility."""
        pairs: list[tuple[str, str]] = []
        seen: dict[tuple[str | None, str | None], list[str]] = {}
        for arc in self.arcs:
            utility = arc.kind in ("import", "export")
            if (arc.tail is None or arc.head is None) and not utility:
                continue
            for other in seen.get((arc.head, arc.tail), ()):
                pairs.append((other, arc.name))
            seen.setdefault((arc.tail, arc.head), []).append(arc.name)
        return tuple(pairs)

    @cached_property
    def layouts(self) -> dict[tuple[str, ...], Layout]:
        """Where its data stand in tables, by the order of the nodes there; `layout_of` fills it."""
        return {}

    @cached_property
    def topology(self) -> str:
        """Digest of everything a compiled template depends on."""
        text = repr((self.step_h, self.nodes, self.arcs, self.storages, self.couplings, self.recoveries))
        return hashlib.sha256((text + repr((self.commitments, self.exclusive))).encode()).hexdigest()
