"""What the plant tells the controller: sensors of stored amounts, and meters of everything that flowed.

The twin speaks this language; a real plant speaks it through whatever reads its sensors. Nothing is estimated here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from econex_pipeline.district import District
from econex_pipeline.twin import Measurement, Observation, TwinState
from econex_pipeline.twin.balances import water_meters


class Telemetry(Protocol):
    """Where readings come from: the twin, or the data logger of a real plant."""

    def observe(self, state: TwinState) -> Observation:
        """Read all sensors at the time of a state.

        Parameters
        ----------
        state : TwinState
            The twin reads its true amounts; a real plant looks at its time only.

        Returns
        -------
        Observation
            Readings of the storages and membranes that were heard; one that was not heard is absent.
        """
        ...


def metered_change(measurement: Measurement, district: District) -> dict[str, tuple[float, float]]:
    """Give what the meters saw of each storage over a step, and how much passed through it.

    Parameters
    ----------
    measurement : Measurement
        One step; what was stored at its ends is not looked at.
    district : District
        What is joined to what, and the data sheets of the batteries.

    Returns
    -------
    dict of str to (float, float)
        By storage: net inflow and throughput (in and out) over the step [m3 or kWh].
    """
    step_h = measurement.step_h
    net: dict[str, float] = defaultdict(float)
    through: dict[str, float] = defaultdict(float)
    tanks = {(storage.node, storage.layer): name for name, storage in district.tanks.items()}
    for place, flow in water_meters(measurement, district):
        tank = tanks.get(place)
        if tank is not None:
            net[tank] += flow * step_h
            through[tank] += abs(flow) * step_h
    for name, battery in district.batteries.items():
        stored_kwh = measurement.powers_kw[f"{name}.charge"] * battery.one_way_frac * step_h
        drawn_kwh = measurement.powers_kw[f"{name}.discharge"] / battery.one_way_frac * step_h
        net[name], through[name] = stored_kwh - drawn_kwh, stored_kwh + drawn_kwh
    return {name: (net[name], through[name]) for name in district.storages}
