"""From probes of the network to linear coefficients: energy and rated flow of pumps, valves and turbines.

A fixed-speed pump, a gravity valve and a turbine run at their rated point for a part of the step, so energy is
proportional to volume: exactly, but for the drift of the levels within the step. The probe is taken where the levels
are expected at the middle of the step; the drift is stated as fit error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from econex_pipeline.contracts import TABLES, InputError, tidy
from econex_pipeline.contracts.errors import nearest
from econex_pipeline.district import District
from econex_pipeline.hydraulics.devices import Device, devices_of, moving, operate
from econex_pipeline.hydraulics.network import WaterNetwork

Coefficients = dict[tuple[str, str], float]
"""Values by element and quantity."""


def linearize(
    district: District,
    network: WaterNetwork,
    levels_m3: Mapping[str, float],
    times: pd.DatetimeIndex,
    scenario: int = 0,
    expected_m3: Mapping[str, Sequence[float]] | None = None,
    planned_m3_h: Mapping[str, Sequence[float]] | None = None,
    probed_at: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Linearise the district's water devices at an operating point.

    Parameters
    ----------
    district : District
        Arcs and mains with their actuators and meters.
    network : WaterNetwork
        The network to probe; its steps are not disturbed.
    levels_m3 : mapping of str to float
        Usable water in every tank now [m3], by name in the network file.
    times : pandas.DatetimeIndex, shape (T,)
        Starts of the steps to cover.
    scenario : int, optional
        Value of the scenario column.
    expected_m3 : mapping of str to sequence of float, shape (T + 1,), optional
        Levels expected at the start of each step and at the end of the last [m3]; each step is then probed at its
        middle. Tanks not named stay at `levels_m3`, and so do all where this is left out.
    planned_m3_h : mapping of str to sequence of float, shape (T,), optional
        Flow planned in each step by element [m3/h]; a device is then probed beside all that are planned to run in the
        same step: pumps in parallel hinder each other. Where this is left out, each is probed alone.
    probed_at : pandas.Timestamp, optional
        When the tanks stood at `levels_m3`; the first of `times` where left out.

    Returns
    -------
    pandas.DataFrame
        COEFFICIENTS: ``energy_kwh_m3`` and ``rated_flow_m3_h`` of pumped arcs, ``rated_flow_m3_h`` of gravity arcs,
        ``yield_kwh_m3`` and ``rated_flow_m3_h`` of turbined arcs, ``recovery_kwh_m3`` and ``rated_flow_m3_h`` of the
        element ``mains``. `fit_error_frac` is half the relative change of the coefficient over a step in which the
        device runs all the time; the valid range reaches from standing still to running all the time; `age_h` counts
        from the levels that were known.

    Raises
    ------
    InputError
        If a name or level is wrong, or a turbine would give at least what its pump takes.
    HydraulicsError
        If a probe does not converge or a device moves no water.

    Notes
    -----
    ``k = P / Q`` of the pump's own electric power; yield and recovery are ``rho g dH eta / 3.6e6`` with the head drop
    across the turbine's link.
    """
    devices = devices_of(district)
    beside = _together(devices, planned_m3_h or {}, len(times))
    since = probed_at if probed_at is not None else times.min()
    probed: dict[tuple[object, ...], Coefficients] = {}
    drifts: dict[frozenset[str], Coefficients] = {}
    rows = []
    for step, time in enumerate(times):
        middle = {name: _middle(expected_m3, name, step, len(times), level) for name, level in levels_m3.items()}
        key = (beside[step], *middle.values())
        if key not in probed:
            probed[key] = coefficients_at(district, network, middle, beside[step])
        if beside[step] not in drifts:
            drifts[beside[step]] = _drift(district, network, levels_m3, devices, beside[step])
        known, age_h = probed[key], (time - since) / pd.Timedelta(hours=1)
        rows += [
            (scenario, time, element, quantity, value, drifts[beside[step]][element, quantity], 0.0,
             known[element, "rated_flow_m3_h"], age_h)
            for (element, quantity), value in known.items()
        ]  # fmt: skip
    return tidy(pd.DataFrame(rows, columns=list(TABLES["COEFFICIENTS"].columns)), "COEFFICIENTS")


