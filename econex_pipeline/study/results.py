"""Measures of all tasks as one long table: what the verdicts and the page are made from, and what a machine reads."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from econex_pipeline.study.measures import Measures
from econex_pipeline.study.tasks import Results, Task

KEY = ["case", "range", "first_day", "days", "strategy", "measure"]


def results_table(results: Mapping[Task, Results]) -> pd.DataFrame:
    """Give one row a measure.

    Returns
    -------
    pandas.DataFrame
        Columns case, range (its label), first_day, days, strategy, measure (its name carries the unit), value.
    """
    rows = [
        (task.case, task.label, task.first.isoformat(), task.count, strategy, name, float(value))
        for task, by_strategy in results.items()
        for strategy, measures in by_strategy.items()
        for name, value in measures.items()
    ]
    return pd.DataFrame(rows, columns=[*KEY, "value"]).sort_values(KEY, ignore_index=True)


def write_results(table: pd.DataFrame, path: Path) -> Path:
    """Write the table as CSV and Parquet beside each other, each whole or not at all; give the CSV's path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for place, write in ((path.with_suffix(".parquet"), table.to_parquet), (path.with_suffix(".csv"), table.to_csv)):
        beside = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
        write(beside, index=False)
        beside.replace(place)
    return path.with_suffix(".csv")


def read_results(path: Path) -> pd.DataFrame | None:
    """Read a table back; None where none was written."""
    place = path.with_suffix(".parquet")
    return pd.read_parquet(place) if place.exists() else None


class Figures:
    """The table as verdicts and page read it.

    Parameters
    ----------
    table : pandas.DataFrame
        From `results_table`.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._found: dict[tuple[str, str, str], Measures] = {}
        for (case, label, strategy), rows in table.groupby(["case", "range", "strategy"], sort=False):
            self._found[str(case), str(label), str(strategy)] = dict(zip(rows["measure"], rows["value"], strict=True))
        self.cases = list(dict.fromkeys(table["case"]))
        self.days = {str(label): int(days) for label, days in zip(table["range"], table["days"], strict=True)}

    @property
    def ranges(self) -> list[str]:
        """Labels of the ranges, in order of time."""
        return sorted(self.days)

    def has(self, case: str, label: str, strategy: str) -> bool:
        """Say whether a strategy was run."""
        return (case, label, strategy) in self._found

    def measures(self, case: str, label: str, strategy: str) -> Measures:
        """Give all measures of a strategy.

        Raises
        ------
        KeyError
            If it was not run.
        """
        return self._found[case, label, strategy]

    def get(self, case: str, label: str, strategy: str, measure: str) -> float:
        """Give a measure.

        Raises
        ------
        KeyError
            If it was not measured.
        """
        return self.measures(case, label, strategy)[measure]

    def all(self, measure: str) -> dict[tuple[str, str, str], float]:
        """Give a measure wherever it was taken, by case, range and strategy."""
        return {key: measures[measure] for key, measures in self._found.items() if measure in measures}


def parse_month(text: str) -> date:
    """Read a month such as 2025-07.

    Raises
    ------
    ValueError
        If it is none.
    """
    return date.fromisoformat(f"{text}-01")
