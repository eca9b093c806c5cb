"""From probes of the network to linear coefficients: energy and rated flow of pumps, valves and turbines.

A fixed-speed pump, a gravity valve and a turbine run at their rated point for a part of the step, so energy is
proportional to volume: exactly, but for the drift of the levels within the step. The probe is taken where the levels
are expected at the middle of the step; the drift is stated as fit error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from econex_pipeline.contracts import InputError, tidy
from econex_pipeline.district import District
from econex_pipeline.hydraulics.network import WaterNetwork
from econex_pipeline.hydraulics.plant import RHO_G_KWH_M4
from econex_pipeline.hydraulics.toolkit import HydraulicsError

MAINS = "mains"
Coefficients = dict[tuple[str, str], float]
"""Values by element and quantity."""


@dataclass(frozen=True)
class _Device:
    """A duty-cycled device: its element, kind, and names in the network."""

    element: str
    kind: str
    actuator: str
    meter: str
    turbine: str | None = None
    efficiency_frac: float = 0.0


def linearize(
    district: District,
    network: WaterNetwork,
    levels_m3: Mapping[str, float],
    times: pd.DatetimeIndex,
    scenario: int = 0,
    expected_m3: Mapping[str, Sequence[float]] | None = None,
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

    Returns
    -------
    pandas.DataFrame
        COEFFICIENTS: ``energy_kwh_m3`` and ``rated_flow_m3_h`` of pumped arcs, ``rated_flow_m3_h`` of gravity arcs,
        ``yield_kwh_m3`` and ``rated_flow_m3_h`` of turbined arcs, ``recovery_kwh_m3`` and ``rated_flow_m3_h`` of the
        element ``mains``. `fit_error_frac` is half the relative change of the coefficient over a step in which the
        device runs all the time.

    Raises
    ------
    InputError
        If a name or level is wrong, or a turbine would give at least what its pump takes.
    HydraulicsError
        If a probe does not converge or a device moves no water.

    Notes
    -----
    ``k = P / Q`` of the pump's own electric power; yield and recovery are ``rho g dH eta / 3.6e6`` with the head drop
    across the turbine's link. Devices are probed one at a time: on a network where lines are shared, their joint
    state differs.
    """
    devices = tuple(_devices(district))
    errors = _drift(district, network, levels_m3, devices)
    probed: dict[tuple[float, ...], Coefficients] = {}
    rows = []
    for step, time in enumerate(times):
        middle = {name: _middle(expected_m3, name, step, len(times), level) for name, level in levels_m3.items()}
        key = tuple(middle.values())
        if key not in probed:
            probed[key] = coefficients_at(district, network, middle)
        rows += [
            (scenario, time, element, quantity, value, errors[element, quantity])
            for (element, quantity), value in probed[key].items()
        ]
    columns = ["scenario", "time_utc", "element", "quantity", "value", "fit_error_frac"]
    return tidy(pd.DataFrame(rows, columns=columns), "COEFFICIENTS")


def coefficients_at(district: District, network: WaterNetwork, levels_m3: Mapping[str, float]) -> Coefficients:
    """Probe all water devices of a district at given levels.

    Parameters
    ----------
    district, network, levels_m3
        As of `linearize`.

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
    for device in _devices(district):
        found.update(_probe(network, device, levels_m3))
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


def _devices(district: District) -> Iterator[_Device]:
    for name, arc in district.arcs.items():
        if arc.kind in ("pumped", "gravity", "turbined"):
            actuator = str(arc.actuator)
            turbine = actuator if arc.kind == "turbined" else None
            yield _Device(name, arc.kind, actuator, str(arc.meter), turbine, float(arc.turbine_efficiency_frac or 0.0))
    mains = district.utilities.mains
    if mains is not None:
        efficiency = float(mains.turbine_efficiency_frac or 0.0)
        yield _Device(MAINS, MAINS, mains.actuator, mains.meter, mains.turbine, efficiency)


def _probe(network: WaterNetwork, device: _Device, levels_m3: Mapping[str, float]) -> Coefficients:
    point = network.probe(levels_m3, (device.actuator,))
    flow = point.flow_m3_h[device.meter]
    if flow <= 0.0:
        raise HydraulicsError(
            f"{network.path}: {device.actuator} runs and its meter {device.meter} shows {flow:g} m3/h; a flow above 0 "
            "is needed (does the meter point the other way, does the pump reach the head?)"
        )
    found = {(device.element, "rated_flow_m3_h"): flow}
    if device.kind == "pumped":
        found[device.element, "energy_kwh_m3"] = point.power_kw[device.actuator] / flow
    if device.turbine is not None:
        quantity = "recovery_kwh_m3" if device.kind == MAINS else "yield_kwh_m3"
        head_m = max(0.0, point.head_drop_m[device.turbine])
        found[device.element, quantity] = RHO_G_KWH_M4 * head_m * device.efficiency_frac
    return found


def _drift(
    district: District, network: WaterNetwork, levels_m3: Mapping[str, float], devices: Sequence[_Device]
) -> Coefficients:
    """Half the relative change of each coefficient while its device runs through a whole step."""
    errors = {}
    for device in devices:
        before = _probe(network, device, levels_m3)
        moved = before[device.element, "rated_flow_m3_h"] * district.step_h
        actuator = network.actuators[device.actuator]
        after = dict(levels_m3)
        for stores, change in ((actuator.sources, -moved), (actuator.sinks, moved)):
            for store in stores & network.tanks.keys():
                after[store] = min(max(after[store] + change, 0.0), network.tanks[store].capacity_m3)
        for key, value in _probe(network, device, after).items():
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
