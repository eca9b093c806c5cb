"""What Dagster's catalogue shows of a table: columns with units, a few rows, numbers, pictures. No computing here."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from functools import cache

import dagster as dg
import pandas as pd

from econex_pipeline.contracts import COLUMNS, TABLES

SHOWN_ROWS = 5


def tags(table: str, case: str) -> dict[str, str]:
    """Tags by which the asset graph can be narrowed to one case (``tag:case=storm``) or one table of all cases."""
    return {"case": case, "table": table}


def kinds(table: str, tools: Sequence[str]) -> set[str]:
    """Badges below an asset in the graph: its table, and the first two of the tools it is made with.

    The graph labels an asset by the last part of its key, the case, and so the table stands here. Dagster takes three.
    """
    return {table, *tools[:2]}


@cache
def column_schema(contract: str) -> dg.TableSchema:
    """The contract of a table as Dagster's column schema, each column with its unit."""
    table = TABLES[contract]
    columns = []
    for name in table.columns:
        column = COLUMNS[name]
        meaning, other = column.meaning, [column.expectation()]
        if table.quantities and name == table.quantity_column:
            named = ", ".join(f"{quantity} [{COLUMNS[quantity].unit}]" for quantity in table.quantities)
            meaning, other = f"{meaning} One of: {named}.", []
        columns.append(
            dg.TableColumn(
                name,
                type=column.dtype,
                description=f"[{column.unit}] {meaning}",
                constraints=dg.TableColumnConstraints(nullable=False, other=other),
                tags={"key": ""} if name in table.key else {},
            )
        )
    return dg.TableSchema(columns, constraints=dg.TableConstraints(other=[f"one row a {' and '.join(table.key)}"]))


def table_metadata(frame: pd.DataFrame) -> dict[str, dg.MetadataValue]:
    """Row count and first rows of a table."""
    return {
        "dagster/row_count": dg.MetadataValue.int(len(frame)),
        "first rows": dg.MetadataValue.md(_markdown(frame.head(SHOWN_ROWS))),
    }


def numbers(values: Mapping[str, float]) -> dict[str, dg.MetadataValue]:
    """Numbers that Dagster plots over partitions, by names of the dictionary (which carry the unit).

    Six digits are shown; the table has the rest.
    """
    return {
        name: dg.MetadataValue.float(float(f"{value:.6g}")) for name, value in values.items() if math.isfinite(value)
    }


def picture(png: bytes, title: str) -> dg.MetadataValue:
    """A PNG that the catalogue shows in place: raw HTML is not rendered there, an embedded picture is."""
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})")


def _markdown(frame: pd.DataFrame) -> str:
    shown = frame.astype(object).map(lambda value: f"{value:.6g}" if isinstance(value, float) else str(value))
    rows = [list(shown.columns), ["---"] * shown.shape[1], *shown.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
