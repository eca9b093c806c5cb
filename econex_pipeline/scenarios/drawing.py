"""Equally likely members around a forecast: the law's conditional distribution, with analog days for its residuals.

Sees the forecast only, never the actual trace: a file of the FORECAST contract does as well.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import TABLES
from econex_pipeline.district import District
from econex_pipeline.scenarios import law
from econex_pipeline.scenarios.analogs import day_pools, runs_of_days
from econex_pipeline.scenarios.climatology import OTHERS, Climatology
from econex_pipeline.scenarios.noise import VARIABLES, autoregressive, mixed, per_step
from econex_pipeline.scenarios.trace import factor_of, log_sds, temperature_response
from econex_pipeline.scenarios.window import Window

Array = NDArray[np.float64]

SMALLEST_SPREAD = 0.25  # of the analog days' scores; less is too few days rather than a sure thing


def draw_members(
    district: District, climatology: Climatology, forecast: pd.DataFrame, n: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw members of the law given a forecast.

    A run of consecutive analog days is drawn for each member, in its season, none of the window's days, their
    neighbours or copies of them, the likelier the better its rain fits the forecast's. The member is the forecast plus
    the error that the law makes on that run, all variables together; its rain, humidity, wind and pressure are the
    run's own, so that hours without rain stay without.

    Parameters
    ----------
    district : District
        Its law, site and step.
    climatology : Climatology
        The days to draw from.
    forecast : pandas.DataFrame
        FORECAST, T rows, evenly spaced.
    n : int
        Number of members, > 0.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    pandas.DataFrame
        MEMBERS, n T rows, scenarios 0 to n - 1.

    Notes
    -----
    One typical year holds at most 31 distinct days within 15 days of a date: rarer weather is never drawn. Where
    forecast and season leave little room, members of the clear-sky index gather at the brightest sky seen in the
    season at that hour, which is taken for the limit of what the sky allows.
    """
    times = pd.DatetimeIndex(forecast["time_utc"])
    window = Window.over(district, climatology, times)
    lead_h = forecast["lead_h"].to_numpy()
    rhos = law.correlations(district.forecast, lead_h)
    means = _conditional_means(district, window, forecast, rhos)

    pools = day_pools(climatology, window.slots)
    parts = [window.slots.part == part for part in range(len(pools))]
    rain_rhos = law.correlation(district.forecast.rain, [lead_h[part].mean() for part in parts])
    rain_mm = [forecast["rain_mm_h"].to_numpy()[part].sum() * district.step_h for part in parts]
    signals = [pool.signal_of(*given) for pool, *given in zip(pools, rain_mm, rain_rhos, strict=True)]
    runs, probability = runs_of_days(climatology, pools, np.array(signals), rain_rhos)
    drawn = rng.choice(len(runs), size=n, p=probability)
    days, steps = runs[:, window.slots.part], window.slots.step
    rows = days[drawn]

    phi = per_step(district.scenarios.clear_sky_noise_phi, district.forecast.demand_noise_phi, district.step_h)
    noise = autoregressive(mixed(rng.standard_normal((n, len(times), len(VARIABLES) - 1))), phi[:-1])
    errors = {name: noise[..., column] for column, name in enumerate(VARIABLES[:-1])}
    index_scores = _standardized(climatology.scores["clear_sky_index"][days, steps], probability)[drawn]
    temperature_scores = _standardized(climatology.scores["temperature_c"][days, steps], probability)[drawn]
    index = window.index.value(
        law.redrawn(means["clear_sky_index"], index_scores, errors["clear_sky_index"], rhos["clear_sky_index"])
    )
    temperature = window.temperature.value(
        law.redrawn(means["temperature"], temperature_scores, errors["temperature"], rhos["temperature"])
    )
    electricity_sd, water_sd = log_sds(district.forecast)
    # demand has no analog day: its score and its noise have one law, so that one draw stands for both
    demand = {name: means[name] + law.residual_sd(rhos[name]) * errors[name] for name in ("electricity", "water")}
    response = temperature_response(temperature, district.forecast.electricity_temperature_frac_per_c)
    columns = {
        **window.sky.irradiance(index),
        "temperature_air_c": temperature,
        "rain_mm_h": climatology.rain_mm_h[rows, steps],
        **{name: climatology.others[name][rows, steps] for name in OTHERS},
        "electricity_factor": factor_of(demand["electricity"], electricity_sd) * response,
        "water_factor": factor_of(demand["water"], water_sd),
    }
    table = TABLES["MEMBERS"]
    keys = {"scenario": np.repeat(np.arange(n), len(times)), "time_utc": times[np.tile(np.arange(len(times)), n)]}
    return pd.DataFrame({**keys, **{name: columns[name].ravel() for name in table.values}}, columns=table.columns)


def _standardized(scores: Array, probability: Array) -> Array:
    """Give the analog days' scores mean 0 and variance 1 in each step, as the law has them.

    The days were weighed by rain, and they are few: their own mean would move the members off the forecast, which
    knows better.

    Parameters
    ----------
    scores : numpy.ndarray
        Shape (R, T).
    probability : numpy.ndarray
        Shape (R,).

    Returns
    -------
    numpy.ndarray
        Shape (R, T).
    """
    centred = scores - probability @ scores
    return np.asarray(centred / np.maximum(np.sqrt(probability @ centred**2), SMALLEST_SPREAD))


def _conditional_means(
    district: District, window: Window, forecast: pd.DataFrame, rhos: dict[str, Array]
) -> dict[str, Array]:
    """Read the law's f back from a forecast in physical units."""
    index = window.sky.index(forecast["ghi_w_m2"].to_numpy())
    means = {
        "clear_sky_index": window.index.conditional_mean_score(index, law.residual_sd(rhos["clear_sky_index"])),
        "temperature": window.temperature.conditional_mean_score(
            forecast["temperature_air_c"].to_numpy(), law.residual_sd(rhos["temperature"])
        ),
    }
    response = window.expected_response(
        means["temperature"], rhos["temperature"], district.forecast.electricity_temperature_frac_per_c
    )
    factors = {
        "electricity": forecast["electricity_factor"].to_numpy() / response,
        "water": forecast["water_factor"].to_numpy(),
    }
    for (name, factor), log_sd in zip(factors.items(), log_sds(district.forecast), strict=True):
        shift = log_sd * rhos[name] ** 2 / 2.0
        means[name] = np.log(factor) / log_sd + shift if log_sd > 0.0 else np.zeros(len(factor))
    return means
