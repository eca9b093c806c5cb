"""Numbers of a day into the data vector of the template: one column of theta per scenario, no loop over rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.planning.block import Shape, data_index
from econex_pipeline.planning.compiling import template
from econex_pipeline.planning.elements import Arc, Cost, EndValues, Network, Source, Target, Targets, Tranche
from econex_pipeline.planning.layout import add_up
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

    def series(self, name: str) -> Array:
        """Give a family of data that runs over steps, shape (item, step, scenario)."""
        values: Array = self.theta[self.template.data_slice[name]]
        return values.reshape(-1, self.template.shape.steps, values.shape[1])

    def data_of(self, scenario: int) -> dict[str, dict[Any, float]]:
        """Give the data of one scenario by family and key."""
        column = self.theta[:, scenario].tolist()
        keys = data_index(self.template.network, self.template.shape)
        parts = {name: column[self.template.data_slice[name]] for name in keys}
        return {name: dict(zip(index, parts[name], strict=True)) for name, index in keys.items()}


def unit_price(network: Network, tables: Tables, arc: Arc, cost: Cost) -> Array:
    """Give the price of one line of an arc per unit of its flow, unweighted, shape (step, scenario or 1) [USD]."""
    price = np.full((len(tables.stamps), 1), cost.factor)
    if cost.price is not None:
        price = price * tables.prices[cost.price][:, None]
    if cost.per == "lateness":
        price = price * network.step_h * (1.0 + np.arange(len(tables.stamps)))[:, None]
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
    for strange in end_values.keys() - network.storage.keys():
        raise InputError(
            "end values", strange, strange, f"a storage of the district{nearest(strange, network.storage)}"
        )
    filled = [_whole(storage.name, storage.capacity, end_values) for storage in network.storages]
    aims = [targets[storage.name] for storage in network.storages if targets and storage.name in targets]
    named = tuple(storage.name for storage in network.storages if targets and storage.name in targets)
    shape = Shape(len(tables.stamps), commit_steps, tuple(len(tranches) for tranches in filled), named)
    compiled = template(network, shape)
    theta = np.empty((compiled.data_count, len(tables.scenarios)))
    instance = Instance(compiled, tables, theta)
    _fill(instance, network)
    for name, values in _columns(network, tables, start, filled, aims, commit_steps).items():
        if len(values):
            theta[compiled.data_slice[name]] = np.array(values, dtype=float)[:, None]
    return instance


def _fill(instance: Instance, network: Network) -> None:
    """Gather what differs by step."""
    tables, layout, family = instance.tables, instance.tables.layout, instance.series
    add_up(family("supply"), layout.supply, tables.profiles)
    add_up(family("demand"), layout.demand, tables.profiles)
    for name in ("capacity", "gain", "intensity", "recovery"):
        getattr(layout, name).fill(family(name), tables.profiles, tables.values)
    layout.costs.fill(family("cost"), tables.price_rows, tables.value)
    if not network.chorded:
        return
    place = {arc.name: i for i, arc in enumerate(network.arcs)}
    capacity, width, intensity = family("capacity"), family("chord_width"), family("chord_intensity")
    pieces = ((coupling, chord) for coupling in network.chorded for chord in coupling.chords)
    for i, (coupling, chord) in enumerate(pieces):
        width[i] = chord.width_frac * capacity[place[coupling.arc]]
        intensity[i] = chord.factor * tables.value(coupling.source)


def _columns(
    network: Network,
    tables: Tables,
    start: Mapping[str, float],
    filled: list[tuple[Tranche, ...]],
    aims: list[Target],
    commit_steps: int,
) -> dict[str, list[float]]:
    """Give the families that are the same in every scenario."""
    steps, reserves = len(tables.stamps), [storage for storage in network.storages if storage.reserve]
    limits = [
        tables.value(c.upper)[:commit_steps].max(axis=1) for c in network.commitments if isinstance(c.upper, Source)
    ]
    return {
        "deviation_cost": [c.deviation_usd for c in network.commitments for _ in range(commit_steps)],
        "schedule_limit": [most for limit in limits for most in limit.tolist()],
        "start": [start[storage.name] for storage in network.storages],
        "reserve": [storage.reserve for storage in reserves for _ in range(steps)],
        "reserve_cost": [storage.reserve_usd_h for storage in reserves for _ in range(steps)],
        "tranche_width": [tranche.width for tranches in filled for tranche in tranches],
        "tranche_value": [tranche.value_usd for tranches in filled for tranche in tranches],
        "target": [aim.amount for aim in aims],
        "shortfall_limit": [0.0 if aim.price_usd is None else aim.amount for aim in aims],
        "shortfall_cost": [aim.price_usd or 0.0 for aim in aims],
    }


def _whole(name: str, capacity: float, end_values: EndValues) -> tuple[Tranche, ...]:
    """Fill the tranches of a storage up to its capacity; what they do not cover is worth nothing."""
    tranches = end_values.get(name, ())
    if not tranches:
        return ()
    values, widths = [tranche.value_usd for tranche in tranches], [tranche.width for tranche in tranches]
    if sorted(values, reverse=True) != values:
        raise InputError("end values", name, values, "values that do not rise from the first tranche to the last")
    if min(widths) < 0.0 or not all(map(isfinite, (*widths, *values))):
        raise InputError("end values", name, tranches, "finite widths that are not negative, finite values")
    rest = max(capacity - sum(widths), 0.0)
    last = Tranche(rest, min(0.0, values[-1]))
    padding = -(len(tranches) + 1) % TRANCHES
    return (*tranches, last, *[Tranche(0.0, last.value_usd)] * padding)
