"""One strategy over a range of days: each day starts where the one before ended, and is kept as soon as it is done.

What is kept of a day is what happened and what was committed; what was asked and expected is left to the pipeline's own
hours. The facts beside the table are those that only the twin's measurements tell.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pandas as pd

from econex_pipeline.contracts import Provenance, digest_json, tidy
from econex_pipeline.control import ControlState
from econex_pipeline.orchestration.recipe import once
from econex_pipeline.orchestration.versions import code_version
from econex_pipeline.study.days import StudyDays
from econex_pipeline.study.strategies import STRATEGIES, Operated
from econex_pipeline.twin import balances

ROOMS = ("control", "twin", "planning", "hydraulics", "treatment", "study/strategies.py", "study/operating.py")
HAPPENED = ("delivered", "actual")
PRESSURE = "pressure"  # in EPANET's words of a pressure below zero
EVENT = "event_active"
COMMITTED = ("schedule_kw", "schedule_m3_h")


class Chain:
    """A strategy that operates the days of a range in order.

    Parameters
    ----------
    days : StudyDays
        The range.
    strategy : str
        A key of `strategies.STRATEGIES`.
    """

    def __init__(self, days: StudyDays, strategy: str) -> None:
        self.days, self.strategy = days, strategy
        self.state = days.start()

    @property
    def operations_table(self) -> str:
        """Name its days are kept under."""
        return self.strategy

    @property
    def states_table(self) -> str:
        """Name its states are kept under."""
        return f"{self.strategy}_state"

    def operate(self, of: date) -> bool:
        """Operate the next day, or take over what is kept of it.

        Returns
        -------
        bool
            Whether what was kept could be reused.
        """
        day, storage = self.days.day(of), self.days.storage
        case, digest = day.setting.case, self._digest(of)
        reused = all(storage.holds(name, case, day.key, digest) for name in (self.states_table, self.operations_table))
        if reused:
            self.state = ControlState.from_json(self.facts(of)["end"])
            return True
        done = STRATEGIES[self.strategy](self.days, of, self.state)
        origin = Provenance(case, day.issued_at_utc.isoformat(), code_version(*ROOMS), digest)
        storage.write(done.states, "STATE", self.states_table, day.key, origin)
        kept = _kept(done.operations)
        storage.write(kept, "OPERATIONS", self.operations_table, day.key, origin, self._facts(done))
        self.state = done.state
        return False

    def facts(self, of: date) -> dict[str, Any]:
        """Read the facts kept with a day: worst residuals, warnings, clips, fallbacks, and the state at its end."""
        day = self.days.day(of)
        return self.days.storage.extra(self.operations_table, day.setting.case, day.key)

    def operations(self) -> pd.DataFrame:
        """OPERATIONS of all days, as far as kept."""
        return self._joined("OPERATIONS", self.operations_table)

    def states(self) -> pd.DataFrame:
        """STATE of all days; a stamp that two days share stands once."""
        return once(self._joined("STATE", self.states_table))

    def _joined(self, contract: str, table: str) -> pd.DataFrame:
        parts = []
        for of in self.days.dates:
            day = self.days.day(of)
            parts.append(day.storage.read(contract, table, day.setting.case, day.key))
        return pd.concat(parts, ignore_index=True)

    def _digest(self, of: date) -> str:
        content = {
            "strategy": self.strategy,
            "code": code_version(*ROOMS),
            "case": self.days.setting.digest,
            "inputs": self.days.digest(of),
            "state": self.state.to_json(),
        }
        return digest_json(content)

    def _facts(self, done: Operated) -> dict[str, Any]:
        closing = [balances(step, self.days.setting.district) for step in done.measurements]
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


def _kept(operations: pd.DataFrame) -> pd.DataFrame:
    happened = operations["basis"].isin(HAPPENED)
    return tidy(operations[happened | operations["quantity"].isin(COMMITTED)], "OPERATIONS")
