"""What the district's events do to the plant: more demand, no grid or mains, leaks, worn pumps, sensors that err.

When an event is under way is in `econex_pipeline.district.events`. Nothing here remembers anything: what an event does
to a step follows from the time of the step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from econex_pipeline.district import District, Event
from econex_pipeline.twin.exchange import Exogenous, NodeInputs

HYDRAULIC_FAILURE = "hydraulic_failure"
"""Label of a step in which the hydraulic engine found no answer to what was asked."""
UTILITIES = {"grid_outage": "grid", "mains_outage": "mains"}


@dataclass(frozen=True)
class Faults:
    """What is broken in the water network during a step.

    Attributes
    ----------
    leaks_m3_h : mapping of str to float
        Flow out of each leaking tank, by storage [m3/h].
    pump_efficiency, pump_speed : mapping of str to float
        Factors by worn pumped arc.
    """

    leaks_m3_h: Mapping[str, float] = field(default_factory=dict)
    pump_efficiency: Mapping[str, float] = field(default_factory=dict)
    pump_speed: Mapping[str, float] = field(default_factory=dict)


class Events:
    """The events of a district.

    Parameters
    ----------
    district : District
        Its `events`, its clock and its step.
    """

    def __init__(self, district: District) -> None:
        self._events = tuple(district.events.values())
        self._offset_h, self._step_h = district.site.utc_offset_h, district.step_h

    def labels(self, time_utc: pd.Timestamp) -> tuple[str, ...]:
        """Name the events of a step, as the record does: ``<kind>.<element>`` or ``<kind>``, each once, sorted."""
        return tuple(sorted({event.label for event, _ in self._under_way(time_utc)}))

    def on(self, exogenous: Exogenous) -> Exogenous:
        """Give what the world does with the events of the step: outages, and what nodes draw more.

        Water of a burst is drawn and gone: it comes back as greywater at no node.
        """
        if not self._events:
            return exogenous
        nodes = dict(exogenous.nodes)
        out = {"grid": not exogenous.grid_available, "mains": not exogenous.mains_available}
        for event, _ in self._under_way(exogenous.time_utc):
            if event.kind in UTILITIES:
                out[UTILITIES[event.kind]] = True
            elif event.kind == "demand_burst":
                inputs = nodes.get(str(event.element), NodeInputs())
                nodes[str(event.element)] = replace(
                    inputs,
                    potable_m3_h=inputs.potable_m3_h + (event.potable_m3_h or 0.0),
                    load_kw=inputs.load_kw + (event.load_kw or 0.0),
                )
        return replace(exogenous, nodes=nodes, grid_available=not out["grid"], mains_available=not out["mains"])

    def faults(self, time_utc: pd.Timestamp) -> Faults:
        """Give what is broken in a step: leaks of a tank add up, factors of a pump multiply."""
        leaks: dict[str, float] = {}
        efficiency: dict[str, float] = {}
        speed: dict[str, float] = {}
        for event, _ in self._under_way(time_utc):
            name = str(event.element)
            if event.kind == "leak":
                leaks[name] = leaks.get(name, 0.0) + float(event.flow_m3_h or 0.0)
            elif event.kind == "pump_wear":
                efficiency[name] = efficiency.get(name, 1.0) * (event.efficiency_factor or 1.0)
                speed[name] = speed.get(name, 1.0) * (event.speed_factor or 1.0)
        return Faults(leaks, efficiency, speed)

    def drift_frac(self, instant: pd.Timestamp) -> dict[str, float]:
        """Say how far each drifting sensor is off at an instant, by storage [share of its capacity]."""
        drifts: dict[str, float] = {}
        for event, since in self._under_way(instant):
            if event.kind == "sensor_drift":
                name, off = str(event.element), float(event.drift_frac_h or 0.0) * _hours(since, instant)
                drifts[name] = drifts.get(name, 0.0) + off
        return drifts

    def silent_h(self, instant: pd.Timestamp) -> dict[str, float]:
        """Say for how long each sensor that is not heard at an instant has been silent, by storage or treatment [h].

        A sensor that fails at an instant was last heard one step before.
        """
        silent: dict[str, float] = {}
        for event, since in self._under_way(instant):
            if event.kind == "sensor_dropout":
                name = str(event.element)
                silent[name] = max(silent.get(name, 0.0), _hours(since, instant) + self._step_h)
        return silent

    def utilities_out(self, instant: pd.Timestamp) -> frozenset[str]:
        """Name the utilities, grid and mains, that were out in the step that ended at an instant."""
        if not self._events:
            return frozenset()
        step = instant - pd.Timedelta(hours=self._step_h)
        return frozenset(UTILITIES[event.kind] for event, _ in self._under_way(step) if event.kind in UTILITIES)

    def _under_way(self, instant: pd.Timestamp) -> list[tuple[Event, pd.Timestamp]]:
        begun = ((event, event.began(instant, self._offset_h)) for event in self._events)
        return [(event, since) for event, since in begun if since is not None]


def _hours(since: pd.Timestamp, until: pd.Timestamp) -> float:
    return float((until - since) / pd.Timedelta(hours=1))
