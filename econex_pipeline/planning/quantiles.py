"""The spread of a plan's recourse over its scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.planning.plan_table import WEIGHT

Array = np.ndarray[Any, np.dtype[Any]]

LEVELS = (0.05, 0.5, 0.95)


def recourse_quantiles(plan: pd.DataFrame, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
    """Give quantiles of every flow, amount and marginal value over the scenarios.

    Parameters
    ----------
    plan : pandas.DataFrame
        PLAN; the weight of each scenario stands in it.
    levels : sequence of float
        Between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Columns time_utc, element, quantity, then one per level named like ``q05``, sorted by the first three.

    Notes
    -----
    The quantile is the smallest value that is not exceeded with at least that probability: one that a scenario has.
    """
    recourse = plan[(plan["scenario"] >= 0) & (plan["quantity"] != WEIGHT)]
    weight = plan[(plan["scenario"] >= 0) & (plan["quantity"] == WEIGHT)].set_index("scenario")["value"]
    keys = ["time_utc", "element", "quantity"]
    table = recourse.pivot_table(index=keys, columns="scenario", values="value", aggfunc="first")
    values = table.to_numpy()
    order = np.argsort(values, axis=1, kind="stable")
    reached = np.cumsum(weight.loc[table.columns].to_numpy()[order], axis=1)
    found = {}
    for level in levels:
        # the slack keeps sums of probabilities, which round, from skipping a scenario
        place = np.argmax(reached >= min(level, 1.0) * reached[:, -1:] - 1e-12, axis=1)
        at = np.take_along_axis(order, place[:, None], axis=1)
        found[f"q{round(100 * level):02d}"] = np.take_along_axis(values, at, axis=1)[:, 0]
    return pd.DataFrame(found, index=table.index).reset_index()
