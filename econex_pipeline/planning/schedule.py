"""The day-ahead schedule as the controller meets it: fixed where the plan has decided, free where it has not."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from econex_pipeline.planning.elements import RATE_QUANTITY, Commitment
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.monolith import Assembled


def schedule_quantity(commitment: Commitment) -> str:
    """Name the quantity of a schedule."""
    return "schedule_kw" if commitment.layer == "E" else "schedule_m3_h"


def deviation_quantity(commitment: Commitment, direction: str) -> str:
    """Name the quantity of a deviation, ``up`` or ``down``."""
    unit = RATE_QUANTITY[commitment.layer].split("_", 1)[1]
    return f"deviation_{direction}_{unit}"


def fixed_schedule(assembled: Assembled, instance: Instance, schedule: pd.DataFrame | None) -> Assembled:
    """Fix the first-stage columns to a schedule.

    Parameters
    ----------
    assembled : Assembled
        One scenario; its first stage covers the whole horizon.
    instance : Instance
        What it was stamped from.
    schedule : pandas.DataFrame or None
        PLAN; only its schedules (scenario -1) count. Steps and devices it does not name stay free, so that deviation
        costs nothing there.

    Returns
    -------
    Assembled
        The same program with other bounds.
    """
    if schedule is None:
        return assembled
    lower, upper = assembled.program.lower.copy(), assembled.program.upper.copy()
    rows = schedule[(schedule["scenario"] == -1) & schedule["quantity"].isin(["schedule_kw", "schedule_m3_h"])]
    steps = instance.template.shape.commit_steps
    times = instance.tables.times[:steps]
    for i, commitment in enumerate(instance.network.commitments):
        own = rows[rows["element"] == commitment.element]
        at = times.get_indexer(pd.DatetimeIndex(own["time_utc"]))
        places, values = i * steps + at[at >= 0], own["value"].to_numpy(dtype=float)[at >= 0]
        lower[places] = upper[places] = values
    return replace(assembled, program=replace(assembled.program, lower=lower, upper=upper))
