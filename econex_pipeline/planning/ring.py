"""A basis that outlives the hour: the steps of a rolling horizon lie on a ring, each in the slot of its time of day.

An hour later every step but one is still there, one place earlier in the program, and the new last step is the hour of
the day that just went by. A basis kept by slot therefore fits the next horizon as it stands.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.planning.answer import Basis
from econex_pipeline.planning.template import Template

Array = np.ndarray[Any, np.dtype[Any]]

WITHOUT_TIME = ("tranche", "shortfall", "end_of_storage", "end_target")
"""Families of columns and rows whose last key is not a step."""


def to_slots(basis: Basis, template: Template, first: pd.Timestamp) -> Basis:
    """Put a basis in the order of steps into the order of slots.

    Parameters
    ----------
    basis : Basis
        Of a horizon.
    template : Template
        Its template.
    first : pandas.Timestamp
        Its first step.
    """
    return _turned(basis, template, _slot(template, first))


def from_slots(basis: Basis, template: Template, first: pd.Timestamp) -> Basis | None:
    """Put a basis in the order of slots into the order of steps of a horizon; None where it is of another program."""
    if len(basis.columns) != len(template.column_names) or len(basis.rows) != len(template.row_names):
        return None
    return _turned(basis, template, -_slot(template, first))


def _slot(template: Template, first: pd.Timestamp) -> int:
    step = pd.Timedelta(hours=template.network.step_h)
    return int(first.value // step.value % template.shape.steps)


def _turned(basis: Basis, template: Template, places: int) -> Basis:
    columns, rows = _rings(tuple(template.column_names)), _rings(tuple(template.row_names))
    return Basis(_turn(basis.columns, columns, places), _turn(basis.rows, rows, places))


def _turn(status: str, rings: tuple[Array, ...], places: int) -> str:
    letters = np.frombuffer(status.encode(), dtype=np.uint8)
    turned = letters.copy()
    for ring in rings:
        turned[ring] = np.roll(letters[ring], places, axis=-1)
    return turned.tobytes().decode()


@lru_cache(maxsize=16)
def _rings(names: tuple[str, ...]) -> tuple[Array, ...]:
    """Find the places of each series over the steps; series of the same length lie in one array, a row each."""
    series: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        family, keys = name.removesuffix("]").split("[", 1)
        element, _, step = keys.rpartition(",")
        # the amount at the start is fixed in every horizon and stays where it is
        if family not in WITHOUT_TIME and element and not (family == "stored" and step == "0"):
            series.setdefault(f"{family}[{element}", []).append(place)
    lengths = {len(places) for places in series.values()}
    return tuple(np.array([places for places in series.values() if len(places) == length]) for length in lengths)