def _together(
    devices: Mapping[str, Device], planned_m3_h: Mapping[str, Sequence[float]], steps: int
) -> list[frozenset[str]]:
    """Actuators that are planned to run in each step."""
    for element, flows in planned_m3_h.items():
        if element not in devices:
            sentence = f"no water device '{element}'{nearest(element, devices)}"
            raise InputError.saying("planned flows", element, sentence)
        if len(flows) != steps:
            raise InputError("planned flows", element, len(flows), f"{steps} values, one for each step")
    return [
        frozenset(devices[element].actuator for element, flows in planned_m3_h.items() if flows[step] > 0.0)
        for step in range(steps)
    ]


def coefficients_at(
    district: District,
    network: WaterNetwork,
    levels_m3: Mapping[str, float],
    beside: Collection[str] = (),
) -> Coefficients:
    """Probe all water devices of a district at given levels.

    Parameters
    ----------
    district, network, levels_m3
        As of `linearize`.
    beside : collection of str, optional
        Actuators that run at the same time as the one that is probed.

    Returns
    -------
    dict of (str, str) to float
        Value by element and quantity.

    Raises
    ------
    InputError, HydraulicsError
        As of `linearize`.
    """
    found: Coefficients = {}
    for device in devices_of(district).values():
        found.update(_probe(network, device, levels_m3, beside))
    for name, arc in district.arcs.items():
        if arc.kind != "turbined":
            continue
        for other, pump in district.arcs.items():
            if pump.kind == "pumped" and (pump.tail, pump.head, pump.layer) == (arc.head, arc.tail, arc.layer):
                gain, cost = found[name, "yield_kwh_m3"], found[other, "energy_kwh_m3"]
                if gain >= cost:
                    raise InputError(
                        district.directory / "district.yaml",
                        f"arcs.{name}.turbine_efficiency_frac",
                        arc.turbine_efficiency_frac,
                        f"a turbine that gives less than its pump takes: {gain:.4f} kWh/m3 down, {cost:.4f} up",
                    )
    return found


def _probe(
    network: WaterNetwork, device: Device, levels_m3: Mapping[str, float], beside: Collection[str]
) -> Coefficients:
    flow, power = operate(network, device, levels_m3, beside=beside)
    moving(network, device, flow)
    found = {(device.element, "rated_flow_m3_h"): flow}
    if device.quantity is not None:
        found[device.element, device.quantity] = power / flow
    return found


def _drift(
    district: District,
    network: WaterNetwork,
    levels_m3: Mapping[str, float],
    devices: Mapping[str, Device],
    beside: Collection[str],
) -> Coefficients:
    """Half the relative change of each coefficient while its device runs through a whole step."""
    errors = {}
    for device in devices.values():
        before = _probe(network, device, levels_m3, beside)
        moved = before[device.element, "rated_flow_m3_h"] * district.step_h
        actuator = network.actuators[device.actuator]
        after = dict(levels_m3)
        for stores, change in ((actuator.sources, -moved), (actuator.sinks, moved)):
            for store in stores & network.tanks.keys():
                after[store] = min(max(after[store] + change, 0.0), network.tanks[store].capacity_m3)
        for key, value in _probe(network, device, after, beside).items():
            errors[key] = abs(value - before[key]) / (2.0 * before[key]) if before[key] else 0.0
    return errors


def _middle(
    expected_m3: Mapping[str, Sequence[float]] | None, tank: str, step: int, steps: int, level_m3: float
) -> float:
    if expected_m3 is None or tank not in expected_m3:
        return level_m3
    if len(expected_m3[tank]) != steps + 1:
        raise InputError("expected levels", tank, len(expected_m3[tank]), f"{steps + 1} values, one more than steps")
    return 0.5 * (expected_m3[tank][step] + expected_m3[tank][step + 1])
