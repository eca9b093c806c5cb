"""The same day driven in four ways: ours, the bare C library, WNTR's own simulator, EPANET through WNTR each hour."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable

import wntr
from wntr.epanet.toolkit import ENepanet
from wntr.epanet.util import EN
from wntr.network import LinkStatus, WaterNetworkModel

from benchmarks.hydraulics.cases import HOURS, Case
from econex_pipeline.hydraulics import WaterNetwork

NODE_STATE, LINK_STATE = (9, 10), (8, 11, 13)  # EPANET's numbers of demand and head; flow, status and energy


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


def wntr_simulator(case: Case) -> list[float]:
    """WNTR's own simulator: pause each hour, set, go on."""
    model, levels = _model(case)
    for name, level in levels.items():
        model.get_node(name).init_level = level
    result = None
    for hour in range(HOURS):
        _set(model, case.runs[hour], case.demands_m3_h[hour])
        model.options.time.duration = 3600 * (hour + 1)
        result = wntr.sim.WNTRSimulator(model).run_sim()
    assert result is not None
    return [float(result.node["head"][name].iloc[-1]) - model.get_node(name).elevation for name in levels]


def epanet_simulator(case: Case) -> list[float]:
    """EPANET through WNTR: each hour written to a file, run and read back."""
    model, levels = _model(case)
    model.options.time.duration = 3600
    with tempfile.TemporaryDirectory() as folder:
        for hour in range(HOURS):
            _set(model, case.runs[hour], case.demands_m3_h[hour])
            for name, level in levels.items():
                tank = model.get_node(name)
                tank.init_level = min(max(level, tank.min_level), tank.max_level)
            head = wntr.sim.EpanetSimulator(model).run_sim(file_prefix=f"{folder}/hour").node["head"]
            levels = {name: float(head[name].iloc[-1]) - model.get_node(name).elevation for name in levels}
    return list(levels.values())
