"""The one law of uncertainty: signal s = rho a + sqrt(1 - rho^2) e, forecast f = rho s.

With a and e standard normal and independent, E[a | f] = f and the residual a - f has variance 1 - rho^2. What rho and e
are, per variable, is stated here; how it is used is in `forecasting` and `drawing`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from econex_pipeline.district import ForecastLaw, Skill
from econex_pipeline.scenarios.noise import VARIABLES

Array = NDArray[np.float64]


def correlation(skill: Skill, lead_h: ArrayLike) -> Array:
    """Give ``rho = rho_0 exp(-lead / tau)``, the shape of `lead_h` [h]."""
    return np.asarray(skill.rho_0 * np.exp(-np.asarray(lead_h, float) / skill.tau_h))


def correlations(law: ForecastLaw, lead_h: ArrayLike) -> dict[str, Array]:
    """Give the correlation of each variable that is scored step by step, each the shape of `lead_h` [h]."""
    skills = {
        "clear_sky_index": law.clear_sky_index,
        "temperature": law.temperature,
        "electricity": law.demand,
        "water": law.demand,
    }
    return {variable: correlation(skills[variable], lead_h) for variable in VARIABLES if variable in skills}


def conditional_mean(score: ArrayLike, error: ArrayLike, rho: ArrayLike) -> Array:
    """Give the forecast ``f = rho (rho a + sqrt(1 - rho^2) e)`` of actual scores a under noise e."""
    r = np.asarray(rho, float)
    return np.asarray(r * (r * np.asarray(score, float) + np.sqrt(1.0 - r**2) * np.asarray(error, float)))


def residual_sd(rho: ArrayLike) -> Array:
    """Give the standard deviation of a around f, ``sqrt(1 - rho^2)``."""
    return np.asarray(np.sqrt(1.0 - np.asarray(rho, float) ** 2))


def redrawn(forecast: ArrayLike, score: ArrayLike, error: ArrayLike, rho: ArrayLike) -> Array:
    """Draw from the law given a forecast: the forecast plus the error that the law makes on another day.

    ``a* = f + (a' - f')`` with a' the score of an analog day and f' its forecast under fresh noise e'. Since a' - f'
    has the law of a - f and neither depends on the forecast, a* and the actual a are alike given f: conditioning by
    perturbed observations [1]_.

    Parameters
    ----------
    forecast : array_like
        f, shape (T,).
    score, error : array_like
        a' and e', shape (S, T).
    rho : array_like
        Shape (T,).

    Returns
    -------
    numpy.ndarray
        Shape (S, T).

    References
    ----------
    .. [1] Y. Hoffman, E. Ribak, "Constrained realizations of Gaussian fields: a simple algorithm", Astrophysical
       Journal Letters 380 (1991) L5-L8, :doi:`10.1086/186160`
    """
    return np.asarray(np.asarray(forecast, float) + np.asarray(score, float) - conditional_mean(score, error, rho))
