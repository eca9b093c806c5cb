"""Two networks and six controls for each of 24 hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import wntr
from wntr.library.model_library import ModelLibrary
from wntr.network import WaterNetworkModel

PILOT = Path(__file__).parents[2] / "data" / "districts" / "econex" / "network.inp"
HOURS, SUBSTEP_S = 24, 3600


@dataclass(frozen=True)
class Case:
    """A network and the six controls of each hour.

    Attributes
    ----------
    name : str
        Name of the benchmark.
    path : Path
        Network file in m3/h.
    runs : tuple of dict of str to bool
        By hour: which actuators run.
    demands_m3_h : tuple of dict of str to float
        By hour: demand at boundary junctions [m3/h].
    substep_s : int
        Largest hydraulic sub-step [s].
    """

    name: str
    path: Path
    runs: tuple[dict[str, bool], ...]
    demands_m3_h: tuple[dict[str, float], ...]
    substep_s: int = SUBSTEP_S


def pilot() -> Case:
    """The pilot: two pumps, turbine and inlet on or off by the hour, and two demands; no tank meets a limit."""
    hours = range(HOURS)
    runs = tuple(
        {"PUMP_PHS": hour % 2 == 0, "TURBINE_PHS": hour % 2 == 1, "PUMP_HOME_1": refill, "FCV_INLET": refill}
        for hour in hours
        for refill in (hour % 3 == 0,)
    )
    demands = tuple({"J_TANK_HOME_1": 1.2 * on["PUMP_HOME_1"], "J_TANK_POTABLE": 0.7 * on["FCV_INLET"]} for on in runs)
    return Case("hydraulics_step_pilot", PILOT, runs, demands)


def net3(folder: Path) -> Case:
    """Net3 in m3/h: two pumps, the throttled bypass, three demands beside its tanks; no tank meets a limit."""
    network = WaterNetworkModel(ModelLibrary().get_filepath("Net3"))
    for name in list(network.control_name_list):
        network.remove_control(name)
    bypass = network.get_link("330")
    ends, diameter = (bypass.start_node_name, bypass.end_node_name), bypass.diameter
    network.remove_link("330")
    network.add_valve("330", *ends, diameter=diameter, valve_type="TCV", initial_setting=1.0)
    for tank, pipe in (("1", "40"), ("2", "50"), ("3", "20")):
        _join(network, tank, pipe)
    path = folder / "net3.inp"
    wntr.network.write_inpfile(network, path, units="CMH")
    path.write_text("\n".join(_without_patterns(path.read_text().splitlines())))
    rng = np.random.default_rng(3)
    runs = tuple({"335": hour % 6 == 0, "10": hour % 6 == 2, "330": hour % 12 == 3} for hour in range(HOURS))
    demands = tuple({f"J_{tank}": float(rng.uniform(-50.0, 50.0)) for tank in "123"} for _ in range(HOURS))
    return Case("hydraulics_step_net3", path, runs, demands)


def _join(network: WaterNetworkModel, tank: str, pipe: str) -> None:
    """Put a junction where a tank's pipe begins, so that demand can be imposed there."""
    old = network.get_link(pipe)
    far, diameter, roughness = old.end_node_name, old.diameter, old.roughness
    elevation = network.get_node(tank).elevation
    network.add_junction(f"J_{tank}", elevation=elevation)
    network.remove_link(pipe)
    network.add_pipe(pipe, f"J_{tank}", far, old.length, diameter, roughness)
    network.add_pipe(f"LINK_{tank}", f"J_{tank}", tank, 1.0, diameter, roughness)


def _without_patterns(lines: list[str]) -> Iterator[str]:
    """Leave out patterns and the columns that name them: demands and heads stay at their base values."""
    section = ""
    for line in lines:
        section = line.strip() if line.startswith("[") else section
        words = line.split(";")[0].split()
        if section == "[PATTERNS]" or words[:1] == ["PATTERN"]:
            continue
        keep = {"[JUNCTIONS]": 3, "[RESERVOIRS]": 2, "[DEMANDS]": 2}.get(section)
        yield " ".join(words[:keep]) if keep and words else line
