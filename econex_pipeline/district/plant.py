"""What stands in a district: nodes, storages, arcs, treatments, and its connections to the utilities."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from econex_pipeline.district.arcs import Commit
from econex_pipeline.district.part import Frac, Layer, NonNegative, Number, Part, Positive, Whole


class Photovoltaics(Part):
    """A rooftop array and its inverter."""

    capacity_kw: Positive
    tilt_deg: Annotated[Number, Field(ge=0, le=90)]
    azimuth_deg: Annotated[Number, Field(ge=0, lt=360)]
    dc_ac_ratio: Positive
    inverter_efficiency_frac: Frac
    losses_frac: Frac
    temperature_coefficient_per_c: Annotated[Number, Field(ge=-0.02, le=0.0)]
    faiman_u0_w_m2_c: Positive
    faiman_u1_w_s_m3_c: NonNegative
    albedo_frac: Frac


class Electricity(Part):
    """Electricity demand of a node: a shape and the energy of a mean day."""

    profile: Literal["h0"]
    energy_kwh_day: Positive


class Potable(Part):
    """Potable demand of a node, and the share of it that is collected as greywater."""

    profile: Literal["ky_1"]
    volume_m3_day: Positive
    greywater_frac: Frac


class Roof(Part):
    """A roof that feeds a cistern."""

    area_m2: Positive
    runoff_frac: Frac
    first_flush_mm: NonNegative
    dry_reset_h: Positive


class Garden(Part):
    """A garden: FAO-56 soil bucket and its irrigation."""

    area_m2: Positive
    available_water_mm: Positive
    depletion_frac: Annotated[Number, Field(gt=0, le=1)]
    crop_coefficient: Positive
    irrigation_efficiency_frac: Annotated[Number, Field(gt=0, le=1)]
    start_hour: Annotated[Whole, Field(le=23)]
    duration_h: Annotated[Whole, Field(ge=1, le=24)]


class Dump(Part):
    """A resistor that can turn electricity into heat: explicit, with a cap and a cost."""

    capacity_kw: Positive
    cost_usd_kwh: NonNegative


class Node(Part):
    """A place: a home, a hub, a basin."""

    title: str
    pv: Photovoltaics | None = None
    electricity: Electricity | None = None
    potable: Potable | None = None
    roof: Roof | None = None
    garden: Garden | None = None
    dump: Dump | None = None


class Storage(Part):
    """A battery (layer E) or a tank (layers P and W; `tank` names it in the network file).

    Below `reserve_m3` the optimizer pays for each cubic metre and hour: what is kept for a burst or a drought.
    """

    node: str
    layer: Layer
    tank: str | None = None
    capacity_m3: Positive | None = None
    start_m3: NonNegative | None = None
    reserve_m3: NonNegative = 0.0
    capacity_kwh: Positive | None = None
    start_kwh: NonNegative | None = None
    power_kw: Positive | None = None
    round_trip_frac: Annotated[Number, Field(gt=0, le=1)] | None = None
    standing_loss_frac_h: Annotated[Number, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _battery_or_tank(self) -> Storage:
        battery = ("capacity_kwh", "start_kwh", "power_kw", "round_trip_frac")
        tank = ("tank", "capacity_m3", "start_m3")
        wanted, foreign = (battery, tank) if self.layer == "E" else (tank, battery)
        missing = [field for field in wanted if getattr(self, field) is None]
        strange = [field for field in foreign if getattr(self, field) is not None]
        if missing or strange:
            kind = "battery" if self.layer == "E" else "tank"
            raise ValueError(
                f"a {kind} (layer {self.layer}) needs {', '.join(wanted)}; missing {missing}, too many {strange}"
            )
        if self.start > self.capacity:
            unit = "kWh" if self.layer == "E" else "m3"
            raise ValueError(f"start is {self.start:g} {unit}, outside its limits 0 to {self.capacity:g} {unit}")
        if self.reserve_m3 > (self.capacity_m3 or 0.0):
            raise ValueError(
                f"reserve is {self.reserve_m3:g} m3, more than the tank holds, {self.capacity_m3 or 0.0:g} m3"
            )
        return self

    @property
    def capacity(self) -> float:
        """Largest amount [kWh or m3]."""
        return float(self.capacity_kwh if self.layer == "E" else self.capacity_m3)  # type: ignore[arg-type]

    @property
    def start(self) -> float:
        """Amount at the very first start [kWh or m3]."""
        return float(self.start_kwh if self.layer == "E" else self.start_m3)  # type: ignore[arg-type]

    @property
    def one_way_frac(self) -> float:
        """Efficiency of charging, and of discharging: the root of the round trip."""
        return float(self.round_trip_frac or 1.0) ** 0.5


class Treatment(Part):
    """An ultrafiltration membrane with disinfection at one node: raw water to potable.

    The meaning of each number is in `econex_pipeline.treatment`.
    """

    node: str
    area_m2: Positive
    flux_l_m2_h: Positive
    capacity_m3_h: Positive
    membrane_resistance_1_m: Positive
    cake_resistance_alpha0_m_kg: Positive
    cake_compressibility: Annotated[Number, Field(ge=0, lt=1)]
    solids_kg_m3_ntu: NonNegative
    irreversible_frac: Frac
    backwash_flux_l_m2_h: Positive
    backwash_s: Positive
    flush_s: NonNegative
    backwash_resistance_1_m: Positive
    backwash_pressure_bar: Positive
    backwash_interval_min: Positive
    cleaning_filtration_min: Positive
    cleaning_keeps_frac: Frac
    cleaning_h: NonNegative
    leak_frac: Frac
    pump_efficiency_frac: Annotated[Number, Field(gt=0, le=1)]
    piping_loss_bar: NonNegative
    backwash_pump_bar: NonNegative
    ultraviolet_kwh_m3: NonNegative
    controls_kw: NonNegative
    raw_transfer_kwh_m3: NonNegative
    turbidity_dry_ntu: NonNegative
    turbidity_per_rain_ntu_h_mm: NonNegative
    turbidity_max_ntu: Positive
    water_ph: Annotated[Number, Field(ge=4, le=10)]
    chlorine_mg_l: Positive
    contact_volume_m3: Positive
    baffling_frac: Annotated[Number, Field(gt=0, le=1)]
    minimum_m3_h: NonNegative = 0.0
    ramp_m3_h_per_h: Positive | None = None
    commit: Commit = "recourse"


class Grid(Part):
    """The connection to the electricity grid.

    `expected_outage_h` is how long an outage that nobody announced is taken to go on, from every step in which it is
    seen: an outage forgets how old it is. By default the mean interruption of customers in the United States, 256 min
    from 2014 to 2023 (EIA, Electric Power Annual 2023, table 11.1, all events).
    """

    node: str
    import_kw: NonNegative
    export_kw: NonNegative
    expected_outage_h: Positive = 4.0
    commit: Commit = "recourse"


class Mains(Part):
    """The inlet from the water mains, with the turbine of the pressure reducing station (PRS) where there is one.

    `expected_outage_h` is that of `Grid`; the default is an assumption here, the same as for the grid.
    """

    node: str
    actuator: str
    meter: str
    turbine: str | None = None
    turbine_efficiency_frac: Annotated[Number, Field(gt=0, le=1)] | None = None
    energy_node: str | None = None
    rated_flow_m3_h: Positive
    export_m3_h: NonNegative = 0.0
    expected_outage_h: Positive = 4.0

    @model_validator(mode="after")
    def _turbine_is_whole(self) -> Mains:
        given = [value is not None for value in (self.turbine, self.turbine_efficiency_frac, self.energy_node)]
        if any(given) and not all(given):
            raise ValueError("a turbine in the mains needs turbine, turbine_efficiency_frac and energy_node together")
        return self


class Sewer(Part):
    """The connection of each node with raw water to the sewer."""

    capacity_m3_h: NonNegative


class Utilities(Part):
    """What the district buys from and gives to the outside."""

    grid: Grid
    mains: Mains | None = None
    sewer: Sewer
