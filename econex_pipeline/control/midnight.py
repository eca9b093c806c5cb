"""The older way to end a horizon: at midnight everything stands where the district started.

In the place of values, storages have targets. The horizon reaches to the end of the operating day and grows shorter as
the day goes by, so that what lies behind midnight is never seen. A target is as dear as serving demand, hence kept
wherever it can be, and where it cannot the horizon still has a solution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.time import day_start_utc, operating_day
from econex_pipeline.district import District
from econex_pipeline.planning import Basis, DayPlan, EndValues, Network, NextStep, Tranche, solve_step

Array = np.ndarray[Any, np.dtype[Any]]

LEAST_STEPS = 2
"""A horizon needs two steps: in the last step of a day the targets stand one step behind midnight."""


class ToMidnight:
    """Solves to midnight, with targets; called in the place of `planning.solve_step`.

    Parameters
    ----------
    district : District
        Its start amounts are the targets.
    """

    def __init__(self, district: District) -> None:
        self._offset_h = district.site.utc_offset_h
        prices = district.objective
        self._values: EndValues = {}
        for name, storage in district.storages.items():
            price = prices.unserved_energy_usd_kwh if storage.layer == "E" else prices.unserved_water_usd_m3
            self._values[name] = (Tranche(storage.start, price), Tranche(storage.capacity - storage.start, 0.0))

    def __call__(
        self,
        network: Network,
        profiles: Profiles,
        coefficients: Mapping[tuple[str, str], float | Array],
        prices: Prices,
        start: Mapping[str, float],
        plan: DayPlan | None,
        end_values: EndValues,
        basis: Basis | None = None,
        time_limit_s: float = 30.0,
    ) -> NextStep:
        """Solve the rest of the day; arguments and answer as of `solve_step`, whose end values are not used."""
        now = profiles.times[0]
        rest = profiles.ahead(now, max(self._left_h(now), LEAST_STEPS * network.step_h))
        seen = {k: v[: len(rest.stamps)] if isinstance(v, np.ndarray) else v for k, v in coefficients.items()}
        found = solve_step(network, rest, seen, prices, start, plan, self._values, time_limit_s=time_limit_s)
        return replace(found, basis=None)

    def _left_h(self, now: pd.Timestamp) -> float:
        tomorrow = (pd.Timestamp(operating_day(now, self._offset_h)) + pd.Timedelta(days=1)).date()
        return float((day_start_utc(tomorrow, self._offset_h) - now) / pd.Timedelta(hours=1))
