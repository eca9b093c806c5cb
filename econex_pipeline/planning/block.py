"""The mathematics, stated once: one function per family of constraints, each opening with its formula.

The same statement serves twice. Given floats it is an ordinary Pyomo model, the readable oracle. Given Pyomo
variables as data it is compiled into a template, so every family must be affine in the data; products of data are
multiplied before they come here. Symbols: x flow, V stored amount, g schedule, u and d deviation up and down, m missing
reserve, w filled tranche; a arc, n node, s storage, c commitment, j tranche, t step, D length of the step [h].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyomo.environ as pyo

from econex_pipeline.planning.elements import Arc, Coupling, Network, Source


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
    """

    steps: int
    commit_steps: int
    tranches: tuple[int, ...]


def data_index(network: Network, shape: Shape) -> dict[str, list[Any]]:
    """List the keys of every data family, in the order of the data vector.

    Parameters
    ----------
    network : Network
        The network.
    shape : Shape
        Horizon and tranches.

    Returns
    -------
    dict of str to list of (str, int) or str
        Family name to its keys; a family over time runs over steps fastest.
    """
    steps, committed = range(shape.steps), range(shape.commit_steps)
    filled = [(s.name, j) for s, count in zip(network.storages, shape.tranches, strict=True) for j in range(count)]
    return {
        "supply": [(n.name, t) for n in network.nodes if n.supply for t in steps],
        "demand": [(n.name, t) for n in network.nodes if n.demand for t in steps],
        "capacity": [(a.name, t) for a in network.arcs for t in steps],
        "cost": [(a.name, t) for a in network.arcs for t in steps],
        "gain": [(a.name, t) for a in network.arcs if isinstance(a.gain, Source) for t in steps],
        "intensity": [(k.arc, t) for k in network.couplings for t in steps],
        "recovery": [(r.element, t) for r in network.recoveries for t in steps],
        "deviation_cost": [(c.element, t) for c in network.commitments for t in committed],
        "start": [s.name for s in network.storages],
        "reserve": [(s.name, t) for s in network.storages if s.reserve for t in steps],
        "reserve_cost": [(s.name, t) for s in network.storages if s.reserve for t in steps],
        "tranche_width": filled,
        "tranche_value": filled,
    }


def variable_index(network: Network, shape: Shape) -> dict[str, list[Any]]:
    """List the keys of every family of variables, in the order of the columns."""
    committed = [(c.element, t) for c in network.commitments for t in range(shape.commit_steps)]
    return {
        "schedule": committed,
        "flow": [(a.name, t) for a in network.arcs for t in range(shape.steps)],
        "stored": [(s.name, t) for s in network.storages for t in range(shape.steps + 1)],
        "up": committed,
        "down": committed,
        "missing": data_index(network, shape)["reserve"],
        "tranche": data_index(network, shape)["tranche_width"],
    }


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

    def gain(self, arc: Arc, t: int) -> Any:
        """Give what the head receives per unit of flow."""
        return self.data["gain"][arc.name, t] if isinstance(arc.gain, Source) else arc.gain


def energy_with_water(s: Statement, n: str, t: int) -> Any:
    """sum_k sign_k k[a,t] x[a,t]: power that water arcs generate (+) and consume (-) at node n  [kW]."""
    intensity, flow = s.data["intensity"], s.block.flow
    return sum(k.sign * intensity[k.arc, t] * flow[k.arc, t] for k in s.coupled[n])


def change_of_storage(s: Statement, n: str, t: int) -> Any:
    """(V[s,t+1] - (1 - loss_s D) V[s,t]) / D: what the holdover arc of node n takes up  [kW or m3/h]."""
    storage = s.network.storage_at.get(n)
    if storage is None:
        return 0.0
    step_h, stored = s.network.step_h, s.block.stored
    kept = 1.0 - storage.standing_loss_frac_h * step_h
    return (1.0 / step_h) * stored[storage.name, t + 1] - (kept / step_h) * stored[storage.name, t]


def mass_balance(s: Statement, n: str, t: int) -> Any:
    """sum_in gain x - sum_out draw x + energy with water - change of storage + supply[n,t] - demand[n,t] = 0."""
    flow, node = s.block.flow, s.network.node[n]
    inflow = sum(s.gain(arc, t) * flow[arc.name, t] for arc in s.into[n])
    outflow = sum(arc.draw * flow[arc.name, t] for arc in s.out_of[n])
    demand = s.data["demand"][n, t] if node.demand else 0.0
    supply = s.data["supply"][n, t] if node.supply else 0.0
    return inflow - outflow + energy_with_water(s, n, t) - change_of_storage(s, n, t) + supply - demand == 0.0


def capacity(s: Statement, a: str, t: int) -> Any:
    """x[a,t] <= U[a,t]."""
    return s.block.flow[a, t] <= s.data["capacity"][a, t]


def start_of_storage(s: Statement, name: str) -> Any:
    """V[s,0] = start_s."""
    return s.block.stored[name, 0] == s.data["start"][name]


def energy_recovery(s: Statement, element: str, t: int) -> Any:
    """x[power,t] <= gamma[t] x[water,t]: what is not recovered took the bypass."""
    recovery = next(r for r in s.network.recoveries if r.element == element)
    flow = s.block.flow
    return flow[recovery.power, t] - s.data["recovery"][element, t] * flow[recovery.arc, t] <= 0.0


