"""A Pandera schema for every table, made from the dictionary; `validate` turns what it finds into one sentence.

Most tables are right, so `validate` asks the compiled contract first, which is some thirty times as quick; Pandera
judges what that one refuses, and everything in the blocking checks (`thorough`).
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econex_pipeline.contracts.column import Column
from econex_pipeline.contracts.columns import COLUMNS
from econex_pipeline.contracts.compiled import FRAME_DTYPES, bounds, keeps, keeps_plain
from econex_pipeline.contracts.errors import ContractViolation, nearest
from econex_pipeline.contracts.plain import Columns, framed
from econex_pipeline.contracts.provenance import digest_json
from econex_pipeline.contracts.tables import TABLES, Table

if TYPE_CHECKING:  # it is asked where the quick test of a table fails, or a thorough one is wanted
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

PROBABILITY_TOLERANCE = 1e-9
LONG_ROW = "a value within the bounds of the quantity that its row names"


def _checks(column: Column) -> list[pa.Check]:
    import pandera.pandas as pa

    checks = []
    if column.dtype == "float":
        checks.append(pa.Check(lambda s: np.isfinite(s), name="finite", error=column.expectation()))
    if column.dtype in ("float", "int"):
        if column.ge is not None:
            checks.append(pa.Check.ge(column.ge, error=column.expectation()))
        if column.le is not None:
            checks.append(pa.Check.le(column.le, error=column.expectation()))
    if column.dtype == "str":
        checks.append(pa.Check(_is_text, name="text", error=column.expectation()))
    if column.values:
        checks.append(pa.Check.isin(column.values, error=column.expectation()))
    return checks


def _is_text(series: pd.Series) -> bool:
    return pd.api.types.infer_dtype(series, skipna=False) in ("string", "empty")


def _long_check(table: Table) -> pa.Check:
    """Each row of a long table lies within the bounds of the quantity that it names."""
    import pandera.pandas as pa

    low = {name: bounds(COLUMNS[name])[0] for name in table.quantities}
    high = {name: bounds(COLUMNS[name])[1] for name in table.quantities}

    def inside(frame: pd.DataFrame) -> pd.Series:
        named = frame[table.quantity_column].astype(object)
        return (frame["value"] >= named.map(low)) & (frame["value"] <= named.map(high))

    return pa.Check(inside, name="value", error=LONG_ROW)


@cache
def contract_version(name: str) -> str:
    """Digest of what the contract of a table asks for: what kept one version may break another."""
    table = TABLES[name]
    return digest_json([asdict(table), [asdict(entry) for entry in table.entries()]])


@cache
def schema(name: str) -> pa.DataFrameSchema:
    """Give the Pandera schema of a contract table.

    Parameters
    ----------
    name : str
        A key of `contracts.tables.TABLES`.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Strict, ordered, unique on the table's key, with the dictionary's bounds.

    Raises
    ------
    KeyError
        If there is no such table; the message names the nearest one.
    """
    import pandera.pandas as pa

    if name not in TABLES:
        raise KeyError(f"no table {name!r} in the contracts{nearest(name, TABLES)}")
    table = TABLES[name]
    entries = {}
    for column_name in table.columns:
        column = COLUMNS[column_name]
        checks = _checks(column)
        if table.quantities and column_name == table.quantity_column:
            checks.append(pa.Check.isin(table.quantities, error="a quantity this table may hold"))
        entries[column_name] = pa.Column(
            FRAME_DTYPES[column.dtype],
            checks=checks,
            nullable=False,
            title=column.unit,
            description=column.meaning,
        )
    return pa.DataFrameSchema(
        entries,
        checks=[_long_check(table)] if table.quantities else [],
        strict=True,
        ordered=True,
        unique=list(table.key),
        name=table.name,
        title=table.name,
        description=table.meaning,
    )


def tidy(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put a frame into the order its contract asks for: columns, rows sorted by the key, a plain index.

    Parameters
    ----------
    frame : pandas.DataFrame
        Has at least the table's columns.
    name : str
        A key of `contracts.tables.TABLES`.

    Returns
    -------
    pandas.DataFrame
        A new frame with the table's columns only, in its dtypes.
    """
    table = TABLES[name]
    tidied = frame[list(table.columns)].sort_values(list(table.key), kind="stable", ignore_index=True)
    return tidied.astype({column: FRAME_DTYPES[COLUMNS[column].dtype] for column in table.columns})


def validate(frame: pd.DataFrame, name: str, source: str = "", thorough: bool = False) -> pd.DataFrame:
    """Check a frame against its contract.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table to check.
    name : str
        A key of `contracts.tables.TABLES`.
    source : str, optional
        File or asset it came from, for the message.
    thorough : bool
        Whether Pandera looks at it even if the compiled contract finds nothing wrong.

    Returns
    -------
    pandas.DataFrame
        The same frame.

    Raises
    ------
    ContractViolation
        Names table, column, rows and what was expected.
    """
    if thorough or not keeps(frame, name):
        _ask_pandera(frame, TABLES[name], source)
    if name == "SCENARIOS":
        _check_probabilities(frame, source)
    return frame


def validate_plain(columns: Columns, name: str, source: str = "") -> None:
    """Check the columns of a table against its contract; arguments and errors as of `validate`."""
    if name == "SCENARIOS" or not keeps_plain(columns, name):
        validate(framed(columns), name, source)


