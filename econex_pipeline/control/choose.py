"""Which decision to take: the horizon's optimum, and failing that the next rung of the ladder. Never none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from econex_pipeline.contracts.arrays import NS_PER_H, Prices, Profiles
from econex_pipeline.control.coefficients import Coefficients, of_first_step, rated_flows
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.decide import decision_of
from econex_pipeline.control.fallback import BECAUSE, DECIDED, Cause, KeptPlan, Status, cause_of, last_good_plan, usable
from econex_pipeline.control.following import followed, lifted
from econex_pipeline.control.reason import Reason
from econex_pipeline.control.rules import by_rules, situation_of
from econex_pipeline.planning import Basis, DayPlan, EndValues, NextStep, Rates
from econex_pipeline.twin import Decision, Exogenous


@dataclass(frozen=True)
class Question:
    """What a cycle decides upon.

    Attributes
    ----------
    expected : Exogenous
        Supply and demand expected in the step.
    amounts : mapping of str to float
        Stored amounts as believed, by storage [m3 or kWh].
    horizon : Profiles or None
        As forecast, from the step on; None where the forecast is missing.
    coefficients : Coefficients
        As corrected, over the horizon.
    prices : Prices
        Covering the horizon.
    plan : DayPlan or None
        Plan of the day, where it stands.
    kept : KeptPlan or None
        What an earlier hour planned for this one.
    basis : Basis or None
        Basis of the last solve.
    trouble : Cause
        What is known to stand against solving at all.
    """

    expected: Exogenous
    amounts: Mapping[str, float]
    horizon: Profiles | None
    coefficients: Coefficients
    prices: Prices
    plan: DayPlan | None
    kept: KeptPlan | None = None
    basis: Basis | None = None
    trouble: Cause = Cause.NONE


@dataclass(frozen=True)
class Choice:
    """A decision, where it comes from, and why.

    Attributes
    ----------
    decision : Decision
        What is asked of the plant.
    rates : Rates
        All that is expected of the step with it, by (element, quantity); empty where rules decided.
    status : Status
        What decided.
    cause : Cause
        Why it was not the optimum.
    plan_age_h : float or None
        Age of the plan that decided, 0 for a horizon just solved [h]; None where rules decided.
    basis : Basis or None
        Where the next solve starts.
    kept : KeptPlan or None
        What is kept for the hours after this one.
    reasons : tuple of Reason
        Why each device does what it does; where the optimum did not decide, why not.
    message : str
        What the solver said.
    """

    decision: Decision
    rates: Rates
    status: Status
    cause: Cause
    plan_age_h: float | None
    basis: Basis | None
    kept: KeptPlan | None
    reasons: tuple[Reason, ...]
    message: str


def choose(controller: Controller, question: Question) -> Choice:
    """Decide one step."""
    now, step = question.expected.time_utc, of_first_step(question.coefficients)
    found = _solve(controller, question)
    cause = question.trouble or cause_of(found)
    if cause is Cause.NONE:
        tariff = question.prices.ahead(now, controller.district.step_h)
        told, bands = followed(controller.district, found.rates, found.worth, tariff, question.amounts)
        lifts = lifted(controller.district, found.rates, found.worth, tariff, step)
        decision = replace(decision_of(told, rated_flows(step)), bands_kw=bands, lifts=lifts)
        solved = found.solved
        kept = question.kept if solved is None else KeptPlan.of(solved, now)
        reasons = () if solved is None else controller.explain(solved, told)
        return Choice(decision, told, Status.OPTIMUM, cause, 0.0, found.basis, kept, reasons, found.message)
    status, rates, age_h = _next_rung(question, found)
    if status is Status.RULES:
        decision = by_rules(
            controller.district, situation_of(question.amounts, question.expected, step, question.prices)
        )
    else:
        decision = decision_of(rates, rated_flows(step))
    reasons = (_said(status, cause, age_h),)
    return Choice(decision, rates, status, cause, age_h, question.basis, question.kept, reasons, found.message)


def _next_rung(question: Question, found: NextStep) -> tuple[Status, Rates, float | None]:
    """Give what decides in the place of the optimum, and its age."""
    if usable(found):
        return Status.INCUMBENT, found.rates, 0.0
    rates, age_h = last_good_plan(question.kept, question.plan, question.expected.time_utc)
    return (Status.LAST_GOOD_PLAN, rates, age_h) if rates else (Status.RULES, {}, None)


def _said(status: Status, cause: Cause, age_h: float | None) -> Reason:
    old = f", {age_h:g} h old" if age_h else ""
    return Reason("controller", f"{DECIDED[status]}{old}: {BECAUSE[cause]}")


def _solve(controller: Controller, question: Question) -> NextStep:
    if question.horizon is None or question.trouble is not Cause.NONE:
        return NextStep("error", message=BECAUSE[question.trouble])
    try:
        return controller.solve(
            controller.network,
            question.horizon,
            question.coefficients,
            question.prices,
            question.amounts,
            question.plan,
            _end_values(controller, question.horizon, question.plan),
            basis=question.basis,
            time_limit_s=controller.time_limit_s,
        )
    except Exception as problem:  # the loop goes on whatever a solve does; the record says what happened
        return NextStep("error", message=f"{type(problem).__name__}: {problem}")


def _end_values(controller: Controller, horizon: Profiles, plan: DayPlan | None) -> EndValues:
    """Take the value of what is left from the plan at the horizon's end; from the district where it does not reach."""
    end = int(horizon.stamps[-1]) + round(controller.district.step_h * NS_PER_H)
    found = None if plan is None else plan.end_values(end)
    return dict(controller.network.end_values) if found is None else found
