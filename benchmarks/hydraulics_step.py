"""An hour of a water network with six controls set and all state read: ours beside WNTR's two simulators and bare C.

The pilot's network, and Net3 of EPANET's examples (in m3/h, without its controls and patterns, its bypass as a throttle
valve). All sides start at the same levels, get the same controls at the start of each of 24 hours, and use the same
sub-step, an hour; the lines that end in 300_s say what a finer one costs. WNTR's own simulator pauses and restarts,
EPANET's is run again each hour from the levels it ended with. The floor is the same walk by the C library alone: six
settings, solve and advance, what meters need (flow in each link, inflow and head of each tank) at each sub-step, and
all state once an hour.
"""

from __future__ import annotations

import ctypes
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import wntr
from wntr.epanet.toolkit import ENepanet
from wntr.epanet.util import EN
from wntr.library.model_library import ModelLibrary
from wntr.network import LinkStatus, WaterNetworkModel

from benchmarks.comparison import Comparison
from econex_pipeline.hydraulics import WaterNetwork

PILOT = Path(__file__).parents[1] / "data" / "districts" / "econex" / "network.inp"
HOURS = 24
SUBSTEP_S, FINE_S = 3600, 300
TARGETS = {"hydraulics_step_pilot": (300.0, 150.0, 2.0), "hydraulics_step_net3": (600.0, 150.0, 2.0)}
ROUNDS = 200
AGREE_M = 0.01  # by which the tanks of two engines may differ after a day
NODE_STATE, LINK_STATE = (9, 10), (8, 11, 13)  # EPANET's numbers of demand and head; flow, status and energy


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
    """Net3 in m3/h: two pumps, the throttled bypass, three demands where its tanks are joined."""
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
    runs = tuple({"10": hour % 3 == 0, "335": hour % 4 != 3, "330": hour % 4 == 3} for hour in range(HOURS))
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


def ours(case: Case) -> Callable[[], list[float]]:
    """Our day: levels in, everything out, hour by hour."""
    network = WaterNetwork(case.path, case.substep_s)
    start = _start_levels(network)
    hours = [
        ({name: 3600 * on for name, on in runs.items()}, demands)
        for runs, demands in zip(case.runs, case.demands_m3_h, strict=True)
    ]

    def day() -> list[float]:
        result = network.run_step(start, *hours[0])
        for run_s, demands in hours[1:]:
            result = network.continue_step(run_s, demands)
        return [network.tanks[name].level_m(volume) for name, volume in result.levels_m3.items()]

    return day


def _start_levels(network: WaterNetwork) -> dict[str, float]:
    return {name: tank.capacity_m3 / 2 for name, tank in network.tanks.items()}


def bare(case: Case) -> Callable[[], list[float]]:
    """The C library's day: the same calls with nothing around them."""
    network = WaterNetwork(case.path, case.substep_s)  # for its names only
    start = _start_levels(network)
    library = ctypes.PyDLL(ENepanet().ENlib._name)
    handle = ctypes.c_void_p()
    library.EN_createproject(ctypes.byref(handle))
    with tempfile.TemporaryDirectory() as folder:
        library.EN_open(handle, str(case.path).encode(), f"{folder}/report".encode(), b"")
    project = network._plant.project
    integer, double, zero = ctypes.c_int, ctypes.c_double, ctypes.c_double(0.0)
    library.EN_settimeparam(handle, EN.DURATION, ctypes.c_long(2_000_000_000))
    library.EN_settimeparam(handle, EN.HYDSTEP, ctypes.c_long(case.substep_s))
    library.EN_settimeparam(handle, EN.REPORTSTEP, ctypes.c_long(2_000_000_000))
    library.EN_settimeparam(handle, EN.PATTERNSTEP, ctypes.c_long(2_000_000_000))
    library.EN_setstatusreport(handle, 0)
    library.EN_openH(handle)
    wanted = [(library.EN_getnodevalue, i, code) for i in project.nodes.values() for code in NODE_STATE]
    wanted += [(library.EN_getlinkvalue, i, code) for i in project.links.values() for code in LINK_STATE]
    state = (double * len(wanted))()
    reads = [
        (function, (handle, integer(index), integer(code), ctypes.byref(state, 8 * place)))
        for place, (function, index, code) in enumerate(wanted)
    ]
    tanks = [tank.index for tank in network.tanks.values()]
    heads = [reads[(index - 1) * len(NODE_STATE) + NODE_STATE.index(EN.HEAD)] for index in tanks]
    meters = [reads[(index - 1) * len(NODE_STATE) + NODE_STATE.index(EN.DEMAND)] for index in tanks]
    first = len(project.nodes) * len(NODE_STATE)
    meters += reads[first + LINK_STATE.index(EN.FLOW) :: len(LINK_STATE)]
    hours = []
    for runs, demands in zip(case.runs, case.demands_m3_h, strict=True):
        calls = []
        for name, on in runs.items():
            item = network.actuators[name]
            code = EN.STATUS if name in network.pumps or not on else EN.SETTING
            value = item.rated_setting if on and code == EN.SETTING else float(on)
            calls.append((library.EN_setlinkvalue, (handle, integer(item.index), integer(code), double(value))))
        for node, flow in demands.items():
            arguments = (handle, integer(project.nodes[node]), integer(EN.BASEDEMAND), double(flow))
            calls.append((library.EN_setnodevalue, arguments))
        hours.append(calls)
    levels = [
        (handle, integer(tank.index), integer(EN.TANKLEVEL), double(tank.level_m(start[name])))
        for name, tank in network.tanks.items()
    ]
    shut = [(handle, integer(item.index), integer(EN.STATUS), zero) for item in network.actuators.values()]
    now, left = ctypes.c_long(), ctypes.c_long()
    at_now, at_left, flag = ctypes.byref(now), ctypes.byref(left), integer(10)

    def day() -> list[float]:
        for arguments in levels:
            library.EN_setnodevalue(*arguments)
        library.EN_initH(handle, flag)
        for arguments in shut:
            library.EN_setlinkvalue(*arguments)
        clock = 0
        for number, calls in enumerate(hours, start=1):
            for function, arguments in calls:
                function(*arguments)
            while clock < 3600 * number:
                library.EN_runH(handle, at_now)
                for function, arguments in meters:
                    function(*arguments)
                library.EN_nextH(handle, at_left)
                for function, arguments in heads:
                    function(*arguments)
                clock += left.value
            for function, arguments in reads:
                function(*arguments)
        places = {name: place for place, name in enumerate(project.nodes)}
        width = len(NODE_STATE)
        return [state[places[n] * width + NODE_STATE.index(EN.HEAD)] - t.elevation_m for n, t in network.tanks.items()]

    return day


