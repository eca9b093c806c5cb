"""Contract tables to arrays over (step, scenario). Reading only: no sum, no price, no rule of the network here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import Prices, Profiles, times_of
from econex_pipeline.contracts.errors import InputError
from econex_pipeline.contracts.tables import PRICE_VALUES, PROFILE_VALUES
from econex_pipeline.planning.elements import Network
from econex_pipeline.planning.layout import Layout, layout_of
from econex_pipeline.planning.sources import Source

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Tables:
    """What a planning problem knows of its days.

    Attributes
    ----------
    layout : Layout
        Where things stand in the arrays below.
    stamps : numpy.ndarray of int64
        Starts of the steps, shape (T,) [ns since 1970, UTC].
    scenarios, probability : numpy.ndarray
        Ids and weights, shape (N,).
    profiles : numpy.ndarray
        Shape (node and column of PROFILES, step, scenario).
    values : numpy.ndarray
        Coefficients, shape (source of the layout, step, scenario).
    price_rows : numpy.ndarray
        Shape (column of PRICES and one of ones, step).
    """

    layout: Layout
    stamps: Array
    scenarios: Array
    probability: Array
    profiles: Array
    values: Array
    price_rows: Array

    @cached_property
    def times(self) -> pd.DatetimeIndex:
        """Starts of the steps."""
        return times_of(self.stamps)

    @cached_property
    def places(self) -> dict[str, int]:
        """Position of each node of the district among the profiles."""
        return self.layout.places

    @cached_property
    def prices(self) -> dict[str, Array]:
        """Prices by column of PRICES, shape (step,) each."""
        return dict(zip(PRICE_VALUES, self.price_rows, strict=False))

    def profile(self, place: str, column: str) -> Array:
        """Give a profile of a node, shape (step, scenario)."""
        values: Array = self.profiles[self.layout.profile_row(place, column)]
        return values

    def value(self, source: Source) -> Array:
        """Give what a source holds, shape (step, scenario)."""
        if source.table == "profiles":
            return self.profile(source.element, source.quantity)
        values: Array = self.values[self.layout.row[source]]
        return values


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
    stamps, scenarios, probability, places, values = _profiles(profiles)
    layout = layout_of(network, places)
    coefficient = _coefficients(list(layout.sources), coefficients, times_of(stamps), scenarios)
    known = Prices.from_table(prices)
    return Tables(layout, stamps, scenarios, probability, _rows(values), coefficient, _price_rows(known, stamps))


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
    layout = layout_of(network, profiles.nodes)
    values = np.empty((len(layout.sources), count, 1))
    for row, source in zip(values[:, :, 0], layout.sources, strict=True):
        row[:] = coefficients.get((source.element, source.quantity), np.nan)
    _all_given(values, layout.sources, profiles.stamps, np.zeros(1, dtype=np.int64))
    certain = np.zeros(1, dtype=np.int64), np.ones(1)
    rows = _rows(profiles.values[None])
    return Tables(layout, profiles.stamps, *certain, rows, values, _price_rows(prices, profiles.stamps))


def _rows(values: Array) -> Array:
    """Put profiles of shape (scenario, step, node, column) into rows of shape (node and column, step, scenario)."""
    rows: Array = values.reshape(*values.shape[:2], -1).transpose(2, 1, 0)
    return rows


def _price_rows(prices: Prices, stamps: Array) -> Array:
    at = prices.stamps.searchsorted(stamps)
    missing = prices.stamps[np.minimum(at, len(prices.stamps) - 1)] != stamps
    if missing.any():
        stamp = times_of(stamps)[int(np.flatnonzero(missing)[0])]
        raise InputError("PRICES", "time_utc", f"no row at {stamp}", "a price for each step of the horizon")
    rows = np.ones((len(PRICE_VALUES) + 1, len(stamps)))
    rows[:-1] = prices.values[at].T
    return rows


def _profiles(frame: pd.DataFrame) -> tuple[Array, Array, Array, tuple[str, ...], Array]:
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
    places = tuple(str(node) for node in nodes)
    return times.astype(np.int64), ids, probability, places, values.reshape(*shape, len(PROFILE_VALUES))


def _finite(values: Array, table: str, columns: tuple[str, ...]) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        row, column = (int(i[0]) for i in np.nonzero(wrong))
        raise InputError(table, f"{columns[column]} of row {row}", float(values[row, column]), "a finite number")


def _coefficients(wanted: list[Source], frame: pd.DataFrame, times: pd.DatetimeIndex, scenarios: Array) -> Array:
    """Scatter the long table into (source, step, scenario); what stays empty is missing."""
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
    steps: Array = values.transpose(0, 2, 1)
    _all_given(steps, wanted, times.as_unit("ns").asi8, scenarios)
    return steps


def _all_given(values: Array, wanted: Sequence[Source], stamps: Array, scenarios: Array) -> None:
    """Refuse coefficients of shape (source, step, scenario) with a gap."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        i, t, n = (int(index[0]) for index in np.nonzero(wrong))
        source = wanted[i]
        raise InputError(
            "COEFFICIENTS",
            f"{source.quantity} of {source.element} at {times_of(stamps)[t]}, scenario {scenarios[n]}",
            "missing" if np.isnan(values[i, t, n]) else float(values[i, t, n]),
            "a finite value for each step, of scenario 0 or of each scenario",
        )
