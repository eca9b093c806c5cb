"""What decides when the optimum does not: which plan still stands, how old it is, and what is said about it.

The ladder is: the optimum of the horizon; a feasible point that a stopped solve has left; the last good plan, which is
the horizon solved in an earlier hour and after it the plan of the day; the written rules. Never none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.planning import DayPlan, NextStep, Rates, Solved

KEPT_H = 6.0
"""Hours for which a solved horizon is kept: later the forecast it was made for says little [A]."""
DAY_PLAN_H = 24.0
"""Hours from its first step on for which a day's plan stands; what lies beyond is look-ahead, for the next plan."""
FEASIBLE = 1e-6
"""Largest violation of a limit that a feasible point may have [kW, m3/h, kWh or m3]: the solver's own tolerance."""
DECIMALS = 6
"""A kept rate is rounded to this: no actuator follows better, and the saved state stays small."""


class Status(IntEnum):
    """What decided a step."""

    OPTIMUM = 0
    INCUMBENT = 1
    LAST_GOOD_PLAN = 2
    RULES = 3


class Cause(IntEnum):
    """Why it was not the optimum."""

    NONE = 0
    NO_SOLUTION_IN_TIME = 1
    INFEASIBLE = 2
    NUMERICAL = 3
    FORECAST_MISSING = 4
    TELEMETRY_STALE = 5
    COEFFICIENTS_FAILED = 6


DECIDED = {
    Status.INCUMBENT: "feasible point of a stopped solve",
    Status.LAST_GOOD_PLAN: "last good plan",
    Status.RULES: "rules",
}
BECAUSE = {
    Cause.NO_SOLUTION_IN_TIME: "no solution in time",
    Cause.INFEASIBLE: "no plan satisfies all limits at once",
    Cause.NUMERICAL: "numerical trouble",
    Cause.FORECAST_MISSING: "no forecast",
    Cause.TELEMETRY_STALE: "telemetry is stale",
    Cause.COEFFICIENTS_FAILED: "the hydraulic model gave no coefficients",
}
_CAUSES = {
    "optimal": Cause.NONE,
    "time_limit": Cause.NO_SOLUTION_IN_TIME,
    "cancelled": Cause.NO_SOLUTION_IN_TIME,
    "infeasible": Cause.INFEASIBLE,
}


def cause_of(found: NextStep) -> Cause:
    """Name what a solve without an optimum failed of."""
    cause = _CAUSES.get(found.status, Cause.NUMERICAL)
    return Cause.NUMERICAL if cause is Cause.NONE and not found.rates else cause


def usable(found: NextStep) -> bool:
    """Say whether the point of a stopped solve may be acted upon: every limit kept, nobody left short in the step."""
    if not found.rates or found.solved is None or found.solved.violation() > FEASIBLE:
        return False
    return all(rate <= FEASIBLE for (element, _), rate in found.rates.items() if element.startswith("unserved."))


@dataclass(frozen=True)
class KeptPlan:
    """The first hours of a solved horizon, kept for the hours after it.

    Attributes
    ----------
    made_utc : pandas.Timestamp
        Start of the horizon it was made for.
    step_h : float
        Length of a step [h].
    rates : mapping of str to tuple of float
        By ``element:quantity``, one rate for each step after the first; what stands still throughout is not named.
    """

    made_utc: pd.Timestamp
    step_h: float
    rates: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, solved: Solved, made_utc: pd.Timestamp) -> KeptPlan:
        """Keep what a solved horizon asks of its actuators."""
        step_h = solved.network.step_h
        asked = solved.set_points(1, 1 + round(KEPT_H / step_h))
        rounded = np.array(list(asked.values())).round(DECIMALS).tolist()
        rates = {
            f"{element}:{quantity}": tuple(series)
            for (element, quantity), series in zip(asked, rounded, strict=True)
            if any(series)
        }
        return cls(made_utc, step_h, rates)

    def rates_at(self, time_utc: pd.Timestamp) -> dict[tuple[str, str], float]:
        """Give the rates of a step by (element, quantity); empty where it is not among the kept ones."""
        step = round(self.age_h(time_utc) / self.step_h) - 1
        found = {}
        for name, series in self.rates.items():
            if not 0 <= step < len(series):
                return {}
            element, quantity = name.rsplit(":", 1)
            found[element, quantity] = series[step]
        return found

    def age_h(self, time_utc: pd.Timestamp) -> float:
        """Hours since it was made."""
        return float((time_utc - self.made_utc) / pd.Timedelta(hours=1))

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as plain numbers and text."""
        rates = {name: list(series) for name, series in self.rates.items()}
        return {"made_utc": self.made_utc.isoformat(), "step_h": self.step_h, "rates": rates}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> KeptPlan:
        """Rebuild from what `to_dict` gave."""
        rates = {name: tuple(series) for name, series in content["rates"].items()}
        return cls(pd.Timestamp(content["made_utc"]).as_unit("ns"), content["step_h"], rates)


def standing(plan: DayPlan | None, time_utc: pd.Timestamp) -> DayPlan | None:
    """Give the plan of the day where it stands at a time; a plan of another day is stale, and as good as none."""
    return plan if plan is not None and 0.0 <= plan.hours_in(time_utc) < DAY_PLAN_H else None


def last_good_plan(kept: KeptPlan | None, plan: DayPlan | None, time_utc: pd.Timestamp) -> tuple[Rates, float | None]:
    """Give the rates of the newest plan that covers a step, and how old it is [h]; no rates and None where none does.

    Parameters
    ----------
    kept : KeptPlan or None
        From an earlier hour.
    plan : DayPlan or None
        Plan of the day, as `standing` gives it.
    time_utc : pandas.Timestamp
        Start of the step.
    """
    if kept is not None and (rates := kept.rates_at(time_utc)):
        return rates, kept.age_h(time_utc)
    if plan is not None and (rates := plan.rates(time_utc)):
        return rates, plan.age_h(time_utc)
    return {}, None
