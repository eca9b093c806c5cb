"""A tank: between its usable volume and its level, cylinder or volume curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import NodeValue
from econex_pipeline.hydraulics.toolkit import Project

DRY_LEVEL_M = 0.0005 * 0.3048  # EPANET lets nothing out of a tank this close to its minimum level (its Htol, 0.0005 ft)


@dataclass(frozen=True)
class Tank:
    """A tank of the network; volumes count the usable water above the minimum level.

    Attributes
    ----------
    name : str
        Name in the network file.
    index : int
        EPANET's node index.
    elevation_m, min_level_m, max_level_m : float
        Elevation of the bottom, and the levels above it that EPANET keeps to [m].
    area_m2 : float
        Plan area of a cylinder [m2].
    start_level_m : float
        Level at which the file lets it start [m].
    curve : tuple of (level, volume) pairs
        Volume curve [m, m3]; empty for a cylinder.
    overflows : bool
        Whether water spills over a full tank instead of being shut out.
    """

    name: str
    index: int
    elevation_m: float
    min_level_m: float
    max_level_m: float
    area_m2: float
    start_level_m: float
    curve: tuple[tuple[float, float], ...] = ()
    overflows: bool = True

    @cached_property
    def capacity_m3(self) -> float:
        """Usable volume between the minimum and the maximum level [m3]."""
        return self.volume_m3(self.max_level_m)

    @cached_property
    def dry_m3(self) -> float:
        """Usable volume at and below which the tank counts as empty [m3]."""
        return self.volume_m3(self.min_level_m + 1.01 * DRY_LEVEL_M)

    def volume_m3(self, level_m: float) -> float:
        """Usable volume at a level [m3]."""
        if not self.curve:
            return self.area_m2 * (level_m - self.min_level_m)
        levels, volumes = zip(*self.curve, strict=True)
        return float(np.interp(level_m, levels, volumes) - np.interp(self.min_level_m, levels, volumes))

    def level_m(self, volume_m3: float) -> float:
        """Level at a usable volume [m]; the inverse of `volume_m3` within the tank's limits."""
        if self.curve:
            levels, volumes = zip(*self.curve, strict=True)
            level = float(np.interp(volume_m3 + np.interp(self.min_level_m, levels, volumes), volumes, levels))
        else:
            level = self.min_level_m + volume_m3 / self.area_m2
        return min(max(level, self.min_level_m), self.max_level_m)


def read_tank(project: Project, name: str) -> Tank:
    """Read a tank's shape from an open project.

    Raises
    ------
    InputError
        If its diameter is 0 (EPANET would freeze the level silently) or its volume curve ends below the maximum level.
    """
    index = project.nodes[name]
    diameter_m = project.node(index, NodeValue.TANKDIAM)
    curve_index = int(project.node(index, NodeValue.VOLCURVE))
    curve = tuple(project.curve(curve_index)) if curve_index else ()
    max_level_m = project.node(index, NodeValue.MAXLEVEL)
    if diameter_m <= 0.0:
        raise InputError(project.path, f"[TANKS] {name} diameter", diameter_m, "more than 0 m, with a volume curve too")
    if curve and curve[-1][0] < max_level_m:
        raise InputError(
            project.path, f"[CURVES] of tank {name}", f"{curve[-1][0]} m at its end", f"at least {max_level_m} m"
        )
    return Tank(
        name=name,
        index=index,
        elevation_m=project.node(index, NodeValue.ELEVATION),
        min_level_m=project.node(index, NodeValue.MINLEVEL),
        max_level_m=max_level_m,
        area_m2=math.pi * diameter_m**2 / 4.0,
        start_level_m=project.node(index, NodeValue.TANKLEVEL),
        curve=curve,
        overflows=bool(project.node(index, NodeValue.CANOVERFLOW)),
    )
