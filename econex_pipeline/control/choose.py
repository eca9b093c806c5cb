"""Which decision to take: the horizon's optimum; failing that the day's plan; failing that the rules. Never none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from econex_pipeline.contracts.arrays import NS_PER_H, Prices, Profiles
from econex_pipeline.control.coefficients import Coefficients, of_first_step, rated_flows
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.decide import decision_of
from econex_pipeline.control.rules import by_rules, situation_of
from econex_pipeline.planning import Basis, DayPlan, EndValues, NextStep, Rates
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
    horizon : Profiles
        As forecast, from the step on.
    coefficients : Coefficients
        As corrected, over the horizon.
    prices : Prices
        Covering the horizon.
    plan : DayPlan or None
        Plan of the day.
    basis : Basis or None
        Basis of the last solve.
    """

    expected: Exogenous
    amounts: Mapping[str, float]
    horizon: Profiles
    coefficients: Coefficients
    prices: Prices
    plan: DayPlan | None
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
    step = of_first_step(question.coefficients)
    found = _solve(controller, question)
    planned = question.plan.rates(now) if question.plan is not None else {}
    for status, rates, basis in ((OPTIMAL, found.rates, found.basis), (LAST_GOOD_PLAN, planned, question.basis)):
        if rates:
            decision = decision_of(rates, rated_flows(step), question.expected)
            return Choice(decision, rates, status, basis, found.message)
    situation = situation_of(question.amounts, question.expected, step, question.prices)
    return Choice(by_rules(controller.district, situation), {}, RULES, question.basis, found.message)


def _solve(controller: Controller, question: Question) -> NextStep:
    try:
        return controller.solve(
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
        return NextStep("error", message=f"{type(problem).__name__}: {problem}")


def _end_values(controller: Controller, question: Question) -> EndValues:
    """Take the value of what is left from the plan at the horizon's end; from the district where it does not reach."""
    end = int(question.horizon.stamps[-1]) + round(controller.district.step_h * NS_PER_H)
    found = None if question.plan is None else question.plan.end_values(end)
    return dict(controller.network.end_values) if found is None else found
