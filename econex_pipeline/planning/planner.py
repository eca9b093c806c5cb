"""The two questions the pipeline asks: plan a day over scenarios, and solve the controller's horizon."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pandas as pd

from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.planning.answer import Answer, Basis, PlanOptions
from econex_pipeline.planning.diagnosis import violated_rows
from econex_pipeline.planning.elements import EndValues, Network
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.instance import make_instance
from econex_pipeline.planning.monolith import Assembled, assemble, solve_monolith
from econex_pipeline.planning.parts import parts_of
from econex_pipeline.planning.plan_table import plan_table
from econex_pipeline.planning.schedule import fixed_schedule
from econex_pipeline.planning.tables import read_tables
from econex_pipeline.planning.validators import check

FAILURE = {
    "infeasible": "no plan satisfies all limits at once",
    "unbounded": "the cost can fall without end; a price or a capacity must be missing",
    "time_limit": "the solver ran out of time before it found the optimum",
    "error": "the solver stopped with an error",
}


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
    values = district_end_values(network, tables) if end_values is None else end_values
    committed = round(HOURS_PER_DAY / network.step_h) if options.commit_steps is None else options.commit_steps
    instance = make_instance(network, tables, start, values, min(committed, len(tables.times)))
    return _answer(assemble(instance, options), options, basis, begun)


def solve_horizon(
    network: Network,
    profiles: pd.DataFrame,
    coefficients: pd.DataFrame,
    prices: pd.DataFrame,
    start: Mapping[str, float],
    schedule: pd.DataFrame | None,
    end_values: EndValues,
    basis: Basis | None = None,
    time_limit_s: float = 30.0,
) -> Answer:
    """Solve the controller's horizon: one scenario, from the measured state, against the day-ahead schedule.

    Parameters
    ----------
    network : Network
        From `build_network`.
    profiles : pandas.DataFrame
        PROFILES over the horizon.
    coefficients : pandas.DataFrame
        COEFFICIENTS, scenario 0.
    prices : pandas.DataFrame
        PRICES over the horizon.
    start : mapping of str to float
        Measured amount in each storage [kWh or m3].
    schedule : pandas.DataFrame or None
        PLAN (or its rows of scenario -1 with a schedule). A step it covers pays for deviation; other steps are free.
    end_values : dict
        Value of what is left at the end, as `end_values_from_plan` gives it.
    basis : Basis, optional
        Basis of the last cycle.
    time_limit_s : float
        The solver stops there and says so [s].

    Returns
    -------
    Answer
        The PLAN of the horizon has scenario 0 and, equal to it, -1.

    Raises
    ------
    InputError
        If the input cannot be used.
    """
    begun = time.perf_counter()
    options = PlanOptions(time_limit_s=time_limit_s)
    tables = read_tables(network, profiles, coefficients, prices)
    check(network, tables, start)
    instance = make_instance(network, tables, start, end_values, len(tables.times))
    return _answer(fixed_schedule(assemble(instance, options), instance, schedule), options, basis, begun)


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


def _answer(assembled: Assembled, options: PlanOptions, basis: Basis | None, begun: float) -> Answer:
    result, instance = solve_monolith(assembled, options, basis), assembled.instance
    solution = result.solution
    if solution.status != "optimal":
        message = f"{FAILURE[solution.status]} (HiGHS: {solution.message})"
        if solution.status == "infeasible":
            message += f": {violated_rows(assembled, options.time_limit_s)}"
        return Answer(
            solution.status, float("inf"), time.perf_counter() - begun, None, message=message,
            iterations=solution.iterations,
        )  # fmt: skip
    plan = plan_table(instance, result)
    return Answer(
        "optimal",
        0.0,
        time.perf_counter() - begun,
        result.objective,
        parts_of(instance, result),
        plan,
        f"optimal after {solution.iterations} iterations",
        solution.basis,
        solution.iterations,
    )
