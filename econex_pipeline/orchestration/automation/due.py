"""What of a case should be there by now, and what of it to ask for next. Pure: time and history are passed in.

A day is planned on the day before, each of its hours is operated when it has ended, and its report follows the last
hour. Plans, hours and reports are three chains: within each, what is missing is asked for in order, one run at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from econex_pipeline.contracts.time import HOURS_PER_DAY, day_start_utc, operating_day
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.automation.settings import Automation

Stage = Literal["day_ahead", "operate", "report"]
DAYS_REMEMBERED = 256
STAGES: tuple[Stage, ...] = ("day_ahead", "operate", "report")


@dataclass(frozen=True)
class Site:
    """What the automation knows of a case.

    Attributes
    ----------
    file : str
        Name of its file, without the ending.
    case : str
        Its name, as assets and tables carry it.
    utc_offset_h : int
        Offset of the site's standard time from UTC [h].
    first_day : datetime.date
        First operating day there can be.
    """

    file: str
    case: str
    utc_offset_h: int
    first_day: date

    def today(self, now: datetime) -> date:
        """Operating day at an instant."""
        return operating_day(now, self.utc_offset_h)


@dataclass(frozen=True)
class Due:
    """One partition that should be there from some instant on."""

    stage: Stage
    day: date
    key: str
    at: datetime


@dataclass(frozen=True)
class Request:
    """Partitions of one stage to be made by one run."""

    stage: Stage
    day: date
    keys: tuple[str, ...]

    def name(self, case: str) -> str:
        """Name that stays the same when what is missing is asked for again, later and perhaps with more hours."""
        return f"{self.stage}:{case}:{self.keys[0]}"


@dataclass(frozen=True)
class Failures:
    """How often a request failed since it last succeeded, and when last."""

    count: int
    latest: datetime


@dataclass(frozen=True)
class History:
    """What happened to a case so far.

    Attributes
    ----------
    made : mapping of stage to set of str
        Partitions whose latest run succeeded.
    running : mapping of stage to set of str
        Partitions that a run which has not ended is making.
    failed : mapping of str to Failures
        Requests whose runs failed, by the request's name.
    """

    made: Mapping[Stage, Set[str]]
    running: Mapping[Stage, Set[str]]
    failed: Mapping[str, Failures]


def first_day(site: Site, now: datetime, days: int) -> date:
    """First day that can be caught up."""
    return max(site.first_day, site.today(now) - timedelta(days=days))


def due(site: Site, settings: Automation, now: datetime) -> list[Due]:
    """List what should be there, in order of time, from the first day that can be caught up."""
    past = timedelta(minutes=settings.operating.minutes_past)
    first, last = first_day(site, now, settings.catch_up.days), site.today(now) + timedelta(days=1)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = [entry for day in days for entry in _of_day(site.utc_offset_h, day, settings.planning.before_day, past)]
    return sorted((entry for entry in found if entry.at <= now), key=lambda entry: entry.at)


def due_since(site: Site, settings: Automation, request: Request) -> datetime:
    """Say since when the first partition of a request is due."""
    past = timedelta(minutes=settings.operating.minutes_past)
    entries = _of_day(site.utc_offset_h, request.day, settings.planning.before_day, past)
    return next(entry.at for entry in entries if (entry.stage, entry.key) == (request.stage, request.keys[0]))


@lru_cache(maxsize=DAYS_REMEMBERED)
def _of_day(utc_offset_h: int, day: date, before_day: timedelta, past: timedelta) -> tuple[Due, ...]:
    start, key = day_start_utc(day, utc_offset_h).to_pydatetime(), partitions.key_of_day(day, utc_offset_h)
    hours = enumerate(partitions.keys_of_hours(day, utc_offset_h), start=1)
    return (
        Due("day_ahead", day, key, start - before_day),
        *(Due("operate", day, hour_key, start + timedelta(hours=ended) + past) for ended, hour_key in hours),
        Due("report", day, key, start + timedelta(hours=HOURS_PER_DAY) + past),
    )


def next_requests(
    site: Site,
    settings: Automation,
    history: History,
    now: datetime,
    stages: Sequence[Stage] = STAGES,
    grace: timedelta = timedelta(),
) -> list[Request]:
    """Say what to ask for next: of each chain the first that is missing, unless it is being made or just failed.

    Parameters
    ----------
    site : Site
        The case.
    settings : Automation
        When things are due, and how failures are met.
    history : History
        What is there, is being made, or failed.
    now : datetime
        The instant; aware.
    stages : sequence of {"day_ahead", "operate", "report"}
        The chains to look at.
    grace : timedelta
        How long something must have been due.

    Notes
    -----
    Days before the first plan of the window were never meant to run by themselves and are left alone; without any plan
    the present day is the first. A partition that fails is asked for again after a while, a few times; until then it
    holds up what follows it. Then it is given up, with the rest of its day: the next day starts from its plan.
    """
    wanted = [entry for entry in due(site, settings, now) if entry.at <= now - grace]
    planned = [entry.day for entry in wanted if entry.stage == "day_ahead" and entry.key in history.made["day_ahead"]]
    since = min([*planned, site.today(now)])
    chooser = _Chooser(site, settings, history, now)
    chains = [[entry for entry in wanted if entry.day >= since and entry.stage == stage] for stage in stages]
    return [request for chain in chains if (request := chooser.first(chain)) is not None]


def next_day_again(site: Site, settings: Automation, history: History, now: datetime) -> Request | None:
    """Give the plan of the next day if it may be asked for again: it is there, not being made, and did not just fail.

    Parameters are those of `next_requests`.
    """
    day = site.today(now) + timedelta(days=1)
    request = Request("day_ahead", day, (partitions.key_of_day(day, site.utc_offset_h),))
    key, chooser = request.keys[0], _Chooser(site, settings, history, now)
    there = key in history.made["day_ahead"] and key not in history.running["day_ahead"]
    return request if there and not chooser.failed(request) else None


@dataclass(frozen=True)
class _Chooser:
    site: Site
    settings: Automation
    history: History
    now: datetime

    def first(self, chain: Sequence[Due]) -> Request | None:
        """Give the first request of a chain; None where all is there or what is missing must be waited for."""
        lost: set[date] = set()
        for place, entry in enumerate(chain):
            if entry.key in self.history.made[entry.stage] or entry.day in lost:
                continue
            request = Request(entry.stage, entry.day, _together(chain[place:], self.history.made[entry.stage]))
            ready = self._ready(entry)
            if ready == "never" or self._given_up(request):
                lost.add(entry.day)
            elif ready == "not yet" or entry.key in self.history.running[entry.stage] or self._just_failed(request):
                return None
            else:
                return request
        return None

    def failed(self, request: Request) -> bool:
        """Whether a request failed a moment ago, or too often."""
        return self._just_failed(request) or self._given_up(request)

    def _ready(self, entry: Due) -> Literal["now", "not yet", "never"]:
        """Whether what an entry is made from is there: hours need their plan, a report all hours of its day."""
        plan_key = partitions.key_of_day(entry.day, self.site.utc_offset_h)
        if entry.stage == "day_ahead":
            return "now"
        if entry.stage == "operate":
            if plan_key in self.history.made["day_ahead"]:
                return "now"
            return "never" if self._given_up(Request("day_ahead", entry.day, (plan_key,))) else "not yet"
        hours = set(partitions.keys_of_hours(entry.day, self.site.utc_offset_h))
        return "now" if hours <= self.history.made["operate"] else "never"

    def _given_up(self, request: Request) -> bool:
        failures = self.history.failed.get(request.name(self.site.case))
        return failures is not None and failures.count >= self.settings.catch_up.tries

    def _just_failed(self, request: Request) -> bool:
        failures = self.history.failed.get(request.name(self.site.case))
        return failures is not None and self.now - failures.latest < timedelta(
            minutes=self.settings.catch_up.retry_minutes
        )


def _together(chain: Sequence[Due], made: Set[str]) -> tuple[str, ...]:
    """Keys that one run makes: hours of one day that follow each other and are all missing; else one partition."""
    if chain[0].stage != "operate":
        return (chain[0].key,)
    missing = itertools.takewhile(lambda entry: entry.day == chain[0].day and entry.key not in made, chain)
    return tuple(entry.key for entry in missing)
