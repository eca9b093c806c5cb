"""Does the network file hold what the district says stands there? Names, kinds, capacities, and what leads where."""

from __future__ import annotations

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.district import District, Mains
from econex_pipeline.hydraulics.codes import LinkKind
from econex_pipeline.hydraulics.network import WaterNetwork

CAPACITY_FRAC = 1e-3  # by which a tank's volume may differ between the files
SETTING_FRAC = 1e-3
VALVES = (LinkKind.FCV, LinkKind.TCV)
TURBINES = (LinkKind.PRV, LinkKind.PBV, LinkKind.FCV, LinkKind.TCV, LinkKind.GPV)
KINDS = {"pumped": (LinkKind.PUMP,), "gravity": VALVES, "turbined": VALVES}


def check_network(district: District, network: WaterNetwork) -> None:
    """Compare a network with its district.

    Parameters
    ----------
    district : District
        Names actuators, meters and tanks.
    network : WaterNetwork
        What the file holds; that it is free of controls, rules and patterns was checked when it was opened.

    Raises
    ------
    InputError
        At the first tank, actuator or meter that is missing (with the nearest name), of the wrong kind, used twice,
        of another size, not in series with its actuator, or joined to other tanks than the district says.
    """
    for name, storage in district.tanks.items():
        _check_tank(network, f"storages.{name}", str(storage.tank), storage.capacity)
    used: dict[str, str] = {}
    for name, arc in district.arcs.items():
        if arc.kind in KINDS:
            noun = "pump" if arc.kind == "pumped" else "valve"
            _check_link(network, f"arcs.{name}.actuator", str(arc.actuator), KINDS[arc.kind], noun, used)
            _check_link(network, f"arcs.{name}.meter", str(arc.meter), tuple(LinkKind), "link", used)
    mains = district.utilities.mains
    if mains is not None:
        _check_link(network, "utilities.mains.actuator", mains.actuator, VALVES, "valve", used)
        _check_link(network, "utilities.mains.meter", mains.meter, tuple(LinkKind), "link", used)
        if mains.turbine is not None:
            _check_link(network, "utilities.mains.turbine", mains.turbine, TURBINES, "valve", used)
        _check_inlet(network, mains)
    _check_idle_tanks(district, network, used)
    held = {(storage.node, storage.layer): str(storage.tank) for storage in district.tanks.values()}
    for name, arc in district.arcs.items():
        if arc.kind in KINDS:
            field, joined = f"arcs.{name}.actuator", network.actuators[str(arc.actuator)]
            _check_meter(network, f"arcs.{name}.meter", str(arc.meter), joined.name)
            _check_end(network, field, joined.name, "draws from", joined.sources, held.get((arc.tail, arc.layer)))
            _check_end(network, field, joined.name, "delivers to", joined.sinks, held.get((arc.head, arc.layer)))
    if mains is not None:
        inlet, tank = network.actuators[mains.actuator], held.get((mains.node, "P"))
        _check_meter(network, "utilities.mains.meter", mains.meter, inlet.name)
        _check_end(network, "utilities.mains.actuator", inlet.name, "delivers to", inlet.sinks, tank)


def _check_idle_tanks(district: District, network: WaterNetwork, used: dict[str, str]) -> None:
    """A tank of the file that the district does not name stays as it is: nothing the district moves may reach it."""
    named = {str(storage.tank) for storage in district.tanks.values()}
    for name, actuator in network.actuators.items():
        for tank in sorted((actuator.sources | actuator.sinks) & network.tanks.keys() - named):
            if name in used:
                sentence = f"'{name}' reaches tank '{tank}', which is no storage of the district{nearest(tank, named)}"
                raise InputError.saying(network.path, used[name], sentence)


def _check_inlet(network: WaterNetwork, mains: Mains) -> None:
    inlet = network.actuators[mains.actuator]
    if inlet.kind is LinkKind.FCV and abs(inlet.rated_setting / mains.rated_flow_m3_h - 1.0) > SETTING_FRAC:
        raise InputError(
            network.path,
            f"[VALVES] {mains.actuator} setting",
            inlet.rated_setting,
            f"{mains.rated_flow_m3_h:g} m3/h, utilities.mains.rated_flow_m3_h of the district",
        )


def _check_tank(network: WaterNetwork, field: str, tank: str, capacity_m3: float) -> None:
    if tank not in network.tanks:
        raise InputError.saying(network.path, f"{field}.tank", f"no tank '{tank}'{nearest(tank, network.tanks)}")
    found = network.tanks[tank].capacity_m3
    if abs(found / capacity_m3 - 1.0) > CAPACITY_FRAC:
        raise InputError(
            network.path,
            f"[TANKS] {tank} volume between its minimum and maximum level",
            f"{found:.4g} m3",
            f"{capacity_m3:g} m3, {field}.capacity_m3 of the district",
        )
    if tank not in network.boundary:
        raise InputError.saying(
            network.path,
            f"[JUNCTIONS] J_{tank}",
            f"tank '{tank}' needs a boundary junction 'J_{tank}', joined by a pipe",
        )
    if not network.tanks[tank].overflows:
        raise InputError(network.path, f"[TANKS] {tank} overflow", "NO", "YES: what comes in must be able to spill")


def _check_link(
    network: WaterNetwork, field: str, name: str, kinds: tuple[LinkKind, ...], noun: str, used: dict[str, str]
) -> None:
    fitting = [link for link, kind in network.links.items() if kind in kinds]
    if name not in network.links:
        raise InputError.saying(network.path, field, f"no {noun} '{name}'{nearest(name, fitting)}")
    if network.links[name] not in kinds:
        wanted = " or ".join(kind.name for kind in kinds)
        raise InputError(network.path, f"{field} '{name}'", network.links[name].name, wanted)
    if name in used:
        sentence = f"'{name}' serves {used[name]} already; each needs a link of its own"
        raise InputError.saying(network.path, field, sentence)
    used[name] = field


def _check_meter(network: WaterNetwork, field: str, meter: str, actuator: str) -> None:
    """A meter reads what its actuator delivers, all of it and nothing else."""
    series = network.series[actuator]
    if meter not in series:
        fitting = " or ".join(sorted(link for link, sign in series.items() if sign > 0)) or "a pipe of its own"
        sentence = f"'{meter}' does not stand in series with '{actuator}'; expected {fitting}"
        raise InputError.saying(network.path, field, sentence)
    if series[meter] < 0:
        sentence = f"'{meter}' points against '{actuator}' and would read negative; turn its two nodes round"
        raise InputError.saying(network.path, field, sentence)


def _check_end(
    network: WaterNetwork, field: str, actuator: str, verb: str, found: frozenset[str], wanted: str | None
) -> None:
    """An actuator's end leads to the one tank that the district says, where it says one."""
    if wanted is not None and found != {wanted}:
        what = " and ".join(sorted(found)) or "nothing"
        raise InputError.saying(network.path, field, f"'{actuator}' {verb} {what}; expected {wanted} alone")
