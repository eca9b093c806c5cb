"""What the controller's own models say of the plant: linear coefficients over a horizon, by element and quantity."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from econex_pipeline.contracts.arrays import times_of
from econex_pipeline.district import District, grid_limits, mains_available

Array = np.ndarray[Any, np.dtype[Any]]
_INLET = ("mains", "rated_flow_m3_h")

Coefficients = Mapping[tuple[str, str], float | Array]
"""By element and quantity of COEFFICIENTS: one number for all steps of a horizon, or one for each."""


def with_outages(coefficients: Coefficients, district: District, stamps: Array, out: Collection[str]) -> Coefficients:
    """Give coefficients with the connections to grid and mains closed while they are known, or seen, to be out.

    Parameters
    ----------
    coefficients : Coefficients
        Over the horizon.
    district : District
        Its outages.
    stamps : numpy.ndarray of int64
        Starts of the horizon's steps, shape (T,) [ns since 1970, UTC].
    out : collection of str
        Of ``grid`` and ``mains``, what was seen to be out in the step that ended now.
    """
    if not district.events:
        return coefficients
    times = times_of(stamps)
    limits: dict[tuple[str, str], float | Array] = {
        (name, "capacity_kw"): limit for name, limit in grid_limits(district, times, out).items()
    }
    there = mains_available(district, times, out)
    if there is not None and _INLET in coefficients:
        limits[_INLET] = coefficients[_INLET] * there
    return {**coefficients, **limits}


def of_first_step(coefficients: Coefficients) -> dict[tuple[str, str], float]:
    """Give the numbers of a horizon's first step."""
    return {key: float(value[0]) if isinstance(value, np.ndarray) else value for key, value in coefficients.items()}


def rated_flows(coefficients: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Give the rated flow of each duty-cycled element of one step [m3/h]; the inlet is called `mains_import`."""
    flows = {element: value for (element, quantity), value in coefficients.items() if quantity == "rated_flow_m3_h"}
    if "mains" in flows:
        flows["mains_import"] = flows.pop("mains")
    return flows
