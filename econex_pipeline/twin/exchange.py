"""What goes into a step of the twin and what comes out of it: decision, exogenous inputs, measurement.

No physics here. Elements carry the names of the plan's network: arcs, storages, devices, `grid_import`,
`mains_import`, `pv.<node>`, `curtail.<node>`, `sewer.<node>`, `unserved.<node>.<layer>`, `overflow.<storage>`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.contracts.tables import PROFILE_VALUES

FLOWS = ("pv_kw", "load_kw", "potable_m3_h", "greywater_m3_h", "rain_harvest_m3_h", "irrigation_m3_h")
_FLOWS_AT = [PROFILE_VALUES.index(name) for name in FLOWS]
_TURBIDITY, _TEMPERATURE = (PROFILE_VALUES.index(name) for name in ("turbidity_ntu", "water_temperature_c"))


class Lift(NamedTuple):
    """Least and most flow of a pump that answers the meter [m3/h], and what lifting is believed to take [kWh/m3]."""

    least_m3_h: float
    most_m3_h: float
    kwh_m3: float


@dataclass(frozen=True)
class Decision:
    """What the controller asks of the plant for one step.

    The grid is not asked: it takes the remainder. Lines that lie on the way to the grid are not asked either; what is
    given for them is kept for the record.

    Attributes
    ----------
    flows_m3_h : mapping of str to float
        Mean flow over the step by element [m3/h]: water arcs, `mains_import`, treatment feed, `sewer.<node>`.
    powers_kw : mapping of str to float
        Mean power over the step by element [kW]: lines, `<battery>.charge`, `<battery>.discharge`,
        `curtail.<node>`, `dump.<node>`.
    rated_flows_m3_h : mapping of str to float
        Flow at which the controller believes each duty-cycled element runs [m3/h]: the run time is flow / rated flow.
    bands_kw : mapping of str to (float, float)
        Least and most net charge [kW] between which a battery keeps the grid's meter at zero within the step, as a
        hybrid inverter does in self-consumption mode; its charge and discharge in `powers_kw` are then what is expected
        of it. A battery without a band runs at what was asked, and the grid takes all that was not foreseen.
    lifts : mapping of str to Lift
        Pumps that answer the grid's meter within the step: after the batteries, they lift what would be sold; before
        them, they rest where electricity would have to be bought or drawn for it.
    """

    flows_m3_h: Mapping[str, float] = field(default_factory=dict)
    powers_kw: Mapping[str, float] = field(default_factory=dict)
    rated_flows_m3_h: Mapping[str, float] = field(default_factory=dict)
    bands_kw: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    lifts: Mapping[str, Lift] = field(default_factory=dict)

    def with_flows(self, **flows: float) -> Decision:
        """Give the same decision with some flows replaced."""
        return replace(self, flows_m3_h={**self.flows_m3_h, **flows})

    def without(self, elements: Collection[str]) -> Decision:
        """Give the same decision with nothing asked of some elements."""
        kept = {element: flow for element, flow in self.flows_m3_h.items() if element not in elements}
        return replace(self, flows_m3_h=kept)


@dataclass(frozen=True)
class NodeInputs:
    """What the world does at one node during a step; means over the step, names as in the PROFILES contract."""

    pv_kw: float = 0.0
    load_kw: float = 0.0
    potable_m3_h: float = 0.0
    greywater_m3_h: float = 0.0
    rain_harvest_m3_h: float = 0.0
    irrigation_m3_h: float = 0.0


@dataclass(frozen=True)
class Exogenous:
    """What the world does during one step.

    Attributes
    ----------
    time_utc : pandas.Timestamp
        Start of the step.
    nodes : mapping of str to NodeInputs
        Supply and demand by node.
    turbidity_ntu, water_temperature_c : float
        Of the raw water.
    grid_available, mains_available : bool
        False during an outage of the utility.
    """

    time_utc: pd.Timestamp
    nodes: Mapping[str, NodeInputs]
    turbidity_ntu: float = 0.0
    water_temperature_c: float = 15.0
    grid_available: bool = True
    mains_available: bool = True

    @classmethod
    def from_profiles(cls, profiles: Profiles, time_utc: pd.Timestamp) -> Exogenous:
        """Take one step out of PROFILES.

        Raises
        ------
        InputError
            If they do not hold that step.
        """
        step = profiles.at(time_utc)
        nodes = {node: NodeInputs(*row) for node, row in zip(profiles.nodes, step[:, _FLOWS_AT].tolist(), strict=True)}
        return cls(time_utc, nodes, float(step[0, _TURBIDITY]), float(step[0, _TEMPERATURE]))

    def profiles(self) -> Profiles:
        """Give the step as PROFILES of one step."""
        values = np.zeros((1, len(self.nodes), len(PROFILE_VALUES)))
        for i, inputs in enumerate(self.nodes.values()):
            values[0, i, _FLOWS_AT] = [getattr(inputs, name) for name in FLOWS]
        values[..., _TURBIDITY], values[..., _TEMPERATURE] = self.turbidity_ntu, self.water_temperature_c
        return Profiles(np.array([self.time_utc.value]), tuple(self.nodes), values)

    def to_dict(self) -> dict[str, Any]:
        """Give the step as plain numbers and text."""
        nodes = {name: [getattr(inputs, flow) for flow in FLOWS] for name, inputs in self.nodes.items()}
        return {**vars(self), "time_utc": self.time_utc.isoformat(), "nodes": nodes}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Exogenous:
        """Rebuild from what `to_dict` gave."""
        nodes = {name: NodeInputs(*flows) for name, flows in content["nodes"].items()}
        return cls(**{**content, "time_utc": pd.Timestamp(content["time_utc"]).as_unit("ns"), "nodes": nodes})


@dataclass(frozen=True)
class Clip:
    """A part of a decision that physics could not follow.

    Attributes
    ----------
    element : str
        Element that was asked.
    asked, delivered : float
        Mean over the step, m3/h or kW.
    reason : str
        One clause, for the operator.
    """

    element: str
    asked: float
    delivered: float
    reason: str


@dataclass(frozen=True)
class Measurement:
    """Everything the twin measured during one step; each term by itself, none as a remainder but the grid's.

    Attributes
    ----------
    time_utc : pandas.Timestamp
        Start of the step.
    step_h : float
        Its length [h].
    flows_m3_h : dict of str to float
        Delivered mean flow by element [m3/h]: arcs, `mains_import`, `mains_export`, treatment feed, `sewer.<node>`
        (treatment reject not included), `overflow.<storage>`, `overflow.<node>.W`, `leak.<storage>`,
        `unserved.<node>.<layer>`.
    powers_kw : dict of str to float
        Delivered mean power by element [kW]: lines, `grid_import`, `grid_export`, `pv.<node>` (used),
        `curtail.<node>`, `<battery>.charge`, `<battery>.discharge`, `dump.<node>`, `unserved.<node>.E`.
    consumed_kw, generated_kw : dict of str to float
        Electric power of pumps and treatments, of turbines and the inlet, by element [kW].
    product_m3_h, reject_m3_h : dict of str to float
        Of each treatment [m3/h].
    battery_loss_kw : dict of str to float
        Heat that each battery gave off, standing loss included [kW].
    inputs : dict of str to NodeInputs
        What the world really did at each node.
    start_amounts, end_amounts : dict of str to float
        Stored amounts at both ends of the step, by storage [m3 or kWh].
    backflow_m3_h : dict of str to float
        What each meter saw pass the wrong way [m3/h]: in EPANET a shut pump or valve lets a few 1e-4 m3/h through.
    water_step_error_m3, water_step_error_bound_m3 : dict of str to float
        What the hydraulic engine's whole seconds at a full or empty tank made or lost, and the bound it states for
        it, by storage [m3]; the bound includes what crept through shut actuators that no arc of the district names.
    run_s : dict of str to int
        Seconds that each duty-cycled element ran.
    clips : tuple of Clip
        Where the decision could not be followed.
    warnings : tuple of str
        What the hydraulic engine said.
    events : tuple of str
        What went wrong in the step, as the record names it: the events under way, and `hydraulic_failure` where the
        engine found no answer to what was asked.
    """

    time_utc: pd.Timestamp
    step_h: float
    flows_m3_h: dict[str, float]
    powers_kw: dict[str, float]
    consumed_kw: dict[str, float]
    generated_kw: dict[str, float]
    product_m3_h: dict[str, float]
    reject_m3_h: dict[str, float]
    battery_loss_kw: dict[str, float]
    inputs: dict[str, NodeInputs]
    start_amounts: dict[str, float]
    end_amounts: dict[str, float]
    backflow_m3_h: dict[str, float]
    water_step_error_m3: dict[str, float]
    water_step_error_bound_m3: dict[str, float]
    run_s: dict[str, int]
    clips: tuple[Clip, ...] = ()
    warnings: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
