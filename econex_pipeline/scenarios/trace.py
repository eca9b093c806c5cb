"""What demand really does, and how its factors and normal scores belong together. The weather comes as it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from econex_pipeline.contracts import tidy
from econex_pipeline.district import District, ForecastLaw
from econex_pipeline.scenarios.noise import Key, actual_demand_scores

Array = NDArray[np.float64]

COMFORT_C = (15.0, 22.0)  # within it electricity demand does not depend on temperature; assumption


def temperature_response(temperature_c: ArrayLike, frac_per_c: float) -> Array:
    """Give electricity demand relative to that of a mild day: it grows with every degree below or above comfort.

    Parameters
    ----------
    temperature_c : array_like
        Air temperature [degC].
    frac_per_c : float
        Growth per degree [1/degC].

    Returns
    -------
    numpy.ndarray
        [-], >= 1.
    """
    temperature = np.asarray(temperature_c, float)
    degrees = np.maximum(COMFORT_C[0] - temperature, 0.0) + np.maximum(temperature - COMFORT_C[1], 0.0)
    return np.asarray(1.0 + frac_per_c * degrees)


def factor_of(scores: ArrayLike, log_sd: float) -> Array:
    """Give the demand factor of normal scores: log-normal with mean 1, ``exp(sd a - sd^2 / 2)``."""
    return np.asarray(np.exp(log_sd * np.asarray(scores, float) - log_sd**2 / 2.0))


def scores_of(factor: ArrayLike, log_sd: float) -> Array:
    """Give the normal scores of demand factors, the inverse of `factor_of`; 0 where demand is certain."""
    logarithm = np.log(np.asarray(factor, float))
    return np.zeros_like(logarithm) if log_sd == 0.0 else np.asarray(logarithm / log_sd + log_sd / 2.0)


def key_of(district: District) -> Key:
    """Give the key of a district's noise: the same under each of its cases."""
    return Key(district.forecast.seed, district.name, district.step_minutes)


def log_sds(law: ForecastLaw) -> tuple[float, float]:
    """Give the standard deviations of log demand, electricity and water."""
    return law.electricity_log_sd, law.water_log_sd


def actual_trace(district: District, weather: pd.DataFrame) -> pd.DataFrame:
    """Add to the weather what demand really does.

    Parameters
    ----------
    district : District
        Its forecast law holds seed, spread, correlation and temperature response of demand.
    weather : pandas.DataFrame
        WEATHER, T rows.

    Returns
    -------
    pandas.DataFrame
        TRACE, T rows. The factor of a step depends on seed, district, time and temperature only, not on the window.
    """
    law = district.forecast
    scores = actual_demand_scores(key_of(district), pd.DatetimeIndex(weather["time_utc"]), law.demand_noise_phi)
    response = temperature_response(weather["temperature_air_c"], law.electricity_temperature_frac_per_c)
    factors = {
        "electricity_factor": factor_of(scores[:, 0], law.electricity_log_sd) * response,
        "water_factor": factor_of(scores[:, 1], law.water_log_sd),
    }
    return tidy(weather.assign(**factors), "TRACE")
