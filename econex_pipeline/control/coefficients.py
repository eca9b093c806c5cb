"""What the controller's own models say of the plant: linear coefficients over a horizon, by element and quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

Coefficients = Mapping[tuple[str, str], float | Array]
"""By element and quantity of COEFFICIENTS: one number for all steps of a horizon, or one for each."""


def of_first_step(coefficients: Coefficients) -> dict[tuple[str, str], float]:
    """Give the numbers of a horizon's first step."""
    return {key: float(value[0]) if isinstance(value, np.ndarray) else value for key, value in coefficients.items()}


def rated_flows(coefficients: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Give the rated flow of each duty-cycled element of one step [m3/h]; the inlet is called `mains_import`."""
    flows = {element: value for (element, quantity), value in coefficients.items() if quantity == "rated_flow_m3_h"}
    if "mains" in flows:
        flows["mains_import"] = flows.pop("mains")
    return flows
