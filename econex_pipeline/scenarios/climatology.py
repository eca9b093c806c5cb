"""What the season and the hour let expect: the whole days of a weather year, and where each value stands among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.time import standard
from econex_pipeline.district import District
from econex_pipeline.scenarios.scores import NormalScores
from econex_pipeline.scenarios.sky import sky_over

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

DAYS_PER_YEAR = 365
MINUTES_PER_DAY = 1440
OTHERS = ("relative_humidity_frac", "wind_speed_m_s", "pressure_pa")
_NO_NEXT_DAY = -1
_FEWEST_DAYS = 5
_TWIN_DECIMALS = 6


@dataclass(frozen=True)
class Slots:
    """Where steps stand in the calendar of a site's standard time.

    Attributes
    ----------
    part : numpy.ndarray
        Number of the local day within the window, 0 for the first, shape (T,).
    step : numpy.ndarray
        Number of the step within its day, shape (T,).
    season : numpy.ndarray
        Day of the year of each local day, 0 to 364, 29 February as 28 February, shape (days,).
    """

    part: Whole
    step: Whole
    season: Whole


@dataclass(frozen=True)
class Climatology:
    """The days of a weather year, each a row.

    Attributes
    ----------
    step_minutes : int
        Length of a step [min].
    window_days : int
        A day's climatology holds the days up to this far from its date.
    season : numpy.ndarray
        Day of the year of each row, shape (N,).
    following : numpy.ndarray
        Row of the next day, -1 where there is none, shape (N,).
    twin : numpy.ndarray
        Number of the group of days that are copies of one another, shape (N,).
    clear_sky_index, temperature_c, rain_mm_h : numpy.ndarray
        Shape (N, steps a day).
    others : dict of str to numpy.ndarray
        Humidity, wind and pressure by column name, each shape (N, steps a day).
    """

    step_minutes: int
    window_days: int
    season: Whole
    following: Whole
    twin: Whole
    clear_sky_index: Array
    temperature_c: Array
    rain_mm_h: Array
    others: dict[str, Array]

    @classmethod
    def fit(cls, year: pd.DataFrame, district: District) -> Climatology:
        """Learn from a weather table.

        Parameters
        ----------
        year : pandas.DataFrame
            WEATHER in the district's steps with the case's modifiers applied: of a whole typical year, or of the
            dates a historical file holds.
        district : District
            Site, step and the width of the calendar window.

        Returns
        -------
        Climatology
            Of the local days that the table holds completely.

        Raises
        ------
        InputError
            If the table's step is not the district's, or it holds less than five whole days.
        """
        times = pd.DatetimeIndex(year["time_utc"])
        per_day = MINUTES_PER_DAY // district.step_minutes
        if len(times) < 2 or times[1] - times[0] != pd.Timedelta(minutes=district.step_minutes):
            raise InputError("WEATHER", "time_utc", str(times[:2]), f"a row each {district.step_minutes} min")
        local = standard(times, district.site.utc_offset_h)
        dates = local.normalize()
        whole = pd.Series(1, dates).groupby(level=0).transform("size").to_numpy() == per_day
        count = int(whole.sum()) // per_day
        if count < _FEWEST_DAYS:
            raise InputError("WEATHER", "time_utc", f"{count} whole days", f"at least {_FEWEST_DAYS}, better a year")
        index = sky_over(district.site, times, district.step_minutes).index(year["ghi_w_m2"].to_numpy())

        def by_day(values: Array) -> Array:
            return np.asarray(values[whole].reshape(count, per_day), float)

        days = pd.DatetimeIndex(dates[whole][::per_day])
        temperature, rain = (by_day(year[name].to_numpy()) for name in ("temperature_air_c", "rain_mm_h"))
        season = season_of(days)
        return cls(
            step_minutes=district.step_minutes,
            window_days=district.scenarios.analog_window_days,
            season=season,
            following=_following(days, season),
            twin=_twins(temperature, rain),
            clear_sky_index=by_day(index),
            temperature_c=temperature,
            rain_mm_h=rain,
            others={name: by_day(year[name].to_numpy()) for name in OTHERS},
        )

    def slots(self, times: pd.DatetimeIndex, utc_offset_h: int) -> Slots:
        """Find the places of steps in the local calendar."""
        local = standard(times, utc_offset_h)
        days, part = np.unique(local.normalize(), return_inverse=True)
        minutes = local.hour.to_numpy() * 60 + local.minute.to_numpy()
        return Slots(
            part=part.astype(np.int64), step=minutes // self.step_minutes, season=season_of(pd.DatetimeIndex(days))
        )

    def distance(self, season: int) -> Whole:
        """Give the calendar distance of every day from a day of the year, round the turn of the year, shape (N,)."""
        apart = np.abs(self.season - season)
        return np.minimum(apart, DAYS_PER_YEAR - apart)

    def pool(self, season: int) -> Whole:
        """Give the rows within the window around a day of the year.

        Raises
        ------
        InputError
            If there are fewer than five.
        """
        rows = np.flatnonzero(self.distance(season) <= self.window_days)
        if len(rows) < _FEWEST_DAYS:
            found = f"{len(rows)} days within {self.window_days} days of day {season + 1} of the year"
            raise InputError("WEATHER", "time_utc", found, f"at least {_FEWEST_DAYS} to know the season by")
        return rows

    def normal_scores(self, slots: Slots, variable: str, low: float, *, bounded_above: bool) -> NormalScores:
        """Give the map between values and scores for each of T steps.

        Parameters
        ----------
        slots : Slots
            Of the T steps.
        variable : str
            ``clear_sky_index`` or ``temperature_c``.
        low : float
            Lower bound of a value.
        bounded_above : bool
            Whether a value never exceeds the largest of the season at that time of day.
        """
        days = np.stack([self._quantiles(variable, int(season)) for season in slots.season])
        table = days[slots.part, slots.step]
        return NormalScores(table, low, bounded_above)

    def _quantiles(self, variable: str, season: int) -> Array:
        values = getattr(self, variable)[self.pool(season)]
        count = 2 * self.window_days + 1
        if len(values) == count:
            return np.asarray(np.sort(values, axis=0).T)
        return np.asarray(np.quantile(values, (np.arange(count) + 0.5) / count, axis=0, method="hazen").T)

    @cached_property
    def scores(self) -> dict[str, Array]:
        """Normal scores of every day against its own season, by variable, each shape (N, steps a day)."""
        scores = {}
        for variable in ("clear_sky_index", "temperature_c"):
            values = getattr(self, variable)
            rows = [
                NormalScores(self._quantiles(variable, int(season)), -np.inf).score(values[row])
                for row, season in enumerate(self.season)
            ]
            scores[variable] = np.stack(rows)
        return scores

    def unknown_to(self, season: Whole) -> NDArray[np.bool_]:
        """Say which days may serve as analogs: none of the window's own, no neighbour of theirs, no copy of either.

        Parameters
        ----------
        season : numpy.ndarray
            Days of the year that the window touches, shape (days,).

        Returns
        -------
        numpy.ndarray of bool
            Shape (N,).
        """
        near = np.min([self.distance(int(day)) for day in season], axis=0)
        beside = near <= 1
        for day in np.unique(self.season[np.isin(self.twin, self.twin[near == 0])]):
            beside |= self.distance(int(day)) <= 1
        return ~np.isin(self.twin, self.twin[beside])


def season_of(days: pd.DatetimeIndex) -> Whole:
    """Give the day of the year in a calendar without 29 February, which counts as 28 February; 0 to 364."""
    leap = days.is_leap_year & (days.dayofyear > 59)
    return np.asarray(days.dayofyear - 1 - leap, dtype=np.int64)


def _following(days: pd.DatetimeIndex, season: Whole) -> Whole:
    following = np.arange(1, len(days) + 1)
    consecutive = np.diff(days.to_numpy()) == np.timedelta64(1, "D")
    following[:-1][~consecutive] = _NO_NEXT_DAY
    closes = (season[-1] + 1) % DAYS_PER_YEAR == season[0]  # a typical year begins again
    following[-1] = 0 if closes else _NO_NEXT_DAY
    return following


def _twins(temperature_c: Array, rain_mm_h: Array) -> Whole:
    """Find copied days (a month repaired with borrowed days) by their hourly means, which no change of step alters."""
    per_hour = temperature_c.shape[1] // 24
    hourly = [values.reshape(len(values), 24, per_hour).mean(axis=2) for values in (temperature_c, rain_mm_h)]
    signature = np.round(np.hstack(hourly), _TWIN_DECIMALS) + 0.0
    return np.unique(signature, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
