"""The words of the network: nodes, arcs, holdovers, couplings, costs. Data only; who builds them is in `network`.

Flow of an arc is what a meter on it would read; `draw` and `gain` say what it takes from its tail and gives to its
head per unit of that flow.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Layer = Literal["E", "P", "W"]
Part = Literal["econ", "res", "operation", "penalty"]

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
class Source:
    """Where a number that varies by step comes from.

    Attributes
    ----------
    table : {"coefficients", "profiles"}
        Table of the corridor.
    element : str
        Element of COEFFICIENTS, or node of PROFILES.
    quantity : str
        Quantity of COEFFICIENTS, or column of PROFILES.
    """

    table: Literal["coefficients", "profiles"]
    element: str
    quantity: str


@dataclass(frozen=True)
class Cost:
    """One line of the objective on an arc: ``factor * price`` per unit of flow.

    Attributes
    ----------
    line : str
        Name of the line in the parts of the objective, for example ``grid_import_usd``.
    part : {"econ", "res", "operation", "penalty"}
        Sum it belongs to: Z_econ, Z_res, operation, penalties.
    factor : float
        Sign and constant; the whole unit cost where `price` is None.
    price : str or None
        Column of PRICES.
    per : {"flow", "reject", "lateness"}
        Per unit of flow; or of what a treatment rejects, ``(1 - gain) * flow``; or of flow times the hours from the
        start to the end of its step.
    """

    line: str
    part: Part
    factor: float
    price: str | None = None
    per: Literal["flow", "reject", "lateness"] = "flow"


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
class Coupling:
    """Energy that goes with water: consumed or generated per m3 on an arc, at a node of the energy layer.

    Attributes
    ----------
    arc : str
        Water arc (or treatment) whose flow it follows.
    node : str
        Node of the energy layer.
    sign : {-1, 1}
        -1 consumes, +1 generates.
    source : Source
        kWh per m3 of flow, >= 0.
    """

    arc: str
    node: str
    sign: Literal[-1, 1]
    source: Source


@dataclass(frozen=True)
class Recovery:
    """Energy that may be recovered from a water arc, up to kWh per m3: the rest of the water takes the bypass.

    Attributes
    ----------
    element : str
        Element the generated power is reported under, for example ``mains``.
    arc : str
        Water arc.
    power : str
        Arc of the energy layer that carries the recovered power.
    source : Source
        kWh per m3 of flow, >= 0.
    """

    element: str
    arc: str
    power: str
    source: Source


@dataclass(frozen=True)
class Commitment:
    """A device whose schedule is decided before the scenarios part: ``sum of arcs = schedule + up - down``.

    Attributes
    ----------
    element : str
        Element name of the schedule: ``grid`` or a treatment.
    plus, minus : tuple of str
        Arcs that count with + and with -.
    lower, upper : float
        Range of the schedule [kW or m3/h].
    deviation_usd : float
        Price of one unit of deviation, up or down [USD/kWh or USD/m3].
    layer : {"E", "P", "W"}
        Decides the unit.
    """

    element: str
    plus: tuple[str, ...]
    minus: tuple[str, ...]
    lower: float
    upper: float
    deviation_usd: float
    layer: Layer


@dataclass(frozen=True)
class Tranche:
    """A width of storage and what a unit in it is worth at the end of a horizon [kWh or m3, USD per unit]."""

    width: float
    value_usd: float


EndValues = dict[str, tuple[Tranche, ...]]
"""Concave value of what is stored at the end, per storage: tranches from empty to full, values not increasing."""


@dataclass(frozen=True)
class Weights:
    """How the parts of the objective add up: ``alpha Z_econ + beta Z_res``; the weights inside Z_res."""

    alpha: float
    beta: float
    carbon_usd_kg: float
    scarcity_usd_m3: float
    waste_usd_m3: float

    def of(self, part: Part) -> float:
        """Give the weight of a part of the objective."""
        return {"econ": self.alpha, "res": self.beta}.get(part, 1.0)


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
    def topology(self) -> str:
        """Digest of everything a compiled template depends on."""
        text = repr((self.step_h, self.nodes, self.arcs, self.storages, self.couplings, self.recoveries))
        return hashlib.sha256((text + repr(self.commitments)).encode()).hexdigest()
