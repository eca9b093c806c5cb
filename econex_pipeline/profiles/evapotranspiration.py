"""Reference evapotranspiration by the hour (FAO-56 Penman-Monteith), on arrays (scenario, time).

Each step stands for itself: the sky's cloudiness at night is the manual's constant, so that no member needs the
afternoon before.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.district import Site

Floats = NDArray[np.float64]

MJ_PER_WH = 0.0036
SOLAR_CONSTANT_MJ_M2_MIN = 0.0820
STEFAN_BOLTZMANN_MJ_M2_H_K4 = 4.903e-9 / 24.0
GRASS_ALBEDO = 0.23
SOIL_HEAT_DAY_FRAC, SOIL_HEAT_NIGHT_FRAC = 0.1, 0.5
WIND_10M_TO_2M = 4.87 / np.log(67.8 * 10.0 - 5.42)
"""Logarithmic profile over grass (FAO-56, equation 47)."""

NIGHT_CLEARNESS = 0.5
"""Rs/Rso at night where it is humid: 0.4 to 0.6 (FAO-56, page 75)."""

LEAST_CLEARNESS, MOST_CLEARNESS = 0.3, 1.0
"""Limits of Rs/Rso (ASCE-EWRI 2005, equation 45)."""

LOW_SUN_MJ_M2_H = 0.2
"""Below this extraterrestrial radiation (the sun some 3 degrees up) Rs/Rso is a ratio of errors."""


def extraterrestrial_mj_m2_h(site: Site, times: pd.DatetimeIndex, step_h: float) -> Floats:
    """Give the extraterrestrial radiation on the horizontal (FAO-56, equations 28 to 33).

    Parameters
    ----------
    site : Site
        Latitude and longitude.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    step_h : float
        Length of step [h].

    Returns
    -------
    array, shape (T,)
        Mean over the step [MJ/m2/h], not below 0.
    """
    middles = times + pd.Timedelta(hours=step_h) / 2
    day = middles.dayofyear.to_numpy()
    hour = middles.hour.to_numpy() + middles.minute.to_numpy() / 60.0 + middles.second.to_numpy() / 3600.0
    distance = 1.0 + 0.033 * np.cos(2 * np.pi * day / 365)
    declination = 0.409 * np.sin(2 * np.pi * day / 365 - 1.39)
    season = 2 * np.pi * (day - 81) / 364
    correction_h = 0.1645 * np.sin(2 * season) - 0.1255 * np.cos(season) - 0.025 * np.sin(season)
    angle = np.pi / 12 * (hour + site.longitude_deg / 15 + correction_h - 12)
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    latitude = np.radians(site.latitude_deg)
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1, 1))
    start = np.clip(angle - np.pi * step_h / 24, -sunset, sunset)
    end = np.clip(angle + np.pi * step_h / 24, -sunset, sunset)
    flat = (end - start) * np.sin(latitude) * np.sin(declination)
    swing = np.cos(latitude) * np.cos(declination) * (np.sin(end) - np.sin(start))
    radiation = 12 * 60 / np.pi * SOLAR_CONSTANT_MJ_M2_MIN * distance * (flat + swing) / step_h
    return np.asarray(np.maximum(radiation, 0.0))


def reference_evapotranspiration_mm_h(
    site: Site,
    times: pd.DatetimeIndex,
    step_h: float,
    ghi_w_m2: Floats,
    temperature_air_c: Floats,
    relative_humidity_frac: Floats,
    wind_speed_m_s: Floats,
    pressure_pa: Floats,
) -> Floats:
    """Give the evapotranspiration of well-watered grass (FAO-56, equation 53).

    Parameters
    ----------
    site : Site
        Latitude, longitude, altitude.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    step_h : float
        Length of step, at most 1 [h].
    ghi_w_m2 : array, shape (S, T)
        Global horizontal irradiance [W/m2].
    temperature_air_c, relative_humidity_frac : array, shape (S, T)
        Air temperature [degC] and relative humidity [-].
    wind_speed_m_s : array, shape (S, T)
        Wind speed at 10 m [m/s]; taken down to 2 m.
    pressure_pa : array, shape (S, T)
        Air pressure [Pa].

    Returns
    -------
    array, shape (S, T)
        Not below 0 (dew is left out) [mm/h].

    References
    ----------
    .. [1] Allen, R. G., Pereira, L. S., Raes, D. and Smith, M. (1998). Crop evapotranspiration. FAO Irrigation and
       Drainage Paper 56, Rome.
    .. [2] Walter, I. A. et al. (2005). The ASCE standardized reference evapotranspiration equation.
       :doi:`10.1061/9780784408056`
    """
    above_mj = extraterrestrial_mj_m2_h(site, times, step_h)
    clear_mj = (0.75 + 2e-5 * site.altitude_m) * above_mj
    solar_mj = ghi_w_m2 * MJ_PER_WH
    high_sun = above_mj > LOW_SUN_MJ_M2_H
    ratio = solar_mj / np.where(high_sun, clear_mj, 1.0)
    clearness = np.where(high_sun, np.clip(ratio, LEAST_CLEARNESS, MOST_CLEARNESS), NIGHT_CLEARNESS)
    saturation_kpa = 0.6108 * np.exp(17.27 * temperature_air_c / (temperature_air_c + 237.3))
    vapour_kpa = saturation_kpa * relative_humidity_frac
    emitted_mj = STEFAN_BOLTZMANN_MJ_M2_H_K4 * (temperature_air_c + 273.16) ** 4
    longwave_mj = emitted_mj * (0.34 - 0.14 * np.sqrt(vapour_kpa)) * (1.35 * clearness - 0.35)
    net_mj = (1.0 - GRASS_ALBEDO) * solar_mj - longwave_mj
    into_soil = np.where(ghi_w_m2 > 0, SOIL_HEAT_DAY_FRAC, SOIL_HEAT_NIGHT_FRAC)
    slope = 4098.0 * saturation_kpa / (temperature_air_c + 237.3) ** 2
    psychrometric = 0.665e-3 * pressure_pa / 1000.0
    wind_m_s = wind_speed_m_s * WIND_10M_TO_2M
    drying = psychrometric * 37.0 / (temperature_air_c + 273.0) * wind_m_s * (saturation_kpa - vapour_kpa)
    rate_mm_h = 0.408 * slope * net_mj * (1.0 - into_soil) + drying
    rate_mm_h = rate_mm_h / (slope + psychrometric * (1.0 + 0.34 * wind_m_s))
    return np.asarray(np.maximum(rate_mm_h, 0.0))
