"""What lies around a district: site, weather source, forecast law, scenario set, tariffs, weights, the twin."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from econex_pipeline.contracts.errors import nearest
from econex_pipeline.district.part import Frac, Frozen, NonNegative, Number, Part, Positive, Whole

HOURS = 24


@cache
def _zones() -> frozenset[str]:
    """Names of all time zones; finding them goes through every file of the database."""
    return frozenset(available_timezones())


class Site(Part):
    """Where the district stands.

    `utc_offset_h` is the offset of standard time; offsets that are no whole hours are refused, since hourly
    partitions are UTC hours.
    """

    name: str
    latitude_deg: Annotated[Number, Field(ge=-90, le=90)]
    longitude_deg: Annotated[Number, Field(ge=-180, le=180)]
    altitude_m: Annotated[Number, Field(ge=-430, le=6000)]
    utc_offset_h: Annotated[int, Field(ge=-12, le=14)]
    civil_time_zone: str

    @field_validator("utc_offset_h", mode="before")
    @classmethod
    def _whole_hours(cls, value: object) -> object:
        if isinstance(value, float) and not value.is_integer():
            raise ValueError("sites whose standard time is no whole number of hours from UTC are not supported")
        return value

    @field_validator("civil_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _zones():
            raise ValueError(f"no IANA time zone '{value}'{nearest(value, _zones())}")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The civil time zone."""
        return ZoneInfo(self.civil_time_zone)


class Spell(Part):
    """Days of every year on which the weather is another one; first and last day, such as ``07-08``, included.

    Its factors and its shift come on top of those of the whole year.
    """

    from_day: str
    to_day: str
    clear_sky_index_factor: Positive = 1.0
    rain_factor: NonNegative = 1.0
    temperature_shift_c: Annotated[Number, Field(ge=-30, le=30)] = 0.0

    @field_validator("from_day", "to_day")
    @classmethod
    def _is_a_day(cls, text: str) -> str:
        try:
            if not re.fullmatch(r"\d{2}-\d{2}", text):
                raise ValueError
            date.fromisoformat(f"2024-{text}")  # a leap year has every day
        except ValueError:
            raise ValueError(f"'{text}' is no day of a year; write month and day, such as '07-08'") from None
        return text


class WeatherSource(Part):
    """A weather file and what must be known to read it rightly.

    `first_day` is the first operating date that can be planned: earlier ones make sense with dated weather only.
    `spells` change what comes on some days of every year.
    """

    file: str
    format: Literal["tmy3", "epw", "csv", "parquet"]
    kind: Literal["typical", "historical"]
    first_day: Annotated[date, Field(ge=date(1950, 1, 1))] = date(2025, 1, 1)
    rain_unit_mm: Positive = 1.0
    clear_sky_index_factor: Positive = 1.0
    rain_factor: NonNegative = 1.0
    temperature_shift_c: Annotated[Number, Field(ge=-30, le=30)] = 0.0
    spells: tuple[Spell, ...] = ()


class Skill(Frozen):
    """Correlation of a forecast's signal with what comes: rho = rho_0 exp(-lead / tau)."""

    rho_0: Frac
    tau_h: Positive


class ForecastFeed(Part):
    """A file of forecasts that were really made, in the columns of the FORECAST contract.

    It stands in ``data/forecasts/``. An issue older than `max_age_h` is no forecast any more.
    """

    file: Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
    format: Literal["csv", "parquet"]
    max_age_h: Positive


class ForecastLaw(Part):
    """The one law of uncertainty, by variable.

    Where there is a `feed`, forecasts come from it, and the law says how far members lie from them.
    """

    clear_sky_index: Skill
    temperature: Skill
    demand: Skill
    rain: Skill
    electricity_log_sd: NonNegative
    water_log_sd: NonNegative
    demand_noise_phi: Annotated[Number, Field(ge=0, lt=1)]
    electricity_temperature_frac_per_c: NonNegative
    seed: Whole
    feed: ForecastFeed | None = None


class ScenarioSet(Part):
    """How many members are drawn and how many are kept."""

    drawn: Annotated[Whole, Field(ge=1)]
    kept: Annotated[Whole, Field(ge=1)]
    analog_window_days: Annotated[Whole, Field(ge=2, le=182)]
    clear_sky_noise_phi: Annotated[Number, Field(ge=0, lt=1)]
    seed: Whole

    @model_validator(mode="after")
    def _no_more_kept_than_drawn(self) -> ScenarioSet:
        if self.kept > self.drawn:
            raise ValueError(f"kept is {self.kept}, more than the {self.drawn} drawn")
        return self


