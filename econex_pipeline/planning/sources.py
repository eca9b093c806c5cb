"""Where a number of the network comes from, and the layers it may belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["E", "P", "W"]


@dataclass(frozen=True)
class Source:
    """Where a number that varies by step comes from.

    Attributes
    ----------
    table : {"coefficients", "profiles"}
        Table of the corridor.
    element : str
        Element of COEFFICIENTS, or node of PROFILES.
    quantity : str
        Quantity of COEFFICIENTS, or column of PROFILES.
    """

    table: Literal["coefficients", "profiles"]
    element: str
    quantity: str
