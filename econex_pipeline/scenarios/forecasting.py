"""The forecast: from the actual trace and the law to the FORECAST table, in physical units.

The only functions here that see the actual trace make the forecast of it; nothing downstream of the forecast does. The
issues of a day are made at once: what depends on the valid time only (sun, climatology, scores of what will come) is
looked up once for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.tables import DRIVER_VALUES
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.district import District
from econex_pipeline.scenarios import law
from econex_pipeline.scenarios.analogs import day_pool, of_part, order_of
from econex_pipeline.scenarios.climatology import OTHERS, Climatology
from econex_pipeline.scenarios.noise import VARIABLES, forecast_errors, per_step
from econex_pipeline.scenarios.trace import key_of, log_sds, scores_of, temperature_response
from econex_pipeline.scenarios.window import Window

Array = NDArray[np.float64]
Places = tuple[NDArray[np.int64], NDArray[np.int64]]

NOON_H = 12.0


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of several issues.

    Attributes
    ----------
    issued_at_utc : pandas.DatetimeIndex
        When each was made, shape (I,).
    windows : Windows
        The steps each looks at.
    values : dict of str to numpy.ndarray
        Conditional means by column of the FORECAST contract, in its order, each shape (I, T).
    """

    issued_at_utc: pd.DatetimeIndex
    windows: Windows
    values: dict[str, Array]

    def table(self, issue: int) -> pd.DataFrame:
        """Give the FORECAST table of one issue, T rows."""
        columns = {name: values[issue] for name, values in self.values.items()}
        return pd.DataFrame({"time_utc": self.windows.of(issue), **columns})


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
    issues = pd.DatetimeIndex([issued_at_utc])
    windows = Windows.starting(times[:1], len(times), district.step_minutes)
    return forecasts(district, climatology, trace, issues, windows).table(0)


def forecasts(
    district: District,
    climatology: Climatology,
    trace: pd.DataFrame,
    issued_at_utc: pd.DatetimeIndex,
    windows: Windows,
) -> Forecasts:
    """Forecast a window for each of several issues, all at once; each is what `forecast` gives for it alone.

    Parameters
    ----------
    district, climatology
        As for `forecast`.
    trace : pandas.DataFrame
        TRACE: what will really happen; holds all steps of the windows.
    issued_at_utc : pandas.DatetimeIndex
        When each forecast is made, ascending, shape (I,).
    windows : Windows
        The steps each looks at, none before its issue.

    Returns
    -------
    Forecasts

    Raises
    ------
    InputError
        If the trace lacks some of the steps, or a step starts before its issue.
    """
    actual = _actual(trace, windows.times)
    lead_h = _leads_h(issued_at_utc, windows)
    window = Window.over(district, climatology, windows.times)
    index = window.sky.index(actual["ghi_w_m2"], windows.places)
    rhos = law.correlations(district.forecast, lead_h)
    errors = _Errors.of(district, issued_at_utc, windows)
    scores = _actual_scores(district, window, actual, index, windows)
    means = {name: law.conditional_mean(scores[name], errors.of_step(name), rhos[name]) for name in scores}

    columns = window.sky.seen(windows.places).irradiance(
        window.index.seen(windows.places).expected(means["clear_sky_index"], law.residual_sd(rhos["clear_sky_index"]))
    )
    columns["temperature_air_c"] = window.temperature.seen(windows.places).expected(
        means["temperature"], law.residual_sd(rhos["temperature"])
    )
    columns |= _expected_analogs(district, climatology, window, windows, actual["rain_mm_h"], index, lead_h, errors)
    columns |= _expected_factors(district, window, windows, means, rhos)
    return Forecasts(issued_at_utc, windows, {name: columns[name] for name in DRIVER_VALUES} | {"lead_h": lead_h})


def _actual(trace: pd.DataFrame, times: pd.DatetimeIndex) -> dict[str, Array]:
    """Take what will really happen out of the trace, each shape (N,)."""
    stamps = pd.DatetimeIndex(trace["time_utc"])
    places = stamps.get_indexer(times)
    if (places < 0).any():
        missing = times[int((places < 0).argmax())]
        raise InputError("TRACE", "time_utc", f"without {missing}", "all steps that are to be forecast")
    return {name: trace[name].to_numpy(dtype=float)[places] for name in DRIVER_VALUES}


def _leads_h(issued_at_utc: pd.DatetimeIndex, windows: Windows) -> Array:
    """Give the hours from each issue to the start of each step, shape (I, T)."""
    stamps = windows.times.as_unit("ns").asi8[windows.places]
    leads = (stamps - issued_at_utc.as_unit("ns").asi8[:, None]) / pd.Timedelta(hours=1).value
    early = leads[:, 0] < 0.0
    if early.any():
        issue = int(early.argmax())
        expected = f"a time not after {windows.starts[issue]}"
        raise InputError("forecast", "issued_at_utc", str(issued_at_utc[issue]), expected)
    return np.asarray(leads)


