"""A case's changes to the weather, all year or on some of its days: brighter or darker, wetter or drier, warmer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pvlib

from econex_pipeline.contracts import COLUMNS, InputError
from econex_pipeline.contracts.time import standard
from econex_pipeline.district import District
from econex_pipeline.weather.sky import clear_sky

Array = np.ndarray[Any, np.dtype[Any]]


def modified(table: pd.DataFrame, district: District) -> pd.DataFrame:
    """Apply the district's weather modifiers, those of the year and those of its spells; a neutral step stays as it is.

    The clear-sky index is multiplied (a factor above 1 stops at the clear sky), and the global irradiance is split
    anew by Erbs, so that GHI = DNI cos(zenith) + DHI. Temperature moves at unchanged relative humidity.

    Parameters
    ----------
    table : pandas.DataFrame
        WEATHER in the district's steps.
    district : District
        Its `weather` holds the factors, its `site` the place of the sun.

    Returns
    -------
    pandas.DataFrame
        WEATHER; rows keep ``borrowed``, others become ``modelled`` where something was changed.

    Raises
    ------
    InputError
        If the factor makes rain or the shift makes temperatures that no weather has.
    """
    brighter, wetter, warmer_c = _modifiers(table, district)
    bright, wet, warm = brighter != 1.0, wetter != 1.0, warmer_c != 0.0
    if not (bright | wet | warm).any():
        return table
    changed = table
    if bright.any():
        changed = changed.assign(**_irradiance(table, district, brighter))
    if wet.any():
        rain_mm_h = table["rain_mm_h"] * wetter
        _refuse_outside(rain_mm_h, "rain_mm_h", district, "rain_factor", wetter)
        changed = changed.assign(rain_mm_h=rain_mm_h)
    if warm.any():
        temperature_c = table["temperature_air_c"] + warmer_c
        _refuse_outside(temperature_c, "temperature_air_c", district, "temperature_shift_c", warmer_c)
        changed = changed.assign(temperature_air_c=temperature_c)
    untouched = (table["quality"] == "borrowed") | ~(bright | wet | warm)
    return changed.assign(quality=np.where(untouched, table["quality"], "modelled"))


def _modifiers(table: pd.DataFrame, district: District) -> tuple[Array, Array, Array]:
    """Give factor of the clear-sky index, factor of rain and shift of temperature by step, each shape (T,)."""
    weather = district.weather
    brighter = np.full(len(table), weather.clear_sky_index_factor)
    wetter, warmer_c = np.full(len(table), weather.rain_factor), np.full(len(table), weather.temperature_shift_c)
    if weather.spells:
        local = standard(pd.DatetimeIndex(table["time_utc"]), district.site.utc_offset_h)
        days = np.asarray(100 * local.month + local.day)
        for spell in weather.spells:
            first, last = (int(day.replace("-", "")) for day in (spell.from_day, spell.to_day))
            after, before = days >= first, days <= last
            on = after & before if first <= last else after | before  # over the turn of the year
            brighter[on] *= spell.clear_sky_index_factor
            wetter[on] *= spell.rain_factor
            warmer_c[on] += spell.temperature_shift_c
    return brighter, wetter, warmer_c


def _irradiance(table: pd.DataFrame, district: District, factor: Array) -> dict[str, Array]:
    """Make the global irradiance brighter or darker and split it anew; where the factor is 1 all stays."""
    middles = pd.DatetimeIndex(table["time_utc"]) + pd.Timedelta(minutes=district.step_minutes) / 2
    sky = clear_sky(middles, district.site)
    ghi = table["ghi_w_m2"].to_numpy()
    ghi_new = np.minimum(ghi * factor, np.maximum(ghi, sky["ghi_w_m2"]))
    split = pvlib.irradiance.erbs(ghi_new, sky["zenith_deg"], middles)
    new = {"ghi_w_m2": ghi_new, "dni_w_m2": np.asarray(split["dni"]), "dhi_w_m2": np.asarray(split["dhi"])}
    return {name: np.where(factor != 1.0, values, table[name]) for name, values in new.items()}


def _refuse_outside(values: pd.Series, column: str, district: District, field: str, asked: Array) -> None:
    entry = COLUMNS[column]
    low, high = -np.inf if entry.ge is None else entry.ge, np.inf if entry.le is None else entry.le
    wrong = ~values.between(low, high)
    if wrong.any():
        where = district.data_dir / "cases" / f"{district.case}.yaml"
        expected = f"a value that keeps {column} within {low:g} to {high:g} {entry.unit}"
        value = float(asked[wrong.to_numpy()][0])
        raise InputError(where, f"weather.{field}", value, f"{expected}, not {values[wrong].iloc[0]:g}")
