"""What is refused before a solve: data with which the optimum would be nonsense, in one clear sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.planning.elements import Network
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.tables import Tables

Array = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 1e-9
_DEVICE = {"load_kw": "electricity", "potable_m3_h": "potable", "irrigation_m3_h": "garden", "pv_kw": "pv"}
_DEVICE |= {"greywater_m3_h": "potable.greywater_frac", "rain_harvest_m3_h": "roof"}


def check(network: Network, tables: Tables, start: Mapping[str, float]) -> None:
    """Refuse data that would let the optimizer make something out of nothing, or lose something.

    Parameters
    ----------
    network : Network
        The network.
    tables : Tables
        Profiles, coefficients, prices.
    start : mapping of str to float
        Amount in each storage [kWh or m3].

    Raises
    ------
    InputError
        Names table, field, value, and what would be right.
    """
    _start_within_limits(network, start)
    _coefficients_are_possible(network, tables)
    _electricity_is_not_sold_above_its_price(network, tables)
    _water_is_not_sold_above_its_price(network, tables)
    _turbines_give_less_than_pumps_take(network, tables)
    _nothing_is_lost(tables)
    _rain_nodes_can_drain(network, tables)
    _demand_can_be_reached(tables)


def _start_within_limits(network: Network, start: Mapping[str, float]) -> None:
    for name in start:
        if name not in network.storage:
            raise InputError("start", name, name, f"a storage of the district{nearest(name, network.storage)}")
    for storage in network.storages:
        unit = "kWh" if storage.layer == "E" else "m3"
        limits = f"an amount from 0 to {storage.capacity:g} {unit}"
        if storage.name not in start:
            raise InputError("start", storage.name, "missing", limits)
        amount = start[storage.name]
        if not -TOLERANCE <= amount <= storage.capacity + TOLERANCE:
            raise InputError("start", storage.name, amount, limits)


def _first(wrong: Array, tables: Tables) -> tuple[int, str]:
    """Give the first step at which something is wrong, in any scenario."""
    step = int(np.flatnonzero(wrong.reshape(len(tables.stamps), -1).any(axis=1))[0])
    return step, str(tables.times[step])


def _at_once(network: Network, one: str, other: str) -> bool:
    """Whether two flows can run in the same step: both have a capacity and no binary keeps them apart."""
    there = all(name in network.arc and network.arc[name].capacity != 0.0 for name in (one, other))
    return there and not any({one, other} <= set(group) for group in network.exclusive)


def _electricity_is_not_sold_above_its_price(network: Network, tables: Tables) -> None:
    """Require alpha sell <= alpha buy + beta carbon weight in every step, where both can happen at once."""
    if not _at_once(network, "grid_import", "grid_export"):
        return
    weights, prices = network.weights, tables.prices
    buy = weights.alpha * prices["buy_price_usd_kwh"] + weights.beta * weights.carbon_usd_kg * prices["carbon_kg_kwh"]
    sell = weights.alpha * prices["sell_price_usd_kwh"]
    wrong = sell > buy + TOLERANCE
    if wrong.any():
        step, stamp = _first(wrong, tables)
        price = float(prices["sell_price_usd_kwh"][step])
        limit = f"at most the buy price with its carbon weight, {buy[step] / weights.alpha:g} USD/kWh"
        limit += " (or grid_import and grid_export among the district's exclusive flows)"
        raise InputError("PRICES", f"sell_price_usd_kwh at {stamp}", price, limit)


def _water_is_not_sold_above_its_price(network: Network, tables: Tables) -> None:
    """Require alpha sell <= alpha buy + beta scarcity, less what the inlet turbine earns on the way."""
    if not _at_once(network, "mains_import", "mains_export"):
        return
    weights, prices = network.weights, tables.prices
    buy = weights.alpha * prices["water_buy_usd_m3"] + weights.beta * weights.scarcity_usd_m3
    energy = (
        weights.alpha * prices["buy_price_usd_kwh"] + weights.beta * weights.carbon_usd_kg * prices["carbon_kg_kwh"]
    )
    recovered = np.zeros_like(buy)
    for recovery in network.recoveries:
        recovered += tables.value(recovery.source).max(axis=1) * np.maximum(energy, 0.0)
    sell = weights.alpha * prices["water_sell_usd_m3"]
    wrong = sell > buy - recovered + TOLERANCE
    if wrong.any():
        step, stamp = _first(wrong, tables)
        limit = (buy[step] - recovered[step]) / weights.alpha
        raise InputError(
            "PRICES",
            f"water_sell_usd_m3 at {stamp}",
            float(prices["water_sell_usd_m3"][step]),
            f"at most {limit:g} USD/m3, the buy price with its scarcity weight less the energy the inlet turbine "
            "recovers: water would be bought, run through the turbine and sold again",
        )


def _turbines_give_less_than_pumps_take(network: Network, tables: Tables) -> None:
    """Require yield < k between the same two nodes, in every step and scenario."""
    for turbine, pump in tables.layout.ups_and_downs:
        given = tables.value(turbine.source) * max((chord.factor for chord in turbine.chords), default=1.0)
        taken = tables.value(pump.source) * min((chord.factor for chord in pump.chords), default=1.0)
        wrong = given >= taken
        if wrong.any() and given.max() > 0.0:
            step, stamp = _first(wrong & (given > 0.0), tables)
            raise InputError(
                "COEFFICIENTS",
                f"yield_kwh_m3 of {turbine.arc} at {stamp}",
                float(given[step].max()),
                f"less than the {taken[step].min():g} kWh/m3 that {pump.arc} takes "
                "(round trip x kWh/m3 of the pump, not the round trip itself)",
            )


def _coefficients_are_possible(network: Network, tables: Tables) -> None:
    """Require coefficients and prices of deviation that are not negative, recovery of treatment within 0 to 1."""
    wrong = (tables.values < 0.0) | (tables.values > tables.layout.most[:, None, None])
    if wrong.any():
        row = int(np.flatnonzero(wrong.any(axis=(1, 2)))[0])
        source, values, wrong = tables.layout.sources[row], tables.values[row], wrong[row]
        step, stamp = _first(wrong, tables)
        found = float(values[step][wrong[step]][0])
        right = "a share from 0 to 1" if tables.layout.most[row] == 1.0 else "a number that is not negative"
        raise InputError("COEFFICIENTS", f"{source.quantity} of {source.element} at {stamp}", found, right)
    for commitment in network.commitments:
        if commitment.deviation_usd < 0.0:
            raise InputError("district", f"deviation price of {commitment.element}", commitment.deviation_usd, ">= 0")


def _nothing_is_lost(tables: Tables) -> None:
    """Require that no profile stands at a node that has no device for it: it would vanish from the books."""
    rows = tables.layout.lost
    if not np.any(tables.profiles[rows] != 0.0):
        return
    for column, device in _DEVICE.items():
        for place in tables.places:
            values = tables.profile(place, column)
            if tables.layout.profile_row(place, column) in rows and np.any(values != 0.0):
                right = f"0, as nodes.{place} has no {device}"
                raise InputError("PROFILES", f"{column} of {place}", float(values.max()), right)


def _rain_nodes_can_drain(network: Network, tables: Tables) -> None:
    """Require that a node whose overflow takes rain only can give its greywater to the sewer."""
    for node in network.nodes:
        if "rain_harvest_m3_h" not in node.supply or "greywater_m3_h" not in node.supply:
            continue
        sewer = network.arc[f"sewer.{node.place}"].capacity
        grey = float(tables.profile(node.place, "greywater_m3_h").max())
        if isinstance(sewer, float) and grey > sewer:
            right = f"at least the {grey:g} m3/h of greywater of node '{node.place}'"
            raise InputError("district.yaml", "utilities.sewer.capacity_m3_h", sewer, right)


def check_costs(instance: Instance) -> None:
    """Require a finite capacity of what may earn money without end, and of what is switched on and off.

    Parameters
    ----------
    instance : Instance
        What is to be solved.

    Raises
    ------
    InputError
        Names the arc, and what it earns or that it is switched.
    """
    network, tables = instance.network, instance.tables
    rows = tables.layout.uncapped
    for row in rows:
        arc = network.arcs[row]
        if arc.name in network.switched:
            raise InputError("district", f"capacity of {arc.name}", arc.capacity, "a finite capacity: it is switched")
    prices = instance.series("cost")[rows]
    if (prices < -TOLERANCE).any():
        place = int(np.flatnonzero((prices < -TOLERANCE).any(axis=(1, 2)))[0])
        arc, price = network.arcs[rows[place]], prices[place]
        step, stamp = _first(price < -TOLERANCE, tables)
        sentence = f"a finite capacity: each unit earns {-float(price[step].min()):g} USD at {stamp}"
        raise InputError("district", f"capacity of {arc.name}", arc.capacity, sentence)


def _demand_can_be_reached(tables: Tables) -> None:
    """Require that each node with demand is joined to something that can give: a utility, a profile, a storage."""
    for layer, place, column in tables.layout.unreached:
        most = float(tables.profile(place, column).max())
        if most > 0.0:
            sentence = f"0, as nothing leads to layer {layer} of node '{place}': no line, pipe or source"
            raise InputError("PROFILES", f"{column} of {place}", most, sentence)
