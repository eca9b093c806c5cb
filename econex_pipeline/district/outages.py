"""What outages leave of the connections to the utilities, as far as they are known to who plans."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.district.events import Event
from econex_pipeline.district.model import District

Array = np.ndarray[Any, np.dtype[Any]]


def outages(district: District, kind: str) -> list[Event]:
    """List the outages of a kind, ``grid_outage`` or ``mains_outage``, whether they are known beforehand or not."""
    return [event for event in district.events.values() if event.kind == kind]


def grid_limits(district: District, times: pd.DatetimeIndex, out: Collection[str] = ()) -> dict[str, Array]:
    """Give what the grid's connection can carry, as a planner knows it.

    Parameters
    ----------
    district : District
        Its grid and its events.
    times : pandas.DatetimeIndex, shape (T,)
        Starts of the steps.
    out : collection of str
        Of ``grid`` and ``mains``, what was seen to be out in the step before: it is taken to be out for its
        `expected_outage_h` from now on, for one step at least, unless its end was known.

    Returns
    -------
    dict of str to numpy.ndarray
        ``grid_import`` and ``grid_export``, shape (T,) [kW]; empty for a district without an outage of the grid, whose
        connection is the same in all steps.
    """
    events, grid = outages(district, "grid_outage"), district.utilities.grid
    if not events:
        return {}
    there = _available(district, events, times, grid.expected_outage_h if "grid" in out else 0.0)
    return {"grid_import": grid.import_kw * there, "grid_export": grid.export_kw * there}


def mains_available(district: District, times: pd.DatetimeIndex, out: Collection[str] = ()) -> Array | None:
    """Say in which steps the mains are there, as a planner knows it: 1 or 0, shape (T,); None where no outage is.

    Arguments as of `grid_limits`.
    """
    events, mains = outages(district, "mains_outage"), district.utilities.mains
    lasting_h = mains.expected_outage_h if mains is not None and "mains" in out else 0.0
    return _available(district, events, times, lasting_h) if events else None


def _available(district: District, events: Iterable[Event], times: pd.DatetimeIndex, lasting_h: float) -> Array:
    """Say in which steps a connection is there; one that was seen to be out lasts [h], 0 for none."""
    offset_h, step = district.site.utc_offset_h, pd.Timedelta(hours=district.step_h)
    known = [event for event in events if event.known]

    def is_out(time: pd.Timestamp) -> bool:
        return any(event.began(time, offset_h) is not None for event in known)

    there = np.array([float(not is_out(time)) for time in times])
    if lasting_h > 0.0 and not is_out(times[0] - step):  # a known outage ends when it was said to
        there[: max(1, round(lasting_h / district.step_h))] = 0.0
    return there
