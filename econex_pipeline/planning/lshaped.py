"""The two-stage problem by scenarios: a multi-cut L-shaped method with a trust region.

The master knows the schedule and, for each group of scenarios, a piecewise-linear picture of what that group costs;
every visit to the scenarios adds one plane per group.

References
----------
.. [1] R. Van Slyke, R. Wets (1969), doi:10.1137/0117061.
.. [2] J. Birge, F. Louveaux (1988), A multicut algorithm, doi:10.1016/0377-2217(88)90159-2.
.. [3] J. Linderoth, S. Wright (2003), a trust region of infinity norm, doi:10.1023/A:1021858008222.
.. [4] S. Trukhanov, L. Ntaimo, A. Schaefer (2010), aggregated multi-cuts, doi:10.1016/j.ejor.2010.02.025.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from econex_pipeline.planning.answer import PlanOptions
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.limits import Limits
from econex_pipeline.planning.master import Master
from econex_pipeline.planning.quality import Yardsticks
from econex_pipeline.planning.recourse import Recourse
from econex_pipeline.planning.risk import risk_of

Array = np.ndarray[Any, np.dtype[Any]]

GROUPS = 100
"""Planes per visit: one alone makes many visits, one per scenario of a thousand a heavy master."""

MOST_VISITS = 500
"""Far more than are ever needed; the time limit comes first."""

START_RADIUS, LEAST_RADIUS = 0.005, 1e-7
"""Trust region at the start, and where it no longer shrinks, as a share of each column's range."""

ACCEPT, WIDEN = 1e-4, 0.5
"""Share of the promised fall in cost from which a step is taken, and from which the region is widened."""


@dataclass(frozen=True)
class Decomposed:
    """What the method found.

    Attributes
    ----------
    first : numpy.ndarray
        Best first stage, shape (first-stage column,).
    objective, bound : float
        Its cost, and what no first stage can go below [USD].
    visits : int
        How often all scenarios were solved.
    log : str
        One line per visit.
    """

    first: Array
    objective: float
    bound: float
    visits: int
    log: str

    @property
    def gap(self) -> float:
        """Relative gap between cost and bound."""
        return max(self.objective - self.bound, 0.0) / max(abs(self.objective), 1.0)


def decompose(
    instance: Instance, recourse: Recourse, options: PlanOptions, limits: Limits, known: Yardsticks
) -> Decomposed:
    """Find the best first stage.

    Parameters
    ----------
    instance : Instance
        Template and data of all scenarios.
    recourse : Recourse
        The same scenarios, ready to be asked.
    options : PlanOptions
        Risk, gap, progress.
    limits : Limits
        When to stop.
    known : Yardsticks
        Cost of each scenario alone, which bounds from below, and the schedule for the mean, where the search begins.

    Raises
    ------
    Stopped
        If time is up, the solve was cancelled, or a scenario has no optimum.
    """
    probability = instance.tables.probability
    costs, slopes = recourse.at(known.first)
    upper = risk_of(costs, probability, options)
    master = Master(recourse.range, probability, options, known.free, upper, GROUPS)
    best = master.with_risk(known.first, costs)
    master.add(best, costs, slopes)
    log: list[str] = []
    radius, bound, visits, fails = START_RADIUS, master.least, 1, 0.0
    while visits < MOST_VISITS:
        limits.check()
        trial, promised = master.solve(best, radius)
        if upper - promised <= options.relative_gap * max(abs(upper), 1.0):
            far, bound = master.solve(best, None)
            if upper - bound <= options.relative_gap * max(abs(upper), 1.0):
                break
            # nothing to gain nearby, something to gain farther on: look there
            trial, promised, radius = far, bound, 1.0
        costs, slopes = recourse.at(trial[: recourse.shared])
        visits += 1
        master.add(trial, costs, slopes)
        found = risk_of(costs, probability, options)
        gain = (upper - found) / (upper - promised)
        at_edge = bool(master.distance(trial, best) >= 0.999 * radius)
        _report(log, options.progress, visits, upper, found, promised, radius)
        if gain >= ACCEPT:
            best, upper, fails = master.with_risk(trial, costs), found, 0.0
            if gain >= WIDEN and at_edge:
                radius = min(2.0 * radius, 1.0)
        else:
            rho = -min(1.0, radius) * gain
            fails += 1.0
            if rho > 3.0 or (fails >= 3.0 and rho > 0.0):
                radius, fails = max(radius / min(max(rho, 2.0), 4.0), LEAST_RADIUS), 0.0
    return Decomposed(best[: recourse.shared], upper, bound, visits, "".join(log))


def _report(
    log: list[str],
    progress: Callable[[str], None] | None,
    visits: int,
    upper: float,
    found: float,
    promised: float,
    radius: float,
) -> None:
    line = f"visit {visits:3d}  best {upper:.9g}  found {found:.9g}  promised {promised:.9g}  radius {radius:.3g}"
    log.append(line + "\n")
    if progress is not None:
        progress(line)
