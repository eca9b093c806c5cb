"""A table as plain arrays, by column: what is checked, digested and stored without a frame being made of it.

Text columns that come again and again, as the same read-only objects, are looked at once: what was found of one is
kept as long as the array lives.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]
Columns = Mapping[str, Array]
"""Columns of a table in their order: instants as datetime64[ns] (UTC, without a zone), text as objects."""

Found = TypeVar("Found")
_found: dict[tuple[int, Callable[[Array], Any]], tuple[weakref.ref[Array], Any]] = {}


def plain(frame: pd.DataFrame) -> dict[str, Array]:
    """Give the columns of a frame."""
    columns = {}
    for name, column in frame.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            columns[str(name)] = column.array.as_unit("ns").asi8.view("datetime64[ns]")
        else:
            columns[str(name)] = column.to_numpy()
    return columns


def framed(columns: Columns) -> pd.DataFrame:
    """Give the frame of some columns, its instants in UTC."""
    return pd.DataFrame(
        {
            name: pd.DatetimeIndex(array).tz_localize("UTC") if array.dtype.kind == "M" else array
            for name, array in columns.items()
        }
    )


def found_once(text: Array, find: Callable[[Array], Found]) -> Found:
    """Give what `find` finds of a text column, looked for once if the array can never change.

    Parameters
    ----------
    text : numpy.ndarray of object
        The column.
    find : callable
        Array -> what is wanted of it; a function of a module.
    """
    if text.flags.writeable:
        return find(text)
    key = id(text), find
    known = _found.get(key)
    if known is None or known[0]() is not text:
        known = _found[key] = weakref.ref(text, lambda _: _found.pop(key, None)), find(text)
    result: Found = known[1]
    return result
