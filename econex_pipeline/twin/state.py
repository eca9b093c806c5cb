"""What the twin remembers from one step to the next: the true amounts in every storage and every membrane.

A state is a value. It can be written to JSON, read back, and continued with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from econex_pipeline.treatment import MembraneState


@dataclass(frozen=True)
class TwinState:
    """The true state of the district at one instant.

    Attributes
    ----------
    time_utc : pandas.Timestamp
        The instant, UTC.
    volumes_m3 : mapping of str to float
        Water in each water storage, by storage name [m3].
    batteries_kwh : mapping of str to float
        Energy in each battery, by storage name [kWh].
    membranes : mapping of str to MembraneState
        State of each treatment's membrane, by treatment name.
    """

    time_utc: pd.Timestamp
    volumes_m3: Mapping[str, float]
    batteries_kwh: Mapping[str, float]
    membranes: Mapping[str, MembraneState]

    def amounts(self) -> dict[str, float]:
        """Give all stored amounts by storage name, water [m3] and energy [kWh] together, as planning takes them."""
        return {**self.volumes_m3, **self.batteries_kwh}

    def to_dict(self) -> dict[str, object]:
        """Give the state as plain numbers and text."""
        return {
            "time_utc": self.time_utc.isoformat(),
            "volumes_m3": dict(self.volumes_m3),
            "batteries_kwh": dict(self.batteries_kwh),
            "membranes": {name: asdict(membrane) for name, membrane in self.membranes.items()},
        }

    @classmethod
    def from_dict(cls, content: Mapping) -> TwinState:
        """Rebuild a state from what `to_dict` gave."""
        return cls(
            time_utc=pd.Timestamp(content["time_utc"]).as_unit("ns"),
            volumes_m3=dict(content["volumes_m3"]),
            batteries_kwh=dict(content["batteries_kwh"]),
            membranes={name: MembraneState(**entry) for name, entry in content["membranes"].items()},
        )

    def to_json(self) -> str:
        """Write the state as JSON; every number survives the round trip bit by bit."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> TwinState:
        """Read a state that `to_json` wrote."""
        return cls.from_dict(json.loads(text))
