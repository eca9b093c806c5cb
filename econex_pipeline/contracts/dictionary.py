"""The dictionary of columns as others read it: a page of documentation and a JSON Schema for each table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from econex_pipeline.contracts.column import Column
from econex_pipeline.contracts.columns import COLUMNS
from econex_pipeline.contracts.tables import TABLES, Table

_JSON_TYPES = {"float": "number", "int": "integer", "str": "string", "time": "string"}


def page() -> str:
    """Write the data dictionary as a Markdown page.

    Returns
    -------
    str
        One section a table, one row a column; long tables list the quantities that their rows may name.
    """
    parts = [
        "# Data dictionary",
        "Generated from `econex_pipeline/contracts` by `make docs`; a test holds the two together.",
        "Time stamps are UTC, at the start of the step. Rates and powers are means over the step, stored amounts stand "
        "at the time stamp, and tables of them carry the end of the last step too. Bounds are closed.",
    ]
    parts += [_section(table) for table in TABLES.values()]
    return "\n\n".join(parts) + "\n"


def json_schema(name: str) -> dict[str, Any]:
    """Describe one row of a table as JSON Schema (draft 2020-12).

    Parameters
    ----------
    name : str
        A key of `contracts.tables.TABLES`.

    Returns
    -------
    dict
        Schema of the row as an object; a long table's rows are bounded by the quantity they name.
    """
    table = TABLES[name]
    described: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "description": table.meaning,
        "type": "object",
        "properties": {column: _property(COLUMNS[column]) for column in table.columns},
        "required": list(table.columns),
        "additionalProperties": False,
    }
    if table.quantities:
        described["properties"][table.quantity_column]["enum"] = list(table.quantities)
        described["allOf"] = [
            {
                "if": {"properties": {table.quantity_column: {"const": quantity}}},
                "then": {"properties": {"value": _property(COLUMNS[quantity])}},
            }
            for quantity in table.quantities
        ]
    return described


def _property(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": _JSON_TYPES[column.dtype],
        "description": f"{column.meaning} [{column.unit}]",
    }
    if column.dtype == "time":
        described["format"] = "date-time"
    if column.dtype in ("float", "int"):
        described |= {"minimum": column.ge} if column.ge is not None else {}
        described |= {"maximum": column.le} if column.le is not None else {}
    if column.values:
        described["enum"] = list(column.values)
    return described


def _section(table: Table) -> str:
    lines = [f"## {table.name}", table.meaning, f"Key: {', '.join(f'`{name}`' for name in table.key)}."]
    lines.append(_rows(COLUMNS[name] for name in table.columns))
    if table.quantities:
        lines.append(f"`{table.quantity_column}` is one of:")
        lines.append(_rows(COLUMNS[name] for name in table.quantities))
    return "\n\n".join(lines)


def _rows(columns: Iterable[Column]) -> str:
    head = ["| name | unit | bounds | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| `{c.name}` | {c.unit} | {_bounds(c)} | {c.meaning} |" for c in columns)])


def _bounds(column: Column) -> str:
    if column.values:
        return ", ".join(column.values)
    if column.dtype not in ("float", "int"):
        return ""
    low = "" if column.ge is None else f"{column.ge:g} ≤"
    high = "" if column.le is None else f"≤ {column.le:g}"
    return " ".join(part for part in (low, high) if part)
