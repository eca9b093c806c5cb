"""The contract of a table as a few passes over numpy arrays: quick enough for every hour of a year.

It says yes or no and is made from the same dictionary as the Pandera schema, which finds the words when it says no; a
test holds that the two agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd

from econex_pipeline.contracts.columns import COLUMNS, Column
from econex_pipeline.contracts.tables import TABLES, Table

Check = Callable[[np.ndarray], bool]
TIME = "datetime64[ns, UTC]"
_DTYPES = {"float": "float64", "int": "int64", "str": "object", "time": TIME}


def keeps(frame: pd.DataFrame, name: str) -> bool:
    """Say whether a frame keeps its contract: columns, dtypes, bounds, unique sorted keys, evenly spaced time stamps.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table to check.
    name : str
        A key of `contracts.tables.TABLES`.

    Notes
    -----
    The probabilities of SCENARIOS, which span rows, are not looked at.
    """
    table = TABLES[name]
    if tuple(frame.columns) != table.columns or any(
        str(dtype) != _DTYPES[COLUMNS[column].dtype] for column, dtype in zip(table.columns, frame.dtypes, strict=True)
    ):
        return False
    if frame.empty:
        return table.may_be_empty
    arrays = {column: _array(frame[column]) for column in table.columns}
    return (
        all(check(arrays[column]) for column, check in _checks(name))
        and (not table.quantities or _long_inside(arrays, table))
        and _strictly_sorted([arrays[column] for column in table.key])
        and ("time_utc" not in table.key or _evenly_spaced(arrays["time_utc"]))
    )


def _array(series: pd.Series) -> np.ndarray:
    """Values as numpy holds them; instants as nanoseconds, so that a missing one is a very small number."""
    return series.array.asi8 if hasattr(series.array, "asi8") else series.to_numpy()


@cache
def _checks(name: str) -> tuple[tuple[str, Check], ...]:
    table = TABLES[name]
    checks: list[tuple[str, Check]] = []
    for column_name in table.columns:
        column = COLUMNS[column_name]
        allowed = column.values
        if table.quantities and column_name == table.quantity_column:
            allowed = table.quantities
        if column.dtype in ("float", "int"):
            low, high = bounds(column)
            checks.append((column_name, partial(_inside, low=low, high=high)))
        elif column.dtype == "time":
            checks.append((column_name, lambda stamps: bool((stamps != pd.NaT.value).all())))
        else:
            checks.append((column_name, partial(_text, allowed=frozenset(allowed))))
    return tuple(checks)


def bounds(column: Column) -> tuple[float, float]:
    """Least and largest value of a column; infinite where the dictionary sets none."""
    return -np.inf if column.ge is None else column.ge, np.inf if column.le is None else column.le


def _inside(values: np.ndarray, low: float, high: float) -> bool:
    return bool(np.isfinite(values).all() and values.min() >= low and values.max() <= high)


def _text(values: np.ndarray, allowed: frozenset[str]) -> bool:
    words = values.tolist()
    return set(map(type, words)) == {str} and (not allowed or allowed.issuperset(words))


@cache
def _long_bounds(name: str) -> tuple[dict[str, float], dict[str, float]]:
    table = TABLES[name]
    both = {quantity: bounds(COLUMNS[quantity]) for quantity in table.quantities}
    return {name: low for name, (low, _) in both.items()}, {name: high for name, (_, high) in both.items()}


def _long_inside(arrays: dict[str, np.ndarray], table: Table) -> bool:
    """low[quantity] <= value <= high[quantity] in every row"""
    low, high = _long_bounds(table.name)
    named, values = arrays[table.quantity_column].tolist(), arrays["value"]
    count = len(values)
    return bool(
        (values >= np.fromiter(map(low.__getitem__, named), float, count)).all()
        and (values <= np.fromiter(map(high.__getitem__, named), float, count)).all()
    )


def _strictly_sorted(keys: list[np.ndarray]) -> bool:
    """Each row's key is larger than the one before: sorted, and unique."""
    undecided = np.ones(len(keys[0]) - 1, dtype=bool)
    for key in keys:
        after, before = key[1:][undecided], key[:-1][undecided]
        if (after < before).any():
            return False
        undecided[undecided] = after == before
    return not undecided.any()


def _evenly_spaced(stamps_ns: np.ndarray) -> bool:
    steps = np.diff(np.unique(stamps_ns))
    return len(steps) < 2 or bool((steps == steps[0]).all())
