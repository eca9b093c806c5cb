"""One hour of operation as stored: what it needs, what it leaves behind, and when a stored one may be reused.

An hour is one record: OPERATIONS, STATE, the controller's state at its end and a digest of its inputs, in one file. It
starts from the state that the record of the hour before holds, so a chain of hours that was interrupted goes on where
it stopped, and repeats to the last byte what it would have done undisturbed.

Its digest covers the state it starts from and what it can see of the day's tables and of the case's events, not what
lies beyond. So a changed input computes anew the hours that see it and those after them, until an hour ends as the
stored one did.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from econex_pipeline.contracts import InputError, Provenance, digest_json
from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.operated_day import SIGHT_H, OperatedDay
from econex_pipeline.orchestration.recipe import HOURS, Day
from econex_pipeline.orchestration.versions import code_version

if TYPE_CHECKING:
    from econex_pipeline.control import ControlState
    from econex_pipeline.orchestration.records import Record

ROOMS = (
    *("control", "twin", "planning", "hydraulics", "treatment", "scenarios", "profiles", "weather"),
    *(f"orchestration/{module}.py" for module in ("forecasts", "hours", "operated_day", "setting")),
)
CHOICES = ("hour_time_limit_s",)
"""Options of the run that make another hour: one that ran out of a shorter time is not kept by a run that has more."""
LEVEL_TOLERANCE = 1e-6  # m3 or kWh by which rounding may leave a storage beyond its limits


@dataclass(frozen=True)
class Hour:
    """One hourly partition of a day."""

    operated: OperatedDay
    key: str

    @property
    def day(self) -> Day:
        """The operating day."""
        return self.operated.day

    @cached_property
    def start_utc(self) -> pd.Timestamp:
        """Instant at which the hour starts."""
        return partitions.hour_of_key(self.key)

    @cached_property
    def previous_key(self) -> str:
        """Key of the hour before."""
        return partitions.key_of_hour(self.start_utc - pd.Timedelta(hours=1))

    def digest(self, state: str) -> str:
        """Digest of everything this hour is made from, its start state given as text."""
        district = self.day.setting.district
        # of the step before it an hour knows what was out, and its horizons reach as far as the day's tables do
        since = self.start_utc - pd.Timedelta(hours=district.step_h)
        content = {
            "table": HOURS,
            "code": code_version(*ROOMS),
            "case": self.day.setting.digest_between(since, self.start_utc + pd.Timedelta(hours=SIGHT_H)),
            "hour": self.key,
            "seen": self.operated.seen(self.start_utc),
            "state": state,
        }
        chosen = self.day.options.chosen(CHOICES)
        return digest_json({**content, "chosen": chosen} if chosen else content)

    def stored(self) -> Record | None:
        """What is stored of this hour, if it is whole."""
        return self.day.storage.record(HOURS, self.day.setting.case, self.key)

    def start_state(self) -> ControlState:
        """Where the hour starts: where the one before ended; at a day's start else where its plan starts.

        A day after an edit of the district's storages or treatments starts with what is stored in those that stayed.

        Raises
        ------
        InputError
            If the hour before was never operated as the district stands, and this is not the first of its day.
        """
        from econex_pipeline.planning import expected_end_state

        day = self.day
        before = Hour(self.operated, self.previous_key).stored()
        left = None if before is None else end_state(before)
        if left is not None and self._fits(left):
            return left
        if self.start_utc != day.times[0]:
            raise InputError(
                f"operations of case {day.setting.case}",
                "hour",
                self.key,
                f"the hour before, {self.previous_key}, to be operated first with the district as it stands: each "
                "starts where the last one ended",
            )
        ended = expected_end_state(self.operated.plan, self.start_utc) if left is None else left.twin.amounts()
        return day.setting.controller.start(self.start_utc, day.setting.carried(ended))

    def seam(self) -> str | None:
        """Say that a day does not start where the one before ended: the last hour of that is missing, but not all."""
        if self.start_utc != self.operated.times[0] or self._digest_of(self.previous_key) is not None:
            return None
        before = (self.start_utc - pd.Timedelta(hours=hours) for hours in range(2, HOURS_PER_DAY + 1))
        there = next((key for key in map(partitions.key_of_hour, before) if self._digest_of(key) is not None), None)
        if there is None:
            return None
        return (
            f"of the day before, hours are there up to {there} UTC and none after it; this one starts with the amounts "
            "that its plan expected, new membranes and nothing learnt"
        )

    def _digest_of(self, key: str) -> str | None:
        return self.day.storage.digest(HOURS, self.day.setting.case, key)

    def _fits(self, state: ControlState) -> bool:
        """Whether a state is one of the district as it stands: devices may have come, gone or shrunk since."""
        district, amounts = self.day.setting.district, state.twin.amounts()
        if set(amounts) != set(district.storages) or set(state.twin.membranes) != set(district.treatments):
            return False
        carried = self.day.setting.carried(amounts)
        return all(abs(carried[name] - amount) <= LEVEL_TOLERANCE for name, amount in amounts.items())

    def forecast(self) -> Profiles:
        """Supply and demand as expected at this hour.

        Raises
        ------
        ForecastMissing
            If the district has a feed of forecasts and it holds none that can be used.
        """
        expected = self.operated.expected[(self.start_utc - self.operated.times[0]) // pd.Timedelta(hours=1)]
        if isinstance(expected, ForecastMissing):
            raise expected
        return expected


def end_state(record: Record) -> ControlState:
    """State in which the hour of a record ended."""
    from econex_pipeline.control import ControlState

    return ControlState.from_json(record.label.extra["end"])


@dataclass(frozen=True)
class OperatedHour:
    """An hour that is there.

    Attributes
    ----------
    key : str
        Key of its partition.
    reused : bool
        Whether it was stored already, made from the same inputs.
    end : str
        State in which it ended, and the next one starts.
    fallbacks : int
        Cycles in which the controller had to fall back.
    digest : str
        Digest of its inputs.
    seconds : float
        Time it took [s].
    why : tuple of str
        What each device was asked and why, or what decided in the place of the optimum.
    """

    key: str
    reused: bool
    end: str
    fallbacks: int
    digest: str
    seconds: float
    why: tuple[str, ...] = ()

    def numbers(self) -> dict[str, Any]:
        """Give what the catalogue shows."""
        return {
            "fallbacks": self.fallbacks,
            "reused": self.reused,
            "seconds": self.seconds,
            "inputs digest": self.digest,
            "why": list(self.why),
        }


def ensure_hour(hour: Hour, before: OperatedHour | None = None) -> OperatedHour:
    """Operate an hour, or find that it was operated already.

    Parameters
    ----------
    hour : Hour
        Which one.
    before : OperatedHour, optional
        The hour before, where it was made or read just now; else it is read from storage.
    """
    started = time.perf_counter()
    followed = before is not None and before.key == hour.previous_key
    start = before.end if before is not None and followed else hour.start_state().to_json()
    digest = hour.digest(start)
    stored = None if hour.day.options.force_recompute else hour.stored()
    reused = stored is not None and stored.label.provenance.inputs_digest == digest
    notes = stored.label.extra if stored is not None and reused else _operate(hour, start, digest)
    seconds = time.perf_counter() - started
    return OperatedHour(hour.key, reused, notes["end"], notes["fallbacks"], digest, seconds, _why(notes))


def _operate(hour: Hour, start: str, digest: str) -> Mapping[str, Any]:
    """Operate an hour and store its record; give the notes in it.

    The hour starts from the text of a state, be it read or made just now: an undisturbed run goes on from the same
    numbers, in the same order, as one that was resumed.
    """
    from econex_pipeline.control import ControlState, operate_hour
    from econex_pipeline.twin.records import columns_of, state_rows

    day, operated, state = hour.day, hour.operated, ControlState.from_json(start)
    controller = day.setting.controller
    controller.time_limit_s = day.options.hour_time_limit_s
    missing = {}
    expected: Profiles | None = None
    try:
        expected = hour.forecast()
    except ForecastMissing as error:
        missing = {"forecast_missing": str(error)}
    seam = {"seam": said} if (said := hour.seam()) else {}
    record = operate_hour(controller, state, expected, operated.actual, operated.tariffs, operated.day_plan)
    notes = {"start": state.twin.to_json(), "end": record.state.to_json(), **seam, **missing, **record.notes}
    origin = Provenance(day.setting.case, hour.start_utc.isoformat(), code_version(*ROOMS), digest)
    states = [row for state in record.twin_states for row in state_rows(state)]
    parts = {"OPERATIONS": columns_of(record.rows, "OPERATIONS"), "STATE": columns_of(states, "STATE")}
    day.storage.write_parts(parts, HOURS, hour.key, origin, notes)
    return notes


def _why(notes: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{reason['element']} {reason['text']}" for reason in notes["reasons"])