def commitment(s: Statement, element: str, t: int) -> Any:
    """sum_plus x - sum_minus x - g[c,t] - u[c,t] + d[c,t] = 0: recourse may deviate from the schedule, at a price."""
    committed = next(c for c in s.network.commitments if c.element == element)
    flow, b = s.block.flow, s.block
    actual = sum(flow[a, t] for a in committed.plus) - sum(flow[a, t] for a in committed.minus)
    return actual - b.schedule[element, t] - b.up[element, t] + b.down[element, t] == 0.0


def reserve(s: Statement, name: str, t: int) -> Any:
    """V[s,t+1] + m[s,t] >= R[s,t]: what is missing from the reserve at the end of the step."""
    return s.block.stored[name, t + 1] + s.block.missing[name, t] >= s.data["reserve"][name, t]


def end_of_storage(s: Statement, name: str) -> Any:
    """sum_j w[s,j] - V[s,T] = 0: what is left fills the tranches."""
    at = [storage.name for storage in s.network.storages].index(name)
    filled = sum(s.block.tranche[name, j] for j in range(s.shape.tranches[at]))
    return filled - s.block.stored[name, s.shape.steps] == 0.0


def tranche_width(s: Statement, name: str, j: int) -> Any:
    """w[s,j] <= W[s,j]."""
    return s.block.tranche[name, j] <= s.data["tranche_width"][name, j]


def objective(s: Statement) -> Any:
    """Total = sum_t D (C[a,t] x[a,t] + P[c,t] (u[c,t] + d[c,t]) + M[s,t] m[s,t]) - sum_j v[s,j] w[s,j]  [USD]."""
    b, step_h, index = s.block, s.network.step_h, data_index(s.network, s.shape)
    exchange = sum(step_h * s.data["cost"][key] * b.flow[key] for key in index["cost"])
    deviation = sum(
        step_h * s.data["deviation_cost"][key] * (b.up[key] + b.down[key]) for key in index["deviation_cost"]
    )
    missing = sum(step_h * s.data["reserve_cost"][key] * b.missing[key] for key in index["reserve_cost"])
    left = sum(s.data["tranche_value"][key] * b.tranche[key] for key in index["tranche_value"])
    return exchange + deviation + missing - left


Family = Callable[..., Any]

FAMILIES: dict[str, tuple[Family, Callable[[Network, Shape], list[Any]]]] = {
    "mass_balance": (mass_balance, lambda n, k: [(node.name, t) for node in n.nodes for t in range(k.steps)]),
    "energy_recovery": (energy_recovery, lambda n, k: data_index(n, k)["recovery"]),
    "commitment": (commitment, lambda n, k: data_index(n, k)["deviation_cost"]),
    "reserve": (reserve, lambda n, k: data_index(n, k)["reserve"]),
    "end_of_storage": (
        end_of_storage,
        lambda n, k: [s.name for s, count in zip(n.storages, k.tranches, strict=True) if count],
    ),
    "capacity": (capacity, lambda n, k: data_index(n, k)["capacity"]),
    "start_of_storage": (start_of_storage, lambda n, k: data_index(n, k)["start"]),
    "tranche_width": (tranche_width, lambda n, k: data_index(n, k)["tranche_width"]),
}
"""Families of constraints by name, each with the keys it stands for; `docs/formulation.md` shows the same."""

BOUNDS = ("capacity", "start_of_storage", "tranche_width")
"""Families that limit one variable each: the template makes them bounds of columns instead of rows."""


def state(block: Any, network: Network, shape: Shape, data: Mapping[str, Mapping[Any, Any]]) -> None:
    """State the problem of one scenario on a Pyomo block.

    Parameters
    ----------
    block : pyomo Block or ConcreteModel
        Receives variables, constraints and the objective ``total``.
    network : Network
        The network.
    shape : Shape
        Horizon, commitment and tranches.
    data : mapping of str to mapping
        Per family of `data_index`, key to a float (oracle) or a Pyomo variable (template).
    """
    s = Statement(network, shape, data, block)
    index = variable_index(network, shape)
    limits = {c.element: (c.lower, c.upper) for c in network.commitments}
    block.schedule = pyo.Var(index["schedule"], bounds=lambda _, element, t: limits[element])
    block.flow = pyo.Var(index["flow"], within=pyo.NonNegativeReals)
    block.stored = pyo.Var(index["stored"], bounds=lambda _, name, t: (0.0, network.storage[name].capacity))
    block.up = pyo.Var(index["up"], within=pyo.NonNegativeReals)
    block.down = pyo.Var(index["down"], within=pyo.NonNegativeReals)
    block.missing = pyo.Var(index["missing"], within=pyo.NonNegativeReals)
    block.tranche = pyo.Var(index["tranche"], within=pyo.NonNegativeReals)
    for name, (family, keys) in FAMILIES.items():
        block.add_component(name, pyo.Constraint(keys(network, shape), rule=_rule(family, s)))
    block.total = pyo.Objective(expr=objective(s), sense=pyo.minimize)


def _rule(family: Family, s: Statement) -> Callable[..., Any]:
    return lambda _, *key: family(s, *key)
