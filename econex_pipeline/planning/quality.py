"""What the stochastic plan is worth: against knowing the future, and against planning for the mean of it.

Wait-and-see (WS) lets every scenario choose its own schedule; the expected value of the expected-data schedule (EEV)
plans once for the mean of all data and keeps that schedule. Always WS <= SP <= EEV, SP being the plan's own objective
(Madansky 1960, doi:10.1287/mnsc.6.2.197). With a risk weight all three are measured by the same risk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from econex_pipeline.planning.answer import PlanOptions
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.limits import Limits, Stopped
from econex_pipeline.planning.recourse import Recourse, mean_instance
from econex_pipeline.planning.risk import risk_of

Array = np.ndarray[Any, np.dtype[Any]]

NOTHING = 1e-5
"""A commitment that saves less than this share of the cost is worth nothing."""


@dataclass(frozen=True)
class Quality:
    """Value of the stochastic solution and of perfect information.

    Attributes
    ----------
    wait_and_see_usd, objective_usd, expected_value_usd : float
        WS, SP and EEV [USD]; EEV is infinite where the schedule for the mean has no recourse in some scenario.
    commitment_usd : dict of str to float
        Per commitment what it would cost to take its schedule from the plan for the mean and leave the others [USD].
    """

    wait_and_see_usd: float
    objective_usd: float
    expected_value_usd: float
    commitment_usd: dict[str, float] = field(default_factory=dict)

    @property
    def vss_usd(self) -> float:
        """Value of the stochastic solution, EEV - SP [USD]."""
        return self.expected_value_usd - self.objective_usd

    @property
    def evpi_usd(self) -> float:
        """Expected value of perfect information, SP - WS [USD]."""
        return self.objective_usd - self.wait_and_see_usd

    @property
    def worthless(self) -> tuple[str, ...]:
        """Commitments for which a schedule made for the mean does as well."""
        least = NOTHING * max(abs(self.objective_usd), 1.0)
        return tuple(name for name, value in self.commitment_usd.items() if value <= least)

    @property
    def lines(self) -> dict[str, float]:
        """The numbers by name, for a log or a page [USD]."""
        own = {f"vss_{name}_usd": value for name, value in self.commitment_usd.items()}
        ends = {"wait_and_see_usd": self.wait_and_see_usd, "expected_value_usd": self.expected_value_usd}
        return {"vss_usd": self.vss_usd, "evpi_usd": self.evpi_usd, **own, **ends}


@dataclass(frozen=True)
class Yardsticks:
    """What is known without the plan.

    Attributes
    ----------
    free : numpy.ndarray
        Cost of each scenario with a schedule of its own, shape (scenario,) [USD].
    first : numpy.ndarray
        Schedule for the mean of the data, shape (first-stage column,).
    """

    free: Array
    first: Array


def yardsticks(instance: Instance, recourse: Recourse, limits: Limits) -> Yardsticks:
    """Solve each scenario alone, and the mean of all.

    Raises
    ------
    Stopped
        If one of them has no optimum, or time is up.
    """
    free = recourse.free()
    alone = Recourse(mean_instance(instance), limits)
    alone.free()
    return Yardsticks(free, alone.chosen())


def quality_of(
    instance: Instance, recourse: Recourse, options: PlanOptions, known: Yardsticks, first: Array, objective: float
) -> Quality:
    """Compare a plan with the yardsticks.

    Parameters
    ----------
    instance : Instance
        Template and data.
    recourse : Recourse
        The same scenarios.
    options : PlanOptions
        Risk.
    known : Yardsticks
        From `yardsticks`.
    first : numpy.ndarray
        The plan's schedule, shape (first-stage column,).
    objective : float
        The plan's objective [USD].
    """
    probability, steps = instance.tables.probability, instance.template.shape.commit_steps

    def cost(schedule: Array) -> float:
        try:
            return risk_of(recourse.costs(schedule), probability, options)
        except Stopped as stop:
            if stop.status == "infeasible":
                return float("inf")
            raise

    own = {}
    for i, commitment in enumerate(instance.network.commitments):
        mixed = first.copy()
        mixed[i * steps : (i + 1) * steps] = known.first[i * steps : (i + 1) * steps]
        own[commitment.element] = cost(mixed) - objective
    return Quality(risk_of(known.free, probability, options), objective, cost(known.first), own)


def certain(objective: float) -> Quality:
    """Give the quality of a plan that knows its day, or commits nothing: there is nothing to gain."""
    return Quality(objective, objective, objective)
