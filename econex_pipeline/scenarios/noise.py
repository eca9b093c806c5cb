"""Seeded noise that does not depend on who asks: the same instant gives the same number in every window.

White noise is drawn block by block from generators keyed by seed, district, purpose and an absolute index; correlation
is made by filters that only look back. No other room and no clock enters. The case does not enter either: what-ifs of a
district meet the same demand and the same forecast errors, so that they differ by what they change alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

Array = NDArray[np.float64]

MEMORY_H = 48  # how far back the filters look: 0.75^48 = 1e-6, 0.9^48 = 0.6 %
ISSUE_PHI_H = 0.95  # correlation of forecast errors between issues an hour apart; assumption
TEMPERATURE_PHI_H = 0.90  # correlation of temperature errors between valid hours; assumption
INDEX_TEMPERATURE_CORRELATION = 0.45  # of the noise of clear-sky index and temperature; assumption
VARIABLES = ("clear_sky_index", "temperature", "electricity", "water", "rain")
_ACTUAL, _FORECAST = 1, 2
_DAY_H = 24
_UNSIGNED = 2**63


@dataclass(frozen=True)
class Key:
    """Whose noise it is.

    Attributes
    ----------
    seed : int
        From the district's forecast law.
    district : str
        Name of the district.
    step_minutes : int
        Length of a step [min].
    """

    seed: int
    district: str
    step_minutes: int

    @property
    def step_h(self) -> float:
        """Length of a step [h]."""
        return self.step_minutes / 60.0

    def indices(self, times: pd.DatetimeIndex) -> NDArray[np.int64]:
        """Give the absolute numbers of steps, shape (T,)."""
        return np.asarray(times.as_unit("ns").asi8 // (self.step_minutes * 60 * 10**9))

    def generator(self, purpose: int, index: int) -> np.random.Generator:
        """Give the generator of one block."""
        place = int.from_bytes(hashlib.sha256(self.district.encode()).digest()[:8], "big")
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence((self.seed, place, purpose, index % _UNSIGNED)))
        )


def autoregressive(white: Array, phi: Array) -> Array:
    """Filter white noise in time into unit-variance AR(1) noise, ``x = phi x' + sqrt(1 - phi^2) w``.

    Parameters
    ----------
    white : numpy.ndarray
        Shape (..., T, V).
    phi : numpy.ndarray
        Correlation from step to step of each variable, shape (V,).

    Returns
    -------
    numpy.ndarray
        Shape (..., T, V); the first row is `white`'s, so that the variance is 1 from the start.
    """
    coloured = np.empty_like(white)
    for v, correlation in enumerate(phi):
        gain = np.sqrt(1.0 - correlation**2)
        scaled = white[..., v] * gain
        scaled[..., 0] = white[..., 0, v]
        coloured[..., v] = lfilter([1.0], [1.0, -correlation], scaled, axis=-1)
    return coloured


def mixed(white: Array) -> Array:
    """Correlate the noise of clear-sky index and temperature, the first two of the last axis; in a new array."""
    together = white.copy()
    c = INDEX_TEMPERATURE_CORRELATION
    together[..., 1] = c * white[..., 0] + np.sqrt(1.0 - c**2) * white[..., 1]
    return together


def per_step(index_phi_h: float, demand_phi_h: float, step_h: float) -> Array:
    """Give the correlation from step to step of each of `VARIABLES`; rain's noise is one number a day."""
    hourly = np.array([index_phi_h, TEMPERATURE_PHI_H, demand_phi_h, demand_phi_h, 0.0])
    return np.asarray(hourly**step_h)


def actual_demand_scores(key: Key, times: pd.DatetimeIndex, phi_h: float) -> Array:
    """Give the normal scores of what demand really does.

    Each UTC day is filtered by itself from two days before it, so that a window cut elsewhere gives the same bits.

    Parameters
    ----------
    key : Key
        Whose noise.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    phi_h : float
        Correlation from hour to hour [-].

    Returns
    -------
    numpy.ndarray
        Electricity and water, shape (T, 2), unit variance.
    """
    per_day = round(_DAY_H / key.step_h)
    days, steps = np.divmod(key.indices(times), per_day)
    phi = np.full(2, phi_h**key.step_h)
    white: dict[int, Array] = {}
    scores = np.empty((len(times), 2))
    for day in np.unique(days):
        for block in range(int(day) - MEMORY_H // _DAY_H, int(day) + 1):
            if block not in white:
                white[block] = key.generator(_ACTUAL, block).standard_normal((per_day, 2))
        history = np.concatenate([white[block] for block in range(int(day) - MEMORY_H // _DAY_H, int(day) + 1)])
        coloured = autoregressive(history, phi)[-per_day:]
        scores[days == day] = coloured[steps[days == day]]
    return scores


def forecast_errors(key: Key, issued_at_utc: pd.DatetimeIndex, ahead: int, phi: Array) -> tuple[int, Array]:
    """Give the noise e of forecasts issued at some instants, correlated over valid times and over issues.

    Issues an hour apart share most of their noise, as successive runs of a weather model do.

    Parameters
    ----------
    key : Key
        Whose noise.
    issued_at_utc : pandas.DatetimeIndex
        Issue times, ascending, shape (I,).
    ahead : int
        How many steps after its issue each is wanted for; it does not change what comes before. The noise of an issue
        does not depend on the others it is asked for with.
    phi : numpy.ndarray
        From `per_step`, shape (V,).

    Returns
    -------
    int
        How many steps before its issue the noise of each starts.
    numpy.ndarray
        Noise of that step and the following ones, shape (I, N, V), unit variance.
    """
    issues = key.indices(issued_at_utc)
    memory = round(MEMORY_H / key.step_h)
    count = memory + ahead + 1
    decay = ISSUE_PHI_H**key.step_h
    white = np.zeros((len(issues), count, len(phi)))
    blocks = sorted({int(issue) - age for issue in issues for age in range(memory)}, reverse=True)
    faded = np.array([decay**age for age in range(memory)])
    for block in blocks:  # the newest first: each issue sums its own blocks in the order of their age
        first, last = np.searchsorted(issues, (block, block + memory))
        ages = issues[first:last] - block
        drawn = key.generator(_FORECAST, block).standard_normal((count + int(ages[-1]), len(phi)))
        white[first:last] += drawn[ages[:, None] + np.arange(count)] * faded[ages][:, None, None]
    white /= np.sqrt(np.sum(decay ** (2.0 * np.arange(memory))))
    return memory, autoregressive(mixed(white), phi)
