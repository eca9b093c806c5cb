"""What the controller believes of the state, from what the sensors show."""

from __future__ import annotations

from dataclasses import dataclass

from econex_pipeline.district import District
from econex_pipeline.treatment import MembraneState
from econex_pipeline.twin import Observation


@dataclass(frozen=True)
class Estimate:
    """The believed state: stored amounts by storage [m3 or kWh], membranes by treatment."""

    amounts: dict[str, float]
    membranes: dict[str, MembraneState]

    def levels_m3(self, district: District) -> dict[str, float]:
        """Give the volumes as the network file names its tanks [m3]."""
        return {str(storage.tank): self.amounts[name] for name, storage in district.tanks.items()}


def estimate(observation: Observation, district: District) -> Estimate:
    """Turn what the sensors show into a state that is possible.

    Parameters
    ----------
    observation : Observation
        Stored amounts with noise.
    district : District
        Limits of the storages.

    Returns
    -------
    Estimate
        The same amounts, kept within their limits.
    """
    amounts = {
        name: min(max(amount, 0.0), district.storages[name].capacity) for name, amount in observation.amounts.items()
    }
    return Estimate(amounts, observation.membranes)
