"""Plan a day over scenarios; the controller's question is in `horizon`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.planning.answer import Answer, Basis, PlanOptions, Status
from econex_pipeline.planning.diagnosis import Diagnosis, diagnose
from econex_pipeline.planning.elements import EndValues, Network
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.engines import Outcome, solve_two_stage
from econex_pipeline.planning.highs import Solution
from econex_pipeline.planning.instance import Instance, make_instance
from econex_pipeline.planning.monolith import Assembled, assemble
from econex_pipeline.planning.parts import parts_of
from econex_pipeline.planning.plan_table import plan_table
from econex_pipeline.planning.quality import Quality
from econex_pipeline.planning.simultaneous import find_simultaneous, forbidding
from econex_pipeline.planning.tables import read_tables
from econex_pipeline.planning.targets import end_targets
from econex_pipeline.planning.validators import check, check_costs

FAILURE = {
    "infeasible": "no plan satisfies all limits at once",
    "unbounded": "the cost can fall without end; a price or a capacity must be missing",
    "time_limit": "the solver ran out of time before it found the optimum",
    "cancelled": "the solve was cancelled",
    "error": "the solver stopped with an error",
}


ROUNDS = {"monolith": "iterations", "lshaped": "visits to all scenarios"}


def plan_day(
    network: Network,
    scenarios: pd.DataFrame,
    coefficients: pd.DataFrame,
    prices: pd.DataFrame,
    start: Mapping[str, float],
    options: PlanOptions | None = None,
    end_values: EndValues | None = None,
    basis: Basis | None = None,
) -> Answer:
    """Plan a day: one schedule for all scenarios, recourse for each.

    Parameters
    ----------
    network : Network
        From `build_network`.
    scenarios : pandas.DataFrame
        SCENARIOS over the whole horizon, look-ahead included.
    coefficients : pandas.DataFrame
        COEFFICIENTS; an element given for scenario 0 only counts for all.
    prices : pandas.DataFrame
        PRICES over the horizon.
    start : mapping of str to float
        Amount in each storage at the start [kWh or m3].
    options : PlanOptions, optional
        Commitment, risk, time limit.
    end_values : dict, optional
        Value of what is left at the end; the district's by default, with a turbine's yield added.
    basis : Basis, optional
        A basis of the same topology and number of scenarios to start from.

    Returns
    -------
    Answer
        Status, objective and its parts, PLAN.

    Raises
    ------
    InputError
        If the input cannot be used; says what stands where and what would be right.
    """
    begun = time.perf_counter()
    options = options or PlanOptions()
    tables = read_tables(network, scenarios, coefficients, prices)
    check(network, tables, start)
    targets = end_targets(network, tables, start, options.terminal, end_values)
    values = {} if options.terminal else end_values
    values = district_end_values(network, tables) if values is None else values
    committed = round(HOURS_PER_DAY / network.step_h) if options.commit_steps is None else options.commit_steps

    def solved(network: Network) -> Answer:
        instance = make_instance(network, tables, start, values, min(committed, len(tables.times)), targets)
        check_costs(instance)
        left = max(options.time_limit_s - (time.perf_counter() - begun), 0.0)
        outcome = solve_two_stage(instance, replace(options, time_limit_s=left), basis)
        return answer_of(instance, outcome, options, begun)

    answer = solved(network)
    while options.exclusive == "found" and answer.simultaneous:
        stricter = forbidding(network, answer.simultaneous)
        if stricter == network:
            break
        network, answer = stricter, solved(stricter)
    return answer


def expected_end_state(plan: pd.DataFrame, time_utc: pd.Timestamp) -> dict[str, float]:
    """Give the expected amount in each storage at a time of the plan.

    Parameters
    ----------
    plan : pandas.DataFrame
        PLAN.
    time_utc : pandas.Timestamp
        One of its stamps; levels have one more than flows.

    Returns
    -------
    dict of str to float
        Amount by storage [kWh or m3].

    Raises
    ------
    KeyError
        If the plan has no levels at that time.
    """
    stored = plan["quantity"].isin(["level_m3", "stored_kwh"])
    rows = plan[(plan["scenario"] == -1) & (plan["time_utc"] == time_utc) & stored]
    if rows.empty:
        raise KeyError(f"the plan has no levels at {time_utc}")
    return dict(zip(rows["element"], rows["value"].astype(float), strict=True))


def answer_of(
    instance: Instance, outcome: Outcome, options: PlanOptions, begun: float, assembled: Assembled | None = None
) -> Answer:
    """Put an outcome into words and a table; without an optimum say why there is none."""
    result, solution, quality = outcome.result, outcome.result.solution, outcome.quality
    if solution.status != "optimal":
        left = options.time_limit_s - (time.perf_counter() - begun)
        status, message, conflict = failure_of(solution, assembled or assemble(instance, options), left)
        return Answer(
            status, float("inf"), time.perf_counter() - begun, None, message=message,
            iterations=solution.iterations, conflict=conflict, engine=outcome.engine, log=solution.log,
        )  # fmt: skip
    plan = plan_table(instance, result)
    return Answer(
        "optimal",
        solution.gap,
        time.perf_counter() - begun,
        result.objective,
        parts_of(instance, result),
        plan,
        f"optimal after {solution.iterations} {ROUNDS[outcome.engine]}" + _worthless(quality),
        solution.basis,
        solution.iterations,
        simultaneous=find_simultaneous(instance, result.columns),
        engine=outcome.engine,
        quality=quality,
        duals={family: result.duals[:, rows] for family, rows in instance.template.row_index.items()},
        log=solution.log,
    )


def failure_of(solution: Solution, assembled: Assembled, left_s: float) -> tuple[Status, str, tuple[str, ...]]:
    """Say why there is no plan: status, a sentence, and the limits that cannot hold together."""
    found = Diagnosis(solution.status, "")
    if found.status in ("infeasible", "unbounded"):
        found = diagnose(assembled, left_s)
    why = f": {found.message}" if found.message else ""
    return found.status, f"{FAILURE[found.status]} (HiGHS: {solution.message}){why}", found.conflict


def _worthless(quality: Quality | None) -> str:
    """Say which schedules would be as good if they were made for the mean."""
    if quality is None or not quality.worthless:
        return ""
    return f"; a schedule made for the mean does as well for: {', '.join(quality.worthless)}"
