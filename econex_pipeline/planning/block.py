"""The mathematics, stated once: one function per family of constraints, each opening with its formula.

The same statement serves twice. Given floats it is an ordinary Pyomo model, the readable oracle. Given Pyomo
variables as data it is compiled into a template, so every family must be affine in the data; products of data are
multiplied before they come here. The families stand by subject in `balances`, `flows` and `switches`; the objective and
the list of all of them is here. Symbols: x flow, V stored amount, g schedule, u and d deviation up and down, m missing
reserve, w filled tranche, f shortfall of a target, q piece of a flow, z on, y piece is full; a arc, n node, s storage,
c commitment, j tranche or piece, t step, D length of the step [h].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyomo.environ as pyo

from econex_pipeline.planning.balances import (
    change_of_storage,
    end_of_storage,
    end_target,
    energy_of_pieces,
    energy_with_water,
    mass_balance,
    reserve,
    shortfall_limit,
    start_of_storage,
    tranche_width,
)
from econex_pipeline.planning.elements import Network
from econex_pipeline.planning.flows import capacity, commitment, energy_recovery, ramp_down, ramp_up, schedule_limit
from econex_pipeline.planning.statement import Shape, Statement, data_index, ordered_pieces, variable_index
from econex_pipeline.planning.switches import (
    chord_full,
    chord_order,
    chord_width,
    chords,
    exclusive,
    minimum_output,
    on_off,
)

__all__ = [
    "BINARY",
    "BOUNDS",
    "FAMILIES",
    "TERMS",
    "Shape",
    "data_index",
    "mass_balance",
    "objective",
    "state",
    "variable_index",
]


def objective(s: Statement) -> Any:
    """Total = sum_t D (C[a,t] x[a,t] + P[c,t] (u[c,t] + d[c,t]) + M[s,t] m[s,t]) + N[s] f[s] - v[s,j] w[s,j]  [USD]."""
    b, step_h, index = s.block, s.network.step_h, data_index(s.network, s.shape)
    exchange = sum(step_h * s.data["cost"][key] * b.flow[key] for key in index["cost"])
    deviation = sum(
        step_h * s.data["deviation_cost"][key] * (b.up[key] + b.down[key]) for key in index["deviation_cost"]
    )
    missing = sum(step_h * s.data["reserve_cost"][key] * b.missing[key] for key in index["reserve_cost"])
    short = sum(s.data["shortfall_cost"][key] * b.shortfall[key] for key in index["shortfall_cost"])
    left = sum(s.data["tranche_value"][key] * b.tranche[key] for key in index["tranche_value"])
    return exchange + deviation + missing + short - left


Family = Callable[..., Any]


def _ramped(network: Network, shape: Shape) -> list[Any]:
    return [(arc.name, t) for arc in network.arcs if arc.ramp is not None for t in range(1, shape.steps)]


def _least(network: Network, shape: Shape) -> list[Any]:
    return [(arc.name, t) for arc in network.arcs if arc.minimum > 0.0 for t in range(shape.steps)]


FAMILIES: dict[str, tuple[Family, Callable[[Network, Shape], list[Any]]]] = {
    "mass_balance": (mass_balance, lambda n, k: [(node.name, t) for node in n.nodes for t in range(k.steps)]),
    "energy_recovery": (energy_recovery, lambda n, k: data_index(n, k)["recovery"]),
    "commitment": (commitment, lambda n, k: data_index(n, k)["deviation_cost"]),
    "reserve": (reserve, lambda n, k: data_index(n, k)["reserve"]),
    "end_of_storage": (
        end_of_storage,
        lambda n, k: [s.name for s, count in zip(n.storages, k.tranches, strict=True) if count],
    ),
    "end_target": (end_target, lambda n, k: data_index(n, k)["target"]),
    "ramp_up": (ramp_up, _ramped),
    "ramp_down": (ramp_down, _ramped),
    "chords": (chords, lambda n, k: [(coupling.arc, t) for coupling in n.chorded for t in range(k.steps)]),
    "chord_full": (chord_full, ordered_pieces),
    "chord_order": (chord_order, ordered_pieces),
    "on_off": (on_off, lambda n, k: variable_index(n, k)["on"]),
    "minimum_output": (minimum_output, _least),
    "exclusive": (exclusive, lambda n, k: [(i, t) for i in range(len(n.exclusive)) for t in range(k.steps)]),
    "capacity": (capacity, lambda n, k: data_index(n, k)["capacity"]),
    "start_of_storage": (start_of_storage, lambda n, k: data_index(n, k)["start"]),
    "tranche_width": (tranche_width, lambda n, k: data_index(n, k)["tranche_width"]),
    "shortfall_limit": (shortfall_limit, lambda n, k: data_index(n, k)["shortfall_limit"]),
    "schedule_limit": (schedule_limit, lambda n, k: data_index(n, k)["schedule_limit"]),
    "chord_width": (chord_width, lambda n, k: data_index(n, k)["chord_width"]),
}
"""Families of constraints by name, each with the keys it stands for; `docs/formulation.md` shows the same."""

TERMS: dict[str, Family] = {
    "energy_with_water": energy_with_water,
    "energy_of_pieces": energy_of_pieces,
    "change_of_storage": change_of_storage,
    "objective": objective,
}
"""Sums that several families share, and the objective; `docs/formulation.md` shows them as well."""

BOUNDS = ("capacity", "start_of_storage", "tranche_width", "shortfall_limit", "schedule_limit", "chord_width")
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
        Horizon, commitment, tranches and targets.
    data : mapping of str to mapping
        Per family of `data_index`, key to a float (oracle) or a Pyomo variable (template).
    """
    s = Statement(network, shape, data, block)
    index = variable_index(network, shape)
    limits = {c.element: (c.lower, c.upper if isinstance(c.upper, int | float) else None) for c in network.commitments}
    block.schedule = pyo.Var(index["schedule"], bounds=lambda _, element, t: limits[element])
    block.stored = pyo.Var(index["stored"], bounds=lambda _, name, t: (0.0, network.storage[name].capacity))
    for name in ("flow", "up", "down", "missing", "tranche", "shortfall", "piece"):
        block.add_component(name, pyo.Var(index[name], within=pyo.NonNegativeReals))
    for name in BINARY:
        block.add_component(name, pyo.Var(index[name], within=pyo.Binary))
    for name, (family, keys) in FAMILIES.items():
        block.add_component(name, pyo.Constraint(keys(network, shape), rule=_rule(family, s)))
    block.total = pyo.Objective(expr=objective(s), sense=pyo.minimize)


BINARY = ("on", "full")
"""Families of variables that are 0 or 1."""


def _rule(family: Family, s: Statement) -> Callable[..., Any]:
    return lambda _, *key: family(s, *key)
