"""The made-up day as tables, once for all tests of this room."""

from dataclasses import dataclass

import pandas as pd
import pytest

from econex_pipeline.contracts import Provenance
from econex_pipeline.reporting import DayReport, kpis, kpis_of_plan
from econex_pipeline_tests.reporting import days


@dataclass(frozen=True)
class Tables:
    day: days.MadeUpDay
    operations: pd.DataFrame
    states: pd.DataFrame
    prices: pd.DataFrame
    scenarios: pd.DataFrame
    plan: pd.DataFrame
    operations_without: pd.DataFrame
    states_without: pd.DataFrame
    kpis: pd.DataFrame


@pytest.fixture(scope="session")
def made(district) -> Tables:
    day, idle = days.make_day(district), days.make_day(district, controlled=False)
    operations, idle_operations = days.operations_of(day), days.operations_of(idle, controlled=False)
    states, idle_states = days.states_of(day), days.states_of(idle)
    prices, scenarios = days.prices_of(district), days.scenarios_of(district)
    plan = days.plan_of(district, scenarios)
    rows = [
        kpis(operations, states, prices, district, "controlled"),
        kpis(idle_operations, idle_states, prices, district, "no_control"),
        kpis_of_plan(plan, scenarios, prices, district, day.times),
    ]
    table = pd.concat(rows).sort_values(["strategy", "kpi"], ignore_index=True)
    return Tables(day, operations, states, prices, scenarios, plan, idle_operations, idle_states, table)


def reason(time_utc: str, element: str, text: str) -> dict[str, str]:
    return {"time_utc": time_utc, "element": element, "text": text}


@pytest.fixture(scope="session")
def report(district, made) -> DayReport:
    weather = pd.DataFrame({"time_utc": made.day.times, "quality": ["measured"] * 20 + ["borrowed"] * 4})
    return DayReport(
        district=district,
        operations=made.operations,
        states=made.states,
        prices=made.prices,
        kpis=made.kpis,
        provenance=Provenance("base", "2025-07-14T17:00:00+00:00", "0.1.0", "0123456789abcdef"),
        plan=made.plan,
        scenarios=made.scenarios,
        states_without_control=made.states_without,
        weather=weather,
        repairs=("Rain is counted in tenths of a millimetre: the year has 834 mm.",),
        messages=("time limit after 10 s",),
        reasons=(
            {
                "time_utc": "2025-07-15T21:00:00+00:00",
                "element": "battery_1",
                "text": "discharges 2.1 kW: grid at 0.61",
            },
            {"time_utc": "2025-07-15T21:00:00+00:00", "element": "phs_turbine", "text": "takes 8.6 m3/h (its limit)"},
            {"time_utc": "2025-07-15T22:00:00+00:00", "element": "controller", "text": "rules: <no solution>"},
        ),
        facts={"Plan": "optimal"},
    )
