"""Plan and operate days of the shipped pilot for tests: the pipeline's own recipes in order, without Dagster runs."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from econex_pipeline.contracts import tidy
from econex_pipeline.contracts.time import civil
from econex_pipeline.orchestration.assets import DAY_AHEAD, REPORTING
from econex_pipeline.orchestration.assets.coefficients import HYDRAULICS
from econex_pipeline.orchestration.assets.reporting import KPIS, REPORT
from econex_pipeline.orchestration.hours import Hour, OperatedDay, ensure_hour
from econex_pipeline.orchestration.recipe import Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.planning import PlanOptions, plan_day
from econex_pipeline.treatment import coefficients

PEAK = range(16, 21)


class Operated(OperatedDay):
    """One day of a case that was planned, and operated if so asked."""

    @cached_property
    def operations(self) -> pd.DataFrame:
        return self.day.operations

    @cached_property
    def states(self) -> pd.DataFrame:
        return self.day.states

    @cached_property
    def kpis(self) -> pd.DataFrame:
        return self.day.table(KPIS).pivot_table(index="kpi", columns="strategy", values="value")

    @property
    def page(self) -> str:
        return Path(self.day.page(REPORT.name)).read_text()

    def planned(self, element: str, quantity: str) -> pd.Series:
        """Expected flow or power of the day's first 24 h, by civil hour."""
        return self._by_hour(self.plan[self.plan["scenario"] == -1], element, quantity)

    def delivered(self, element: str, quantity: str) -> pd.Series:
        """What came of it, by civil hour."""
        return self._by_hour(self.operations[self.operations["basis"] == "delivered"], element, quantity)

    def _by_hour(self, rows: pd.DataFrame, element: str, quantity: str) -> pd.Series:
        found = rows[
            (rows["element"] == element) & (rows["quantity"] == quantity) & rows["time_utc"].isin(self.day.times)
        ]
        assert len(found) == len(self.day.times), f"{element} {quantity} in every step"
        hours = civil(pd.DatetimeIndex(found["time_utc"]), self.day.setting.district.site.civil_time_zone).hour
        return found.groupby(hours)["value"].sum() * self.day.setting.district.step_h


def foreseen(operated: Operated, look_ahead: bool = True) -> Operated:
    """The same day planned as if its weather and demand were known: one scenario, the trace itself."""
    day = operated.day
    times = day.horizon if look_ahead else day.times
    district = day.setting.district
    known = tidy(operated.profiles.assign(scenario=0, probability=1.0), "SCENARIOS")
    known = known[known["time_utc"].isin(times)].reset_index(drop=True)
    treatment = coefficients(district, known)
    water = day.table(HYDRAULICS)
    both = tidy(pd.concat([water[water["time_utc"].isin(times)], treatment], ignore_index=True), "COEFFICIENTS")
    prices = operated.prices[operated.prices["time_utc"].isin(times)].reset_index(drop=True)
    start = {name: storage.start for name, storage in district.storages.items()}
    options = PlanOptions(commit_steps=len(day.times))
    answer = plan_day(day.setting.network, known, both, prices, start, options)
    assert answer.plan is not None, answer.message
    wise = Operated(day)
    wise.__dict__["plan"] = answer.plan
    return wise


def in_peak(flow: pd.Series) -> float:
    """Share of a flow in the peak hours, 16 to 21 h civil time."""
    return float(flow[list(PEAK)].sum() / flow.sum())


def run(data_dir: Path, root: Path, case: str, day: date, operate: bool = True, report: bool = False) -> Operated:
    """Plan a day, and operate it and write its page if asked."""
    setting = Inputs(data_dir=str(data_dir)).setting(case)
    there = Day(setting, day, Storage(root=str(root)), RunOptions())
    for entry in DAY_AHEAD:
        ensure(entry, there)
    if operate:
        hours = OperatedDay(there)
        for key in there.hour_keys:
            ensure_hour(Hour(hours, key))
    for entry in REPORTING if report else ():
        ensure(entry, there)
    return Operated(there)


def add_case(data_dir: Path, name: str, changes: str) -> str:
    """Write a case file: changes as indented YAML."""
    (data_dir / "cases" / f"{name}.yaml").write_text(f"district: econex\ndescription: {name}\nchanges:\n{changes}")
    return name
