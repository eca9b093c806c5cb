"""A strategy over a range of days, kept: by the day, each from where the one before ended, or the range at once.

What is kept is what happened and what was committed; what was asked and expected is left to the pipeline's own hours.
The facts beside the table are those that only the measurements tell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from econex_pipeline.contracts import InputError, Provenance, digest_json, tidy
from econex_pipeline.control import ControlState
from econex_pipeline.district import District
from econex_pipeline.orchestration.recipe import once
from econex_pipeline.orchestration.versions import code_version
from econex_pipeline.study.days import ROOMS as INPUT_ROOMS
from econex_pipeline.study.days import StudyDays
from econex_pipeline.study.strategies import AT_ONCE, BY_DAY, ENDING_AS, Operated
from econex_pipeline.twin import balances

ROOMS = (*INPUT_ROOMS, "control", "twin", "study/strategies.py", "study/operating.py")
HAPPENED = ("delivered", "actual")
PRESSURE = "pressure"  # in EPANET's words of a pressure below zero
EVENT = "event_active"
COMMITTED = ("schedule_kw", "schedule_m3_h")

Facts = dict[str, Any]


class Kept(ABC):
    """What a strategy leaves of a range.

    Parameters
    ----------
    days : StudyDays
        The range.
    strategy : str
        A key of `strategies.BY_DAY` or `strategies.AT_ONCE`.
    """

    def __init__(self, days: StudyDays, strategy: str) -> None:
        self.days, self.strategy = days, strategy
        self.state = days.start()

    @property
    @abstractmethod
    def keys(self) -> Sequence[str]:
        """Keys under which its parts are kept, in order of time."""

    def operations(self) -> pd.DataFrame:
        """OPERATIONS of the range."""
        return self._joined("OPERATIONS", self.strategy)

    def states(self) -> pd.DataFrame:
        """STATE of the range; a stamp that two parts share stands once."""
        return once(self._joined("STATE", self._states_table))

    def facts(self) -> list[Facts]:
        """Facts of each part: worst residuals, warnings, clips, what was said, and the state at its end."""
        return [self._facts(key) for key in self.keys]

    @property
    def _states_table(self) -> str:
        return f"{self.strategy}_state"

    def _facts(self, key: str) -> Facts:
        return self.days.storage.extra(self.strategy, self.days.setting.case, key)

    def _joined(self, contract: str, table: str) -> pd.DataFrame:
        storage, case = self.days.storage, self.days.setting.case
        return pd.concat([storage.read(contract, table, case, key) for key in self.keys], ignore_index=True)

    def _taken_over(self, key: str, digest: str) -> bool:
        """Take over a part that is kept, made from the same inputs."""
        storage, case = self.days.storage, self.days.setting.case
        if not all(storage.holds(name, case, key, digest) for name in (self._states_table, self.strategy)):
            return False
        self.state = ControlState.from_json(self._facts(key)["end"])
        return True

    def _keep(self, key: str, digest: str, of: date, done: Operated) -> None:
        storage, setting, day = self.days.storage, self.days.setting, self.days.day(of)
        origin = Provenance(setting.case, day.issued_at_utc.isoformat(), code_version(*ROOMS), digest)
        storage.write(done.states, "STATE", self._states_table, key, origin)
        kept = tidy(done.operations[_is_kept(done.operations)], "OPERATIONS")
        storage.write(kept, "OPERATIONS", self.strategy, key, origin, facts_of(done, setting.district))
        self.state = done.state

    def _digest(self, **own: object) -> str:
        common = {"strategy": self.strategy, "code": code_version(*ROOMS), "case": self.days.setting.digest}
        return digest_json({**common, "state": self.state.to_json(), **own})


class Chain(Kept):
    """A strategy that operates the days of a range in order."""

    @property
    def keys(self) -> list[str]:
        """Keys of the days."""
        return [self.days.day(of).key for of in self.days.dates]

    def operate(self, of: date) -> bool:
        """Operate the next day, or take over what is kept of it.

        Returns
        -------
        bool
            Whether what was kept could be reused.
        """
        key, digest = self.days.day(of).key, self._digest(inputs=self.days.digest(of), feed=self.days.fed(of))
        reused = self._taken_over(key, digest)
        if not reused:
            self._keep(key, digest, of, BY_DAY[self.strategy](self.days, of, self.state))
        return reused


class Stretch(Kept):
    """A strategy that is asked once for the whole range."""

    @property
    def keys(self) -> list[str]:
        """Key of the range, which tells its length."""
        return [f"{self.days.day(self.days.first).key}_{self.days.count}d"]

    def operate(self) -> bool:
        """Operate the range, or take over what is kept of it; answer as of `Chain.operate`.

        Raises
        ------
        InputError
            If it is to end as another strategy did that was not operated yet.
        """
        (key,) = self.keys
        hold = self._hold()
        digest = self._digest(inputs=[self.days.digest(of) for of in self.days.dates], hold=hold)
        reused = self._taken_over(key, digest)
        if not reused:
            done = AT_ONCE[self.strategy](self.days, self.state.twin, hold)
            self._keep(key, digest, self.days.first, done)
        return reused

    def _hold(self) -> dict[str, float] | None:
        """Amounts with which the strategy ended that this one is to end as."""
        other = ENDING_AS.get(self.strategy)
        if other is None:
            return None
        ended = Chain(self.days, other)._facts(self.days.day(self.days.dates[-1]).key)
        if "end" not in ended:
            raise InputError("study", "strategy", self.strategy, f"'{other}' to be operated over the same days first")
        return ControlState.from_json(ended["end"]).twin.amounts()


def kept(days: StudyDays, strategy: str) -> Chain | Stretch:
    """Give what a strategy leaves of a range, by the day or at once."""
    return Chain(days, strategy) if strategy in BY_DAY else Stretch(days, strategy)


def facts_of(done: Operated, district: District) -> Facts:
    """Give the facts of an operated part: JSON-serializable, the same for the same inputs."""
    closing = [balances(step, district) for step in done.measurements]
    eventful = set(done.operations.loc[done.operations["quantity"] == EVENT, "time_utc"])
    pressure = [step for step in done.measurements if any(PRESSURE in warning for warning in step.warnings)]
    warnings = Counter(warning for step in done.measurements for warning in step.warnings)
    return {
        "end": done.state.to_json(),
        "worst_water_m3": max(step.worst_water_m3 for step in closing),
        "worst_energy_kwh": max(step.worst_energy_kwh for step in closing),
        "clips": sum(len(step.clips) for step in done.measurements),
        "pressure_warnings": len(pressure),
        "pressure_warnings_unexplained": sum(step.time_utc not in eventful for step in pressure),
        "warnings": dict(sorted(warnings.items())),
        "messages": list(done.messages),
    }


def _is_kept(operations: pd.DataFrame) -> pd.Series:
    return operations["basis"].isin(HAPPENED) | operations["quantity"].isin(COMMITTED)