def _ask_pandera(frame: pd.DataFrame, table: Table, source: str) -> None:
    from pandera.errors import SchemaErrors

    _check_columns(frame, table, source)
    try:
        schema(table.name).validate(frame, lazy=True)
    except SchemaErrors as found:
        raise _violation(frame, table, found, source) from None
    _check_order(frame, table, source)
    if "time_utc" in table.key:
        _check_steps(frame, table, source)


def _check_columns(frame: pd.DataFrame, table: Table, source: str) -> None:
    for column in table.columns:
        if column not in frame.columns:
            hint = nearest(column, (str(known) for known in frame.columns))
            raise ContractViolation(table.name, column, "all rows", f"the column to be there{hint}", source)
    for column in frame.columns:
        if column not in table.columns:
            hint = nearest(str(column), table.columns)
            raise ContractViolation(table.name, str(column), "all rows", f"no such column{hint}", source)
    if frame.empty and not table.may_be_empty:
        raise ContractViolation(table.name, table.key[0], "all rows", "at least one row", source)
    if "time_utc" in table.columns and getattr(frame["time_utc"].dtype, "tz", None) is None:
        raise ContractViolation(table.name, "time_utc", "all rows", "time stamps with a time zone, in UTC", source)


def _violation(frame: pd.DataFrame, table: Table, found: SchemaErrors, source: str) -> ContractViolation:
    """Turn the first of Pandera's findings into the one sentence a user can act on."""
    cases = found.failure_cases
    # a wrong column is said before a wrong row, and a long row's fault lies in its value, not in its key
    columnwise = cases[cases["schema_context"] != "DataFrameSchema"]
    long_rows = cases[(cases["check"] == LONG_ROW) & (cases["column"] == "value")]
    first = next(part for part in (columnwise, long_rows, cases) if len(part)).iloc[0]
    column = str(first["column"])
    if first["check"] == "multiple_fields_uniqueness" or "unique" in str(first["check"]):
        rows = frame.index[frame.duplicated(list(table.key), keep=False)]
        return ContractViolation(table.name, "+".join(table.key), _rows(frame, table, rows), "each key once", source)
    if column not in table.columns:
        column = "value" if table.quantities else table.key[0]
    same = cases[(cases["check"] == first["check"]) & (cases["column"] == first["column"])]
    rows = pd.Index([index for index in same["index"].dropna().unique() if index in frame.index])
    expected = COLUMNS[column].expectation()
    if table.quantities and column == "value" and len(rows):
        quantity = str(frame.loc[rows[0], table.quantity_column])
        expected = f"{quantity}: {COLUMNS[quantity].expectation()}" if quantity in COLUMNS else expected
    elif table.quantities and column == table.quantity_column:
        expected = "one of " + ", ".join(table.quantities)
    elif "dtype" in str(first["check"]):
        expected = (
            f"{COLUMNS[column].expectation()} as {FRAME_DTYPES[COLUMNS[column].dtype]}, not {frame[column].dtype}"
        )
    where = _rows(frame, table, rows) if len(rows) else "all rows"
    value = f", found {frame.loc[rows[0], column]!r}" if len(rows) else ""
    return ContractViolation(table.name, column, where + value, expected, source)


def _rows(frame: pd.DataFrame, table: Table, rows: pd.Index) -> str:
    first = ", ".join(f"{key}={frame.loc[rows[0], key]}" for key in table.key)
    return f"{len(rows)} row{'s' if len(rows) > 1 else ''}, first at {first}"


def _check_order(frame: pd.DataFrame, table: Table, source: str) -> None:
    keys = frame[list(table.key)].reset_index(drop=True)
    ordered = keys.sort_values(list(table.key), kind="stable").index
    wrong = np.flatnonzero(ordered.to_numpy() != np.arange(len(keys)))
    if len(wrong):
        rows = _rows(frame, table, frame.index[wrong[:1]])
        raise ContractViolation(table.name, "+".join(table.key), rows, "rows sorted by the key", source)


def _check_steps(frame: pd.DataFrame, table: Table, source: str) -> None:
    """Time stamps of a table are evenly spaced: a gap is an error, not a silent hole."""
    times = pd.DatetimeIndex(frame["time_utc"].unique()).sort_values()
    if len(times) < 3:
        return
    steps = np.diff(times.asi8)
    if (steps == steps.min()).all():
        return
    at = int(np.flatnonzero(steps != steps.min())[0])
    step = pd.Timedelta(int(steps.min()), unit="ns")
    raise ContractViolation(
        table.name,
        "time_utc",
        f"between {times[at]} and {times[at + 1]}",
        f"a row each {step} without a gap",
        source,
    )


def _check_probabilities(frame: pd.DataFrame, source: str) -> None:
    per_scenario = frame.groupby("scenario")["probability"]
    if (per_scenario.max() > per_scenario.min()).any():
        raise ContractViolation("SCENARIOS", "probability", "all rows", "one probability per scenario", source)
    total = float(per_scenario.first().sum())
    if abs(total - 1.0) > PROBABILITY_TOLERANCE:
        raise ContractViolation(
            "SCENARIOS",
            "probability",
            f"all rows, sum {total!r}",
            "probabilities that sum to 1 over scenarios",
            source,
        )
