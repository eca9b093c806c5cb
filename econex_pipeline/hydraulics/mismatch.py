"""How the plant differs from its drawing: factors on roughness and pump efficiency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mismatch:
    """Factors on what the network file says.

    Attributes
    ----------
    roughness : mapping of str to float
        Factor on the roughness coefficient of a pipe, by link name.
    pump_efficiency : mapping of str to float
        Factor on each point of a pump's efficiency curve, by link name.
    """

    roughness: Mapping[str, float] = field(default_factory=dict)
    pump_efficiency: Mapping[str, float] = field(default_factory=dict)