class Season(Part):
    """Time-of-use prices of the months of a season, by civil hour: ``"16-21": 0.61`` [currency/kWh]."""

    season: str
    months: Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(min_length=1)]
    buy_usd_kwh: dict[str, Number]
    sell_usd_kwh: dict[str, Number]

    @field_validator("buy_usd_kwh", "sell_usd_kwh")
    @classmethod
    def _tiles_the_day(cls, windows: dict[str, float]) -> dict[str, float]:
        by_hour(windows)
        return windows

    @model_validator(mode="after")
    def _sell_not_above_buy(self) -> Season:
        for hour, (buy, sell) in enumerate(zip(by_hour(self.buy_usd_kwh), by_hour(self.sell_usd_kwh), strict=True)):
            if sell > buy:
                raise ValueError(
                    f"at {hour:02d} h the sell price {sell:g} is above the buy price {buy:g} per kWh; "
                    "a district would buy and sell at once: sell must not exceed buy"
                )
        return self


def by_hour(windows: dict[str, float]) -> list[float]:
    """Spread windows such as ``"16-21"`` over the 24 hours of a day.

    Parameters
    ----------
    windows : dict of str to float
        Value by window, hours from start up to but not including the end.

    Returns
    -------
    list of float
        24 values.

    Raises
    ------
    ValueError
        If a window is not written as ``"HH-HH"``, or the windows leave a gap or overlap.
    """
    hours: dict[int, float] = {}
    for window, value in windows.items():
        match = re.fullmatch(r"(\d{2})-(\d{2})", window)
        if not match or not 0 <= int(match[1]) < int(match[2]) <= HOURS:
            raise ValueError(f"window '{window}' is not of the form '16-21' (hours 00 to 24, start before end)")
        for hour in range(int(match[1]), int(match[2])):
            if hour in hours:
                raise ValueError(f"hour {hour:02d} stands in two windows")
            hours[hour] = value
    missing = [f"{hour:02d}" for hour in range(HOURS) if hour not in hours]
    if missing:
        raise ValueError(f"no price for the hours {', '.join(missing)}")
    return [hours[hour] for hour in range(HOURS)]


class Tariffs(Part):
    """Prices of electricity, water and sewage, and the carbon intensity of the grid."""

    electricity: Annotated[list[Season], Field(min_length=1)]
    water_buy_usd_m3: NonNegative
    water_sell_usd_m3: NonNegative
    sewer_usd_m3: NonNegative
    carbon_file: str

    @model_validator(mode="after")
    def _each_month_once(self) -> Tariffs:
        months = [month for season in self.electricity for month in season.months]
        twice = sorted({month for month in months if months.count(month) > 1})
        missing = sorted(set(range(1, 13)) - set(months))
        if twice or missing:
            raise ValueError(f"each month belongs to one season; twice: {twice}, missing: {missing}")
        return self


class Objective(Part):
    """Weights of the objective and prices of what should not happen."""

    alpha: NonNegative
    beta: NonNegative
    carbon_usd_kg: NonNegative
    scarcity_usd_m3: NonNegative
    waste_usd_m3: NonNegative
    unserved_energy_usd_kwh: Positive
    unserved_water_usd_m3: Positive
    reserve_usd_m3_h: NonNegative
    grid_deviation_usd_kwh: NonNegative
    treatment_deviation_usd_m3: NonNegative


class Tranche(Frozen):
    """Value of a stored unit up to a level; the next tranche goes on from there."""

    up_to_m3: Positive | None = None
    up_to_kwh: Positive | None = None
    value_usd_m3: NonNegative | None = None
    value_usd_kwh: NonNegative | None = None

    @model_validator(mode="after")
    def _water_or_energy(self) -> Tranche:
        water = self.up_to_m3 is not None and self.value_usd_m3 is not None
        energy = self.up_to_kwh is not None and self.value_usd_kwh is not None
        given = sum(
            value is not None for value in (self.up_to_m3, self.up_to_kwh, self.value_usd_m3, self.value_usd_kwh)
        )
        if given != 2 or not (water or energy):
            raise ValueError("a tranche has up_to_m3 with value_usd_m3, or up_to_kwh with value_usd_kwh")
        return self

    @property
    def up_to(self) -> float:
        """Upper end of the tranche [m3 or kWh]."""
        return float(self.up_to_m3 if self.up_to_m3 is not None else self.up_to_kwh or 0.0)

    @property
    def value(self) -> float:
        """Worth of a unit within the tranche [currency/m3 or currency/kWh]."""
        return float(self.value_usd_m3 if self.value_usd_m3 is not None else self.value_usd_kwh or 0.0)


class Mismatch(Frozen):
    """How far, by chance and hidden from the brain, the real plant departs from its drawing."""

    seed: Annotated[Whole, Field(lt=2**32)]
    roughness_log_sd: NonNegative
    pump_efficiency_log_sd: NonNegative
    turbine_efficiency_log_sd: NonNegative
    demand_log_sd: NonNegative
    membrane_log_sd: NonNegative


class BatteryReality(Frozen):
    """What the brain's constant efficiency leaves out."""

    resistance_loss_frac_at_rated: Frac
    standing_loss_kw: NonNegative


class TwinSettings(Part):
    """Settings of the high-fidelity simulation."""

    substep_s: Annotated[Whole, Field(ge=1, le=3600)]
    mismatch: Mismatch
    battery: BatteryReality
    measurement_noise_frac: Frac
