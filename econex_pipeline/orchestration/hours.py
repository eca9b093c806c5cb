"""One hour of operation as stored: what it needs, what it leaves behind, and when a stored one may be reused.

An hour starts from the state the hour before left in storage, so a chain of hours that was interrupted goes on where it
stopped. STATE is written first and OPERATIONS last: an hour is there when both carry the digest of its inputs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from econex_pipeline.contracts import InputError, Provenance, digest_json
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.time import HOURS_PER_DAY, steps
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.assets.surroundings import PRICES, PROFILES, TRACE
from econex_pipeline.orchestration.recipe import HOURS, HOURS_STATE, Day
from econex_pipeline.orchestration.versions import code_version

if TYPE_CHECKING:
    from econex_pipeline.control import ControlState
    from econex_pipeline.planning import DayPlan
    from econex_pipeline.profiles import Memory

ROOMS = ("control", "twin", "planning", "hydraulics", "treatment", "scenarios", "profiles", "orchestration/hours.py")
LEVEL_TOLERANCE = 1e-6  # m3 or kWh by which rounding may leave a storage beyond its limits
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

        return DayPlan.from_table(self.day.setting.network, self.plan)

    @cached_property
    def actual(self) -> Profiles:
        """The profiles as arrays."""
        return Profiles.from_table(self.profiles)

    @cached_property
    def tariffs(self) -> Prices:
        """The prices as arrays."""
        return Prices.from_table(self.prices)

    @cached_property
    def memory(self) -> Memory:
        """Soil, roofs and raw water as the day starts."""
        from econex_pipeline.profiles import remember

        setting = self.day.setting
        return remember(setting.district, setting.history(self.day.times[0]))

    @cached_property
    def digests(self) -> dict[str, str | None]:
        """Digests of the day's tables."""
        day = self.day
        return {need.name: day.storage.digest(need.name, day.setting.case, day.key) for need in NEEDS}


@dataclass(frozen=True)
class Hour:
    """One hourly partition of a day."""

    operated: OperatedDay
    key: str

    @property
    def day(self) -> Day:
        """The operating day."""
        return self.operated.day

    @property
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
                "needs": self.operated.digests,
                "state": state.to_json(),
            }
        )

    def start_state(self) -> ControlState:
        """Where the hour starts: where the one before ended; at a day's start else where its plan starts.

        A day after an edit of the district's storages or treatments starts with what is stored in those that stayed.

        Raises
        ------
        InputError
            If the hour before was never operated as the district stands, and this is not the first of its day.
        """
        from econex_pipeline.control import ControlState
        from econex_pipeline.planning import expected_end_state

        day = self.day
        left = day.storage.extra(HOURS_STATE, day.setting.case, self.previous_key).get("end")
        if left is not None:
            state = ControlState.from_json(left)
            if self._fits(state):
                return state
        if self.start_utc != day.times[0]:
            raise InputError(
                f"operations of case {day.setting.case}",
                "hour",
                self.key,
                f"the hour before, {self.previous_key}, to be operated first with the district as it stands: each "
                "starts where the last one ended",
            )
        ended = expected_end_state(self.operated.plan, self.start_utc) if left is None else state.twin.amounts()
        return day.setting.controller.start(self.start_utc, day.setting.carried(ended))

    def _fits(self, state: ControlState) -> bool:
        """Whether a state is one of the district as it stands: devices may have come, gone or shrunk since."""
        district, amounts = self.day.setting.district, state.twin.amounts()
        if set(amounts) != set(district.storages) or set(state.twin.membranes) != set(district.treatments):
            return False
        carried = self.day.setting.carried(amounts)
        return all(abs(carried[name] - amount) <= LEVEL_TOLERANCE for name, amount in amounts.items())

    def forecast(self) -> pd.DataFrame:
        """PROFILES as expected at this hour, far enough for each of its control cycles to see a whole day."""
        from econex_pipeline.profiles import profiles, remember
        from econex_pipeline.scenarios import forecast

        setting, now = self.day.setting, self.start_utc
        step = setting.district.step_minutes
        times = steps(now, HOURS_PER_DAY + 1 - step / 60, step)
        trace = self.operated.trace
        ahead = trace[trace["time_utc"].isin(times)].reset_index(drop=True)
        expected = forecast(setting.district, setting.climatology, ahead, now, times)
        came = trace[trace["time_utc"] < now]
        return profiles(setting.district, expected, remember(setting.district, came, self.operated.memory))


def ensure_hour(hour: Hour) -> tuple[bool, dict[str, Any]]:
    """Operate an hour, or find that it was operated already.

    Returns
    -------
    bool
        Whether a stored hour made from the same inputs was reused.
    dict
        Numbers for the catalogue.
    """
    from econex_pipeline.control import operate_hour

    day, case, operated = hour.day, hour.day.setting.case, hour.operated
    started = time.perf_counter()
    state = hour.start_state()
    digest = hour.digest(state)
    stored = all(day.storage.holds(table, case, hour.key, digest) for table in (HOURS_STATE, HOURS))
    reused = stored and not day.options.force_recompute
    if not reused:
        controller = day.setting.controller
        controller.time_limit_s = day.options.hour_time_limit_s
        expected = Profiles.from_table(hour.forecast())
        record = operate_hour(controller, state, expected, operated.actual, operated.tariffs, operated.day_plan)
        origin = Provenance(case, hour.start_utc.isoformat(), code_version(*ROOMS), digest)
        kept = {"start": state.to_json(), "end": record.state.to_json()}
        day.storage.write(record.states, "STATE", HOURS_STATE, hour.key, origin, kept)
        noted = {"fallbacks": record.fallbacks, "messages": list(record.messages)}
        day.storage.write(record.operations, "OPERATIONS", HOURS, hour.key, origin, noted)
    noted = day.storage.extra(HOURS, case, hour.key)
    seconds = time.perf_counter() - started
    return reused, {"fallbacks": noted["fallbacks"], "reused": reused, "seconds": seconds, "inputs digest": digest}
