"""A model with its companion tape: every change of the tape acts at its own time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from econex_pipeline.hydraulics.dataset.tape import Tape
from econex_pipeline.hydraulics.model.model import Model
from econex_pipeline.hydraulics.model.publishing import Update

TAPE = "tape"


def play(model: Model, tape: Tape, times_s: Iterable[int]) -> Iterator[Update]:
    """Run a model with a tape and give its update at each of these times.

    Parameters
    ----------
    model : Model
        The model, anywhere before the first of the times.
    tape : Tape
        What changes by the clock; its periods begin at their own times, asked for or not.
    times_s : iterable of int
        Rising times [s].

    Notes
    -----
    Energy, spill and shortfall of an update count since the update given before it.
    """
    due = model.time_s if tape.series else None
    for wanted in times_s:
        way: list[Update] = []
        while due is not None and due < wanted:
            way.append(model.update(due, tape.changes(due), TAPE))
            due = tape.next_change_s(due)
        here = due == wanted
        yield model.update(wanted, tape.changes(wanted) if here else None, TAPE).counting(way)
        due = tape.next_change_s(wanted) if here else due
