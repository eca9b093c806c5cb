"""What the controller carries from one hour to the next, and what an operated hour leaves behind."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

import pandas as pd

from econex_pipeline.control.correction import Corrections
from econex_pipeline.planning import Basis
from econex_pipeline.twin import Measurement, TwinState


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
    operations : pandas.DataFrame
        OPERATIONS rows: planned, asked, delivered, forecast, actual.
    states : pandas.DataFrame
        STATE rows at the start of each cycle and at the end of the last.
    coefficients : pandas.DataFrame
        COEFFICIENTS the hour was decided with (its own steps, scenario 0).
    state : ControlState
        Where the next hour starts.
    fallbacks : int
        Cycles in which the decision did not come from this cycle's own solve.
    messages : tuple of str
        Why, in the solver's words; empty when all went well.
    measurements : tuple of Measurement
        Every cycle as the twin measured it, for the balances.
    """

    operations: pd.DataFrame
    states: pd.DataFrame
    coefficients: pd.DataFrame
    state: ControlState
    fallbacks: int = 0
    messages: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
