"""Simple days for the tests of twin and control: a sun, a demand, a shower, two prices. No weather room needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from econex_pipeline.contracts import validate
from econex_pipeline.district import District, load_case

DATA = Path(__file__).parents[2] / "data"
START = pd.Timestamp("2025-07-15T05:00:00Z").as_unit("ns")


def pilot() -> District:
    """The pilot as it stands in the data folder."""
    return load_case(DATA, "base")


def hours(count: int, step_minutes: int = 60) -> pd.DatetimeIndex:
    """Steps from local midnight on."""
    return pd.date_range(START, periods=count * 60 // step_minutes, freq=f"{step_minutes}min", unit="ns")


def sunny_profiles(district: District, times: pd.DatetimeIndex, rain_m3_h: float = 0.0) -> pd.DataFrame:
    """PROFILES of a bright day: sun from six to six, demand with an evening peak, a garden watered at five."""
    hour = ((times.tz_localize(None) - pd.Timedelta(hours=5)).hour).to_numpy()
    sun = np.clip(np.sin((hour - 5.5) / 13.0 * np.pi), 0.0, None)
    shape = 1.0 + 0.5 * np.sin((hour - 13.0) / 24.0 * 2 * np.pi)
    frames = []
    for name, node in district.nodes.items():
        zeros = np.zeros(len(times))
        potable = zeros if node.potable is None else node.potable.volume_m3_day / 24.0 * shape
        grey = 0.0 if node.potable is None else node.potable.greywater_frac
        frames.append(
            pd.DataFrame(
                {
                    "time_utc": times,
                    "node": name,
                    "pv_kw": zeros if node.pv is None else 0.75 * node.pv.capacity_kw * sun,
                    "load_kw": zeros if node.electricity is None else node.electricity.energy_kwh_day / 24.0 * shape,
                    "potable_m3_h": potable,
                    "greywater_m3_h": grey * potable,
                    "rain_harvest_m3_h": zeros + (rain_m3_h if node.roof is not None else 0.0),
                    "irrigation_m3_h": np.where(np.isin(hour, (5, 6)), 0.25, 0.0) if node.garden else zeros,
                    "turbidity_ntu": 15.0,
                    "water_temperature_c": 18.0,
                }
            )
        )
    frame = pd.concat(frames).sort_values(["time_utc", "node"], ignore_index=True)
    return validate(frame, "PROFILES")


def summer_prices(times: pd.DatetimeIndex) -> pd.DataFrame:
    """PRICES with a dear evening."""
    hour = ((times.tz_localize(None) - pd.Timedelta(hours=5)).hour).to_numpy()
    peak = (hour >= 16) & (hour < 21)
    return validate(
        pd.DataFrame(
            {
                "time_utc": times,
                "buy_price_usd_kwh": np.where(peak, 0.61, 0.40),
                "sell_price_usd_kwh": np.where(peak, 0.30, 0.05),
                "water_buy_usd_m3": 2.63,
                "water_sell_usd_m3": 0.0,
                "sewer_usd_m3": 0.62,
                "carbon_kg_kwh": 0.25,
            }
        ),
        "PRICES",
    )