def _actual_scores(
    district: District, window: Window, actual: dict[str, Array], index: Array, windows: Windows
) -> dict[str, Array]:
    """Scores of what will really happen, each shape (I, T)."""
    electricity_sd, water_sd = log_sds(district.forecast)
    temperature = actual["temperature_air_c"]
    response = temperature_response(temperature, district.forecast.electricity_temperature_frac_per_c)
    of_step = {
        "temperature": window.temperature.score(temperature),
        "electricity": scores_of(actual["electricity_factor"] / response, electricity_sd),
        "water": scores_of(actual["water_factor"], water_sd),
    }
    # of a step without daylight the index depends on where the window ends
    of_window = {"clear_sky_index": window.index.seen(windows.places).score(index)}
    return of_window | {name: scores[windows.places] for name, scores in of_step.items()}


@dataclass(frozen=True)
class _Errors:
    """Noise e of the forecasts.

    Attributes
    ----------
    noise : numpy.ndarray
        By issue, step and variable, shape (I, N, V).
    ahead : numpy.ndarray of int
        Place in it of each step of the windows, shape (I, T).
    noons : numpy.ndarray of int
        Place in it of noon of each local day that a window touches, shape (I, days); outside it for another's days.
    """

    noise: Array
    ahead: NDArray[np.int64]
    noons: NDArray[np.int64]

    @classmethod
    def of(cls, district: District, issued_at_utc: pd.DatetimeIndex, windows: Windows) -> _Errors:
        """Draw it, as far ahead as the farthest noon of a day that a window touches."""
        key = key_of(district)
        phi = per_step(district.scenarios.clear_sky_noise_phi, district.forecast.demand_noise_phi, key.step_h)
        offset = pd.Timedelta(hours=district.site.utc_offset_h)
        days = pd.DatetimeIndex((windows.times + offset).normalize().unique())
        issues = key.indices(issued_at_utc)[:, None]
        steps = key.indices(windows.times)[windows.places] - issues
        noons = key.indices(days - offset + pd.Timedelta(hours=NOON_H)) - issues
        half_day = round(NOON_H / key.step_h)
        memory, noise = forecast_errors(key, issued_at_utc, int(steps.max()) + half_day, phi)
        return cls(noise, steps + memory, noons + memory)

    def of_step(self, variable: str) -> Array:
        """Give the noise of a variable in each step, shape (I, T)."""
        return np.take_along_axis(self.noise[..., VARIABLES.index(variable)], self.ahead, axis=1)

    def of_day(self, issues: NDArray[np.int64], day: int) -> Array:
        """Give the noise of the rain of a local day that these issues look at, shape (issues,)."""
        return np.asarray(self.noise[issues, self.noons[issues, day], VARIABLES.index("rain")])


def _expected_analogs(
    district: District,
    climatology: Climatology,
    window: Window,
    windows: Windows,
    rain_mm_h: Array,
    index: Array,
    lead_h: Array,
    errors: _Errors,
) -> dict[str, Array]:
    """Rain and the variables without a score, as means over the analog days that fit the day's rain signal."""
    sources = {"rain_mm_h": climatology.rain_mm_h, **{name: climatology.others[name] for name in OTHERS}}
    expected = {name: np.empty(windows.places.shape) for name in sources}
    days, steps = window.slots.part[windows.places], window.slots.step[windows.places]
    rain, per_day = rain_mm_h[windows.places], climatology.rain_mm_h.shape[1]
    for first, last in np.unique(days[:, [0, -1]], axis=0):  # windows over the same days leave the same analogs out
        issues = np.flatnonzero((days[:, 0] == first) & (days[:, -1] == last))
        eligible = climatology.unknown_to(window.slots.season[first : last + 1])
        for day in range(first, last + 1):
            row, column = np.nonzero(days[issues] == day)
            seen, place = (issues[row], column), (row, steps[issues[row], column])
            by_step_of_day = partial(_by_step_of_day, seen=seen, place=place, shape=(len(issues), per_day))
            held = by_step_of_day(np.ones(days.shape)) > 0.0
            pool = day_pool(climatology, int(window.slots.season[day]), eligible, held)
            rho = law.correlation(district.forecast.rain, by_step_of_day(lead_h).sum(axis=1) / held.sum(axis=1))
            total, brightness = of_part(held, by_step_of_day(rain), by_step_of_day(index))
            score = pool.score(order_of(total * district.step_h, brightness))
            weights = pool.given(law.conditional_mean(score, errors.of_day(issues, day), rho), rho)
            for name, values in sources.items():
                expected[name][seen] = (weights[:, :, None] * values[pool.rows]).sum(axis=1)[place]
    return expected


def _by_step_of_day(values: Array, seen: Places, place: Places, shape: tuple[int, int]) -> Array:
    """Put the values seen into the steps of their day; zero where the window does not hold the step."""
    dense = np.zeros(shape)
    dense[place] = values[seen]
    return dense


def _expected_factors(
    district: District, window: Window, windows: Windows, means: dict[str, Array], rhos: dict[str, Array]
) -> dict[str, Array]:
    """E[exp(sd a - sd^2/2) | f] = exp(sd f - sd^2 rho^2 / 2): a log-normal of smaller spread, still of mean 1."""
    electricity_sd, water_sd = log_sds(district.forecast)
    per_c = district.forecast.electricity_temperature_frac_per_c
    response = window.expected_response(means["temperature"], rhos["temperature"], per_c, windows.places)
    electricity = np.exp(electricity_sd * means["electricity"] - (electricity_sd * rhos["electricity"]) ** 2 / 2.0)
    water = np.exp(water_sd * means["water"] - (water_sd * rhos["water"]) ** 2 / 2.0)
    return {"electricity_factor": electricity * response, "water_factor": water}
