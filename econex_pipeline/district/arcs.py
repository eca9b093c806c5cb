"""What joins the nodes of a district: lines, pipes with their machines, drains, backups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from econex_pipeline.district.part import Frozen, Layer, NonNegative, Number, Part, Positive

Commit = Literal["day_ahead", "recourse"]

_NEEDS: dict[str, tuple[str, ...]] = {
    "line": ("capacity_kw", "loss_frac"),
    "pumped": ("actuator", "meter", "energy_node"),
    "gravity": ("actuator", "meter"),
    "turbined": ("actuator", "meter", "energy_node", "turbine_efficiency_frac"),
    "drain": ("capacity_m3_h",),
    "backup": ("head_layer", "capacity_m3_h", "cost_usd_m3"),
}


_MAY: dict[str, tuple[str, ...]] = {
    "line": ("deviation_usd_kwh",),
    "pumped": ("leak_frac", "deviation_usd_m3", "minimum_m3_h", "ramp_m3_h_per_h", "energy_chords"),
    "gravity": ("leak_frac", "deviation_usd_m3", "minimum_m3_h", "ramp_m3_h_per_h"),
    "turbined": ("leak_frac", "deviation_usd_m3", "minimum_m3_h", "ramp_m3_h_per_h", "energy_chords"),
    "drain": ("leak_frac",),
    "backup": ("leak_frac", "deviation_usd_m3"),
}


class EnergyChord(Frozen):
    """A piece of a curve: up to a share of the rated flow, energy per m3 by a factor of the probed one."""

    up_to_frac: Annotated[Number, Field(gt=0, le=1)]
    energy_factor: Positive


class Arc(Part):
    """A directed link between two nodes.

    Kinds: ``line`` (electricity), ``pumped``, ``gravity`` and ``turbined`` (water with an actuator and a meter in the
    network file), ``drain`` (water that runs off by itself), ``backup`` (from one layer to another at a cost).

    Where it has them: `leak_frac`, the share of the metered water that does not arrive; `minimum_m3_h`, the least flow
    while it runs; `ramp_m3_h_per_h`, the most its flow changes in an hour; `energy_chords`, energy per m3 that changes
    with flow; `commit: day_ahead` with a price of deviation of its own.
    """

    kind: Literal["line", "pumped", "gravity", "turbined", "drain", "backup"]
    tail: str
    head: str
    layer: Layer
    head_layer: Layer | None = None
    both_ways: bool = False
    capacity_kw: Positive | None = None
    loss_frac: Annotated[Number, Field(ge=0, lt=1)] | None = None
    capacity_m3_h: NonNegative | None = None
    cost_usd_m3: NonNegative | None = None
    actuator: str | None = None
    meter: str | None = None
    energy_node: str | None = None
    turbine_efficiency_frac: Annotated[Number, Field(gt=0, le=1)] | None = None
    leak_frac: Annotated[Number, Field(ge=0, lt=1)] | None = None
    minimum_m3_h: NonNegative | None = None
    ramp_m3_h_per_h: Positive | None = None
    energy_chords: Annotated[tuple[EnergyChord, ...], Field(min_length=1)] | None = None
    commit: Commit = "recourse"
    deviation_usd_m3: NonNegative | None = None
    deviation_usd_kwh: NonNegative | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Arc:
        optional = ("head_layer", "capacity_kw", "loss_frac", "capacity_m3_h", "cost_usd_m3", "actuator", "meter",
                    "energy_node", "turbine_efficiency_frac", "leak_frac", "minimum_m3_h", "ramp_m3_h_per_h",
                    "energy_chords", "deviation_usd_m3", "deviation_usd_kwh")  # fmt: skip
        needs, may = _NEEDS[self.kind], _MAY[self.kind]
        missing = [field for field in needs if getattr(self, field) is None]
        strange = [field for field in optional if field not in (*needs, *may) and getattr(self, field) is not None]
        if missing or strange:
            raise ValueError(
                f"an arc of kind '{self.kind}' needs {', '.join(needs)}; missing {missing}, too many {strange}"
            )
        if (self.kind == "line") != (self.layer == "E"):
            raise ValueError(f"an arc of kind '{self.kind}' cannot lie in layer {self.layer}")
        if self.both_ways and self.kind != "line":
            raise ValueError("only lines go both ways; a water arc has one actuator and one meter a direction")
        return self

    @model_validator(mode="after")
    def _commits_at_a_price(self) -> Arc:
        field = "deviation_usd_kwh" if self.kind == "line" else "deviation_usd_m3"
        if self.commit == "day_ahead" and self.kind == "drain":
            raise ValueError("a drain runs by itself and has no schedule; commit must be recourse")
        if (self.commit == "day_ahead") != (getattr(self, field) is not None):
            raise ValueError(f"commit: day_ahead and {field}, the price of deviation, go together")
        return self

    @model_validator(mode="after")
    def _chords_reach_the_rated_flow(self) -> Arc:
        ends = [chord.up_to_frac for chord in self.energy_chords or ()]
        if ends and (ends != sorted(set(ends)) or ends[-1] != 1.0):
            raise ValueError(f"energy_chords must grow in up_to_frac and end at 1.0, the rated flow; found {ends}")
        return self

    @property
    def deviation_usd(self) -> float:
        """Price of deviation from a day-ahead schedule [currency/m3 or currency/kWh]."""
        return float(self.deviation_usd_kwh if self.kind == "line" else self.deviation_usd_m3 or 0.0)  # type: ignore[arg-type]
