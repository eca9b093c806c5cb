"""Weeks of a case that runs by itself, played by the clock: nothing is lost, doubled or out of order."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from econex_pipeline.contracts.time import day_start_utc
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.automation.due import (
    STAGES,
    Failures,
    History,
    Request,
    Site,
    due,
    next_day_again,
    next_requests,
)
from econex_pipeline.orchestration.automation.settings import Automation, CatchUp

SITE = Site("base", "base", -5, date(2025, 1, 1))
SETTINGS = Automation()
START = datetime(2025, 7, 15, 14, 0, tzinfo=UTC)
TODAY = date(2025, 7, 15)
MINUTE = timedelta(minutes=1)


def nothing() -> History:
    return History({stage: set() for stage in STAGES}, {stage: set() for stage in STAGES}, {})


@dataclass
class Played:
    """A case, its clock, and runs that take a while and may fail."""

    site: Site = SITE
    now: datetime = START
    fails: set[str] = field(default_factory=set)
    made: list[tuple[str, str]] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    running: list[tuple[datetime, Request]] = field(default_factory=list)
    failed: dict[str, Failures] = field(default_factory=dict)

    def history(self) -> History:
        made = {stage: {key for of, key in self.made if of == stage} for stage in STAGES}
        running = {stage: {key for _, r in self.running if r.stage == stage for key in r.keys} for stage in STAGES}
        return History(made, running, self.failed)

    def play(self, hours: float, looking: bool = True, takes: int = 4) -> None:
        """Let time pass, with a look each ten minutes (or with the daemon down)."""
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            for ends, request in [entry for entry in self.running if entry[0] <= self.now]:
                self.running.remove((ends, request))
                self._end(request)
            if looking:
                for request in next_requests(self.site, SETTINGS, self.history(), self.now):
                    self.asked.append(request)
                    self.running.append((self.now + takes * MINUTE, request))
            self.now += 10 * MINUTE

    def _end(self, request: Request) -> None:
        name = request.name(self.site.case)
        if self.fails & set(request.keys):
            before = self.failed.get(name, Failures(0, self.now))
            self.failed[name] = Failures(before.count + 1, self.now)
        else:
            self.failed.pop(name, None)
            self.made.extend((request.stage, key) for key in request.keys)

    def keys(self, stage: str) -> list[str]:
        return [key for of, key in self.made if of == stage]


def _hours(first: date, last: date) -> list[str]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [key for day in days for key in partitions.keys_of_hours(day, SITE.utc_offset_h)]


def test_turned_on_for_the_first_time_it_starts_with_the_present_day() -> None:
    asked = next_requests(SITE, SETTINGS, nothing(), START)
    assert asked == [Request("day_ahead", TODAY, ("2025-07-15",))]


def test_turned_on_just_after_midnight_it_starts_with_the_present_day_too() -> None:
    """What the sensor leaves to the schedules for some minutes is no reason to begin with yesterday."""
    midnight = day_start_utc(TODAY, SITE.utc_offset_h).to_pydatetime()
    for minutes in (1, 19, 21):
        (plan,) = next_requests(SITE, SETTINGS, nothing(), midnight + minutes * MINUTE, grace=20 * MINUTE)
        assert (plan.stage, plan.day) == ("day_ahead", TODAY)


def test_a_week_alone_gives_every_plan_hour_and_report_once_and_in_order() -> None:
    played = Played()
    played.play(24 * 7 - 8)  # to one hour after the end of the seventh day
    assert played.keys("day_ahead") == [f"2025-07-{day}" for day in range(15, 23)]
    assert played.keys("operate") == _hours(TODAY, date(2025, 7, 21))
    assert played.keys("report") == [f"2025-07-{day}" for day in range(15, 22)]


@pytest.mark.parametrize("seed", range(5))
def test_after_an_outage_everything_missed_is_made_in_order(seed: int) -> None:
    chance = random.Random(seed)
    played = Played()
    for _ in range(4):
        played.play(chance.uniform(1, 40))
        played.play(chance.uniform(1, 60), looking=False)
    played.play(24)
    hours = played.keys("operate")
    assert hours == _hours(TODAY, TODAY + timedelta(days=40))[: len(hours)]
    last = max(entry.at for entry in due(SITE, SETTINGS, played.now - timedelta(hours=1)) if entry.stage == "operate")
    assert partitions.hour_of_key(hours[-1]) >= last - timedelta(hours=2)
    for stage in STAGES:
        assert len(played.keys(stage)) == len(set(played.keys(stage)))


def test_hours_of_one_day_are_made_by_one_run() -> None:
    played = Played()
    played.play(2)
    hours = [request for request in played.asked if request.stage == "operate"]
    assert hours[0].keys == tuple(partitions.keys_of_hours(TODAY, -5)[:9])


def test_no_hour_is_operated_before_it_has_ended() -> None:
    wanted = [entry for entry in due(SITE, SETTINGS, START) if entry.stage == "operate"]
    assert max(partitions.hour_of_key(entry.key) for entry in wanted) + timedelta(hours=1, minutes=5) <= START


def test_a_failed_hour_is_asked_for_again_after_a_while_and_holds_up_the_next() -> None:
    played = Played(fails={"2025-07-15-12:00"})
    played.play(2)
    tries = [request for request in played.asked if "2025-07-15-12:00" in request.keys]
    assert len(tries) == 2
    assert not played.keys("operate")
    played.fails.clear()
    played.play(2)
    assert played.keys("operate")[:9] == partitions.keys_of_hours(TODAY, -5)[:9]


def test_an_hour_that_fails_for_good_is_given_up_with_its_day_and_the_next_day_goes_on() -> None:
    played = Played(fails={"2025-07-15-12:00"})
    played.play(48)
    tries = [request for request in played.asked if "2025-07-15-12:00" in request.keys]
    assert len(tries) == SETTINGS.catch_up.tries
    assert played.keys("operate")[0] == partitions.keys_of_hours(TODAY + timedelta(days=1), -5)[0]
    assert played.keys("report") == ["2025-07-16"]
    assert "2025-07-17" in played.keys("day_ahead")


def test_hours_wait_for_the_plan_of_their_day_and_not_for_one_given_up() -> None:
    played = Played(fails={"2025-07-15"})
    played.play(4)
    assert {request.stage for request in played.asked} == {"day_ahead"}
    played.play(36)
    assert "2025-07-16" in played.keys("day_ahead")
    assert played.keys("operate")[0] == partitions.keys_of_hours(TODAY + timedelta(days=1), -5)[0]


def test_what_lies_further_back_than_asked_is_left_alone() -> None:
    settings = Automation(catch_up=CatchUp(days=2))
    history = nothing()
    history.made["day_ahead"].add("2025-07-01")  # type: ignore[attr-defined]
    (asked,) = next_requests(SITE, settings, history, START)
    assert asked.day == TODAY
    history.made["day_ahead"].add("2025-07-13")  # type: ignore[attr-defined]
    days = {request.stage: request.day for request in next_requests(SITE, settings, history, START)}
    assert days == {"day_ahead": date(2025, 7, 14), "operate": date(2025, 7, 13)}


@pytest.mark.parametrize("utc_offset_h", range(-12, 15, 3))
def test_a_day_is_planned_at_the_same_time_of_the_site_everywhere(utc_offset_h: int) -> None:
    site = Site("far", "far", utc_offset_h, date(2025, 1, 1))
    plans = [entry for entry in due(site, SETTINGS, START) if entry.stage == "day_ahead"]
    for entry in plans:
        local = entry.at + timedelta(hours=utc_offset_h)
        assert (local.hour, local.minute) == (12, 15)
        assert local.date() == entry.day - timedelta(days=1)
        assert entry.key == partitions.key_of_day(entry.day, utc_offset_h)
        assert entry.at < day_start_utc(entry.day, utc_offset_h)


def test_a_case_that_begins_today_has_no_yesterday() -> None:
    new = Site("base", "base", -5, TODAY)
    assert {entry.day for entry in due(new, SETTINGS, START)} == {TODAY}


def test_a_plan_is_asked_for_again_only_where_it_is_there_and_nothing_is_under_way() -> None:
    """At noon of the site; the plan of the next day is named by its key."""
    now = datetime(2025, 7, 15, 18, 0, tzinfo=UTC)
    key = partitions.key_of_day(date(2025, 7, 16), SITE.utc_offset_h)
    request, none = Request("day_ahead", date(2025, 7, 16), (key,)), {stage: set[str]() for stage in STAGES}
    there = {**none, "day_ahead": {key}}
    name, soon, late = request.name(SITE.case), now - 5 * MINUTE, now - timedelta(hours=2)
    asked = {
        "not there": History(none, none, {}),
        "being made": History(there, there, {}),
        "just failed": History(there, none, {name: Failures(1, soon)}),
        "given up": History(there, none, {name: Failures(SETTINGS.catch_up.tries, late)}),
        "there": History(there, none, {}),
        "failed a while ago": History(there, none, {name: Failures(1, late)}),
    }
    again = {case for case, history in asked.items() if next_day_again(SITE, SETTINGS, history, now) == request}
    assert again == {"there", "failed a while ago"}
