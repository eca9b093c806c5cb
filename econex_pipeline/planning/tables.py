"""Contract tables to arrays over (step, scenario). Reading only: no sum, no price, no rule of the network here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.errors import InputError
from econex_pipeline.contracts.tables import PRICE_VALUES, PROFILE_VALUES
from econex_pipeline.planning.elements import Network, Source

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Tables:
    """What a planning problem knows of its days.

    Attributes
    ----------
    times : pandas.DatetimeIndex
        Starts of the steps, shape (T,).
    scenarios, probability : numpy.ndarray
        Ids and weights, shape (N,).
    places : dict of str to int
        Position of each node of the district in `profiles`.
    profiles : numpy.ndarray
        Shape (scenario, step, node, column of PROFILES).
    coefficients : dict of Source to numpy.ndarray
        Shape (step, scenario) each.
    prices : dict of str to numpy.ndarray
        Shape (step,) each, by column of PRICES.
    """

    times: pd.DatetimeIndex
    scenarios: Array
    probability: Array
    places: dict[str, int]
    profiles: Array
    coefficients: dict[Source, Array]
    prices: dict[str, Array]

    def profile(self, place: str, column: str) -> Array:
        """Give a profile of a node, shape (step, scenario)."""
        values: Array = self.profiles[:, :, self.places[place], PROFILE_VALUES.index(column)]
        return values.T

    def value(self, source: Source) -> Array:
        """Give what a source holds, shape (step, scenario)."""
        if source.table == "profiles":
            return self.profile(source.element, source.quantity)
        return self.coefficients[source]


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


def read_tables(network: Network, profiles: pd.DataFrame, coefficients: pd.DataFrame, prices: pd.DataFrame) -> Tables:
    """Read the tables of a planning problem.

    Parameters
    ----------
    network : Network
        Says what is needed.
    profiles : pandas.DataFrame
        SCENARIOS, or PROFILES for one certain scenario.
    coefficients : pandas.DataFrame
        COEFFICIENTS covering the same steps; rows of scenario 0 count for all where an element has no others.
    prices : pandas.DataFrame
        PRICES covering the same steps.

    Returns
    -------
    Tables
        The same numbers as arrays.

    Raises
    ------
    InputError
        If a step, a node, an element or a quantity is missing, or a number is not finite.
    """
    times, scenarios, probability, places, values = _profiles(profiles)
    _places_known(network, places)
    return Tables(
        times,
        scenarios,
        probability,
        places,
        values,
        _coefficients(sources(network), coefficients, times, scenarios),
        _prices(prices, times),
    )


def certain_tables(
    network: Network,
    profiles: Profiles,
    coefficients: Mapping[tuple[str, str], float | Array],
    prices: Prices,
) -> Tables:
    """Put together the tables of a problem without uncertainty, from arrays.

    Parameters
    ----------
    network : Network
        Says what is needed.
    profiles : Profiles
        Over the horizon, shape (T, node, quantity).
    coefficients : mapping of (str, str) to float or numpy.ndarray
        By element and quantity: one number for all steps, or one for each, shape (T,).
    prices : Prices
        Covering the same steps.

    Raises
    ------
    InputError
        As of `read_tables`.
    """
    count = len(profiles.stamps)
    if count < 2:
        raise InputError("PROFILES", "time_utc", f"{count} step(s)", "at least two steps")
    places = {node: i for i, node in enumerate(profiles.nodes)}
    _places_known(network, places)
    found: dict[Source, Array] = {}
    for source in sources(network):
        value = np.asarray(coefficients.get((source.element, source.quantity), np.nan), dtype=float)
        if not np.isfinite(value).all():
            where = f"{source.quantity} of {source.element} at {profiles.times[0]}"
            raise InputError("COEFFICIENTS", where, "missing or not finite", "a finite value for each step")
        found[source] = np.broadcast_to(value, count)[:, None]
    at = prices.stamps.searchsorted(profiles.stamps)
    missing = prices.stamps[np.minimum(at, len(prices.stamps) - 1)] != profiles.stamps
    if missing.any():
        stamp = profiles.times[int(np.flatnonzero(missing)[0])]
        raise InputError("PRICES", "time_utc", f"no row at {stamp}", "a price for each step of the horizon")
    values = prices.values[at]
    by_column = {column: values[:, i] for i, column in enumerate(PRICE_VALUES)}
    certain = np.zeros(1, dtype=np.int64), np.ones(1)
    return Tables(profiles.times, *certain, places, profiles.values[None], found, by_column)


def _profiles(frame: pd.DataFrame) -> tuple[pd.DatetimeIndex, Array, Array, dict[str, int], Array]:
    table = "SCENARIOS" if "scenario" in frame.columns else "PROFILES"
    stamps = frame["time_utc"].to_numpy(dtype="datetime64[ns]")
    node_code, nodes = pd.factorize(frame["node"], sort=True)
    times, time_code = np.unique(stamps, return_inverse=True)
    ids, code = np.zeros(1, dtype=np.int64), np.zeros(len(frame), dtype=np.int64)
    if table == "SCENARIOS":
        ids, code = np.unique(frame["scenario"].to_numpy(), return_inverse=True)
    shape = (len(ids), len(times), len(nodes))
    if len(times) < 2:
        raise InputError(table, "time_utc", f"{len(times)} step(s)", "at least two steps")
    position = (code * shape[1] + time_code) * shape[2] + node_code
    if len(frame) != np.prod(shape) or len(np.unique(position)) != len(frame):
        found = f"{len(frame)} rows for {shape[0]} scenarios, {shape[1]} steps and {shape[2]} nodes"
        raise InputError(table, "rows", found, f"each scenario, step and node once, {int(np.prod(shape))} rows")
    values = np.empty((len(frame), len(PROFILE_VALUES)))
    values[position] = frame[list(PROFILE_VALUES)].to_numpy(dtype=float)
    _finite(values, table, PROFILE_VALUES)
    probability = np.ones(1)
    if table == "SCENARIOS":
        probability = np.empty(len(ids))
        probability[code] = frame["probability"].to_numpy(dtype=float)
    index = pd.DatetimeIndex(times, tz="UTC", name="time_utc")
    places = {str(node): i for i, node in enumerate(nodes)}
    return index, ids, probability, places, values.reshape(*shape, len(PROFILE_VALUES))


def _finite(values: Array, table: str, columns: tuple[str, ...]) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        row, column = (int(i[0]) for i in np.nonzero(wrong))
        raise InputError(table, f"{columns[column]} of row {row}", float(values[row, column]), "a finite number")


def _places_known(network: Network, places: dict[str, int]) -> None:
    for node in network.nodes:
        if (node.supply or node.demand) and node.place not in places:
            raise InputError("PROFILES", "node", sorted(places), f"rows of node '{node.place}' as well")


def _coefficients(
    wanted: list[Source], frame: pd.DataFrame, times: pd.DatetimeIndex, scenarios: Array
) -> dict[Source, Array]:
    """Scatter the long table into (source, scenario, step); what stays empty is missing."""
    values = np.full((len(wanted), len(scenarios), len(times)), np.nan)
    element_code, elements = pd.factorize(frame["element"])
    quantity_code, quantities = pd.factorize(frame["quantity"])
    pairs = np.full((len(elements), len(quantities)), -1)
    row_of, column_of = {e: i for i, e in enumerate(elements)}, {q: i for i, q in enumerate(quantities)}
    for i, source in enumerate(wanted):
        if source.element in row_of and source.quantity in column_of:
            pairs[row_of[source.element], column_of[source.quantity]] = i
    at = pairs[element_code, quantity_code]
    step = times.get_indexer(pd.DatetimeIndex(frame["time_utc"]))
    ids, number = frame["scenario"].to_numpy(), frame["value"].to_numpy(dtype=float)
    known = (at >= 0) & (step >= 0)
    certain = known & (ids == 0)
    values[at[certain], :, step[certain]] = number[certain, None]
    of = np.searchsorted(scenarios, ids)
    own = known & (of < len(scenarios))
    own &= scenarios[np.minimum(of, len(scenarios) - 1)] == ids
    values[at[own], of[own], step[own]] = number[own]
    wrong = ~np.isfinite(values)
    if wrong.any():
        i, n, t = (int(index[0]) for index in np.nonzero(wrong))
        source = wanted[i]
        raise InputError(
            "COEFFICIENTS",
            f"{source.quantity} of {source.element} at {times[t]}, scenario {scenarios[n]}",
            "missing" if np.isnan(values[i, n, t]) else float(values[i, n, t]),
            "a finite value for each step, of scenario 0 or of each scenario",
        )
    return {source: values[i].T for i, source in enumerate(wanted)}


def _prices(frame: pd.DataFrame, times: pd.DatetimeIndex) -> dict[str, Array]:
    rows = pd.DatetimeIndex(frame["time_utc"]).get_indexer(times)
    if (rows < 0).any():
        missing = times[int(np.flatnonzero(rows < 0)[0])]
        raise InputError("PRICES", "time_utc", f"no row at {missing}", "a price for each step of the horizon")
    values = frame[list(PRICE_VALUES)].to_numpy(dtype=float)[rows]
    _finite(values, "PRICES", PRICE_VALUES)
    return {column: values[:, i] for i, column in enumerate(PRICE_VALUES)}
