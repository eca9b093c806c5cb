"""From the costs of the scenarios to the one number that a plan minimizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from econex_pipeline.planning.answer import PlanOptions

Array = np.ndarray[Any, np.dtype[Any]]


def value_at_risk(costs: Array, probability: Array, level: float) -> float:
    """Give the smallest cost that is not exceeded with probability `level` [USD]."""
    order = np.argsort(costs, kind="stable")
    place = int(np.searchsorted(np.cumsum(probability[order]), level - 1e-12))
    return float(costs[order[min(place, len(order) - 1)]])


def risk_of(costs: Array, probability: Array, options: PlanOptions) -> float:
    """Give (1 - weight) E[cost] + weight CVaR_level[cost].

    Parameters
    ----------
    costs : numpy.ndarray
        Per scenario [USD].
    probability : numpy.ndarray
        Per scenario.
    options : PlanOptions
        Weight and level.

    Returns
    -------
    float
        The objective [USD].
    """
    mean = float(probability @ costs)
    if options.cvar_weight == 0.0:
        return mean
    z = value_at_risk(costs, probability, options.cvar_level)
    tail = z + float(probability @ np.maximum(costs - z, 0.0)) / (1.0 - options.cvar_level)
    return (1.0 - options.cvar_weight) * mean + options.cvar_weight * tail
