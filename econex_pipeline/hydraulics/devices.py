"""A district's water devices as the network knows them: what each is, which link moves it, which link meters it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from econex_pipeline.district import District
from econex_pipeline.hydraulics.network import WaterNetwork
from econex_pipeline.hydraulics.plant import RHO_G_KWH_M4
from econex_pipeline.hydraulics.slots import HydraulicsError

MAINS = "mains"


@dataclass(frozen=True)
class Device:
    """A pump, gravity valve, turbine or inlet.

    Attributes
    ----------
    element : str
        Arc of the district, or ``mains``.
    kind : str
        ``pumped``, ``gravity``, ``turbined`` or ``mains``.
    actuator, meter : str
        Links of the network.
    turbine : str or None
        Link whose head drop drives a turbine.
    efficiency_frac : float
        Efficiency of that turbine.
    """

    element: str
    kind: str
    actuator: str
    meter: str
    turbine: str | None = None
    efficiency_frac: float = 0.0

    @property
    def quantity(self) -> str | None:
        """Name of the coefficient that gives energy per volume; None for a device without energy."""
        if self.kind == "pumped":
            return "energy_kwh_m3"
        if self.turbine is None:
            return None
        return "recovery_kwh_m3" if self.kind == MAINS else "yield_kwh_m3"


def devices_of(district: District) -> dict[str, Device]:
    """Give the water devices of a district by element."""
    found = {}
    for name, arc in district.arcs.items():
        if arc.kind in ("pumped", "gravity", "turbined"):
            actuator = str(arc.actuator)
            turbine = actuator if arc.kind == "turbined" else None
            efficiency = float(arc.turbine_efficiency_frac or 0.0)
            found[name] = Device(name, arc.kind, actuator, str(arc.meter), turbine, efficiency)
    mains = district.utilities.mains
    if mains is not None:
        efficiency = float(mains.turbine_efficiency_frac or 0.0)
        found[MAINS] = Device(MAINS, MAINS, mains.actuator, mains.meter, mains.turbine, efficiency)
    return found


def operate(
    network: WaterNetwork,
    device: Device,
    levels_m3: Mapping[str, float],
    setting: float | None = None,
    beside: Collection[str] = (),
) -> tuple[float, float]:
    """Probe a device at work.

    Parameters
    ----------
    network : WaterNetwork
        The network to probe.
    device : Device
        What runs.
    levels_m3 : mapping of str to float
        Usable water in every tank [m3].
    setting : float, optional
        Its setting, where it is not the rated one.
    beside : collection of str
        Actuators that run at the same time, at their rated settings.

    Returns
    -------
    (float, float)
        Flow at its meter [m3/h]; power it takes or gives [kW].
    """
    settings = {} if setting is None else {device.actuator: setting}
    point = network.probe(levels_m3, dict.fromkeys((*beside, device.actuator)), settings)
    flow = point.flow_m3_h[device.meter]
    if device.kind == "pumped":
        return flow, point.power_kw[device.actuator]
    head_m = max(0.0, point.head_drop_m[device.turbine]) if device.turbine else 0.0
    return flow, RHO_G_KWH_M4 * head_m * device.efficiency_frac * flow


def moving(network: WaterNetwork, device: Device, flow_m3_h: float) -> float:
    """Give a device's flow back, refuse one that is not above 0.

    Raises
    ------
    HydraulicsError
        If it moves no water.
    """
    if flow_m3_h <= 0.0:
        raise HydraulicsError(
            f"{network.path}: {device.actuator} runs and its meter {device.meter} shows {flow_m3_h:g} m3/h; a flow "
            "above 0 is needed (does the meter point the other way, does the pump reach the head?)"
        )
    return flow_m3_h
