"""Steps against one continuous EPANET run, driven by the bare toolkit with the duty cycles as [CONTROLS]."""

import numpy as np
import pytest
from wntr.epanet.toolkit import ENepanet

from econex_pipeline_tests.hydraulics.duties import CAPACITY_M3, RATED_M3_H, wet_hours

HOURS = 24
SETTINGS = {"FCV_INLET": 2.0, "VALVE_RETURN_1": 0.6, "VALVE_RETURN_2": 0.6, "TURBINE_PHS": 10.0}
TRUE_PER_CMH = 0.3048**3 * 3600 / 101.94  # EPANET rounds its cubic metre
LEVEL, HEAD, ENERGY, BASEDEMAND, ELEVATION = 8, 10, 13, 1, 0
HYDSTEP, REPORTSTEP, DURATION = 1, 5, 0


def controls(duties):
    """Write the duty cycles as EPANET's own time controls; a device that runs on is left alone."""
    lines = ["[CONTROLS]"]
    for name in RATED_M3_H:
        lines.append(f"LINK {name} CLOSED AT TIME 0:00:00")
        open_, on = str(SETTINGS[name] / TRUE_PER_CMH) if name in SETTINGS else "OPEN", False
        for hour, (run_s, _) in enumerate(duties):
            seconds = run_s[name]
            if (seconds > 0) != on:
                lines.append(f"LINK {name} {open_ if seconds else 'CLOSED'} AT TIME {hour}:00:00")
            on = seconds == 3600
            if 0 < seconds < 3600:
                # EPANET cuts decimal hours to whole seconds, often one short: a quarter second more is cut away
                lines.append(f"LINK {name} CLOSED AT TIME {hour + (seconds + 0.25) / 3600:.9f}")
    return "\n".join(lines)


def continuous_run(path, duties, levels_m3, folder):
    """Run the day in one go; answer with tank levels [m] at each hour and pump energy [kWh] of each hour."""
    text = path.read_text().replace("[TIMES]", f"{controls(duties)}\n\n[TIMES]")
    text = text.replace("REPORT TIMESTEP     1:00", "REPORT TIMESTEP     0:05")
    inp = folder / "continuous.inp"
    inp.write_text(text)
    engine = ENepanet()
    engine.ENopen(str(inp), str(folder / "continuous.rpt"), "")
    tanks = {name: engine.ENgetnodeindex(name) for name in CAPACITY_M3}
    nodes = {f"J_{name}": engine.ENgetnodeindex(f"J_{name}") for name in CAPACITY_M3}
    pumps = {name: engine.ENgetlinkindex(name) for name in RATED_M3_H if name.startswith("PUMP")}
    for name, index in tanks.items():
        area = np.pi * engine.ENgetnodevalue(index, 17) ** 2 / 4
        engine.ENsetnodevalue(index, LEVEL, levels_m3[name] / area)
    engine.ENopenH()
    engine.ENinitH(10)
    levels, energy = [], np.zeros((HOURS, len(pumps)))
    time, step = 0, 1
    while step > 0:
        if time % 3600 == 0 and time < HOURS * 3600:
            for name, flow in duties[time // 3600][1].items():
                engine.ENsetnodevalue(nodes[name], BASEDEMAND, flow / TRUE_PER_CMH)
        assert engine.ENrunH() == time
        if time % 3600 == 0:
            levels.append(
                {n: engine.ENgetnodevalue(i, HEAD) - engine.ENgetnodevalue(i, ELEVATION) for n, i in tanks.items()}
            )
        powers = [engine.ENgetlinkvalue(index, ENERGY) for index in pumps.values()]
        step = engine.ENnextH()
        if step:
            energy[time // 3600] += np.array(powers) * (step / 3600.0)
        time += step
    engine.ENclose()
    return levels, [dict(zip(pumps, row, strict=True)) for row in energy]


@pytest.fixture(scope="module", params=[1, 2, 3])
def day(request, district, tmp_path_factory):
    levels = {str(storage.tank): storage.capacity / 2 for storage in district.tanks.values()}
    duties = list(wet_hours(HOURS, levels, request.param))
    folder = tmp_path_factory.mktemp("continuous")
    return levels, duties, *continuous_run(district.network_path, duties, levels, folder)


def test_steps_that_continue_equal_one_continuous_run_bit_for_bit(network, day):
    levels, duties, true_levels, true_energy = day
    results = [network.run_step(levels, *duties[0]), *(network.continue_step(*hour) for hour in duties[1:])]
    for hour, result in enumerate(results):
        tanks = network.tanks
        volumes = {
            n: min(tanks[n].volume_m3(level), tanks[n].capacity_m3) for n, level in true_levels[hour + 1].items()
        }
        assert result.levels_m3 == volumes
        assert result.pump_energy_kwh == true_energy[hour]
        assert result.warnings == ()
    assert sum(sum(result.pump_energy_kwh.values()) for result in results) > 3.0


def test_steps_that_know_only_the_levels_agree_with_the_continuous_run(network, day):
    levels, duties, true_levels, true_energy = day
    for hour, duty in enumerate(duties):
        result = network.run_step(levels, *duty)
        levels = result.levels_m3
        found = {name: network.tanks[name].level_m(volume) for name, volume in levels.items()}
        assert found == pytest.approx(true_levels[hour + 1], abs=1e-6)
        assert result.pump_energy_kwh == pytest.approx(true_energy[hour], rel=1e-6, abs=1e-12)
