"""What the controller carries from one hour to the next, and what an operated hour leaves behind."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from econex_pipeline.control.coefficients import Coefficients
from econex_pipeline.control.correction import Corrections
from econex_pipeline.planning import Basis
from econex_pipeline.twin import Measurement, TwinState
from econex_pipeline.twin.records import Row, operations_table, state_table


@dataclass(frozen=True)
class ControlState:
    """All that the next hour needs: the twin's state, what was learnt of the plant, the solver's basis.

    Attributes
    ----------
    twin : TwinState
        The true state of the district.
    corrections : Corrections
        Measured over predicted, per device.
    basis : Basis or None
        Basis of the last solve, so that a resumed run repeats the undisturbed one.
    """

    twin: TwinState
    corrections: Corrections = field(default_factory=Corrections)
    basis: Basis | None = None

    @property
    def time_utc(self) -> pd.Timestamp:
        """The instant the state stands for."""
        return self.twin.time_utc

    def to_json(self) -> str:
        """Write the state as JSON; every number survives the round trip bit by bit."""
        basis = None if self.basis is None else asdict(self.basis)
        content = {"twin": self.twin.to_dict(), "corrections": self.corrections.to_dict(), "basis": basis}
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ControlState:
        """Read a state that `to_json` wrote."""
        content = json.loads(text)
        return cls(
            twin=TwinState.from_dict(content["twin"]),
            corrections=Corrections.from_dict(content["corrections"]),
            basis=None if content["basis"] is None else Basis(**content["basis"]),
        )


@dataclass(frozen=True)
class HourRecord:
    """What the loop did and what came of it, over the cycles of one hour.

    Attributes
    ----------
    rows : tuple of Row
        Rows of OPERATIONS in the order of the cycles: planned, asked, delivered, forecast, actual.
    twin_states : tuple of TwinState
        At the start of each cycle and at the end of the last.
    coefficients : tuple of Coefficients
        What each cycle was decided with, over its horizon.
    state : ControlState
        Where the next hour starts.
    fallbacks : int
        Cycles in which the decision did not come from this cycle's own solve.
    messages : tuple of str
        Why, in the solver's words; empty when all went well.
    measurements : tuple of Measurement
        Every cycle as the twin measured it, for the balances.
    """

    rows: tuple[Row, ...]
    twin_states: tuple[TwinState, ...]
    coefficients: tuple[Coefficients, ...]
    state: ControlState
    fallbacks: int = 0
    messages: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()

    @property
    def notes(self) -> dict[str, Any]:
        """Give what is kept in words beside the tables: fallbacks, clips and why, events, warnings.

        Numbers and texts only; a clip's numbers are means over its step [m3/h or kW].
        """
        clips = [
            {"time_utc": measurement.time_utc.isoformat(), **asdict(clip)}
            for measurement in self.measurements
            for clip in measurement.clips
        ]
        return {
            "fallbacks": self.fallbacks,
            "messages": list(self.messages),
            "clips": clips,
            "events": sorted({event for measurement in self.measurements for event in measurement.events}),
            "warnings": sorted({warning for measurement in self.measurements for warning in measurement.warnings}),
        }

    @cached_property
    def operations(self) -> pd.DataFrame:
        """OPERATIONS of the hour."""
        return operations_table(self.rows)

    @cached_property
    def states(self) -> pd.DataFrame:
        """STATE at the start of each cycle and at the end of the last."""
        return state_table(self.twin_states)
