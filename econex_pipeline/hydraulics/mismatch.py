"""How the plant differs from its drawing: factors on roughness and pump efficiency, drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np


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


def draw_mismatch(
    pipes: Iterable[str],
    pumps: Iterable[str],
    rng: np.random.Generator,
    roughness_log_sd: float,
    pump_efficiency_log_sd: float,
) -> Mismatch:
    """Draw a log-normal factor of median 1 for each pipe and each pump.

    Parameters
    ----------
    pipes, pumps : iterable of str
        Names, in the order in which factors are drawn (`WaterNetwork.pipes`, `WaterNetwork.pumps`).
    rng : numpy.random.Generator
        Source of randomness.
    roughness_log_sd, pump_efficiency_log_sd : float
        Standard deviation of the factors' logarithms; 0 gives factors of exactly 1.

    Returns
    -------
    Mismatch
        One factor for each name.
    """
    return Mismatch(
        roughness={name: float(np.exp(rng.normal(0.0, roughness_log_sd))) for name in pipes},
        pump_efficiency={name: float(np.exp(rng.normal(0.0, pump_efficiency_log_sd))) for name in pumps},
    )
