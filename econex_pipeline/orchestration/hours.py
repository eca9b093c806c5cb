"""One hour of operation as stored: what it needs, what it leaves behind, and when a stored one may be reused.

An hour is one record: OPERATIONS, STATE, the controller's state at its end and a digest of its inputs, in one file. It
starts from the state that the record of the hour before holds, so a chain of hours that was interrupted goes on where
it stopped, and repeats to the last byte what it would have done undisturbed.

Its digest covers the state it starts from and what it can see of the day's tables, not what lies beyond. So a changed
input computes anew the hours that see it and those after them, until an hour ends as the stored one did.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts import InputError, Provenance, digest_bytes, digest_json
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.contracts.time import HOURS_PER_DAY, steps
from econex_pipeline.contracts.windows import Windows
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.assets.surroundings import PRICES, PROFILES, TRACE
from econex_pipeline.orchestration.forecasts import profiles_at
from econex_pipeline.orchestration.recipe import HOURS, Day
from econex_pipeline.orchestration.versions import code_version

if TYPE_CHECKING:
    from econex_pipeline.control import ControlState
    from econex_pipeline.orchestration.records import Record
    from econex_pipeline.planning import DayPlan

ROOMS = ("control", "twin", "planning", "hydraulics", "treatment", "scenarios", "profiles")
ROOMS += ("orchestration/forecasts.py", "orchestration/hours.py")
LEVEL_TOLERANCE = 1e-6  # m3 or kWh by which rounding may leave a storage beyond its limits
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
        issues = steps(self.day.times[0], HOURS_PER_DAY, 60)
        windows = Windows.starting(issues, SIGHT_H * 60 // step - 1, step)
        return profiles_at(self.day.setting, self.trace, windows)

    @cached_property
    def _plan_digest(self) -> str | None:
        return self.day.storage.digest(PLAN.name, self.day.setting.case, self.day.key)

    @cached_property
    def _rows(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Instant [ns] and digest of each row of the tables that stretch over time."""
        tables = {TRACE.name: self.trace, PROFILES.name: self.profiles, PRICES.name: self.prices}
        return {
            name: (table["time_utc"].array.asi8, pd.util.hash_pandas_object(table, index=False).to_numpy())
            for name, table in tables.items()
        }

    def seen(self, start_utc: pd.Timestamp) -> dict[str, str | None]:
        """Digests of what an hour of the day sees of each table: the plan, and the rest as far as it looks ahead."""
        end = (start_utc + pd.Timedelta(hours=SIGHT_H)).value
        first = {TRACE.name: self.day.times[0].value}  # soil and roofs remember the day so far
        seen = {PLAN.name: self._plan_digest}
        for name, (stamps, rows) in self._rows.items():
            low, high = np.searchsorted(stamps, [first.get(name, start_utc.value), end])
            seen[name] = digest_bytes(rows[low:high].tobytes())
        if self.day.setting.feed is not None:
            seen["feed"] = self.day.setting.feed.digest(start_utc)
        return seen


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

    @property
    def previous_key(self) -> str:
        """Key of the hour before."""
        return partitions.key_of_hour(self.start_utc - pd.Timedelta(hours=1))

    def digest(self, state: ControlState) -> str:
        """Digest of everything this hour is made from."""
        return digest_json(
            {
                "table": HOURS,
                "code": code_version(*ROOMS),
                "case": self.day.setting.digest,
                "hour": self.key,
                "seen": self.operated.seen(self.start_utc),
                "state": state.to_json(),
            }
        )

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
        expected = self.operated.expected[(self.start_utc - self.day.times[0]) // pd.Timedelta(hours=1)]
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
    reused : bool
        Whether it was stored already, made from the same inputs.
    end : ControlState
        Where the next hour starts.
    fallbacks : int
        Cycles in which the controller had to fall back.
    digest : str
        Digest of its inputs.
    seconds : float
        Time it took [s].
    why : tuple of str
        What each device was asked and why, or what decided in the place of the optimum.
    """

    reused: bool
    end: ControlState
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


def ensure_hour(hour: Hour, before: ControlState | None = None) -> OperatedHour:
    """Operate an hour, or find that it was operated already.

    Parameters
    ----------
    hour : Hour
        Which one.
    before : ControlState, optional
        State in which the hour before ended, where it was made or read just now; else it is read from storage.
    """
    from econex_pipeline.control import ControlState, operate_hour
    from econex_pipeline.twin.records import columns_of, state_rows

    day, operated = hour.day, hour.operated
    started = time.perf_counter()
    followed = before is not None and before.time_utc == hour.start_utc
    state = before if before is not None and followed else hour.start_state()
    digest = hour.digest(state)
    stored = None if day.options.force_recompute else hour.stored()
    if stored is not None and stored.label.provenance.inputs_digest == digest:
        notes = stored.label.extra
        return OperatedHour(
            True, end_state(stored), notes["fallbacks"], digest, time.perf_counter() - started, _why(notes)
        )
    controller = day.setting.controller
    controller.time_limit_s = day.options.hour_time_limit_s
    missing = {}
    expected: Profiles | None = None
    try:
        expected = hour.forecast()
    except ForecastMissing as error:
        missing = {"forecast_missing": str(error)}
    record = operate_hour(controller, state, expected, operated.actual, operated.tariffs, operated.day_plan)
    noted = {"start": state.twin.to_json(), "end": record.state.to_json(), **missing, **record.notes}
    origin = Provenance(day.setting.case, hour.start_utc.isoformat(), code_version(*ROOMS), digest)
    states = [row for state in record.twin_states for row in state_rows(state)]
    parts = {"OPERATIONS": columns_of(record.rows, "OPERATIONS"), "STATE": columns_of(states, "STATE")}
    day.storage.write_parts(parts, HOURS, hour.key, origin, noted)
    # what the next hour starts from is what a resumed run would read: the same numbers, in the same order
    end = ControlState.from_json(noted["end"])
    return OperatedHour(False, end, record.fallbacks, digest, time.perf_counter() - started, _why(noted))


def _why(notes: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{reason['element']} {reason['text']}" for reason in notes["reasons"])
