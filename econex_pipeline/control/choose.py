"""Which decision to take: the horizon's optimum; failing that the day's plan; failing that the rules. Never none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from econex_pipeline.control.controller import Controller
from econex_pipeline.control.decide import Rates, decision_of, rated_flows, rates_at
from econex_pipeline.control.rules import by_rules, situation_of
from econex_pipeline.planning import Basis, EndValues, end_values_from_plan
from econex_pipeline.twin import Decision, Exogenous

OPTIMAL, LAST_GOOD_PLAN, RULES = 0, 1, 2


@dataclass(frozen=True)
class Question:
    """What a cycle decides upon.

    Attributes
    ----------
    expected : Exogenous
        Supply and demand expected in the step.
    amounts : mapping of str to float
        Stored amounts as believed, by storage [m3 or kWh].
    horizon, coefficients, prices : pandas.DataFrame
        PROFILES as forecast, COEFFICIENTS as corrected, PRICES.
    plan : pandas.DataFrame or None
        PLAN of the day.
    basis : Basis or None
        Basis of the last solve.
    """

    expected: Exogenous
    amounts: Mapping[str, float]
    horizon: pd.DataFrame
    coefficients: pd.DataFrame
    prices: pd.DataFrame
    plan: pd.DataFrame | None
    basis: Basis | None


@dataclass(frozen=True)
class Choice:
    """A decision and where it comes from.

    Attributes
    ----------
    decision : Decision
        What is asked of the plant.
    rates : dict
        All that is expected of the step with it, by (element, quantity); empty where rules decided.
    status : int
        0 optimum of the horizon, 1 the day's plan, 2 rules.
    basis : Basis or None
        Where the next solve starts.
    message : str
        What the solver said.
    """

    decision: Decision
    rates: Rates
    status: int
    basis: Basis | None
    message: str


def choose(controller: Controller, question: Question) -> Choice:
    """Decide one step."""
    now = question.expected.time_utc
    rated = rated_flows(question.coefficients, now)
    found, basis, message = _solve(controller, question)
    for status, plan, next_basis in ((OPTIMAL, found, basis), (LAST_GOOD_PLAN, question.plan, question.basis)):
        rates = rates_at(plan, now) if plan is not None else {}
        if rates:
            return Choice(decision_of(rates, rated, question.expected), rates, status, next_basis, message)
    situation = situation_of(question.amounts, question.horizon, question.coefficients, question.prices, now)
    return Choice(by_rules(controller.district, situation), {}, RULES, question.basis, message)


def _solve(controller: Controller, question: Question) -> tuple[pd.DataFrame | None, Basis | None, str]:
    try:
        answer = controller.solve(
            controller.network,
            question.horizon,
            question.coefficients,
            question.prices,
            question.amounts,
            question.plan,
            _end_values(controller, question),
            basis=question.basis,
            time_limit_s=controller.time_limit_s,
        )
    except Exception as problem:  # the loop goes on whatever a solve does; the record says what happened
        return None, None, f"{type(problem).__name__}: {problem}"
    return answer.plan, answer.basis, answer.message


def _end_values(controller: Controller, question: Question) -> EndValues:
    """Take the value of what is left from the plan at the horizon's end; from the district where it does not reach."""
    end = question.horizon["time_utc"].max() + pd.Timedelta(hours=controller.district.step_h)
    if question.plan is not None and (question.plan["time_utc"] == end).any():
        return end_values_from_plan(controller.network, question.plan, end)
    return dict(controller.network.end_values)
