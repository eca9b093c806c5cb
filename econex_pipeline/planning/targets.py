"""Targets at the end of a horizon, in the place of end values: cyclic or given amounts, hard or at a price."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.planning.answer import Terminal
from econex_pipeline.planning.elements import EndValues, Network, Source, Storage, Target, Targets
from econex_pipeline.planning.tables import Tables

TOLERANCE = 1e-9


def end_targets(
    network: Network,
    tables: Tables,
    start: Mapping[str, float],
    terminal: Terminal | None,
    end_values: EndValues | None,
) -> Targets:
    """Give the target of each storage.

    Parameters
    ----------
    network : Network
        The network.
    tables : Tables
        Profiles and coefficients: what can flow in until the end.
    start : mapping of str to float
        Amount in each storage at the start [kWh or m3].
    terminal : Terminal or None
        What was asked for; None asks for nothing.
    end_values : dict or None
        End values given beside it: one of the two must be absent.

    Raises
    ------
    InputError
        If both targets and end values are given, a target names no storage or lies outside its limits, a price is
        negative, or a hard target cannot be reached even with every inflow at its capacity.
    """
    if terminal is None:
        return {}
    if end_values is not None:
        raise InputError.saying("options", "terminal", "targets and end values were both given; give one of the two")
    prices = {"E": terminal.price_usd_kwh, "P": terminal.price_usd_m3, "W": terminal.price_usd_m3}
    for price in prices.values():
        if price is not None and not 0.0 <= price < np.inf:
            raise InputError("options", "terminal price", price, "a finite price that is not negative, or None")
    amounts = dict(start) if terminal.amounts is None else dict(terminal.amounts)
    for name in amounts:
        if name not in network.storage:
            raise InputError("options", f"terminal {name}", name, f"a storage{nearest(name, network.storage)}")
    targets = {name: Target(float(amount), prices[network.storage[name].layer]) for name, amount in amounts.items()}
    for name, target in targets.items():
        _reachable(network, tables, network.storage[name], float(start[name]), target)
    return targets


def _reachable(network: Network, tables: Tables, storage: Storage, start: float, target: Target) -> None:
    """Refuse a target outside the storage, and a hard one above what can be there at the end."""
    unit = "kWh" if storage.layer == "E" else "m3"
    if not 0.0 <= target.amount <= storage.capacity:
        raise InputError(
            "options", f"terminal {storage.name}", target.amount, f"an amount from 0 to {storage.capacity:g} {unit}"
        )
    if target.price_usd is not None:
        return
    kept = 1.0 - storage.standing_loss_frac_h * network.step_h
    inflow = np.zeros((len(tables.times), len(tables.scenarios)))
    node = network.node[storage.node]
    for arc in network.arcs:
        if arc.head == storage.node and arc.kind != "unserved":
            most = tables.value(arc.capacity) if isinstance(arc.capacity, Source) else arc.capacity
            gain = tables.value(arc.gain) if isinstance(arc.gain, Source) else arc.gain
            inflow = inflow + most * gain
    for column in node.supply:
        inflow = inflow + tables.profile(node.place, column)
    amount = np.full(inflow.shape[1], start)
    for step in inflow:
        amount = np.minimum(kept * amount + step * network.step_h, storage.capacity)
    most_left = float(amount.min())
    if target.amount > most_left + TOLERANCE:
        raise InputError(
            "options",
            f"terminal {storage.name}",
            target.amount,
            f"at most {most_left:.6g} {unit}, what it can hold at {tables.times[-1]} with every inflow at its capacity "
            "(or a price, which makes the target soft)",
        )
