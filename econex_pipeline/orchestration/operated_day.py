"""The tables of an operating day that its hours share: read once, and what each hour sees of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from econex_pipeline.contracts import digest_plain
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.contracts.plain import Columns, plain
from econex_pipeline.contracts.time import HOURS_PER_DAY, steps
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.assets.surroundings import PRICES, PROFILES, TRACE
from econex_pipeline.orchestration.forecasts import profiles_at
from econex_pipeline.orchestration.recipe import Day

if TYPE_CHECKING:
    from econex_pipeline.planning import DayPlan

SIGHT_H = HOURS_PER_DAY + 1  # the last control cycle of an hour starts within it and looks a whole day ahead
NEEDS = (PLAN, TRACE, PROFILES, PRICES)


class OperatedDay:
    """The tables of a day that its hours share, read once.

    Parameters
    ----------
    day : Day
        The operating day.
    """

    def __init__(self, day: Day) -> None:
        self.day = day
        self.times = day.times

    @cached_property
    def plan(self) -> pd.DataFrame:
        """PLAN of the day."""
        return self.day.table(PLAN)

    @cached_property
    def trace(self) -> pd.DataFrame:
        """TRACE of the day and its look-ahead: what forecasts are made from, and nothing else reads."""
        return self.day.table(TRACE)

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """PROFILES as they come: what the twin meets."""
        return self.day.table(PROFILES)

    @cached_property
    def prices(self) -> pd.DataFrame:
        """PRICES of the day and its look-ahead."""
        return self.day.table(PRICES)

    @cached_property
    def day_plan(self) -> DayPlan:
        """The plan, indexed for the hours."""
        from econex_pipeline.planning import DayPlan

        return DayPlan.from_table(self.day.setting.network, self.plan, self.day.issued_at_utc)

    @cached_property
    def actual(self) -> Profiles:
        """The profiles as arrays."""
        return Profiles.from_table(self.profiles)

    @cached_property
    def tariffs(self) -> Prices:
        """The prices as arrays."""
        return Prices.from_table(self.prices)

    @cached_property
    def expected(self) -> list[Profiles | ForecastMissing]:
        """What each hour of the day expects, far enough for each of its control cycles to see a whole day."""
        step = self.day.setting.district.step_minutes
        issues = steps(self.times[0], HOURS_PER_DAY, 60)
        windows = Windows.starting(issues, SIGHT_H * 60 // step - 1, step)
        return profiles_at(self.day.setting, self.trace, windows)

    @cached_property
    def _plan_digest(self) -> str | None:
        return self.day.storage.digest(PLAN.name, self.day.setting.case, self.day.key)

    @cached_property
    def _columns(self) -> dict[str, Columns]:
        """The tables that stretch over time, sorted by it."""
        return {TRACE.name: plain(self.trace), PROFILES.name: plain(self.profiles), PRICES.name: plain(self.prices)}

    def seen(self, start_utc: pd.Timestamp) -> dict[str, str | None]:
        """Digests of what an hour of the day sees of each table: the plan, and the rest as far as it looks ahead."""
        start, end = (instant.to_datetime64() for instant in (start_utc, start_utc + pd.Timedelta(hours=SIGHT_H)))
        seen = {PLAN.name: self._plan_digest}
        for name, columns in self._columns.items():
            low, high = columns["time_utc"].searchsorted([start, end])
            # soil and roofs remember the day so far: of the trace the hour sees all up to where it looks
            rows = slice(0 if name == TRACE.name else low, high)
            seen[name] = digest_plain({column: array[rows] for column, array in columns.items()})
        if self.day.setting.feed is not None:
            seen["feed"] = self.day.setting.feed.digest(start_utc)
        return seen
