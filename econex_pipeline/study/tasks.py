"""The list of what a study runs, and one task of it as a worker process does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.study.days import StudyDays
from econex_pipeline.study.measures import Measures, measure
from econex_pipeline.study.operating import Chain, Stretch, kept
from econex_pipeline.study.strategies import BASE_ONLY, BY_DAY, EVERY_CASE

BASE = "base"
YEAR_CASES = (BASE, "no_battery", "no_phs", "no_prs", "no_treatment", "flat_tariff")
DAYS_OF_YEAR = 365


@dataclass(frozen=True)
class Task:
    """A case over a range of days, by some strategies side by side.

    Attributes
    ----------
    case : str
        Name of the case.
    first : datetime.date
        First operating day.
    count : int
        Number of days.
    strategies : tuple of str
        Keys of `strategies.BY_DAY` or `strategies.AT_ONCE`.
    """

    case: str
    first: date
    count: int
    strategies: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name of the range: its month, its year, or its first day and length."""
        if self.count == days_of_month(self.first):
            return f"{self.first:%Y-%m}"
        return f"{self.first:%Y}" if self.count == DAYS_OF_YEAR else f"{self.first} + {self.count} d"

    @property
    def steps(self) -> int:
        """Days to prepare, days to operate, and ranges that are operated at once."""
        by_day = sum(name in BY_DAY for name in self.strategies)
        return self.count * (1 + by_day) + len(self.strategies) - by_day


@dataclass(frozen=True)
class Told:
    """One step of a task is done: which, whether what was kept could be reused, and how long it took [s]."""

    task: Task
    of: date
    what: str
    reused: bool
    seconds: float


Results = dict[str, Measures]
"""Measures of a task by strategy."""


def month_tasks(
    cases: Sequence[str], months: Sequence[date], days: int | None = None, strategies: Sequence[str] | None = None
) -> list[Task]:
    """List a study of months; the base case, which has most to do, comes first.

    Parameters
    ----------
    cases : sequence of str
        Names of the cases.
    months : sequence of datetime.date
        First days.
    days : int, optional
        Days of each month; all by default.
    strategies : sequence of str, optional
        The only ones to run; by default those of every case, and the base case's own.
    """
    ordered = sorted(cases, key=lambda case: case != BASE)
    usual = tuple(strategies or EVERY_CASE)
    tasks = [Task(case, first, days or days_of_month(first), usual) for case in ordered for first in months]
    if BASE not in cases or strategies:
        return tasks
    more = [Task(BASE, first, days or days_of_month(first), (name,)) for first in months for name in BASE_ONLY]
    return tasks[: len(months)] + more + tasks[len(months) :]


def year_tasks(first: date, days: int | None = None) -> list[Task]:
    """List the year with money: the controller with and without each device, and the base case by rules too."""
    count = days or DAYS_OF_YEAR
    return [Task(case, first, count, EVERY_CASE if case == BASE else ("controlled",)) for case in YEAR_CASES]


def days_of_month(first: date) -> int:
    """Count the days of the month that a day is in."""
    following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (following - first.replace(day=1)).days


def work(task: Task, data_dir: Path, root: Path, tell: Callable[[Told], None]) -> Results:
    """Do a task; what is kept already is reused.

    Parameters
    ----------
    task : Task
        What to do.
    data_dir : pathlib.Path
        Folder of the inputs.
    root : pathlib.Path
        Folder of the study.
    tell : callable
        Hears of each step.

    Raises
    ------
    InputError
        If the case cannot be used, or the range lies before its first day.
    EconexError
        If a day has no plan.
    """
    setting = Inputs(data_dir=str(data_dir)).setting(task.case)
    if task.first < setting.district.weather.first_day:
        expected = f"{setting.district.weather.first_day} (weather.first_day of case {task.case}) or later"
        raise InputError("study", "first day", str(task.first), expected)
    days = StudyDays(setting, task.first, task.count, root)
    runs = [kept(days, name) for name in task.strategies]

    def do(of: date, what: str, step: Callable[[], bool]) -> None:
        begun = time.perf_counter()
        reused = step()
        tell(Told(task, of, what, reused, time.perf_counter() - begun))

    for of in days.dates:
        do(of, "inputs", partial(days.prepare, of))
        for run in runs:
            if isinstance(run, Chain):
                do(of, run.strategy, partial(run.operate, of))
    for run in runs:
        if isinstance(run, Stretch):
            do(task.first, run.strategy, run.operate)
    return {run.strategy: measure(run) for run in runs}
