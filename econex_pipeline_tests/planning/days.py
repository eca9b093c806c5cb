"""Days made by hand: contract tables for the pilot (or any district) without the rooms that usually write them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econex_pipeline.contracts import tidy
from econex_pipeline.contracts.columns import PRICES, PROFILES
from econex_pipeline.contracts.time import steps
from econex_pipeline.planning import Network
from econex_pipeline.planning.elements import Source
from econex_pipeline.planning.layout import sources

LOAD = np.array([.55, .45, .4, .4, .4, .5, .8, 1.1, 1.1, 1.0, 1.0, 1.1, 1.2, 1.1, 1., .95, 1., 1.3, 1.6, 1.8, 1.7, 1.4, 1.1, .8])  # fmt: skip  # noqa: E501
WATER = np.array([.3, .2, .2, .2, .4, .8, 1.2, 1.3, 1.2, 1.1, 1., 1., 1., .9, .9, 1., 1.2, 1.5, 1.75, 1.6, 1.4, 1.1, .8, .5])  # fmt: skip  # noqa: E501
CARBON = np.array([.27, .26, .26, .26, .27, .28, .28, .24, .19, .15, .13, .12, .12, .12, .13, .16, .22, .29, .34, .36, .35, .33, .30, .28])  # fmt: skip  # noqa: E501
RAIN = {15: 1.2, 16: 2.8, 17: 1.6, 18: 0.8, 20: 0.4, 3: 2.0, 4: 1.5}
COEFFICIENT = {
    "rated_flow_m3_h": {"phs_pump": 10.0, "phs_turbine": 10.0, "mains": 2.0, "raw_2_hub": 1.5, "raw_hub_2": 1.5},
    "energy_kwh_m3": {"phs_pump": 0.131, "treatment": 0.35},
    "yield_kwh_m3": {"phs_turbine": 0.0796},
    "recovery_kwh_m3": {"mains": 0.0736},
    "recovery_frac": {"treatment": 0.949},
    "capacity_m3_h": {"treatment": 0.25},
}
DEFAULT = {"rated_flow_m3_h": 1.2, "energy_kwh_m3": 0.15}


@dataclass(frozen=True)
class Days:
    """What `plan_day` takes, besides network and options."""

    scenarios: pd.DataFrame
    coefficients: pd.DataFrame
    prices: pd.DataFrame
    start: dict[str, float]

    @property
    def times(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.prices["time_utc"])

    @property
    def profiles(self) -> pd.DataFrame:
        """The first scenario as PROFILES."""
        first = self.scenarios[self.scenarios["scenario"] == self.scenarios["scenario"].min()]
        return first.drop(columns=["scenario", "probability"]).reset_index(drop=True)


def summer_prices(times: pd.DatetimeIndex, flat: float | None = None) -> pd.DataFrame:
    hour = ((times - times[0]) / pd.Timedelta(hours=1)).to_numpy() % 24
    buy = np.select([hour < 15, hour < 16, hour < 21], [0.40, 0.45, 0.61], 0.45)
    sell = np.select([hour < 15, hour < 16, hour < 21], [0.05, 0.10, 0.30], 0.05)
    if flat is not None:
        buy, sell = np.full(len(hour), flat), np.full(len(hour), 0.05)
    frame = pd.DataFrame({"time_utc": times, "buy_price_usd_kwh": buy, "sell_price_usd_kwh": sell})
    frame["water_buy_usd_m3"], frame["water_sell_usd_m3"], frame["sewer_usd_m3"] = 2.63, 0.0, 0.62
    frame["carbon_kg_kwh"] = CARBON[hour.astype(int)]
    return frame[["time_utc", *(column.name for column in PRICES)]]


def coefficients(network: Network, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Coefficients at a plausible operating point, the same in every step."""
    rows = []
    for source in sources(network):
        value = COEFFICIENT.get(source.quantity, {}).get(source.element, DEFAULT.get(source.quantity))
        rows.append((source.element, source.quantity, value))
    frame = pd.DataFrame(rows, columns=["element", "quantity", "value"]).merge(
        pd.DataFrame({"time_utc": times}), how="cross"
    )
    return tidy(
        frame.assign(scenario=0, fit_error_frac=0.0, valid_from_m3_h=0.0, valid_to_m3_h=0.0, age_h=0.0), "COEFFICIENTS"
    )