def _model(case: Case) -> tuple[WaterNetworkModel, dict[str, float]]:
    """WNTR's model of the case with all actuators shut, and its start levels [m]."""
    network = WaterNetwork(case.path, case.substep_s)
    start = _start_levels(network)
    model = WaterNetworkModel(str(case.path))
    options = model.options
    options.time.hydraulic_timestep = options.time.report_timestep = options.time.rule_timestep = case.substep_s
    for name in network.actuators:
        model.get_link(name).initial_status = LinkStatus.Closed
    return model, {name: tank.level_m(start[name]) for name, tank in network.tanks.items()}


def _set(model: WaterNetworkModel, runs: dict[str, bool], demands: dict[str, float]) -> None:
    for name, on in runs.items():
        link = model.get_link(name)
        running = LinkStatus.Open if link.link_type == "Pump" else LinkStatus.Active
        link.initial_status = running if on else LinkStatus.Closed
    for node, flow in demands.items():
        model.get_node(node).demand_timeseries_list[0].base_value = flow / 3600.0


def wntr_simulator(case: Case, hours: int) -> list[float]:
    """WNTR's own simulator: pause each hour, set, go on."""
    model, levels = _model(case)
    for name, level in levels.items():
        model.get_node(name).init_level = level
    result = None
    for hour in range(hours):
        _set(model, case.runs[hour], case.demands_m3_h[hour])
        model.options.time.duration = 3600 * (hour + 1)
        result = wntr.sim.WNTRSimulator(model).run_sim()
    assert result is not None
    return [float(result.node["head"][name].iloc[-1]) - model.get_node(name).elevation for name in levels]


def epanet_simulator(case: Case, hours: int) -> list[float]:
    """EPANET through WNTR: each hour written to a file, run and read back."""
    model, levels = _model(case)
    model.options.time.duration = 3600
    with tempfile.TemporaryDirectory() as folder:
        for hour in range(hours):
            _set(model, case.runs[hour], case.demands_m3_h[hour])
            for name, level in levels.items():
                tank = model.get_node(name)
                tank.init_level = min(max(level, tank.min_level), tank.max_level)
            head = wntr.sim.EpanetSimulator(model).run_sim(file_prefix=f"{folder}/hour").node["head"]
            levels = {name: float(head[name].iloc[-1]) - model.get_node(name).elevation for name in levels}
    return list(levels.values())


def against_bare(case: Case) -> tuple[Comparison, list[float]]:
    """Time ours and the floor in turns, so that both meet the same neighbours on the machine; levels at the end [m]."""
    ours_day, bare_day = ours(case), bare(case)
    np.testing.assert_allclose(ours_day(), bare_day(), atol=1e-4)
    mine, floor, levels = float("inf"), float("inf"), []
    for _ in range(ROUNDS):
        seconds, levels = _seconds(ours_day)
        mine, floor = min(mine, seconds / HOURS), min(floor, _seconds(bare_day)[0] / HOURS)
    name = case.name if case.substep_s == SUBSTEP_S else f"{case.name}_{case.substep_s}_s"
    return Comparison(name, mine, "bare_c_calls", floor, TARGETS[case.name][2], of_floor=True), levels


def compare(case: Case) -> Iterator[Comparison]:
    """Time all four on one case; seconds are of one hour of operation."""
    of_floor, levels = against_bare(case)
    to_wntr, to_epanet, _ = TARGETS[case.name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wntr_s, _ = _seconds(lambda: wntr_simulator(case, HOURS))
        epanet_s, epanet_levels = _seconds(lambda: epanet_simulator(case, HOURS))
    np.testing.assert_allclose(levels, epanet_levels, atol=AGREE_M)
    yield Comparison(case.name, of_floor.ours_s, "WNTRSimulator", wntr_s / HOURS, to_wntr)
    yield Comparison(case.name, of_floor.ours_s, "EpanetSimulator_each_hour", epanet_s / HOURS, to_epanet)
    yield of_floor
    yield against_bare(replace(case, substep_s=FINE_S))[0]


def _seconds(function: Callable[[], list[float]]) -> tuple[float, list[float]]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def run() -> Iterator[Comparison]:
    """Compare on both networks."""
    yield from compare(pilot())
    with tempfile.TemporaryDirectory() as folder:
        yield from compare(net3(Path(folder)))
