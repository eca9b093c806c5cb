"""Which way a two-stage problem is solved, and what is asked about its worth; one result whatever the way."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from econex_pipeline.planning.answer import Basis, PlanOptions
from econex_pipeline.planning.highs import Solution
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.limits import Limits, Stopped
from econex_pipeline.planning.lshaped import decompose
from econex_pipeline.planning.monolith import Result, assemble, solve_monolith
from econex_pipeline.planning.quality import Quality, certain, quality_of, yardsticks
from econex_pipeline.planning.recourse import Recourse

FEW = 30
"""Below this number of scenarios one program for all is the faster way (measured)."""


@dataclass(frozen=True)
class Outcome:
    """A result, the way it was found, and its worth where that was asked for and time sufficed."""

    result: Result
    engine: str
    quality: Quality | None


def engine_for(instance: Instance, options: PlanOptions) -> str:
    """Choose the way: by the options, else by the number of scenarios.

    Raises
    ------
    ValueError
        If the L-shaped method is asked for where it does not hold: with columns of whole numbers its planes could cut
        off the optimum.
    """
    whole = bool(instance.template.integer.any())
    if options.engine == "lshaped" and whole:
        raise ValueError("engine 'lshaped' needs a problem without binaries; use 'monolith' or 'auto'")
    if whole or instance.template.first_stage.stop == 0:  # nothing is shared: there is nothing to search for
        return "monolith"
    if options.engine != "auto":
        return options.engine
    return "lshaped" if len(instance.tables.probability) >= FEW else "monolith"


def solve_two_stage(instance: Instance, options: PlanOptions, basis: Basis | None = None) -> Outcome:
    """Solve the problem of all scenarios.

    Parameters
    ----------
    instance : Instance
        Template and data.
    options : PlanOptions
        Engine, risk, limits, and whether the worth of the plan is wanted.
    basis : Basis, optional
        Where the monolith may start from.

    Returns
    -------
    Outcome
        A result of the same shape from each engine.
    """
    limits = Limits(options.time_limit_s, options.cancelled)
    if engine_for(instance, options) == "lshaped":
        return _by_scenarios(instance, options, limits)
    result = solve_monolith(assemble(instance, options), options, basis, logged=True)
    if result.solution.status != "optimal" or not options.quality:
        return Outcome(result, "monolith", None)
    try:
        return Outcome(result, "monolith", _quality(instance, options, limits, result))
    except Stopped as stop:
        if stop.status == "cancelled":
            result = replace(result, solution=_failed(stop, limits))
        return Outcome(result, "monolith", None)


def _quality(instance: Instance, options: PlanOptions, limits: Limits, result: Result) -> Quality:
    if len(instance.tables.probability) == 1 or instance.template.first_stage.stop == 0:
        return certain(result.objective)
    recourse = Recourse(instance, limits, workers=1)
    known = yardsticks(instance, recourse, limits)
    first = result.columns[0, : recourse.shared]
    return quality_of(instance, recourse, options, known, first, result.objective)


def _by_scenarios(instance: Instance, options: PlanOptions, limits: Limits) -> Outcome:
    """Solve by the L-shaped method; duals are those of each scenario under the schedule found."""
    try:
        recourse = Recourse(instance, limits)
        known = yardsticks(instance, recourse, limits)
        found = decompose(instance, recourse, options, limits, known)
        columns, duals = recourse.solutions(found.first)
        quality = None
        if options.quality:
            quality = quality_of(instance, recourse, options, known, found.first, found.objective)
    except Stopped as stop:
        return Outcome(Result(_failed(stop, limits), float("nan"), np.empty((0, 0)), np.empty((0, 0))), "lshaped", None)
    weighted = duals * instance.tables.probability[:, None]
    message = f"gap {found.gap:.1e}"
    solution = Solution(
        "optimal", found.objective, columns.ravel(), weighted.ravel(), None, time.perf_counter() - limits.begun,
        found.visits, message, found.log, found.gap,
    )  # fmt: skip
    return Outcome(Result(solution, found.objective, columns, weighted), "lshaped", quality)


def _failed(stop: Stopped, limits: Limits) -> Solution:
    seconds = time.perf_counter() - limits.begun
    return Solution(stop.status, float("nan"), None, None, None, seconds, 0, stop.message)
