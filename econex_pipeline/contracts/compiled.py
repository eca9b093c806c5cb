"""The contract of a table as a few passes over numpy arrays: quick enough for every hour of a year.

It says yes or no and is made from the same dictionary as the Pandera schema, which finds the words when it says no; a
test holds that the two agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd

from econex_pipeline.contracts.column import Column
from econex_pipeline.contracts.columns import COLUMNS
from econex_pipeline.contracts.plain import Array, Columns, found_once, plain
from econex_pipeline.contracts.tables import TABLES, Table

Check = Callable[[Array], bool]
_DTYPES = {"float": "float64", "int": "int64", "str": "object", "time": "datetime64[ns]"}
FRAME_DTYPES = {**_DTYPES, "time": "datetime64[ns, UTC]"}


def keeps(frame: pd.DataFrame, name: str) -> bool:
    """Say whether a frame keeps its contract; as `keeps_plain`, with the dtypes of a frame: its instants carry UTC."""
    expected = [FRAME_DTYPES[COLUMNS[column].dtype] for column in TABLES[name].columns]
    return [str(dtype) for dtype in frame.dtypes] == expected and keeps_plain(plain(frame), name)


def keeps_plain(columns: Columns, name: str) -> bool:
    """Say whether a table keeps its contract: columns, dtypes, bounds, unique sorted keys, evenly spaced time stamps.

    Parameters
    ----------
    columns : Columns
        The table to check.
    name : str
        A key of `contracts.tables.TABLES`.

    Notes
    -----
    The probabilities of SCENARIOS, which span rows, are not looked at.
    """
    table = TABLES[name]
    if tuple(columns) != table.columns:
        return False
    if any(array.dtype != _DTYPES[COLUMNS[column].dtype] for column, array in columns.items()):
        return False
    if not len(next(iter(columns.values()))):
        return table.may_be_empty
    return (
        all(check(columns[column]) for column, check in _checks(name))
        and (not table.quantities or _long_inside(columns, table))
        and _strictly_sorted([columns[column] for column in table.key])
        and ("time_utc" not in table.key or _evenly_spaced(columns["time_utc"]))
    )


def bounds(column: Column) -> tuple[float, float]:
    """Least and largest value of a column; infinite where the dictionary sets none."""
    return -np.inf if column.ge is None else column.ge, np.inf if column.le is None else column.le


@cache
def _checks(name: str) -> tuple[tuple[str, Check], ...]:
    table = TABLES[name]
    checks: list[tuple[str, Check]] = []
    for column_name in table.columns:
        column = COLUMNS[column_name]
        if column.dtype in ("float", "int"):
            low, high = bounds(column)
            checks.append((column_name, partial(_inside, low=low, high=high)))
        elif column.dtype == "time":
            checks.append((column_name, lambda instants: not np.isnat(instants).any()))
        else:
            named = table.quantities and column_name == table.quantity_column
            checks.append(
                (column_name, partial(_text, allowed=frozenset(table.quantities if named else column.values)))
            )
    return tuple(checks)


def _inside(values: Array, low: float, high: float) -> bool:
    return bool(np.isfinite(values).all() and values.min() >= low and values.max() <= high)


def _text(words: Array, allowed: frozenset[str]) -> bool:
    different = found_once(words, _different)
    return different is not None and (not allowed or allowed.issuperset(different))


def _different(words: Array) -> frozenset[str] | None:
    """Different words of a column; none where something in it is not text."""
    listed = words.tolist()
    return frozenset(listed) if set(map(type, listed)) == {str} else None


def _long_inside(columns: Columns, table: Table) -> bool:
    """low[quantity] <= value <= high[quantity] in every row"""
    low, high = found_once(columns[table.quantity_column], _long_bounds)
    values = columns["value"]
    return bool((values >= low).all() and (values <= high).all())


def _long_bounds(quantities: Array) -> tuple[Array, Array]:
    """Bounds of the quantity that each row names, each shape (row,)."""
    each = np.array([bounds(COLUMNS[quantity]) for quantity in quantities.tolist()])
    return each[:, 0], each[:, 1]


def _strictly_sorted(keys: list[Array]) -> bool:
    """Each row's key is larger than the one before: sorted, and unique."""
    undecided = np.ones(len(keys[0]) - 1, dtype=bool)
    for key in keys:
        after, before = (part if undecided.all() else part[undecided] for part in (key[1:], key[:-1]))
        if (after < before).any():
            return False
        undecided[undecided] = after == before
    return not undecided.any()


def _evenly_spaced(instants: Array) -> bool:
    steps = np.diff(np.unique(instants))
    return len(steps) < 2 or bool((steps == steps[0]).all())
