"""Recipe of the plan: the day-ahead answer over all scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

from econex_pipeline.contracts import EconexError, tidy
from econex_pipeline.orchestration import catalogue
from econex_pipeline.orchestration.assets.coefficients import HYDRAULICS, TREATMENT
from econex_pipeline.orchestration.assets.surroundings import PRICES, SCENARIOS
from econex_pipeline.orchestration.choices import ChosenRecipe, made_with
from econex_pipeline.orchestration.recipe import Day, Made

if TYPE_CHECKING:
    from econex_pipeline.planning import Network

CHOICES = ("alpha", "beta", "cvar_weight", "cvar_level", "engine")
"""Options of the run that make another plan."""


class NoPlan(EconexError):
    """The optimizer has no answer; the message says why."""


def start_amounts(day: Day) -> dict[str, float]:
    """What is stored as the day starts: expected by the plan of the day before, else the district's start levels."""
    from econex_pipeline.planning import expected_end_state

    yesterday = day.previous(PLAN)
    if yesterday is None:
        return {name: storage.start for name, storage in day.setting.district.storages.items()}
    return day.setting.carried(expected_end_state(yesterday, day.times[0]))


def plan_coefficients(hydraulics: pd.DataFrame, treatment: pd.DataFrame) -> pd.DataFrame:
    """COEFFICIENTS of a day: those of the network and those of the treatment in one table."""
    return tidy(pd.concat([hydraulics, treatment], ignore_index=True), "COEFFICIENTS")


def _plan(
    day: Day, scenarios: pd.DataFrame, hydraulics: pd.DataFrame, treatment: pd.DataFrame, prices: pd.DataFrame
) -> Made:
    from econex_pipeline.planning import PlanOptions, plan_day

    chosen = day.options
    options = PlanOptions(
        commit_steps=len(day.times),
        time_limit_s=chosen.plan_time_limit_s,
        cvar_weight=chosen.cvar_weight,
        cvar_level=chosen.cvar_level,
        engine=chosen.engine.value,
    )
    coefficients = plan_coefficients(hydraulics, treatment)
    answer = plan_day(_weighted(day), scenarios, coefficients, prices, start_amounts(day), options)
    if answer.plan is None:
        raise NoPlan(f"case {day.setting.case}, {day.date}: no plan ({answer.status}): {answer.message}")
    parts = {name: float(value) for name, value in answer.parts.items()}
    extra: dict[str, Any] = {"status": answer.status, "objective_usd": answer.objective, "parts": parts}
    if answer.quality is not None:
        extra |= {"worth": answer.quality.lines, "worth_nothing": list(answer.quality.worthless)}
    return Made(answer.plan, extra=extra | made_with(chosen, CHOICES))


def _weighted(day: Day) -> Network:
    """Give the network with the weights that were chosen for this run, else the district's."""
    network, chosen = day.setting.network, day.options.chosen(("alpha", "beta"))
    return replace(network, weights=replace(network.weights, **chosen)) if chosen else network


def worth_in_words(facts: Mapping[str, Any], currency: str) -> str:
    """Say what planning over scenarios was worth, and which schedules would be as good made for the mean."""
    worth = facts.get("worth")
    if not worth:
        return "not known"
    cost = max(abs(facts["objective_usd"] + facts["parts"]["end_value_usd"]), 0.01)
    said = [
        f"{name} {worth[key]:.2f} {currency} ({100.0 * worth[key] / cost:.2f} % of the expected cost)"
        for name, key in (("gains over a plan for the mean", "vss_usd"), ("knowing the day would gain", "evpi_usd"))
    ]
    if facts["worth_nothing"]:
        said.append(f"a schedule made for the mean does as well for: {', '.join(facts['worth_nothing'])}")
    return "; ".join(said)


def _show_plan(day: Day, plan: pd.DataFrame) -> dict[str, Any]:
    from econex_pipeline.reporting.figures.dispatch import dispatch
    from econex_pipeline.reporting.figures.render import png
    from econex_pipeline.reporting.ledger import ledger, plan_as_operations

    facts = day.extra(PLAN)
    planned, levels = plan_as_operations(plan, day.times, day.table(SCENARIOS))
    as_if = planned.assign(basis=planned["basis"].map({"planned": "delivered", "forecast": "actual"}))
    electricity = png(dispatch(ledger(as_if, levels), day.setting.district, "E", day.table(PRICES)))
    return {
        "status": facts["status"],
        "chosen for this run": dg.MetadataValue.json(facts.get("chosen", {})),
        "worth": worth_in_words(facts, day.setting.district.currency),
        "electricity": catalogue.picture(electricity, "Expected supply and use of electricity by hour"),
        **catalogue.numbers({"objective_usd": facts["objective_usd"], **facts["parts"], **facts.get("worth", {})}),
    }


PLAN = ChosenRecipe(
    name="plan",
    contract="PLAN",
    group="planning",
    needs=(SCENARIOS, HYDRAULICS, TREATMENT, PRICES),
    make=_plan,
    show=_show_plan,
    previous=True,
    choices=CHOICES,
    kinds=("pyomo", "highs", "parquet"),
    description=(
        "The committed schedule of the day and the recourse of each scenario, with a day of look-ahead; starts where "
        "the plan of the day before is expected to end."
    ),
)
