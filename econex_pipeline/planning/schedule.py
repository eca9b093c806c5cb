"""The day-ahead schedule as the controller meets it: fixed where the plan has decided, free where it has not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from econex_pipeline.planning.elements import RATE_QUANTITY, Commitment
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.monolith import Assembled

Array = np.ndarray[Any, np.dtype[Any]]


def schedule_quantity(commitment: Commitment) -> str:
    """Name the quantity of a schedule."""
    return "schedule_kw" if commitment.layer == "E" else "schedule_m3_h"


def deviation_quantity(commitment: Commitment, direction: str) -> str:
    """Name the quantity of a deviation, ``up`` or ``down``."""
    unit = RATE_QUANTITY[commitment.layer].split("_", 1)[1]
    return f"deviation_{direction}_{unit}"


def fixed_schedule(assembled: Assembled, instance: Instance, schedule: Array | None) -> Assembled:
    """Fix the first-stage columns to a schedule.

    Parameters
    ----------
    assembled : Assembled
        One scenario; its first stage covers the whole horizon.
    instance : Instance
        What it was stamped from.
    schedule : numpy.ndarray or None
        Shape (step, commitment). What is not a number stays free, so that deviation costs nothing there.

    Returns
    -------
    Assembled
        The same program with other bounds.
    """
    if schedule is None:
        return assembled
    lower, upper = assembled.program.lower.copy(), assembled.program.upper.copy()
    fixed = schedule[: instance.template.shape.commit_steps].T.ravel()
    places = np.flatnonzero(~np.isnan(fixed))
    lower[places] = upper[places] = fixed[places]
    return replace(assembled, program=replace(assembled.program, lower=lower, upper=upper))
