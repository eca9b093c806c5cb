"""The forecast: from the actual trace and the law to the FORECAST table, in physical units.

The only function here that sees the actual trace makes the forecast of it; nothing downstream of the forecast does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import InputError, tidy
from econex_pipeline.district import District
from econex_pipeline.scenarios import law
from econex_pipeline.scenarios.analogs import DayPool, day_pools, order_of
from econex_pipeline.scenarios.climatology import OTHERS, Climatology, Slots
from econex_pipeline.scenarios.noise import VARIABLES, forecast_errors, per_step
from econex_pipeline.scenarios.scores import NormalScores, mean_of_broken_line
from econex_pipeline.scenarios.sky import Sky, sky_over
from econex_pipeline.scenarios.trace import key_of, log_sds, scores_of, temperature_response

Array = NDArray[np.float64]

COLDEST_C = -60.0
RESPONSE_SCORES = np.linspace(-4.0, 4.0, 81)  # at which the response to temperature is looked up


@dataclass(frozen=True)
class Window:
    """What is known of the steps of a window before any weather is: calendar, sky, climatology, analog days.

    Attributes
    ----------
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    slots : Slots
        Their places in the local calendar.
    sky : Sky
        The clear sky over them.
    index, temperature : NormalScores
        Maps between clear-sky index, temperature [degC] and their scores.
    pools : list of DayPool
        Candidates for each local day.
    """

    times: pd.DatetimeIndex
    slots: Slots
    sky: Sky
    index: NormalScores
    temperature: NormalScores
    pools: list[DayPool]

    @classmethod
    def over(cls, district: District, climatology: Climatology, times: pd.DatetimeIndex) -> Window:
        """Look at a window of a district.

        Raises
        ------
        InputError
            If the climatology was fitted on another step.
        """
        if climatology.step_minutes != district.step_minutes:
            raise InputError("climatology", "step_minutes", climatology.step_minutes, f"{district.step_minutes} min")
        slots = climatology.slots(times, district.site.utc_offset_h)
        return cls(
            times=times,
            slots=slots,
            sky=sky_over(district.site, times, district.step_minutes),
            index=climatology.normal_scores(slots, "clear_sky_index", 0.0, bounded_above=True),
            temperature=climatology.normal_scores(slots, "temperature_c", COLDEST_C, bounded_above=False),
            pools=day_pools(climatology, slots),
        )

    def rain_leads_h(self, lead_h: Array) -> Array:
        """Give the lead of the middle of each local day's part of the window, shape (days,) [h]."""
        return np.array([lead_h[self.slots.part == part].mean() for part in range(len(self.slots.season))])

    def expected_response(self, temperature_scores: Array, rho: Array, frac_per_c: float) -> Array:
        """Give the mean temperature response of demand given temperature's conditional mean score, shape (T,)."""
        steps = len(self.times)
        knots = np.broadcast_to(RESPONSE_SCORES[:, None], (len(RESPONSE_SCORES), steps))
        response = temperature_response(self.temperature.value(knots), frac_per_c)
        return mean_of_broken_line(knots.T, response.T, np.zeros(steps), temperature_scores, law.residual_sd(rho))


def leads_h(issued_at_utc: pd.Timestamp, times: pd.DatetimeIndex) -> Array:
    """Give the hours from issue to the start of each step, shape (T,).

    Raises
    ------
    InputError
        If a step starts before the issue.
    """
    leads = np.asarray((times - issued_at_utc) / pd.Timedelta(hours=1), float)
    if len(leads) and leads.min() < 0.0:
        raise InputError("forecast", "issued_at_utc", str(issued_at_utc), f"a time not after {times.min()}")
    return leads


