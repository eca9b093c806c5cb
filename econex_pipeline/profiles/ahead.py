"""Supply and demand that each issue of a day looks ahead to, all issues at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import ContractViolation
from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.contracts.tables import DRIVER_VALUES, PROFILE_VALUES
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.district import District
from econex_pipeline.profiles.memory import Memory
from econex_pipeline.profiles.nodes import course, node_values
from econex_pipeline.profiles.table import Drivers

Floats = NDArray[np.float64]


def profiles_ahead(
    district: District, windows: Windows, drivers: Mapping[str, Floats], came: pd.DataFrame, memory: Memory
) -> list[Profiles]:
    """Turn what is expected in each of several windows into supply and demand; each is what `profiles` gives alone.

    Parameters
    ----------
    district : District
        What stands where.
    windows : Windows
        The steps of each, I windows of T steps.
    drivers : mapping of str to array of shape (I, T)
        What is expected, by column of the TRACE contract.
    came : pandas.DataFrame
        TRACE from the instant of `memory` at least to the start of the last window: a window starts with soil, roofs
        and raw water as they are after what really came until then. What came later is not looked at.
    memory : Memory
        Soil, roofs and raw water at an instant not after the first window's start.

    Returns
    -------
    list of Profiles
        One a window.

    Raises
    ------
    InputError
        If a demand shape cannot be read.
    ContractViolation
        If `came` does not go on from the memory, or ends before the last window starts.
    """
    starts = windows.starts
    came = came[came["time_utc"] < starts[-1]]
    begin = came["time_utc"].iloc[0] if len(came) else starts[-1]
    elapsed = np.asarray((starts - begin) // pd.Timedelta(minutes=district.step_minutes))
    if elapsed[0] < 0 or elapsed[-1] != len(came):
        rows = f"{len(came)} from {begin}"
        raise ContractViolation("TRACE", "time_utc", rows, f"every step from the memory's to {starts[-1]}", "what came")
    if len(came):
        states = course(district, came, memory)
        at_starts = [states(int(step)) for step in elapsed]
    else:
        memory.reaches(begin)
        at_starts = [memory] * len(starts)
    expected = {name: drivers[name] for name in DRIVER_VALUES}
    now = Drivers(windows.times, None, expected, windows.places)
    by_column = node_values(district, now, Memory.side_by_side(at_starts))
    nodes = tuple(sorted(district.nodes))
    values = np.zeros((*windows.places.shape, len(nodes), len(PROFILE_VALUES)))
    for place, column in enumerate(PROFILE_VALUES):
        for node, array in by_column.get(column, {}).items():
            values[:, :, nodes.index(node), place] = array
    stamps = windows.times.as_unit("ns").asi8[windows.places]
    return [Profiles(stamps[window], nodes, values[window]) for window in range(len(starts))]
