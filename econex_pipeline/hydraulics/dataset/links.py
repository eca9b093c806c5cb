"""The links of a drinking-water network with their attributes: pipes, pumps, valves."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

from econex_pipeline.hydraulics.dataset.attributes import Kind, Point, attribute, length_m
from econex_pipeline.hydraulics.dataset.entity import INIT, OPT, Entity

_LINK_FLOW = {"drinking_water.flow": ("m3/s", "flow, positive from start to end")}
_STATUS = {"operational.status": ("-", "whether it lets water pass now")}


@dataclass(frozen=True, kw_only=True)
class Link(Entity):
    """A connection of two nodes; flow from `from_node_id` to `to_node_id` is positive."""

    from_node_id: int | None = attribute("topology.from_node_id", "-", INIT, "node at the start", Kind.ID)
    to_node_id: int | None = attribute("topology.to_node_id", "-", INIT, "node at the end", Kind.ID)

    def _check(self) -> None:
        if self.from_node_id is not None and self.from_node_id == self.to_node_id:
            self._refuse("topology.to_node_id", self.to_node_id, "another node than topology.from_node_id")


@dataclass(frozen=True, kw_only=True)
class Pipe(Link):
    """A pipe; a check valve in it lets water pass from start to end only."""

    GROUP: ClassVar[str] = "water_pipe_entities"
    PUBLISHED: ClassVar[dict[str, tuple[str, str]]] = {
        **_LINK_FLOW,
        "drinking_water.velocity": ("m/s", "velocity, signed as the flow"),
        "drinking_water.headloss": ("m", "head at the start minus head at the end"),
        **_STATUS,
    }

    diameter: float | None = attribute("shape.diameter", "m", INIT, "inner diameter", above=0.0)
    roughness: float | None = attribute(
        "drinking_water.roughness", "-, m (D-W)", INIT, "C of H-W, height of D-W [m], n of C-M", above=0.0
    )
    length: float | None = attribute(
        "shape.length", "m", OPT, "length; where not given, of the linestring (3d before 2d)", above=0.0
    )
    linestring_2d: tuple[Point, ...] | None = attribute("geometry.linestring_2d", "m", OPT, "course in plan", Kind.LINE)
    linestring_3d: tuple[Point, ...] | None = attribute(
        "geometry.linestring_3d", "m", OPT, "course in space", Kind.LINE
    )
    minor_loss: float = attribute(
        "drinking_water.minor_loss", "-", OPT, "loss coefficient of bends and fittings", default=0.0, at_least=0.0
    )
    check_valve: bool = attribute("drinking_water.check_valve", "-", OPT, "no flow backwards", Kind.FLAG, False)
    status: bool = attribute("operational.status", "-", OPT, "open", Kind.FLAG, True, changes=True)

    @property
    def length_m(self) -> float | None:
        """Length given, else of the geometry [m]."""
        line = self.linestring_3d or self.linestring_2d
        return self.length if self.length is not None else (length_m(line) if line else None)

    def missing(self) -> list[str]:
        """List the required attributes that have not come; a length or a linestring is one of them."""
        return super().missing() + ([] if self.length_m is not None else ["shape.length or geometry.linestring_2d"])

    def _check(self) -> None:
        super()._check()
        if self.check_valve and not self.status:
            self._refuse("operational.status", False, "true, as a pipe with a check valve cannot be closed")
        if self.length_m is not None and self.length_m <= 0.0:
            self._refuse("geometry.linestring_2d", self.length_m, "a course longer than 0 m")


@dataclass(frozen=True, kw_only=True)
class Pump(Link):
    """A pump of constant power, or with a head curve and a speed."""

    GROUP: ClassVar[str] = "water_pump_entities"
    PUBLISHED: ClassVar[dict[str, tuple[str, str]]] = {
        **_LINK_FLOW,
        **_STATUS,
        "drinking_water.head_gain": ("m", "head at the end minus head at the start"),
        "drinking_water.electric_power": ("W", "power drawn now"),
        "drinking_water.energy": ("J", "energy drawn since the last update"),
    }

    type: str | None = attribute("type", "-", INIT, "power or head", Kind.CHOICE, choices=("power", "head"))
    power: float | None = attribute(
        "drinking_water.power", "W", OPT, "power given to the water by a power pump", above=0.0
    )
    head_curve: tuple[Point, ...] | None = attribute(
        "drinking_water.head_curve", "m3/s, m", OPT, "head over flow of a head pump", Kind.CURVE
    )
    speed: float = attribute(
        "drinking_water.speed",
        "-",
        OPT,
        "relative speed: flow goes with it, head with its square",
        default=1.0,
        at_least=0.0,
        changes=True,
    )
    efficiency_curve: tuple[Point, ...] | None = attribute(
        "drinking_water.efficiency_curve", "m3/s, -", OPT, "efficiency (0 to 1) over flow", Kind.CURVE
    )
    status: bool = attribute("operational.status", "-", OPT, "running", Kind.FLAG, True, changes=True)

    def missing(self) -> list[str]:
        """List the required attributes that have not come; power or head curve, by its type, is one of them."""
        need = {"power": ("power", self.power), "head": ("head_curve", self.head_curve)}.get(self.type or "")
        return super().missing() + ([f"drinking_water.{need[0]}"] if need and need[1] is None else [])

    def _check(self) -> None:
        super()._check()
        if self.type == "power":
            if self.head_curve is not None:
                self._refuse("drinking_water.head_curve", self.head_curve, "none, as the pump's type is power")
            if self.speed != 1.0:
                self._refuse("drinking_water.speed", self.speed, "1, as a power pump ignores its speed")
        if self.type == "head":
            if self.power is not None:
                self._refuse("drinking_water.power", self.power, "none, as the pump's type is head")
            heads = [head for _, head in self.head_curve or ()]
            if any(b >= a for a, b in itertools.pairwise(heads)) or (heads and heads[0] <= 0.0):
                self._refuse("drinking_water.head_curve", self.head_curve, "heads that fall as the flow rises")
            if len(heads) == 1 and self.head_curve and self.head_curve[0][0] <= 0.0:
                self._refuse("drinking_water.head_curve", self.head_curve, "a flow above 0 where it is a single pair")
        if any(not 0.0 <= share <= 1.0 for _, share in self.efficiency_curve or ()):
            self._refuse("drinking_water.efficiency_curve", self.efficiency_curve, "efficiencies from 0 to 1")


SETTINGS = {
    "PRV": "valve_pressure",
    "PSV": "valve_pressure",
    "PBV": "valve_pressure",
    "FCV": "valve_flow",
    "TCV": "valve_loss_coefficient",
    "GPV": "valve_curve",
    "PCV": "valve_open_factor",
}


@dataclass(frozen=True, kw_only=True)
class Valve(Link):
    """A valve that regulates pressure, flow or loss."""

    GROUP: ClassVar[str] = "water_valve_entities"
    PUBLISHED: ClassVar[dict[str, tuple[str, str]]] = {
        **_LINK_FLOW,
        "drinking_water.velocity": ("m/s", "velocity, signed as the flow"),
        "drinking_water.headloss": ("m", "head at the start minus head at the end"),
        **_STATUS,
    }

    type: str | None = attribute(
        "type", "-", INIT, "PRV, PSV, PBV, FCV, TCV or GPV (PCV is refused)", Kind.CHOICE, choices=tuple(SETTINGS)
    )
    diameter: float | None = attribute("shape.diameter", "m", INIT, "diameter", above=0.0)
    valve_pressure: float | None = attribute(
        "drinking_water.valve_pressure", "m", OPT, "setting of a PRV, PSV or PBV", at_least=0.0, changes=True
    )
    valve_flow: float | None = attribute(
        "drinking_water.valve_flow", "m3/s", OPT, "setting of an FCV", at_least=0.0, changes=True
    )
    valve_loss_coefficient: float | None = attribute(
        "drinking_water.valve_loss_coefficient", "-", OPT, "setting of a TCV", at_least=0.0, changes=True
    )
    valve_open_factor: float | None = attribute("drinking_water.valve_open_factor", "-", OPT, "of a PCV, refused")
    valve_curve: tuple[Point, ...] | None = attribute(
        "drinking_water.valve_curve", "m3/s, m", OPT, "headloss over flow of a GPV", Kind.CURVE
    )
    minor_loss: float = attribute(
        "drinking_water.minor_loss", "-", OPT, "loss coefficient when fully open", default=0.0, at_least=0.0
    )
    status: str = attribute(
        "operational.status",
        "-",
        OPT,
        "active (true): it regulates; open: it stands wide open; closed (false)",
        Kind.CHOICE,
        "active",
        choices=("active", "open", "closed"),
        changes=True,
    )

    @property
    def setting_field(self) -> str:
        """Name of the field that holds the setting of this type."""
        return SETTINGS[self.type or "GPV"]

    def missing(self) -> list[str]:
        """List the required attributes that have not come; the setting of its type is one of them."""
        unset = self.type is not None and getattr(self, self.setting_field) is None
        return super().missing() + ([f"drinking_water.{self.setting_field}"] if unset else [])

    def _check(self) -> None:
        super()._check()
        if self.type == "PCV":
            self._refuse("type", "PCV", "PRV, PSV, PBV, FCV, TCV or GPV: EPANET 2.2 has no PCV")
        for name in dict.fromkeys(SETTINGS.values()) if self.type else ():
            if name != self.setting_field and getattr(self, name) is not None:
                self._refuse(
                    f"drinking_water.{name}", getattr(self, name), f"none, as a {self.type} has no such setting"
                )
        if self.valve_curve and any(b[1] < a[1] for a, b in zip(self.valve_curve, self.valve_curve[1:], strict=False)):
            self._refuse("drinking_water.valve_curve", self.valve_curve, "a headloss that does not fall with the flow")
        loss = self.valve_loss_coefficient
        if loss is not None and loss < self.minor_loss:
            self._refuse(
                "drinking_water.valve_loss_coefficient", loss, f"more than its minor loss of {self.minor_loss:g}"
            )
