"""A basis that outlives the hour: the steps of a rolling horizon lie on a ring, each in the slot of its time of day.

An hour later every step but one is still there, one place earlier in the program, and the new last step is the hour of
the day that just went by. A basis kept by slot therefore fits the next horizon as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from econex_pipeline.contracts.arrays import NS_PER_H
from econex_pipeline.planning.answer import Basis
from econex_pipeline.planning.template import Template

Array = np.ndarray[Any, np.dtype[Any]]

WITHOUT_TIME = ("tranche", "shortfall", "end_of_storage", "end_target")
"""Families of columns and rows whose last key is not a step."""


def to_slots(basis: Basis, template: Template, first_ns: int) -> Basis:
    """Put a basis in the order of steps into the order of slots.

    Parameters
    ----------
    basis : Basis
        Of a horizon.
    template : Template
        Its template.
    first_ns : int
        Its first step [ns since 1970, UTC].
    """
    return _turned(basis, template, _slot(template, first_ns))


def from_slots(basis: Basis, template: Template, first_ns: int) -> Basis | None:
    """Put a basis in the order of slots into the order of steps of a horizon; None where it is of another program."""
    if len(basis.columns) != len(template.column_names) or len(basis.rows) != len(template.row_names):
        return None
    return _turned(basis, template, -_slot(template, first_ns))


def _slot(template: Template, first_ns: int) -> int:
    return int(first_ns) // round(template.network.step_h * NS_PER_H) % template.shape.steps


def _turned(basis: Basis, template: Template, places: int) -> Basis:
    turns = template.turns
    if places not in turns:
        turns[places] = _places(template.column_names, places), _places(template.row_names, places)
    columns, rows = turns[places]
    return Basis(_taken(basis.columns, columns), _taken(basis.rows, rows))


def _taken(status: str, places: Array) -> str:
    letters: Array = np.frombuffer(status.encode(), dtype=np.uint8)[places]
    return letters.tobytes().decode()


def _places(names: Sequence[str], turn: int) -> Array:
    """Say from where each letter is taken when all series over the steps are turned by some places."""
    found = np.arange(len(names))
    for series in _series(names):
        found[series] = np.roll(series, turn)
    return found


def _series(names: Sequence[str]) -> list[list[int]]:
    """Find the places of each series over the steps."""
    series: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        family, keys = name.removesuffix("]").split("[", 1)
        element, _, step = keys.rpartition(",")
        # the amount at the start is fixed in every horizon and stays where it is
        if family not in WITHOUT_TIME and element and not (family == "stored" and step == "0"):
            series.setdefault(f"{family}[{element}", []).append(place)
    return list(series.values())
