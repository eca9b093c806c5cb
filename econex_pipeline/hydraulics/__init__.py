"""The water network: EPANET in process, stepped with duty-cycled actuators, probed and linearised.

Inside here: everything that knows EPANET. `WaterNetwork` moves a network through steps and probes it at an instant;
`linearize` turns probes into the COEFFICIENTS of a district's pumps, valves and turbines, `pump_segments` and
`turbine_segments` follow one of them over its flows; `Bounds` says what is believed of an answer; `check_network`
compares the network file with the district; `Mismatch` makes a network differ from its file.

Any network, its district unknown: `hydraulics.dataset` describes it by entities and attributes, from and to INP and
JSON; `hydraulics.model` sets it going under changes from outside; `hydraulics.engines` solve it.
"""

from econex_pipeline.hydraulics.checking import check_network
from econex_pipeline.hydraulics.devices import Device, devices_of, operate
from econex_pipeline.hydraulics.guard import Bounds
from econex_pipeline.hydraulics.linearize import coefficients_at, linearize
from econex_pipeline.hydraulics.mismatch import Mismatch
from econex_pipeline.hydraulics.network import WaterNetwork
from econex_pipeline.hydraulics.plant import GRAVITY_M_S2, RHO_G_KWH_M4, WATER_DENSITY_KG_M3
from econex_pipeline.hydraulics.results import OperatingPoint, StepResult
from econex_pipeline.hydraulics.segments import Segments, pump_segments, speed_for, turbine_segments
from econex_pipeline.hydraulics.tanks import Tank
from econex_pipeline.hydraulics.toolkit import HydraulicsError

__all__ = [
    "GRAVITY_M_S2",
    "RHO_G_KWH_M4",
    "WATER_DENSITY_KG_M3",
    "Bounds",
    "Device",
    "HydraulicsError",
    "Mismatch",
    "OperatingPoint",
    "Segments",
    "StepResult",
    "Tank",
    "WaterNetwork",
    "check_network",
    "coefficients_at",
    "devices_of",
    "linearize",
    "operate",
    "pump_segments",
    "speed_for",
    "turbine_segments",
]
