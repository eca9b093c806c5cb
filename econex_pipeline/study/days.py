"""The inputs of a range of days, as the pipeline's own recipes make them: made once, kept, and read by every strategy.

A day's plan starts where the plan of the day before is expected to end, and the first from the district's start
levels: all that is kept of a range therefore depends on its first day, and has a folder named by it. A longer range
from the same day goes on where a shorter one ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import pandas as pd

from econex_pipeline.contracts import EconexError, InputError, Provenance, digest_json, tidy
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.contracts.time import HOURS_PER_DAY, steps
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.control import Controller, ControlState, Estimate
from econex_pipeline.control.strategies import controller_of
from econex_pipeline.control.yardstick import common_values
from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.assets.planning import PLAN, plan_coefficients
from econex_pipeline.orchestration.assets.surroundings import PRICES, PROFILES, SCENARIOS
from econex_pipeline.orchestration.forecasts import profiles_at
from econex_pipeline.orchestration.recipe import Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Setting
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.orchestration.versions import code_version
from econex_pipeline.planning import DayPlan, EndValues, PlanOptions, expected_end_state, plan_day
from econex_pipeline.profiles import prices

ROOMS = (
    "weather",
    "scenarios",
    "profiles",
    "hydraulics",
    "treatment",
    "planning",
    "orchestration/assets",
    "orchestration/setting.py",
    "orchestration/forecasts.py",
    "study/days.py",
)
KEPT = {"coefficients": "COEFFICIENTS", "prices": "PRICES", "profiles": "PROFILES", "plan": "PLAN"}
"""Tables kept of a day, in the order in which they are written; by name their contract."""
MINUTES_PER_HOUR = 60
FORECAST_H = HOURS_PER_DAY + 1
"""Hours a forecast reaches from its issue: a day from each cycle of the hour."""


@dataclass(frozen=True)
class DayInputs:
    """What a strategy may know of one operating day, and what comes.

    Attributes
    ----------
    day : Day
        Its steps (`times`), horizon and logical issue.
    profiles : pandas.DataFrame
        PROFILES as they come, over the day and its look-ahead: for the twin and for perfect foresight.
    prices : pandas.DataFrame
        PRICES over the same steps.
    coefficients : pandas.DataFrame
        COEFFICIENTS of the plan.
    plan : pandas.DataFrame
        PLAN: its expectation, schedules and weights, and of each scenario what is stored and what it is worth.
    """

    day: Day
    profiles: pd.DataFrame
    prices: pd.DataFrame
    coefficients: pd.DataFrame
    plan: pd.DataFrame

    @property
    def times(self) -> pd.DatetimeIndex:
        """Steps of the operating day."""
        return self.day.times

    @cached_property
    def actual(self) -> Profiles:
        """The profiles of the operating day alone, as arrays."""
        return Profiles.from_table(self.profiles).ahead(self.times[0], HOURS_PER_DAY)

    @cached_property
    def tariffs(self) -> Prices:
        """The prices as arrays, look-ahead included."""
        return Prices.from_table(self.prices)

    @cached_property
    def day_plan(self) -> DayPlan:
        """The plan, indexed for the hours."""
        return DayPlan.from_table(self.day.setting.network, self.plan)


class StudyDays:
    """A range of days of a case.

    Parameters
    ----------
    setting : Setting
        The case.
    first : datetime.date
        First operating day.
    count : int
        Number of days.
    root : pathlib.Path
        Folder of the study; each first day has a folder in it.
    """

    def __init__(self, setting: Setting, first: date, count: int, root: Path) -> None:
        self.setting, self.first, self.count = setting, first, count
        self.folder = root / f"from_{first.isoformat()}"
        self.storage = Storage(root=str(self.folder))
        self.dates = [first + timedelta(days=number) for number in range(count)]
        self._options = RunOptions()
        self._controllers: dict[str, Controller] = {}
        self._latest: tuple[str, DayInputs] | None = None

    @property
    def controller(self) -> Controller:
        """The controller of the case in front of its twin; shared by all strategies of the process."""
        return self.setting.controller

    def controller_of(self, variant: str) -> Controller:
        """Give the controller of a variant, in front of the same twin."""
        if variant not in self._controllers:
            self._controllers[variant] = controller_of(self.setting.district, variant, self.controller.twin)
        return self._controllers[variant]

    def day(self, of: date) -> Day:
        """Give the operating day of a date."""
        return Day(self.setting, of, self.storage, self._options)

    @cached_property
    def times(self) -> pd.DatetimeIndex:
        """All steps of the range, without look-ahead."""
        start = self.day(self.first).times[0]
        return steps(start, self.count * HOURS_PER_DAY, self.setting.district.step_minutes)

    @cached_property
    def actual_and_ahead(self) -> Profiles:
        """Supply and demand as they come, over the range and the look-ahead of its last day."""
        parts = [self.inputs(of).profiles for of in self.dates]
        known = pd.concat(parts, ignore_index=True).drop_duplicates(["time_utc", "node"], keep="last")
        return Profiles.from_table(tidy(known, "PROFILES"))

    @property
    def actual(self) -> Profiles:
        """Supply and demand as they come, over the range alone."""
        return self.actual_and_ahead.ahead(self.times[0], self.count * HOURS_PER_DAY)

    @cached_property
    def common_values(self) -> EndValues:
        """What is stored at both ends of the range counts by these, whatever the strategy."""
        start = self.start().twin
        believed = Estimate(start.amounts(), dict(start.membranes))
        coefficients = self.controller.coefficients(believed, self.actual)
        tariffs = Prices.from_table(self.prices(self.times))
        return common_values(self.setting.network, self.actual, coefficients, tariffs)

    def prices(self, times: pd.DatetimeIndex) -> pd.DataFrame:
        """PRICES at any steps."""
        return prices(self.setting.district, times)

    def start(self) -> ControlState:
        """Give the state at which every strategy starts: the district's start levels, nothing learnt yet."""
        return self.controller.start(self.times[0])

    def prepare(self, of: date) -> bool:
        """Make the inputs of a day, where they are not there; the day before has to be there already.

        Returns
        -------
        bool
            Whether what was kept could be reused.

        Raises
        ------
        InputError
            If the day before was not prepared, or lies before the range.
        EconexError
            If there is no plan; the message says why.
        """
        day, digest = self.day(of), self._digest(of)
        if all(self.storage.holds(name, day.setting.case, day.key, digest) for name in KEPT):
            return True
        made = self._made(day, self._start_amounts(of))
        origin = Provenance(day.setting.case, day.issued_at_utc.isoformat(), code_version(*ROOMS), digest)
        for name, contract in KEPT.items():
            self.storage.write(made[name], contract, name, day.key, origin)
        return False

    def inputs(self, of: date) -> DayInputs:
        """Read the inputs of a prepared day; the latest stays at hand for the next strategy."""
        digest = self.digest(of)
        if self._latest is None or self._latest[0] != digest:
            self._latest = digest, self._read(of)
        return self._latest[1]

    def forecasts(self, of: date, hours: float = FORECAST_H) -> dict[pd.Timestamp, Profiles | None]:
        """Forecast at every hour of a day.

        Parameters
        ----------
        of : datetime.date
            Operating day.
        hours : float
            Reach of each forecast from its issue [h]; a horizon of 24 h that moves within the hour needs 25.

        Returns
        -------
        dict of pandas.Timestamp to Profiles or None
            Supply and demand as expected, by issue; None where a feed of forecasts has none that can be used.
        """
        start, district = self.day(of).times[0], self.setting.district
        issues = steps(start, HOURS_PER_DAY, MINUTES_PER_HOUR)
        windows = Windows.starting(issues, round(hours / district.step_h), district.step_minutes)
        ahead = profiles_at(self.setting, self.setting.trace(windows.times), windows)
        known = (None if isinstance(expected, ForecastMissing) else expected for expected in ahead)
        return dict(zip(issues, known, strict=True))

    def fed(self, of: date) -> str | None:
        """Digest of the real forecasts that a day could see; None where the district's law makes them."""
        return None if self.setting.feed is None else self.setting.feed.digest(self.day(of).times[-1])

    def digest(self, of: date) -> str:
        """Digest of what was prepared for a day.

        Raises
        ------
        InputError
            If the day was not prepared.
        """
        day = self.day(of)
        found = {name: self.storage.digest(name, day.setting.case, day.key) for name in KEPT}
        if None in found.values():
            raise InputError(f"study of case {day.setting.case}", "day", str(of), "a day that was prepared")
        return digest_json(found)

    def _read(self, of: date) -> DayInputs:
        day = self.day(of)
        case = day.setting.case
        tables = {name: self.storage.read(contract, name, case, day.key) for name, contract in KEPT.items()}
        return DayInputs(day=day, **tables)

    def _digest(self, of: date) -> str:
        before = None if of == self.first else self.digest(of - timedelta(days=1))
        content = {"code": code_version(*ROOMS), "case": self.setting.digest, "day": of.isoformat(), "before": before}
        return digest_json({**content, "feed": self.fed(of)})

    def _start_amounts(self, of: date) -> dict[str, float]:
        if of == self.first:
            return {name: storage.start for name, storage in self.setting.district.storages.items()}
        before = self.inputs(of - timedelta(days=1)).plan
        return self.setting.carried(expected_end_state(before, self.day(of).times[0]))

    def _made(self, day: Day, start: dict[str, float]) -> dict[str, pd.DataFrame]:
        """Follow the recipes without keeping what lies between them; planning does not weigh its own worth here."""
        tables: dict[str, pd.DataFrame] = {}
        for entry in DAY_AHEAD:
            if entry is not PLAN:
                tables[entry.name] = entry.make(day, *(tables[need.name] for need in entry.needs)).frame
        coefficients = plan_coefficients(tables["hydraulics"], tables["treatment"])
        options = PlanOptions(commit_steps=len(day.times), time_limit_s=day.options.plan_time_limit_s, quality=False)
        known = tables[SCENARIOS.name], coefficients, tables[PRICES.name]
        answer = plan_day(day.setting.network, *known, start, options)
        if answer.plan is None:
            raise EconexError(f"case {day.setting.case}, {day.date}: no plan ({answer.status}): {answer.message}")
        return {
            "plan": without_recourse_rates(answer.plan),
            "profiles": tables[PROFILES.name],
            "prices": tables[PRICES.name],
            "coefficients": coefficients,
        }


def study_dir() -> Path:
    """Folder of the study, in that of the tables."""
    return home.storage_dir() / "study"


def without_recourse_rates(plan: pd.DataFrame) -> pd.DataFrame:
    """Leave out what each scenario would do: the controller reads the expectation, and what is stored and its worth."""
    stored = plan["quantity"].isin(("level_m3", "stored_kwh", "probability"))
    worth = plan["quantity"].str.startswith("marginal_value")
    return plan[(plan["scenario"] == -1) | stored | worth].reset_index(drop=True)