def days(
    network: Network,
    hours: int = 48,
    scenarios: int = 1,
    rainy: bool = False,
    flat: float | None = None,
    seed: int = 0,
) -> Days:
    """Summer days on the pilot: PV as a bell, H0-like loads, potable water with two peaks, a thirsty garden."""
    rng = np.random.default_rng(seed)
    times = steps(pd.Timestamp("2025-07-15 05:00", tz="UTC"), hours, round(network.step_h * 60))
    hour = ((times - times[0]) / pd.Timedelta(hours=1)).to_numpy() % 24
    clock = hour.astype(int)
    first = (times - times[0]) < pd.Timedelta(days=1)
    frames = []
    probability = rng.dirichlet(np.full(scenarios, 5.0)) if scenarios > 1 else np.ones(1)
    for s in range(scenarios):
        spread = rng.lognormal(0.0, 0.3, 4) if scenarios > 1 else np.ones(4)
        sun = np.clip(8.3 * spread[0] * np.sin(np.pi * (hour - 5.3) / 13.9), 0.0, 8.3) * (hour > 5.3) * (hour < 19.2)
        rain = np.array([RAIN.get(h, 0.0) for h in clock]) * first * spread[1] if rainy else np.zeros(len(hour))
        garden = np.zeros(len(hour)) if rainy else np.where((hour >= 5) & (hour < 7), 0.27, 0.0)
        for place in dict.fromkeys(node.place for node in network.nodes):
            load = {"home_1": 14.0, "home_2": 20.0, "hub": 32.0}.get(place, 0.0) / LOAD.sum() * LOAD[clock] * spread[2]
            water = {"home_1": 0.7, "home_2": 0.8, "hub": 2.5}.get(place, 0.0) / WATER.sum() * WATER[clock] * spread[3]
            frames.append(
                pd.DataFrame(
                    {
                        "scenario": s,
                        "time_utc": times,
                        "node": place,
                        "probability": probability[s],
                        "pv_kw": sun * (0.4 if rainy else 1.0) if place == "home_1" else 0.0,
                        "load_kw": load,
                        "potable_m3_h": water,
                        "greywater_m3_h": 0.35 * water,
                        "rain_harvest_m3_h": rain if place == "home_2" else 0.0,
                        "irrigation_m3_h": garden if place == "home_2" else 0.0,
                        "turbidity_ntu": 15.0,
                        "water_temperature_c": 20.0,
                    }
                )
            )
    table = tidy(_only_what_stands_there(network, pd.concat(frames)), "SCENARIOS")
    return Days(table, coefficients(network, times), summer_prices(times, flat), dict(network.start))


def _only_what_stands_there(network: Network, frame: pd.DataFrame) -> pd.DataFrame:
    there = {(node.place, column) for node in network.nodes for column in (*node.supply, *node.demand)}
    there |= {(arc.capacity.element, arc.capacity.quantity) for arc in network.arcs if isinstance(arc.capacity, Source)}
    for column in [column.name for column in PROFILES][:6]:
        known = [(place, column) in there for place in frame["node"]]
        frame[column] = np.where(known, frame[column], 0.0)
    return frame


def flow(plan: pd.DataFrame, element: str, quantity: str, scenario: int = -1) -> pd.Series:
    """A series of the plan over time."""
    rows = plan[(plan["element"] == element) & (plan["quantity"] == quantity) & (plan["scenario"] == scenario)]
    return rows.set_index("time_utc")["value"]
