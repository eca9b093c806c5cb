"""A case's changes to the weather: another clear-sky index, more or less rain, another temperature."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib

from econex_pipeline.contracts import COLUMNS, InputError
from econex_pipeline.district import District
from econex_pipeline.weather.sky import clear_sky


def modified(table: pd.DataFrame, district: District) -> pd.DataFrame:
    """Apply the district's weather modifiers; with all of them neutral the table comes back as it is.

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
    weather = district.weather
    changed = table
    if weather.clear_sky_index_factor != 1.0:
        changed = changed.assign(**_irradiance(table, district, weather.clear_sky_index_factor))
    if weather.rain_factor != 1.0:
        rain_mm_h = table["rain_mm_h"] * weather.rain_factor
        _refuse_outside(rain_mm_h, "rain_mm_h", district, "rain_factor", weather.rain_factor)
        changed = changed.assign(rain_mm_h=rain_mm_h)
    if weather.temperature_shift_c != 0.0:
        temperature_c = table["temperature_air_c"] + weather.temperature_shift_c
        _refuse_outside(
            temperature_c, "temperature_air_c", district, "temperature_shift_c", weather.temperature_shift_c
        )
        changed = changed.assign(temperature_air_c=temperature_c)
    if changed is table:
        return table
    return changed.assign(quality=np.where(table["quality"] == "borrowed", "borrowed", "modelled"))


def _irradiance(table: pd.DataFrame, district: District, factor: float) -> dict[str, np.ndarray]:
    middles = pd.DatetimeIndex(table["time_utc"]) + pd.Timedelta(minutes=district.step_minutes) / 2
    sky = clear_sky(middles, district.site)
    ghi = table["ghi_w_m2"].to_numpy()
    ghi_new = np.minimum(ghi * factor, np.maximum(ghi, sky["ghi_w_m2"]))
    split = pvlib.irradiance.erbs(ghi_new, sky["zenith_deg"], middles)
    return {"ghi_w_m2": ghi_new, "dni_w_m2": np.asarray(split["dni"]), "dhi_w_m2": np.asarray(split["dhi"])}


def _refuse_outside(values: pd.Series, column: str, district: District, field: str, value: float) -> None:
    entry = COLUMNS[column]
    low, high = -np.inf if entry.ge is None else entry.ge, np.inf if entry.le is None else entry.le
    wrong = ~values.between(low, high)
    if wrong.any():
        where = district.data_dir / "cases" / f"{district.case}.yaml"
        expected = f"a value that keeps {column} within {low:g} to {high:g} {entry.unit}"
        raise InputError(where, f"weather.{field}", value, f"{expected}, not {values[wrong].iloc[0]:g}")
