"""Numbers of a day into the data vector of the template: one column of theta per scenario, no loop over rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.planning.block import Shape, data_index
from econex_pipeline.planning.compiling import template
from econex_pipeline.planning.elements import Arc, Cost, EndValues, Network, Source, Target, Targets, Tranche
from econex_pipeline.planning.tables import Tables
from econex_pipeline.planning.template import Template

Array = np.ndarray[Any, np.dtype[Any]]

TRANCHES = 8
"""Tranches come in multiples of this, padded with empty ones: the template and the basis outlive new end values."""


@dataclass(frozen=True)
class Instance:
    """A template and the data of a problem.

    Attributes
    ----------
    template : Template
        The compiled block.
    tables : Tables
        Where the numbers came from.
    theta : numpy.ndarray
        Shape (data, scenario).
    """

    template: Template
    tables: Tables
    theta: Array

    @property
    def network(self) -> Network:
        """The network of the template."""
        return self.template.network

    def data_of(self, scenario: int) -> dict[str, dict[Any, float]]:
        """Give the data of one scenario by family and key."""
        column = self.theta[:, scenario].tolist()
        keys = data_index(self.template.network, self.template.shape)
        parts = {name: column[self.template.data_slice[name]] for name in keys}
        return {name: dict(zip(index, parts[name], strict=True)) for name, index in keys.items()}


def unit_price(network: Network, tables: Tables, arc: Arc, cost: Cost) -> Array:
    """Give the price of one line of an arc per unit of its flow, unweighted, shape (step, scenario or 1) [USD]."""
    price = np.full((len(tables.times), 1), cost.factor)
    if cost.price is not None:
        price = price * tables.prices[cost.price][:, None]
    if cost.per == "lateness":
        price = price * network.step_h * (1.0 + np.arange(len(tables.times)))[:, None]
    if cost.per == "reject" and isinstance(arc.gain, Source):
        price = price * (1.0 - tables.value(arc.gain))
    return price


def make_instance(
    network: Network,
    tables: Tables,
    start: Mapping[str, float],
    end_values: EndValues,
    commit_steps: int,
    targets: Targets | None = None,
) -> Instance:
    """Fill the data vector of every scenario.

    Parameters
    ----------
    network : Network
        The network.
    tables : Tables
        Profiles, coefficients, prices.
    start : mapping of str to float
        Amount in each storage [kWh or m3].
    end_values : dict
        Tranches per storage; a storage without any is worth nothing at the end.
    commit_steps : int
        Steps of the first stage.
    targets : dict, optional
        Target per storage at the end of the horizon.

    Returns
    -------
    Instance
        The template of this shape, compiled if it is new, and theta.
    """
    filled = [_whole(network, storage.name, storage.capacity, end_values) for storage in network.storages]
    aims = [targets[storage.name] for storage in network.storages if targets and storage.name in targets]
    named = tuple(storage.name for storage in network.storages if targets and storage.name in targets)
    shape = Shape(len(tables.times), commit_steps, tuple(len(tranches) for tranches in filled), named)
    compiled = template(network, shape)
    theta = np.empty((compiled.data_count, len(tables.scenarios)))
    for name, blocks in _families(network, tables, start, filled, aims, commit_steps).items():
        view = theta[compiled.data_slice[name]]
        height = len(view) // max(len(blocks), 1)
        for i, block in enumerate(blocks):
            view[i * height : (i + 1) * height] = block
    return Instance(compiled, tables, theta)


def _families(
    network: Network,
    tables: Tables,
    start: Mapping[str, float],
    filled: list[tuple[Tranche, ...]],
    aims: list[Target],
    commit_steps: int,
) -> dict[str, list[Any]]:
    """Give the data by family and item, each broadcast to (step, scenario)."""

    def value(number: float | Source) -> Any:
        return tables.value(number) if isinstance(number, Source) else number

    def profiles(place: str, columns: Iterable[str]) -> Any:
        return sum(tables.profile(place, column) for column in columns)

    deviations = np.repeat([[c.deviation_usd] for c in network.commitments], commit_steps, axis=0)
    widths = [tranche.width for tranches in filled for tranche in tranches]
    values = [tranche.value_usd for tranches in filled for tranche in tranches]
    return {
        "supply": [profiles(node.place, node.supply) for node in network.nodes if node.supply],
        "demand": [profiles(node.place, node.demand) for node in network.nodes if node.demand],
        "capacity": [value(arc.capacity) for arc in network.arcs],
        "cost": [_cost(network, tables, arc) for arc in network.arcs],
        "gain": [value(arc.gain) for arc in network.arcs if isinstance(arc.gain, Source)],
        "intensity": [value(coupling.source) for coupling in network.couplings if not coupling.chords],
        "chord_width": [c.width_frac * value(network.arc[k.arc].capacity) for k in network.chorded for c in k.chords],
        "chord_intensity": [chord.factor * value(k.source) for k in network.chorded for chord in k.chords],
        "recovery": [value(recovery.source) for recovery in network.recoveries],
        "deviation_cost": [deviations] if len(deviations) else [],
        "schedule_limit": [
            np.max(value(c.upper)[:commit_steps], axis=1, keepdims=True)
            for c in network.commitments
            if isinstance(c.upper, Source)
        ],
        "start": [start[storage.name] for storage in network.storages],
        "reserve": [storage.reserve for storage in network.storages if storage.reserve],
        "reserve_cost": [storage.reserve_usd_h for storage in network.storages if storage.reserve],
        "tranche_width": widths,
        "tranche_value": values,
        "target": [aim.amount for aim in aims],
        "shortfall_limit": [0.0 if aim.price_usd is None else aim.amount for aim in aims],
        "shortfall_cost": [aim.price_usd or 0.0 for aim in aims],
    }


def _cost(network: Network, tables: Tables, arc: Arc) -> Any:
    """Weighted sum of an arc's cost lines per unit of flow."""
    return sum(network.weights.of(cost.part) * unit_price(network, tables, arc, cost) for cost in arc.costs)


def _whole(network: Network, name: str, capacity: float, end_values: EndValues) -> tuple[Tranche, ...]:
    """Fill the tranches of a storage up to its capacity; what they do not cover is worth nothing."""
    tranches = end_values.get(name, ())
    for strange in set(end_values) - set(network.storage):
        raise InputError(
            "end values", strange, strange, f"a storage of the district{nearest(strange, network.storage)}"
        )
    values = [tranche.value_usd for tranche in tranches]
    if values != sorted(values, reverse=True):
        raise InputError("end values", name, values, "values that do not rise from the first tranche to the last")
    if any(tranche.width < 0.0 or not np.isfinite((tranche.width, tranche.value_usd)).all() for tranche in tranches):
        raise InputError("end values", name, tranches, "finite widths that are not negative, finite values")
    if not tranches:
        return ()
    rest = max(capacity - sum(tranche.width for tranche in tranches), 0.0)
    last = Tranche(rest, min(0.0, values[-1]))
    padding = -(len(tranches) + 1) % TRANCHES
    return (*tranches, last, *(Tranche(0.0, last.value_usd) for _ in range(padding)))
