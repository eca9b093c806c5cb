"""What the controller believes of the state, from what the sensors show."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from econex_pipeline.district import District
from econex_pipeline.treatment import MembraneState
from econex_pipeline.twin import Observation

RESERVE_H = 1.0
"""Hours of the day's largest potable demand that a tank keeps for what sensors and forecasts get wrong [A]."""


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


def without_reserve(believed: Estimate, horizon: pd.DataFrame, district: District) -> dict[str, float]:
    """Give the amounts that may be planned with: potable tanks hold back a reserve.

    Parameters
    ----------
    believed : Estimate
        The believed state.
    horizon : pandas.DataFrame
        PROFILES as forecast.
    district : District
        Which tank serves which node.

    Returns
    -------
    dict of str to float
        Amount by storage [m3 or kWh]; a potable tank in its lower half shows less than it holds, never below zero.

    Notes
    -----
    An optimizer that sees one forecast empties a tank to the last drop before the cheap hour; half a percent of sensor
    error then leaves a tap dry. In its upper half a tank shows what it holds, so that it is not overfilled.
    """
    largest = horizon.groupby("node")["potable_m3_h"].max()
    amounts = dict(believed.amounts)
    for name, storage in district.tanks.items():
        if storage.layer == "P" and amounts[name] < 0.5 * storage.capacity:
            amounts[name] = max(0.0, amounts[name] - RESERVE_H * float(largest.get(storage.node, 0.0)))
    return amounts
