"""What a step and a probe of the network answer with. Volumes are totals over the step, energies too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepResult:
    """What happened in the network during one step; each term is measured on its own.

    Per tank, with the volumes of the arcs' meters signed: ``end - start = meters in - meters out - taken - spill +
    step_error``; with the actuators' volumes in their place, ``creep`` is added.

    Attributes
    ----------
    levels_m3 : dict of str to float
        Usable water in each tank at the end [m3], by tank name.
    volume_m3 : dict of str to float
        Water through each link [m3], positive from its first to its second node: read the arc's meter here.
    delivered_m3 : dict of str to float
        Water through each actuator [m3], exactly 0 while it is shut.
    short_m3 : dict of str to float
        What a flow control valve delivered less than it was set to while it ran [m3], for those that did.
    taken_m3 : dict of str to float
        Water taken out at each boundary junction [m3]; negative where it was put in.
    asked_m3 : dict of str to float
        The same as asked. Less is taken than asked when a tank runs empty.
    spill_m3 : dict of str to float
        Water over the brim of each tank [m3].
    inflow_m3 : dict of str to float
        Net inflow that EPANET saw at each tank [m3]; ``end - start = inflow - spill + step_error``.
    creep_m3 : dict of str to float
        What crept into each tank through shut actuators [m3], read in the pipe next to each: EPANET lets about
        1e-6 m3/h per metre of head through, pump or valve. Meters show it, actuators do not.
    step_error_m3 : dict of str to float
        What EPANET's rounding to whole seconds at a full or empty tank made or lost [m3].
    step_error_bound_m3 : dict of str to float
        Bound of that error: one second of net inflow each time a tank reached a limit [m3].
    pump_energy_kwh : dict of str to float
        Electricity each pump used, by EPANET's own account [kWh].
    head_energy_kwh : dict of str to float
        Hydraulic energy of the head drop across each valve [kWh]: times the turbine's efficiency it is electricity.
    ran_s : dict of str to int
        Whole seconds each actuator ran; less than asked when its source tank ran empty [s].
    substeps, retries : int
        How many instants were solved to the end, and how many of them again with damping.
    warnings : tuple of str
        EPANET's warnings, with how many sub-steps showed each.
    """

    levels_m3: dict[str, float]
    volume_m3: dict[str, float]
    delivered_m3: dict[str, float]
    short_m3: dict[str, float]
    taken_m3: dict[str, float]
    asked_m3: dict[str, float]
    spill_m3: dict[str, float]
    inflow_m3: dict[str, float]
    creep_m3: dict[str, float]
    step_error_m3: dict[str, float]
    step_error_bound_m3: dict[str, float]
    pump_energy_kwh: dict[str, float]
    head_energy_kwh: dict[str, float]
    ran_s: dict[str, int]
    substeps: int
    retries: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class OperatingPoint:
    """The network at one instant, as a probe finds it.

    Attributes
    ----------
    flow_m3_h : dict of str to float
        Flow in each link [m3/h].
    power_kw : dict of str to float
        Electric power of each pump [kW].
    efficiency_frac : dict of str to float
        Efficiency of each pump at its flow; 0 while it stands still.
    head_drop_m : dict of str to float
        Head at a link's first node less that at its second [m]; negative across a running pump.
    """

    flow_m3_h: dict[str, float]
    power_kw: dict[str, float]
    efficiency_frac: dict[str, float]
    head_drop_m: dict[str, float]
