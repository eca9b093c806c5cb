"""The companion tape of a dataset: what changes by the clock, which the seed's data model leaves to a tape player."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.hydraulics.dataset.entities import TYPES, fields_by_column

PLAYED = {
    "water_junction_entities": "drinking_water.demand_factor",
    "water_reservoir_entities": "drinking_water.head_factor",
    "water_pump_entities": "drinking_water.speed",
}
"""Which attribute of a group a tape may play."""


@dataclass(frozen=True)
class Series:
    """One attribute of one entity that follows a pattern.

    Attributes
    ----------
    group : str
        Entity group; the attribute is the one of `PLAYED`.
    id : int
        The entity.
    pattern : str
        Name of the pattern; its values are the attribute's values.
    """

    group: str
    id: int
    pattern: str


@dataclass(frozen=True)
class Tape:
    """Time series of attributes, each constant over a period and beginning anew after its last one.

    Attributes
    ----------
    patterns : mapping of str to tuple of float
        Values by period.
    series : tuple of Series
        Who follows which.
    step_s : int
        Length of a period [s].
    start_s : int
        Where in the patterns the time 0 falls [s].
    """

    patterns: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    series: tuple[Series, ...] = ()
    step_s: int = 3600
    start_s: int = 0

    def __post_init__(self) -> None:
        if self.step_s < 1 or self.start_s < 0:
            raise InputError(
                "tape", "step_s, start_s", (self.step_s, self.start_s), "a step of 1 s or more, a start >= 0"
            )
        for name, values in self.patterns.items():
            if not values or any(not -1e12 < value < 1e12 for value in values):
                raise InputError("tape", f"pattern {name}", values, "at least one value, all finite")
        for item in self.series:
            if item.pattern not in self.patterns:
                close = nearest(item.pattern, self.patterns)
                raise InputError.saying(
                    "tape", f"{item.group} {item.id}", f"there is no pattern '{item.pattern}'{close}"
                )
            if item.group not in PLAYED:
                raise InputError("tape", "group", item.group, f"one of {', '.join(PLAYED)}")

    def changes(self, time_s: int) -> dict[str, dict[str, list[Any]]]:
        """Give the values that hold at a time, as changes for `Model.update`."""
        period = (time_s + self.start_s) // self.step_s
        columns: dict[str, dict[str, list[Any]]] = {}
        for item in self.series:
            pattern = self.patterns[item.pattern]
            group = columns.setdefault(item.group, {"id": [], PLAYED[item.group]: []})
            group["id"].append(item.id)
            group[PLAYED[item.group]].append(pattern[period % len(pattern)])
        return columns

    def next_change_s(self, time_s: int) -> int:
        """Give the time after `time_s` at which a period begins [s]."""
        return ((time_s + self.start_s) // self.step_s + 1) * self.step_s - self.start_s

    def pattern_of(self, group: str, entity_id: int) -> str | None:
        """Name the pattern that an entity follows, if any."""
        return self._followed.get((group, entity_id))

    @property
    def _followed(self) -> dict[tuple[str, int], str]:
        return {(item.group, item.id): item.pattern for item in self.series}


def tape_to_json(tape: Tape) -> dict[str, Any]:
    """Write a tape as mappings ready for JSON."""
    return {
        "step_s": tape.step_s,
        "start_s": tape.start_s,
        "patterns": {name: list(values) for name, values in tape.patterns.items()},
        "series": {
            group: {
                "id": [item.id for item in tape.series if item.group == group],
                column: [item.pattern for item in tape.series if item.group == group],
            }
            for group, column in PLAYED.items()
            if any(item.group == group for item in tape.series)
        },
    }


def tape_from_json(content: Mapping[str, Any]) -> Tape:
    """Read a tape from the form that `tape_to_json` writes.

    Raises
    ------
    InputError
        If a key is unknown or a value is wrong.
    """
    known = ("step_s", "start_s", "patterns", "series")
    for key in content:
        if key not in known:
            raise InputError.saying("tape", key, f"unknown key '{key}'{nearest(key, known)}")
    series = []
    for group, columns in content.get("series", {}).items():
        if group not in PLAYED or set(columns) != {"id", PLAYED[group]}:
            known_columns = fields_by_column(group) if group in TYPES else PLAYED
            raise InputError("tape", f"series.{group}", list(columns), f"id and one of {', '.join(known_columns)}")
        series += [Series(group, i, p) for i, p in zip(columns["id"], columns[PLAYED[group]], strict=True)]
    patterns = {name: tuple(map(float, values)) for name, values in content.get("patterns", {}).items()}
    return Tape(patterns, tuple(series), int(content.get("step_s", 3600)), int(content.get("start_s", 0)))
