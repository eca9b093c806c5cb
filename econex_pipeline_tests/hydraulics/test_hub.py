"""A hub with many pumps, as a district of forty homes has one."""

import math

import pytest

from econex_pipeline.hydraulics import WaterNetwork

HOMES = 40


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A tank with a pump and a small elevated tank for each home."""
    homes = [f"{number:02d}" for number in range(HOMES)]
    diameter_m = math.sqrt(4.0 * 1.0 / (math.pi * 0.5))
    sections = {
        "JUNCTIONS": ["J_HUB 9 0", *(f"J_T{n} 39.5 0" for n in homes), *(f"N{n} 9 0" for n in homes)],
        "TANKS": ["HUB 10 0.5 0 1 8 0 * YES", *(f"T{n} 40 0.25 0 0.5 {diameter_m} 0 * YES" for n in homes)],
        "PIPES": [
            "L_HUB J_HUB HUB 1 80 140 0 Open",
            *(f"L{n} J_T{n} T{n} 1 40 140 0 Open" for n in homes),
            *(f"M{n} N{n} J_T{n} 60 25 130 0 Open" for n in homes),
        ],
        "PUMPS": [f"P{n} J_HUB N{n} HEAD H" for n in homes],
        "CURVES": ["H 0 48", "H 1.2 34", "H 2.0 10", "E 0.5 25", "E 1.2 42", "E 1.9 33"],
        "ENERGY": [f"PUMP P{n} EFFICIENCY E" for n in homes],
        "OPTIONS": ["UNITS CMH", "HEADLOSS H-W", "TRIALS 100", "ACCURACY 1e-4", "QUALITY NONE"],
    }
    path = tmp_path_factory.mktemp("hub") / "network.inp"
    path.write_text("\n".join(line for name, lines in sections.items() for line in (f"[{name}]", *lines)) + "\n[END]\n")
    network = WaterNetwork(path)
    yield network
    network.close()


@pytest.mark.parametrize("running", [0, 3, HOMES])
def test_what_creeps_through_forty_shut_pumps_is_no_fault(hub, running):
    levels = {name: tank.capacity_m3 / 2 for name, tank in hub.tanks.items()}
    run_s = dict.fromkeys(hub.pumps[:running], 600)
    demands = dict.fromkeys(hub.boundary.values(), 0.05)
    result = hub.run_step(levels, run_s, demands)
    asked = 0.05 * (HOMES + 1)
    assert sum(result.levels_m3.values()) == pytest.approx(sum(levels.values()) - asked, abs=1e-4)
