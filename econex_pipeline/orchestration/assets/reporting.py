"""Recipes of the operated day: the same day without control, the indicators of all strategies, and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

from econex_pipeline.contracts import Provenance, tidy
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.orchestration import catalogue, home
from econex_pipeline.orchestration.assets.coefficients import HYDRAULICS, TREATMENT
from econex_pipeline.orchestration.assets.planning import PLAN, plan_coefficients, worth_in_words
from econex_pipeline.orchestration.assets.surroundings import PRICES, PROFILES, SCENARIOS, WEATHER
from econex_pipeline.orchestration.recipe import HOURS, Day, Made, Recipe

if TYPE_CHECKING:
    from econex_pipeline.reporting import DayReport

BASELINE_STATE = "no_control_state"


def _no_control(day: Day, profiles: pd.DataFrame, prices: pd.DataFrame) -> Made:
    from econex_pipeline.control import run_no_control
    from econex_pipeline.twin import TwinState

    start = TwinState.from_json(day.storage.extra(HOURS, day.setting.case, day.hour_keys[0])["start"])
    actual = profiles[profiles["time_utc"].isin(day.times)].reset_index(drop=True)
    run = run_no_control(day.setting.controller, start, Profiles.from_table(actual), Prices.from_table(prices))
    return Made(run.operations, beside={BASELINE_STATE: ("STATE", run.states)})


NO_CONTROL = Recipe(
    name="no_control",
    contract="OPERATIONS",
    group="control",
    needs=(PROFILES, PRICES),
    make=_no_control,
    hours=True,
    beside=(BASELINE_STATE,),
    rooms=("twin", "hydraulics", "treatment"),
    kinds=("epanet", "parquet"),
    description="The same day from the same state without a controller: tanks refill themselves, the grid does all.",
)


def _kpis(
    day: Day,
    plan: pd.DataFrame,
    scenarios: pd.DataFrame,
    hydraulics: pd.DataFrame,
    treatment: pd.DataFrame,
    prices: pd.DataFrame,
    no_control: pd.DataFrame,
) -> Made:
    from econex_pipeline.reporting import kpis, kpis_of_plan

    district = day.setting.district
    coefficients = plan_coefficients(hydraulics, treatment)
    baseline_states = day.beside(BASELINE_STATE, "STATE")
    parts = [
        kpis_of_plan(plan, scenarios, prices, district, day.times, coefficients),
        kpis(day.operations, day.states, prices, district, "controlled", coefficients),
        kpis(no_control, baseline_states, prices, district, "no_control", coefficients),
    ]
    return Made(tidy(pd.concat(parts, ignore_index=True), "KPIS"))


def _show_kpis(day: Day, kpis: pd.DataFrame) -> dict[str, Any]:
    controlled = kpis[kpis["strategy"] == "controlled"]
    return catalogue.numbers(dict(zip(controlled["kpi"], controlled["value"], strict=True)))


KPIS = Recipe(
    name="kpis",
    contract="KPIS",
    group="reporting",
    needs=(PLAN, SCENARIOS, HYDRAULICS, TREATMENT, PRICES, NO_CONTROL),
    make=_kpis,
    show=_show_kpis,
    hours=True,
    description="Indicators of the day as planned, as operated, and without control.",
)


def _report(
    day: Day,
    kpis: pd.DataFrame,
    plan: pd.DataFrame,
    scenarios: pd.DataFrame,
    prices: pd.DataFrame,
    weather: pd.DataFrame,
    no_control: pd.DataFrame,
) -> Made:
    from econex_pipeline.reporting import render_report

    report = _day_report(day, kpis, plan, scenarios, prices, weather)
    return Made(kpis, text=render_report(report), shown=_shown(day, kpis, report))


def _day_report(
    day: Day,
    kpis: pd.DataFrame,
    plan: pd.DataFrame,
    scenarios: pd.DataFrame,
    prices: pd.DataFrame,
    weather: pd.DataFrame,
) -> DayReport:
    from econex_pipeline.reporting import DayReport

    facts = day.extra(PLAN)
    return DayReport(
        district=day.setting.district,
        operations=day.operations,
        states=day.states,
        prices=prices,
        kpis=kpis,
        provenance=Provenance(day.setting.case, day.issued_at_utc.isoformat(), REPORT.version, REPORT.digest(day)),
        plan=plan,
        scenarios=scenarios,
        states_without_control=day.beside(BASELINE_STATE, "STATE"),
        weather=weather,
        repairs=tuple(repair["message"] for repair in day.extra(WEATHER)["repairs"]),
        messages=_messages(day),
        seam=day.storage.extra(HOURS, day.setting.case, day.hour_keys[0]).get("seam", ""),
        reasons=_reasons(day),
        facts={
            "Plan": f"{facts['status']}, objective {facts['objective_usd']:.2f} {day.setting.district.currency}",
            "Planning over scenarios": worth_in_words(facts, day.setting.district.currency),
        },
    )


def _messages(day: Day) -> tuple[str, ...]:
    """What the controller said in the hours in which it fell back, each once."""
    said = [day.storage.extra(HOURS, day.setting.case, key)["messages"] for key in day.hour_keys]
    return tuple(dict.fromkeys(message for messages in said for message in messages))


def _reasons(day: Day) -> tuple[dict[str, Any], ...]:
    """Why the controller decided as it did, hour by hour."""
    told = [day.storage.extra(HOURS, day.setting.case, key)["reasons"] for key in day.hour_keys]
    return tuple(reason for reasons in told for reason in reasons)


def _page(day: Day) -> dict[str, dg.MetadataValue]:
    url = home.page_url(day.setting.case, day.date.isoformat())
    shown: dict[str, dg.MetadataValue] = {"page": dg.MetadataValue.url(url)} if url else {}
    return {**shown, "page file": dg.MetadataValue.path(day.page(REPORT.name))}


def _shown(day: Day, kpis: pd.DataFrame, report: DayReport) -> dict[str, Any]:
    pictures = report.pictures()
    return {
        **_page(day),
        "electricity": catalogue.picture(pictures["dispatch_E"], "Supply and use of electricity by hour"),
        "storage": catalogue.picture(pictures["storage"], "Stored amounts"),
        **_show_kpis(day, kpis),
    }


def _show_report(day: Day, kpis: pd.DataFrame) -> dict[str, Any]:
    tables = (day.table(need) for need in (PLAN, SCENARIOS, PRICES, WEATHER))
    return _shown(day, kpis, _day_report(day, kpis, *tables))


REPORT = Recipe(
    name="report",
    contract="KPIS",
    group="reporting",
    needs=(KPIS, PLAN, SCENARIOS, PRICES, WEATHER, NO_CONTROL),
    make=_report,
    show=_show_report,
    hours=True,
    page=True,
    kinds=("html", "matplotlib"),
    description="The page an operator reads, and the numbers on it.",
)
