"""PROFILES and PRICES as arrays: made once from a table, cut and read by many hours without a row being looked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.contracts.tables import PRICE_VALUES, PROFILE_VALUES

Array = np.ndarray[Any, np.dtype[Any]]
NS_PER_H = 3_600_000_000_000


@dataclass(frozen=True)
class Profiles:
    """Supply and demand of each node over consecutive steps.

    Attributes
    ----------
    stamps : numpy.ndarray of int64, shape (T,)
        Starts of the steps, rising [ns since 1970, UTC].
    nodes : tuple of str
        Nodes.
    values : numpy.ndarray, shape (T, node, quantity)
        In the order of the contract's columns, `PROFILE_VALUES`.
    """

    stamps: Array
    nodes: tuple[str, ...]
    values: Array

    @classmethod
    def from_table(cls, frame: pd.DataFrame) -> Profiles:
        """Read PROFILES.

        Raises
        ------
        InputError
            If a node is missing in some step or stands there twice, or a number is not finite.
        """
        return cls(*_grid(frame))

    @cached_property
    def times(self) -> pd.DatetimeIndex:
        """Starts of the steps."""
        return times_of(self.stamps)

    def at(self, time_utc: pd.Timestamp) -> Array:
        """Give one step, shape (node, quantity).

        Raises
        ------
        InputError
            If it is not there.
        """
        place = int(self.stamps.searchsorted(time_utc.value))
        if place == len(self.stamps) or self.stamps[place] != time_utc.value:
            raise InputError("PROFILES", "time_utc", str(time_utc), "rows of the step that is to be operated")
        values: Array = self.values[place]
        return values

    def ahead(self, time_utc: pd.Timestamp, hours: float) -> Profiles:
        """Give the steps from a time on, as far as they reach, without copying."""
        part = _part(self.stamps, time_utc, hours)
        return Profiles(self.stamps[part], self.nodes, self.values[part])


@dataclass(frozen=True)
class Prices:
    """Tariffs and carbon over consecutive steps.

    Attributes
    ----------
    stamps : numpy.ndarray of int64, shape (T,)
        Starts of the steps, rising [ns since 1970, UTC].
    values : numpy.ndarray, shape (T, quantity)
        In the order of the contract's columns, `PRICE_VALUES`.
    """

    stamps: Array
    values: Array

    @classmethod
    def from_table(cls, frame: pd.DataFrame) -> Prices:
        """Read PRICES.

        Raises
        ------
        InputError
            If a number is not finite.
        """
        stamps = _stamps(frame)
        order = np.argsort(stamps, kind="stable")
        values = frame[list(PRICE_VALUES)].to_numpy(dtype=float)
        _finite(values, "PRICES", PRICE_VALUES)
        return cls(stamps[order], values[order])

    @cached_property
    def times(self) -> pd.DatetimeIndex:
        """Starts of the steps."""
        return times_of(self.stamps)

    def of(self, quantity: str) -> Array:
        """Give one column, shape (T,)."""
        values: Array = self.values[:, PRICE_VALUES.index(quantity)]
        return values

    def ahead(self, time_utc: pd.Timestamp, hours: float) -> Prices:
        """Give the steps from a time on, as far as they reach, without copying."""
        part = _part(self.stamps, time_utc, hours)
        return Prices(self.stamps[part], self.values[part])


def _stamps(frame: pd.DataFrame) -> Array:
    return frame["time_utc"].to_numpy(dtype="datetime64[ns]").astype(np.int64)


def times_of(stamps: Array) -> pd.DatetimeIndex:
    """Give stamps [ns since 1970, UTC] as times."""
    return pd.DatetimeIndex(stamps.view("datetime64[ns]"), name="time_utc").tz_localize("UTC")


def _part(stamps: Array, time_utc: pd.Timestamp, hours: float) -> slice:
    first = time_utc.value
    return slice(*(int(place) for place in stamps.searchsorted((first, first + round(hours * NS_PER_H)))))


def _grid(frame: pd.DataFrame) -> tuple[Array, tuple[str, ...], Array]:
    code, nodes = pd.factorize(frame["node"], sort=True)
    stamps, step = np.unique(_stamps(frame), return_inverse=True)
    place = step * len(nodes) + code
    shape = len(stamps), len(nodes)
    if len(np.unique(place)) != len(frame) or len(frame) != shape[0] * shape[1]:
        found = f"{len(frame)} rows for {shape[0]} steps and {shape[1]} nodes"
        raise InputError("PROFILES", "rows", found, f"each step and node once, {shape[0] * shape[1]} rows")
    values = np.empty((len(frame), len(PROFILE_VALUES)))
    values[place] = frame[list(PROFILE_VALUES)].to_numpy(dtype=float)
    _finite(values, "PROFILES", PROFILE_VALUES)
    return stamps, tuple(str(node) for node in nodes), values.reshape(*shape, len(PROFILE_VALUES))


def _finite(values: Array, table: str, columns: tuple[str, ...]) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        row, column = (int(i[0]) for i in np.nonzero(wrong))
        raise InputError(table, f"{columns[column]} of row {row}", float(values[row, column]), "a finite number")
