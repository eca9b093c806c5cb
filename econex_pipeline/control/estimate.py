"""What the controller believes of the state: each storage followed by its meters and set right by its level sensor.

One Kalman filter a storage (Kalman 1960, doi:10.1115/1.3662552). Between two readings the amount moves by what meters
saw; a reading pulls it back by as much as it is to be trusted. A sensor that is silent leaves the meters alone, and
doubt grows until it is heard again.

A reading may be too far from what meters say. Where it stays as far for some hours, both see the same changes: it was
the estimate that was wrong, and the reading is taken. Else either the sensor drifts or something leaks, and nothing
here can tell which: the lower of the two is believed, since a tank that is fuller than believed has a level switch, and
one that is emptier has none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from econex_pipeline.control.telemetry import metered_change
from econex_pipeline.district import District
from econex_pipeline.treatment import MembraneState
from econex_pipeline.twin import Measurement, Observation

METER_FRAC = {"P": 0.005, "W": 0.005, "E": 0.02}
"""Error of meters as a share of what passed; of a battery also the losses that its data sheet does not tell [A]."""
CREEP_FRAC_H = 2e-4
"""What passes without a meter in an hour, as a share of the capacity: leaks, shut valves, standing losses [A]."""
LEAST_NOISE_FRAC = 1e-3
"""No level sensor is taken for better than this share of the capacity [A]."""
GATE = 4.0
"""Standard deviations beyond which a reading is contradicted by the meters: about one good reading in 16,000."""
STEADY_H = 3.0
"""Hours after which a reading that stays as far from the meters as it was is taken [A]."""
STEADY = 2.0
"""Standard deviations of the difference of two readings within which it stays as far."""
STALE_AFTER_H = 12.0
"""Hours without a reading that could be taken after which a level is no longer trusted for planning [A]."""


@dataclass(frozen=True)
class Estimate:
    """The believed state.

    Attributes
    ----------
    amounts : dict of str to float
        Stored amounts by storage [m3 or kWh].
    membranes : dict of str to MembraneState
        By treatment.
    sds : dict of str to float
        Standard deviation of each amount [m3 or kWh].
    ages_h : dict of str to float
        Hours since a reading of the storage was taken.
    surprises : dict of str to float
        Storages whose reading the meters contradict, and by how much it lay above what was believed when that began;
        0 where it lay below and was taken [m3 or kWh].
    """

    amounts: dict[str, float]
    membranes: dict[str, MembraneState]
    sds: dict[str, float] = field(default_factory=dict)
    ages_h: dict[str, float] = field(default_factory=dict)
    surprises: dict[str, float] = field(default_factory=dict)

    def levels_m3(self, district: District) -> dict[str, float]:
        """Give the volumes as the network file names its tanks [m3]."""
        return {str(storage.tank): self.amounts[name] for name, storage in district.tanks.items()}

    @property
    def stale(self) -> tuple[str, ...]:
        """Storages that were not read for too long."""
        return tuple(name for name, age_h in self.ages_h.items() if age_h >= STALE_AFTER_H)

    def to_dict(self) -> dict[str, Any]:
        """Give the estimate as plain numbers."""
        levels = {name: [amount, self.sds[name], self.ages_h[name]] for name, amount in self.amounts.items()}
        membranes = {name: asdict(membrane) for name, membrane in self.membranes.items()}
        return {"levels": levels, "membranes": membranes, "surprises": dict(self.surprises)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Estimate:
        """Rebuild from what `to_dict` gave."""
        levels = content["levels"]
        amounts, sds, ages_h = ({name: level[part] for name, level in levels.items()} for part in range(3))
        membranes = {name: MembraneState(**entry) for name, entry in content["membranes"].items()}
        return cls(amounts, membranes, sds, ages_h, dict(content["surprises"]))


def estimate(observation: Observation, district: District, expected: Estimate | None = None) -> Estimate:
    """Correct what was expected of the state by what the sensors show.

    Parameters
    ----------
    observation : Observation
        Readings; a storage or treatment that was not heard is absent.
    district : District
        Limits of the storages and the noise of their sensors.
    expected : Estimate, optional
        From `predict`; without it readings are all there is.

    Returns
    -------
    Estimate
        At the time of the readings, within the limits of the storages. A storage never heard of stands at its start
        amount, as uncertain as its capacity is large.
    """
    amounts, sds, ages_h, surprises = {}, {}, {}, {}
    for name, storage in district.storages.items():
        noise = max(district.twin.measurement_noise_frac, LEAST_NOISE_FRAC) * storage.capacity
        reading = observation.amounts.get(name)
        if expected is not None:
            amount, sd, age_h = expected.amounts[name], expected.sds[name], expected.ages_h[name]
        elif reading is not None:
            amount, sd, age_h = reading, noise, 0.0
        else:
            amount, sd, age_h = storage.start, storage.capacity / math.sqrt(12.0), STALE_AFTER_H
        if expected is not None and reading is not None:
            surprise, doubt, begun = reading - amount, math.hypot(sd, noise), expected.surprises.get(name, 0.0)
            steady = abs(surprise - begun) <= STEADY * math.sqrt(2.0) * noise
            if abs(surprise) <= GATE * doubt:
                trust = (sd / doubt) ** 2
                amount, sd, age_h = amount + trust * surprise, sd * noise / doubt, 0.0
            elif begun and steady and age_h >= STEADY_H:
                amount, sd, age_h = reading, noise, 0.0
            elif surprise < 0.0:
                amount, sd, age_h, surprises[name] = reading, noise, 0.0, 0.0
            else:
                surprises[name] = begun or surprise
        amounts[name], sds[name], ages_h[name] = min(max(amount, 0.0), storage.capacity), sd, age_h
    known = {} if expected is None else expected.membranes
    membranes = {name: MembraneState() for name in district.treatments} | known | observation.membranes
    return Estimate(amounts, membranes, sds, ages_h, surprises)


def predict(believed: Estimate, measurement: Measurement, district: District) -> Estimate:
    """Say what is to be expected at the end of a step from what meters saw in it.

    Parameters
    ----------
    believed : Estimate
        At the start of the step.
    measurement : Measurement
        The step.
    district : District
        What is joined to what.

    Returns
    -------
    Estimate
        Before the readings at the end of the step. Errors of independent steps add up as squares; while no reading is
        taken they are feared to be of one sign, and add up as they are.
    """
    amounts, sds, ages_h = {}, {}, {}
    for name, (change, passed) in metered_change(measurement, district).items():
        storage = district.storages[name]
        kept = 1.0 - storage.standing_loss_frac_h * measurement.step_h
        error = METER_FRAC[storage.layer] * passed + CREEP_FRAC_H * storage.capacity * measurement.step_h
        heard = believed.ages_h[name] == 0.0
        amounts[name] = min(max(kept * believed.amounts[name] + change, 0.0), storage.capacity)
        sds[name] = math.hypot(believed.sds[name], error) if heard else believed.sds[name] + error
        ages_h[name] = believed.ages_h[name] + measurement.step_h
    return Estimate(amounts, believed.membranes, sds, ages_h, believed.surprises)
