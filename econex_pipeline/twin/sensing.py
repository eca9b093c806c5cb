"""What the sensors show of a state: noise, drift, and what is not heard."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econex_pipeline.district import District
from econex_pipeline.treatment import MembraneState
from econex_pipeline.twin.events import Events
from econex_pipeline.twin.state import TwinState


@dataclass(frozen=True)
class Observation:
    """What the sensors show of a state. What was not heard is not there: no stale value is repeated, none is made up.

    Attributes
    ----------
    time_utc : pandas.Timestamp
        The instant.
    amounts : dict of str to float
        Stored amounts with noise and drift, by storage that was heard [m3 or kWh].
    membranes : dict of str to MembraneState
        By treatment that was heard.
    ages_h : dict of str to float
        Of every storage and treatment: 0 where it was heard now, else the time since it was heard last [h].
    utilities_out : frozenset of str
        Of ``grid`` and ``mains``, what was out in the step that ends now.
    """

    time_utc: pd.Timestamp
    amounts: dict[str, float]
    membranes: dict[str, MembraneState]
    ages_h: dict[str, float]
    utilities_out: frozenset[str] = frozenset()


def observe(state: TwinState, district: District, events: Events, noise_frac: float) -> Observation:
    """Read the sensors.

    Parameters
    ----------
    state : TwinState
        What is true.
    district : District
        Capacities, within which every sensor shows, and the seed of the noise.
    events : Events
        Which sensors drift or are not heard.
    noise_frac : float
        Standard deviation of the noise, share of the capacity; seeded by the mismatch, the instant and the sensor.
    """
    now = state.time_utc
    seconds = now.value // 1_000_000_000
    silent_h, drift_frac = events.silent_h(now), events.drift_frac(now)
    shown = {}
    for name, amount in state.amounts().items():
        if name in silent_h:
            continue
        capacity = district.storages[name].capacity
        sensor = zlib.crc32(f"sensor.{name}".encode())
        # as words of 32 bits: numbers of a list would be cut into them one by one
        rng = np.random.default_rng(np.array([district.twin.mismatch.seed, sensor, seconds], dtype=np.uint32))
        off_frac = noise_frac * float(rng.standard_normal()) + drift_frac.get(name, 0.0)
        shown[name] = min(max(amount + off_frac * capacity, 0.0), capacity)
    return Observation(
        time_utc=now,
        amounts=shown,
        membranes={name: membrane for name, membrane in state.membranes.items() if name not in silent_h},
        ages_h={name: silent_h.get(name, 0.0) for name in (*district.storages, *district.treatments)},
        utilities_out=events.utilities_out(now),
    )
