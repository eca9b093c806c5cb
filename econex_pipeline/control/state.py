"""What the controller carries from one hour to the next, and what an operated hour leaves behind."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from econex_pipeline.control.coefficients import Coefficients
from econex_pipeline.control.correction import Corrections
from econex_pipeline.control.estimate import Estimate
from econex_pipeline.control.fallback import KeptPlan, Status
from econex_pipeline.planning import Basis
from econex_pipeline.twin import Exogenous, Measurement, TwinState
from econex_pipeline.twin.records import Row, operations_table, state_table

if TYPE_CHECKING:
    from econex_pipeline.control.choose import Choice


@dataclass(frozen=True)
class ControlState:
    """All that the next hour needs: the plant's state, what is believed and was learnt of it, what was planned.

    Attributes
    ----------
    twin : TwinState
        The true state of the district.
    corrections : Corrections
        Measured over predicted, per device.
    basis : Basis or None
        Basis of the last solve, so that a resumed run repeats the undisturbed one.
    belief : Estimate or None
        What is expected of the state before its sensors are read.
    kept : KeptPlan or None
        What the last optimum asks of the next hours.
    came : Exogenous or None
        What the last step brought, as measured; its raw water as it was expected.
    """

    twin: TwinState
    corrections: Corrections = field(default_factory=Corrections)
    basis: Basis | None = None
    belief: Estimate | None = None
    kept: KeptPlan | None = None
    came: Exogenous | None = None

    @property
    def time_utc(self) -> pd.Timestamp:
        """The instant the state stands for."""
        return self.twin.time_utc

    def to_json(self) -> str:
        """Write the state as JSON; every number survives the round trip bit by bit."""
        content = {
            "twin": self.twin.to_dict(),
            "corrections": self.corrections.to_dict(),
            "basis": None if self.basis is None else asdict(self.basis),
            "belief": None if self.belief is None else self.belief.to_dict(),
            "kept": None if self.kept is None else self.kept.to_dict(),
            "came": None if self.came is None else self.came.to_dict(),
        }
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ControlState:
        """Read a state that `to_json` wrote."""
        content = json.loads(text)
        return cls(
            twin=TwinState.from_dict(content["twin"]),
            corrections=Corrections.from_dict(content["corrections"]),
            basis=None if content["basis"] is None else Basis(**content["basis"]),
            belief=None if content["belief"] is None else Estimate.from_dict(content["belief"]),
            kept=None if content["kept"] is None else KeptPlan.from_dict(content["kept"]),
            came=None if content["came"] is None else Exogenous.from_dict(content["came"]),
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
    choices : tuple of Choice
        What decided each cycle, and why.
    measurements : tuple of Measurement
        Every cycle as the twin measured it, for the balances.
    """

    rows: tuple[Row, ...]
    twin_states: tuple[TwinState, ...]
    coefficients: tuple[Coefficients, ...]
    state: ControlState
    choices: tuple[Choice, ...] = ()
    measurements: tuple[Measurement, ...] = ()

    @property
    def fallbacks(self) -> int:
        """Cycles in which the decision did not come from this cycle's own optimum."""
        return sum(choice.status is not Status.OPTIMUM for choice in self.choices)

    @property
    def messages(self) -> tuple[str, ...]:
        """Why, in the solver's words; empty when all went well."""
        return tuple(choice.message for choice in self.choices if choice.status is not Status.OPTIMUM)

    @property
    def notes(self) -> dict[str, Any]:
        """Give what is kept in words beside the tables: reasons, fallbacks, clips and why, events, warnings.

        Numbers and texts only; a clip's numbers are means over its step [m3/h or kW].
        """
        clips = [
            {"time_utc": measurement.time_utc.isoformat(), **asdict(clip)}
            for measurement in self.measurements
            for clip in measurement.clips
        ]
        reasons = [
            {"time_utc": measurement.time_utc.isoformat(), **reason.to_dict()}
            for measurement, choice in zip(self.measurements, self.choices, strict=True)
            for reason in choice.reasons
        ]
        return {
            "fallbacks": self.fallbacks,
            "causes": [choice.cause.name.lower() for choice in self.choices if choice.cause],
            "messages": list(self.messages),
            "reasons": reasons,
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
