"""Prices and carbon intensity by step: time-of-use windows looked up in civil time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from econex_pipeline.contracts import COLUMNS, InputError, tidy
from econex_pipeline.district import District, by_hour
from econex_pipeline.profiles.clock import civil_parts, read_day_shape, step_means


def prices(district: District, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Give tariffs and carbon intensity of the steps that start at `times`.

    Seasons, windows and the carbon shape go by civil time, daylight saving included; a step that a window's edge cuts
    gets the mean over its quarters of an hour.

    Parameters
    ----------
    district : District
        Its `tariffs`, `site` and length of step.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).

    Returns
    -------
    pandas.DataFrame
        PRICES, T rows.

    Raises
    ------
    InputError
        If a sell price is above the buy price of its step (a district would buy and sell at once), or the carbon file
        cannot be read.
    """
    tariffs = district.tariffs
    carbon_path = district.data_dir / "demand" / tariffs.carbon_file
    carbon = read_day_shape(carbon_path, "carbon_kg_kwh")
    highest = COLUMNS["carbon_kg_kwh"].le
    if highest is not None and carbon.max() > highest:
        hour = int(carbon.argmax())
        expected = f"at most {highest:g} kg/kWh; g/kWh is a thousand times that"
        raise InputError(carbon_path, f"carbon_kg_kwh at hour {hour}", float(carbon[hour]), expected)
    stamps, parts = civil_parts(district, times)
    months, hours = stamps.month.to_numpy(), stamps.hour.to_numpy()
    buy, sell = np.empty((13, 24)), np.empty((13, 24))
    for season in tariffs.electricity:
        for month in season.months:
            buy[month], sell[month] = by_hour(season.buy_usd_kwh), by_hour(season.sell_usd_kwh)
    buy_parts, sell_parts = buy[months, hours], sell[months, hours]
    above = sell_parts > buy_parts
    if above.any():
        part = int(above.argmax())
        name = next(season.season for season in tariffs.electricity if months[part] in season.months)
        raise InputError(
            district.directory / "district.yaml",
            f"tariffs.electricity.{name}.sell_usd_kwh at {hours[part]:02d} h",
            float(sell_parts[part]),
            f"at most the buy price {buy_parts[part]:g} USD/kWh of the same hour",
        )
    return tidy(
        pd.DataFrame(
            {
                "time_utc": times,
                "buy_price_usd_kwh": step_means(buy_parts, parts),
                "sell_price_usd_kwh": step_means(sell_parts, parts),
                "water_buy_usd_m3": tariffs.water_buy_usd_m3,
                "water_sell_usd_m3": tariffs.water_sell_usd_m3,
                "sewer_usd_m3": tariffs.sewer_usd_m3,
                "carbon_kg_kwh": step_means(carbon[hours], parts),
            }
        ),
        "PRICES",
    )