def forecast(
    district: District,
    climatology: Climatology,
    trace: pd.DataFrame,
    issued_at_utc: pd.Timestamp,
    times: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Forecast a window by the district's law.

    Parameters
    ----------
    district : District
        Its forecast law, site and step.
    climatology : Climatology
        Of the weather year the trace was taken from.
    trace : pandas.DataFrame
        TRACE: what will really happen; holds `times`.
    issued_at_utc : pandas.Timestamp
        When the forecast is made; not after the first of `times`.
    times : pandas.DatetimeIndex
        Step starts, UTC, evenly spaced, shape (T,).

    Returns
    -------
    pandas.DataFrame
        FORECAST, T rows: conditional means. Irradiance is split anew from the mean global irradiance, so that
        GHI = DNI cos(zenith) + DHI; humidity, wind and pressure are means over the analog days.

    Raises
    ------
    InputError
        If the trace lacks some of `times`, or a step starts before the issue.
    """
    actual = trace.set_index("time_utc").reindex(times)
    if actual["ghi_w_m2"].isna().any():
        missing = times[int(actual["ghi_w_m2"].isna().argmax())]
        raise InputError("TRACE", "time_utc", f"without {missing}", "all steps that are to be forecast")
    window = Window.over(district, climatology, times)
    lead_h = leads_h(issued_at_utc, times)
    rhos = law.correlations(district.forecast, lead_h)
    scores = _actual_scores(district, window, actual)
    errors, day_errors = _errors(district, window, issued_at_utc)
    means = {name: law.conditional_mean(scores[name], errors[name], rhos[name]) for name in scores}

    index = window.index.expected(means["clear_sky_index"], law.residual_sd(rhos["clear_sky_index"]))
    columns = window.sky.irradiance(index)
    columns["temperature_air_c"] = window.temperature.expected(
        means["temperature"], law.residual_sd(rhos["temperature"])
    )
    columns |= _expected_analogs(district, climatology, window, actual, lead_h, day_errors)
    columns |= _expected_factors(district, window, means, rhos)
    return tidy(pd.DataFrame({"time_utc": times, **columns, "lead_h": lead_h}), "FORECAST")


def _actual_scores(district: District, window: Window, actual: pd.DataFrame) -> dict[str, Array]:
    electricity_sd, water_sd = log_sds(district.forecast)
    temperature = actual["temperature_air_c"].to_numpy()
    response = temperature_response(temperature, district.forecast.electricity_temperature_frac_per_c)
    return {
        "clear_sky_index": window.index.score(window.sky.index(actual["ghi_w_m2"].to_numpy())),
        "temperature": window.temperature.score(temperature),
        "electricity": scores_of(actual["electricity_factor"].to_numpy() / response, electricity_sd),
        "water": scores_of(actual["water_factor"].to_numpy(), water_sd),
    }


def _errors(district: District, window: Window, issued_at_utc: pd.Timestamp) -> tuple[dict[str, Array], Array]:
    """Noise of each variable and step, and that of rain for each local day (its noon's)."""
    key = key_of(district)
    phi = per_step(district.scenarios.clear_sky_noise_phi, district.forecast.demand_noise_phi, key.step_h)
    offset = pd.Timedelta(hours=district.site.utc_offset_h)
    noons = pd.DatetimeIndex((window.times + offset).normalize().unique() - offset + pd.Timedelta(hours=12))
    first, noise = forecast_errors(key, issued_at_utc, max(window.times[-1], noons[-1]), phi)
    steps = noise[key.indices(window.times) - first]
    by_variable = {name: steps[:, column] for column, name in enumerate(VARIABLES) if name != "rain"}
    return by_variable, noise[key.indices(noons) - first, VARIABLES.index("rain")]


def _expected_analogs(
    district: District,
    climatology: Climatology,
    window: Window,
    actual: pd.DataFrame,
    lead_h: Array,
    day_errors: Array,
) -> dict[str, Array]:
    """Rain and the variables without a score, as means over the analog days that fit the day's rain signal."""
    rho = law.correlation(district.forecast.rain, window.rain_leads_h(lead_h))
    index = window.sky.index(actual["ghi_w_m2"].to_numpy())
    rain = actual["rain_mm_h"].to_numpy()
    sources = {"rain_mm_h": climatology.rain_mm_h, **{name: climatology.others[name] for name in OTHERS}}
    expected = {name: np.empty(len(window.times)) for name in sources}
    for part, pool in enumerate(window.pools):
        of_day = window.slots.part == part
        total_mm = rain[of_day].sum() * district.step_h
        score = pool.score(float(order_of(total_mm, index[of_day].mean())))
        signal = law.conditional_mean(score, day_errors[part], rho[part])
        weights = pool.given(float(signal), float(rho[part]))
        for name, values in sources.items():
            expected[name][of_day] = weights @ values[pool.rows][:, window.slots.step[of_day]]
    return expected


def _expected_factors(
    district: District, window: Window, means: dict[str, Array], rhos: dict[str, Array]
) -> dict[str, Array]:
    """E[exp(sd a - sd^2/2) | f] = exp(sd f - sd^2 rho^2 / 2): a log-normal of smaller spread, still of mean 1."""
    electricity_sd, water_sd = log_sds(district.forecast)
    response = window.expected_response(
        means["temperature"], rhos["temperature"], district.forecast.electricity_temperature_frac_per_c
    )
    electricity = np.exp(electricity_sd * means["electricity"] - (electricity_sd * rhos["electricity"]) ** 2 / 2.0)
    water = np.exp(water_sd * means["water"] - (water_sd * rhos["water"]) ** 2 / 2.0)
    return {"electricity_factor": electricity * response, "water_factor": water}
