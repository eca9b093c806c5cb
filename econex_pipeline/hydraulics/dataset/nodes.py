"""The nodes of a drinking-water network with their attributes: junctions, tanks, reservoirs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

from econex_pipeline.hydraulics.dataset.attributes import Curve, Kind, Point, attribute
from econex_pipeline.hydraulics.dataset.entity import INIT, OPT, Entity


@dataclass(frozen=True, kw_only=True)
class Node(Entity):
    """A point of the network."""

    x: float | None = attribute("geometry.x", "m", INIT, "x coordinate")
    y: float | None = attribute("geometry.y", "m", INIT, "y coordinate")


@dataclass(frozen=True, kw_only=True)
class Junction(Node):
    """A node where pipes meet and water is taken out."""

    GROUP: ClassVar[str] = "water_junction_entities"
    PUBLISHED: ClassVar[dict[str, tuple[str, str]]] = {
        "drinking_water.demand": ("m3/s", "demand asked: base demand x factor x the global multiplier"),
        "drinking_water.delivered": ("m3/s", "demand met; less than asked in pressure-driven analysis"),
        "drinking_water.pressure": ("m", "pressure head above the elevation"),
        "drinking_water.head": ("m", "total head, elevation + pressure"),
        "drinking_water.shortfall": ("m3", "demand asked and not met since the last update"),
    }

    elevation: float | None = attribute("geometry.z", "m", INIT, "elevation")
    base_demand: float | None = attribute(
        "drinking_water.base_demand", "m3/s", INIT, "demand before the factor; negative for an inflow", changes=True
    )
    demand_factor: float = attribute(
        "drinking_water.demand_factor", "-", OPT, "factor on the base demand", default=1.0, changes=True
    )
    demand: float | None = attribute(
        "drinking_water.demand", "m3/s", OPT, "where given, must be base demand x factor; published by the model"
    )
    minimum_pressure: float | None = attribute(
        "drinking_water.minimum_pressure", "m", OPT, "pressure at which no demand is met; else the global value"
    )
    required_pressure: float | None = attribute(
        "drinking_water.required_pressure", "m", OPT, "pressure at which all demand is met; else the global value"
    )
    pressure_exponent: float | None = attribute(
        "drinking_water.pressure_exponent", "-", OPT, "exponent between the two; else the global value", above=0.0
    )

    def _check(self) -> None:
        low, high = self.minimum_pressure, self.required_pressure
        if low is not None and high is not None and high <= low:
            self._refuse("drinking_water.required_pressure", high, f"more than the minimum pressure of {low:g} m")
        if self.demand is not None and self.base_demand is not None:
            product = self.base_demand * self.demand_factor
            if abs(self.demand - product) > 1e-9 * max(1.0, abs(product)):
                self._refuse("drinking_water.demand", self.demand, f"{product:g} m3/s, base demand x demand factor")

    @property
    def has_own_pdd(self) -> bool:
        """Whether it overrides a global setting of pressure-driven analysis."""
        return any(v is not None for v in (self.minimum_pressure, self.required_pressure, self.pressure_exponent))


@dataclass(frozen=True, kw_only=True)
class Tank(Node):
    """A store whose level follows its inflow: a cylinder, or any shape by its volume curve."""

    GROUP: ClassVar[str] = "water_tank_entities"
    PUBLISHED: ClassVar[dict[str, tuple[str, str]]] = {
        "drinking_water.level": ("m", "water level above the bottom"),
        "drinking_water.pressure": ("m", "pressure head at the bottom; equals the level"),
        "drinking_water.head": ("m", "total head, elevation + level"),
        "drinking_water.flow": ("m3/s", "net inflow"),
        "drinking_water.spill": ("m3", "water over the brim since the last update"),
    }

    elevation: float | None = attribute("geometry.z", "m", INIT, "elevation of the bottom")
    level: float | None = attribute("drinking_water.level", "m", INIT, "level at the start", at_least=0.0)
    max_level: float | None = attribute("drinking_water.max_level", "m", INIT, "level when full", at_least=0.0)
    min_level: float = attribute(
        "drinking_water.min_level", "m", OPT, "level below which nothing drains", default=0.0, at_least=0.0
    )
    diameter: float | None = attribute("shape.diameter", "m", OPT, "diameter of a cylinder", above=0.0)
    volume_curve: tuple[Point, ...] | None = attribute(
        "shape.volume_curve", "m, m3", OPT, "volume over depth; wins over the diameter", Kind.CURVE
    )
    min_volume: float | None = attribute(
        "drinking_water.min_volume", "m3", OPT, "volume below which nothing drains", at_least=0.0
    )
    overflow: bool = attribute(
        "drinking_water.overflow",
        "-",
        OPT,
        "whether a full tank spills instead of shutting inflow out",
        Kind.FLAG,
        False,
    )

    def missing(self) -> list[str]:
        """List the required attributes that have not come; a diameter or a volume curve is one of them."""
        shape = [] if self.diameter or self.volume_curve else ["shape.diameter or shape.volume_curve"]
        return super().missing() + shape

    def _check(self) -> None:
        top = self.max_level
        if top is not None and self.min_level >= top:
            self._refuse("drinking_water.min_level", self.min_level, f"less than the maximum level of {top:g} m")
        if self.volume_curve:
            self._check_curve(self.volume_curve)
        low = self.lowest_level_m
        if top is not None and low >= top:
            self._refuse("drinking_water.min_volume", self.min_volume, f"less than the volume at {top:g} m")
        if top is not None and self.level is not None and not low <= self.level <= top:
            self._refuse("drinking_water.level", self.level, f"from {low:g} to {top:g} m, the tank's own limits")

    def _check_curve(self, curve: Curve) -> None:
        if len(curve) < 2 or any(b[1] <= a[1] for a, b in itertools.pairwise(curve)):
            self._refuse("shape.volume_curve", curve, "at least two pairs (depth, volume), both rising")
        if self.max_level is not None and curve[-1][0] < self.max_level:
            self._refuse("shape.volume_curve", f"{curve[-1][0]:g} m at its end", f"at least {self.max_level:g} m")
        if curve[0][0] > self.min_level:
            self._refuse("shape.volume_curve", f"{curve[0][0]:g} m at its start", f"at most {self.min_level:g} m")

    @property
    def lowest_level_m(self) -> float:
        """Level below which nothing drains: the higher one of minimum level and minimum volume [m]."""
        if not self.min_volume:
            return self.min_level
        if self.volume_curve:
            depths, volumes = zip(*self.volume_curve, strict=True)
            if self.min_volume >= volumes[-1]:
                return float(depths[-1])
            above = next(i for i, volume in enumerate(volumes) if volume > self.min_volume)
            if above == 0:
                return self.min_level
            share = (self.min_volume - volumes[above - 1]) / (volumes[above] - volumes[above - 1])
            return max(self.min_level, depths[above - 1] + share * (depths[above] - depths[above - 1]))
        if self.diameter:
            return max(self.min_level, self.min_volume / (0.785398163397448309616 * self.diameter**2))
        return self.min_level


@dataclass(frozen=True, kw_only=True)
class Reservoir(Node):
    """A node of given head that neither empties nor fills; it may feed as well as drain."""

    GROUP: ClassVar[str] = "water_reservoir_entities"
    PUBLISHED: ClassVar[dict[str, tuple[str, str]]] = {
        "drinking_water.head": ("m", "base head x head factor"),
        "drinking_water.flow": ("m3/s", "flow out of the reservoir; negative where it drains the network"),
    }

    base_head: float | None = attribute("drinking_water.base_head", "m", INIT, "head before the factor", changes=True)
    head_factor: float = attribute(
        "drinking_water.head_factor", "-", OPT, "factor on the base head", default=1.0, changes=True
    )
