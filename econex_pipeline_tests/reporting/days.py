"""A made-up day that keeps every contract and every balance: what the tests of this room report on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from econex_pipeline.contracts import tidy, validate
from econex_pipeline.contracts.tables import PROFILE_VALUES
from econex_pipeline.contracts.time import operating_window, with_end
from econex_pipeline.district import District, by_hour

DAY = date(2025, 7, 15)
HOURS = 24
LIFT_KWH_M3, YIELD_KWH_M3, PUMP_KWH_M3, TREATMENT_KWH_M3, RECOVERY_KWH_M3 = 0.131, 0.0796, 0.05, 0.35, 0.0736
RECOVERY_FRAC = 0.93


@dataclass
class MadeUpDay:
    """Rates by (element, quantity), levels by storage; turned into tables at the end."""

    times: pd.DatetimeIndex
    rates: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    actual: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    levels: dict[str, np.ndarray] = field(default_factory=dict)

    def put(self, element: str, quantity: str, values) -> np.ndarray:
        array = np.broadcast_to(np.asarray(values, dtype=float), (len(self.times),)).copy()
        self.rates[element, quantity] = array
        return array

    def store(self, name: str, start: float, gained: np.ndarray) -> None:
        self.levels[name] = start + np.concatenate([[0.0], np.cumsum(gained)])


def times_of_day(district: District) -> pd.DatetimeIndex:
    return operating_window(DAY, district.site.utc_offset_h, 60)


def during(start: int, end: int, rate: float) -> np.ndarray:
    hours = np.arange(HOURS)
    return np.where((hours >= start) & (hours < end), rate, 0.0)


def world(sun: float = 1.0, rain: float = 1.0) -> dict[tuple[str, str], np.ndarray]:
    """Supply and demand of the nodes by hour of standard time."""
    hours = np.arange(HOURS) + 0.5
    bell = np.clip(np.sin((hours - 5.0) / 14.0 * np.pi), 0.0, None) ** 1.4
    evening = 0.6 + 0.5 * np.exp(-((hours - 19.0) ** 2) / 8.0) + 0.25 * np.exp(-((hours - 7.5) ** 2) / 4.0)
    shape = evening / evening.mean()
    wet = 0.4 + np.exp(-((hours - 7.5) ** 2) / 5.0) + np.exp(-((hours - 19.0) ** 2) / 8.0)
    wet = wet / wet.sum()
    values = {("home_1", "pv_kw"): 7.4 * sun * bell, ("home_2", "rain_harvest_m3_h"): rain * during(18, 20, 0.4)}
    for node, energy, water in (("home_1", 14.0, 0.7), ("home_2", 20.0, 0.8), ("hub", 32.0, 2.5)):
        values[node, "load_kw"] = energy / HOURS * shape
        values[node, "potable_m3_h"] = water * wet
        values[node, "greywater_m3_h"] = 0.35 * water * wet
    values["home_2", "irrigation_m3_h"] = during(5, 7, 0.45)
    return values


def make_day(district: District, controlled: bool = True) -> MadeUpDay:
    day = MadeUpDay(times_of_day(district))
    zero = np.zeros(HOURS)
    day.actual = world()
    raw = dict(day.actual)
    on = 1.0 if controlled else 0.0
    # water: home tanks are kept level, the potable tank rides through the evening peak on the inlet
    to_1, to_2 = raw["home_1", "potable_m3_h"], raw["home_2", "potable_m3_h"]
    feed = day.put("treatment", "flow_m3_h", on * during(9, 17, 0.22))
    product = day.put("treatment", "product_m3_h", RECOVERY_FRAC * feed)
    day.put("treatment", "reject_m3_h", feed - product)
    drawn = to_1 + to_2 + raw["hub", "potable_m3_h"]
    smooth = during(16, 21, 0.4) + during(2, 6, 0.08)
    inlet = day.put("mains_import", "flow_m3_h", smooth if controlled else drawn)
    day.put("mains", "generated_kw", RECOVERY_KWH_M3 * inlet)
    day.put("potable_hub_1", "flow_m3_h", to_1)
    day.put("potable_hub_2", "flow_m3_h", to_2)
    lift = day.put("phs_pump", "flow_m3_h", on * during(10, 14, 9.0))
    drop = day.put("phs_turbine", "flow_m3_h", on * during(17, 21, 8.6))
    moved = day.put("raw_2_hub", "flow_m3_h", on * during(10, 16, 0.15))
    grey = day.put("grey_1_hub", "flow_m3_h", on * raw["home_1", "greywater_m3_h"])
    day.put("sewer.home_1", "flow_m3_h", raw["home_1", "greywater_m3_h"] - grey)
    day.put("sewer.hub", "flow_m3_h", (1.0 - on) * raw["hub", "greywater_m3_h"])
    day.put("overflow.cistern", "flow_m3_h", during(19, 20, 0.05))
    day.put("unserved.hub.P", "flow_m3_h", (1.0 - on) * during(19, 20, 0.02))
    day.put("unserved.home_2.E", "power_kw", zero)
    consumed = {
        "potable_hub_1": day.put("potable_hub_1", "consumed_kw", PUMP_KWH_M3 * to_1),
        "potable_hub_2": day.put("potable_hub_2", "consumed_kw", PUMP_KWH_M3 * to_2),
        "raw_2_hub": day.put("raw_2_hub", "consumed_kw", PUMP_KWH_M3 * moved),
        "phs_pump": day.put("phs_pump", "consumed_kw", LIFT_KWH_M3 * lift),
        "treatment": day.put("treatment", "consumed_kw", TREATMENT_KWH_M3 * feed),
    }
    day.put("phs_turbine", "generated_kw", YIELD_KWH_M3 * drop)
    # electricity: lines carry what the nodes lack, the grid takes the rest at the hub
    charge = day.put("battery_1.charge", "power_kw", on * during(9, 13, 2.9))
    discharge = day.put("battery_1.discharge", "power_kw", on * during(16, 21, 2.1))
    day.put("curtail.home_1", "power_kw", on * during(12, 13, 0.3))
    used = day.put("pv.home_1", "power_kw", raw["home_1", "pv_kw"] - day.rates["curtail.home_1", "power_kw"])
    surplus = used + discharge - charge - raw["home_1", "load_kw"]
    keep = 0.99
    out_1 = day.put("line_1_hub", "power_kw", np.maximum(surplus, 0.0))
    back_1 = day.put("line_1_hub.reverse", "power_kw", np.maximum(-surplus, 0.0) / keep)
    need_2 = raw["home_2", "load_kw"] + consumed["raw_2_hub"]
    out_2 = day.put("line_2_hub.reverse", "power_kw", need_2 / keep)
    day.put("line_2_hub", "power_kw", zero)
    hub = raw["hub", "load_kw"] + sum(consumed.values()) - consumed["raw_2_hub"] + back_1 + out_2
    hub = hub - keep * out_1 - RECOVERY_KWH_M3 * inlet - YIELD_KWH_M3 * drop
    day.put("grid_import", "power_kw", np.maximum(hub, 0.0))
    day.put("grid_export", "power_kw", np.maximum(-hub, 0.0))
    store = district.storages
    day.store("battery_1", store["battery_1"].start, 0.943 * charge - discharge / 0.943)
    day.store("home_tank_1", 0.5, zero)
    day.store("home_tank_2", 0.5, zero)
    missed = day.rates["unserved.hub.P", "flow_m3_h"]
    day.store("potable_tank", 3.0, inlet + product - drawn + missed)
    cistern = raw["home_2", "rain_harvest_m3_h"] + raw["home_2", "greywater_m3_h"] - raw["home_2", "irrigation_m3_h"]
    day.store("cistern", 5.0, cistern - moved - day.rates["overflow.cistern", "flow_m3_h"])
    day.store("raw_tank", 1.5, moved + grey + on * raw["hub", "greywater_m3_h"] - feed)
    day.store("lower_basin", 50.0, drop - lift)
    day.store("upper_basin", 5.0, lift - drop)
    return day


def operations_of(day: MadeUpDay, controlled: bool = True) -> pd.DataFrame:
    rows = [_long(day.times, *key, "delivered", values) for key, values in day.rates.items()]
    rows += [_long(day.times, *key, "actual", values) for key, values in day.actual.items()]
    if controlled:
        rng = np.random.default_rng(5)
        for key, values in day.actual.items():
            noise = rng.normal(1.0, 0.08, HOURS).clip(0.5)
            rows.append(_long(day.times, *key, "forecast", values * noise))
        for key in (("mains_import", "flow_m3_h"), ("treatment", "flow_m3_h"), ("phs_pump", "flow_m3_h")):
            asked = day.rates[key] * np.where(np.arange(HOURS) == 11, 1.2, 1.0)
            rows.append(_long(day.times, *key, "asked", asked))
        net = day.rates["grid_import", "power_kw"] - day.rates["grid_export", "power_kw"]
        rows.append(_long(day.times, "grid", "schedule_kw", "planned", np.round(net * 1.05, 1)))
        pumped = sum(v for (e, q), v in day.rates.items() if q == "consumed_kw" and e != "treatment")
        own = {
            "fallback_count": during(14, 15, 1.0),
            "solve_status": during(14, 15, 2.0),
            "fallback_cause": during(14, 15, 1.0),
            "plan_age_h": during(14, 15, 3.0),
            "simulated_pump_kwh": pumped,
            "predicted_pump_kwh": 0.985 * pumped,
            "estimate_error_frac": np.full(HOURS, 0.001),
            "sensor_error_frac": np.full(HOURS, 0.002),
        }
        rows += [_long(day.times, "controller", quantity, "delivered", values) for quantity, values in own.items()]
        for (element, quantity), used in day.rates.items():
            if quantity in ("consumed_kw", "generated_kw"):
                rows.append(_long(day.times, element, "predicted_kwh", "forecast", 0.99 * used))
                rows.append(_long(day.times, element, "uncorrected_kwh", "forecast", 0.95 * used))
    return validate(tidy(pd.concat(rows), "OPERATIONS"), "OPERATIONS")


def states_of(day: MadeUpDay) -> pd.DataFrame:
    stamps = with_end(day.times)
    rows = [
        _long(stamps, name, "stored_kwh" if name.startswith("battery") else "level_m3", "", np.maximum(level, 0.0))
        for name, level in day.levels.items()
    ]
    return validate(tidy(pd.concat(rows).drop(columns="basis"), "STATE"), "STATE")


def prices_of(district: District, days: int = 1) -> pd.DataFrame:
    times = operating_window(DAY, district.site.utc_offset_h, 60, days)
    civil = times.tz_convert(district.site.civil_time_zone)
    season = next(s for s in district.tariffs.electricity if DAY.month in s.months)
    buy, sell = by_hour(season.buy_usd_kwh), by_hour(season.sell_usd_kwh)
    carbon = 0.25 + 0.1 * np.cos((civil.hour.to_numpy() - 20) / 24 * 2 * np.pi)
    frame = pd.DataFrame(
        {
            "time_utc": times,
            "buy_price_usd_kwh": [buy[hour] for hour in civil.hour],
            "sell_price_usd_kwh": [sell[hour] for hour in civil.hour],
            "water_buy_usd_m3": district.tariffs.water_buy_usd_m3,
            "water_sell_usd_m3": district.tariffs.water_sell_usd_m3,
            "sewer_usd_m3": district.tariffs.sewer_usd_m3,
            "carbon_kg_kwh": carbon,
        }
    )
    return validate(tidy(frame, "PRICES"), "PRICES")


def scenarios_of(district: District, count: int = 5) -> pd.DataFrame:
    times, rng, rows = times_of_day(district), np.random.default_rng(11), []
    weights = rng.dirichlet(np.full(count, 3.0))
    weights[-1] = 1.0 - weights[:-1].sum()
    for scenario in range(count):
        nodes = world(sun=float(rng.uniform(0.35, 1.15)), rain=float(rng.choice([0.0, 0.5, 1.5])))
        noise = rng.normal(1.0, 0.08, HOURS).clip(0.6)
        for node in district.nodes:
            table = {name: nodes.get((node, name), np.zeros(HOURS)) * noise for name in PROFILE_VALUES}
            table |= {"turbidity_ntu": 15.0, "water_temperature_c": 18.0}
            row = pd.DataFrame(table).assign(scenario=scenario, time_utc=times, node=node)
            rows.append(row.assign(probability=weights[scenario]))
    return validate(tidy(pd.concat(rows), "SCENARIOS"), "SCENARIOS")


def plan_of(district: District, scenarios: pd.DataFrame) -> pd.DataFrame:
    """A plan that would have done what was done, with storage that spreads over the scenarios."""
    day = make_day(district)
    weights = scenarios.groupby("scenario")["probability"].first()
    stamps = with_end(day.times)
    spread = {scenario: 0.9 + 0.2 * place / max(len(weights) - 1, 1) for place, scenario in enumerate(weights.index)}
    mean = sum(spread[scenario] * weight for scenario, weight in weights.items())
    rows = []
    for scenario, factor in {-1: mean, **spread}.items():
        for (element, quantity), values in day.rates.items():
            rows.append(_long(day.times, element, quantity, "", factor * values).assign(scenario=scenario))
        for name, level in day.levels.items():
            quantity = "stored_kwh" if name.startswith("battery") else "level_m3"
            shifted = np.maximum(level[0] + factor * (level - level[0]), 0.0)
            rows.append(_long(stamps, name, quantity, "", shifted).assign(scenario=scenario))
    net = day.rates["grid_import", "power_kw"] - day.rates["grid_export", "power_kw"]
    rows.append(_long(day.times, "grid", "schedule_kw", "", net).assign(scenario=-1))
    rows.append(_long(day.times, "grid", "deviation_up_kw", "", np.full(HOURS, 0.1)).assign(scenario=-1))
    return validate(tidy(pd.concat(rows), "PLAN"), "PLAN")


def _long(times: pd.DatetimeIndex, element: str, quantity: str, basis: str, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"time_utc": times, "element": element, "quantity": quantity, "basis": basis, "value": values})
