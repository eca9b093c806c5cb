"""From INP to a dataset and back: the same simulation, the same clock, nothing half obeyed."""

import tempfile
import warnings
from pathlib import Path

import pytest
import wntr

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics import WaterNetwork, check_network
from econex_pipeline.hydraulics.dataset import (
    dataset_from_json,
    dataset_to_json,
    read_inp,
    tape_from_json,
    tape_to_json,
    write_inp,
)
from econex_pipeline_tests.hydraulics.libraries import EXAMPLES, NETWORKS
from econex_pipeline_tests.hydraulics.street import HEAD_CURVE, PUMP, VALVE, reference, street

HOUR = 3600
TINY = "[JUNCTIONS]\n j 10 {demand}\n[RESERVOIRS]\n r 50 {head}\n[PIPES]\n p r j 100 100 100 0 {status}\n"


def simulated(path):
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        model = wntr.network.WaterNetworkModel(str(path))
        for name in list(model.control_name_list):
            model.remove_control(name)
        model.options.time.duration, model.options.time.report_timestep = 24 * HOUR, HOUR
        return wntr.sim.EpanetSimulator(model).run_sim(file_prefix=str(Path(folder) / "run"))


@pytest.mark.parametrize("name", ["Net1", "Net2", "Net3", "ky4", "io", "skeletonize", "pilot"])
def test_a_file_that_went_through_a_dataset_simulates_the_same(name, district, tmp_path):
    path = {**NETWORKS, **EXAMPLES, "pilot": district.network_path}[name]
    imported = read_inp(path, controls="strip")
    write_inp(imported.dataset, tmp_path / "again.inp", imported.tape, imported.options)
    first, again = simulated(path), simulated(tmp_path / "again.inp")
    assert (first.node["head"] - again.node["head"]).abs().max().max() < 1e-3
    assert (first.link["flowrate"] - again.link["flowrate"]).abs().max().max() < 1e-5
    back = read_inp(tmp_path / "again.inp")
    assert [e.reference for e in back.dataset.entities] == [e.reference for e in imported.dataset.entities]
    assert back.options == imported.options


@pytest.mark.parametrize("name", ["Net3", "io"])
def test_dataset_and_tape_survive_json(name):
    imported = read_inp({**NETWORKS, **EXAMPLES}[name], controls="strip")
    assert dataset_from_json(dataset_to_json(imported.dataset)) == imported.dataset
    assert tape_from_json(tape_to_json(imported.tape)) == imported.tape


def test_patterns_become_a_tape_in_time():
    imported = read_inp(NETWORKS["Net1"], controls="strip")  # periods of two hours
    tape = imported.tape
    pattern = tape.patterns["1"]
    assert tape.step_s == 2 * HOUR
    for time_s in (0, 7199, 7200, 24 * HOUR, 25 * HOUR):
        factors = tape.changes(time_s)["water_junction_entities"]["drinking_water.demand_factor"]
        assert set(factors) == {pattern[time_s // 7200 % len(pattern)]}
    assert tape.next_change_s(7199) == 7200
    assert tape.next_change_s(7200) == 14400


def test_several_demands_of_a_junction_become_one_with_a_pattern_of_its_own(tmp_path):
    text = (
        TINY.format(demand="0", head="", status="Open")
        + "[DEMANDS]\n j 2 a\n j 3 b\n j 1\n[PATTERNS]\n a 1 2\n b 1 0 4\n[OPTIONS]\n UNITS LPS\n[END]\n"
    )
    (tmp_path / "several.inp").write_text(text)
    imported = read_inp(tmp_path / "several.inp")
    expected = simulated(tmp_path / "several.inp").node["demand"]["j"]
    junction = imported.dataset.junctions[0]
    for hour in range(12):
        factor = imported.tape.changes(hour * HOUR)["water_junction_entities"]["drinking_water.demand_factor"][0]
        assert junction.base_demand * factor == pytest.approx(expected[hour * HOUR], rel=1e-5)


def test_units_become_si(tmp_path):
    text = TINY.format(demand="10", head="", status="Open") + "[OPTIONS]\n UNITS GPM\n HEADLOSS H-W\n[END]\n"
    (tmp_path / "us.inp").write_text(text)
    dataset = read_inp(tmp_path / "us.inp").dataset
    assert dataset.junctions[0].base_demand == pytest.approx(10 * 6.30902e-5, rel=1e-6)
    assert dataset.junctions[0].elevation == pytest.approx(3.048)
    assert dataset.pipes[0].diameter == pytest.approx(2.54)
    assert dataset.reservoirs[0].base_head == pytest.approx(15.24)


@pytest.mark.parametrize(("given", "relative"), [("1.0", 1.0), ("1.3", 1.3), ("1.1e-5", 1.0)])
def test_viscosity_is_relative_to_water_however_it_is_written(given, relative, tmp_path):
    text = TINY.format(demand="1", head="", status="Open") + f"[OPTIONS]\n UNITS GPM\n VISCOSITY {given}\n[END]\n"
    (tmp_path / "viscous.inp").write_text(text)
    assert read_inp(tmp_path / "viscous.inp").dataset.general.viscosity == pytest.approx(relative)


def test_status_and_settings_are_kept(tmp_path):
    dataset = dataset_from_json(
        street(
            {"type": "PRV", "shape.diameter": 0.2, "drinking_water.valve_pressure": 30.0, "operational.status": False},
            VALVE,
        )
    )
    write_inp(dataset, tmp_path / "valve.inp")
    valve = read_inp(tmp_path / "valve.inp").dataset.valves[0]
    assert (valve.status, valve.valve_pressure) == ("closed", 30.0)
    slow = {"type": "head", "drinking_water.head_curve": HEAD_CURVE, "drinking_water.speed": 0.8}
    pump = {**slow, "operational.status": False}
    write_inp(dataset_from_json(street(pump, PUMP)), tmp_path / "pump.inp")
    found = read_inp(tmp_path / "pump.inp").dataset.pumps[0]
    assert (found.status, found.speed) == (False, 0.8)


def test_names_that_epanet_cannot_take_give_way_to_ids(tmp_path):
    dataset = dataset_from_json(street(junction={"reference": ["main street", "x" * 40]}))
    write_inp(dataset, tmp_path / "ids.inp")
    assert {node.reference for node in read_inp(tmp_path / "ids.inp").dataset.nodes} == {"1", "2", "3", "4"}
    assert reference(wntr.network.WaterNetworkModel(str(tmp_path / "ids.inp"))).node["head"].notna().all().all()


@pytest.mark.parametrize("name", ["bad_syntax", "bad_times", "bad_values", "cv_controls", "Net6_plus"])
def test_a_broken_file_is_one_clear_sentence(name):
    with pytest.raises(InputError, match=rf"{name}"):
        read_inp(EXAMPLES[name], controls="strip").dataset.require_complete()


def test_a_time_of_four_fields_is_refused_as_epanet_would_end_the_process(district, tmp_path):
    text = district.network_path.read_text()
    assert "[TIMES]\n" in text
    (tmp_path / "times.inp").write_text(text.replace("[TIMES]\n", "[TIMES]\n DURATION 0:00:00:00\n", 1))
    for read in (read_inp, WaterNetwork):
        with pytest.raises(InputError, match=r"'0:00:00:00'; expected a time of at most three fields"):
            read(tmp_path / "times.inp")


@pytest.mark.parametrize("units", ["GPM", "LPS", "CMD"])
def test_a_district_may_bring_its_network_in_other_units(district, tmp_path, units):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wntr.network.write_inpfile(
            wntr.network.WaterNetworkModel(str(district.network_path)), str(tmp_path / "own.inp"), units=units
        )
    networks = [WaterNetwork(path) for path in (district.network_path, tmp_path / "own.inp")]
    check_network(district, networks[1])
    levels = {name: tank.capacity_m3 / 2 for name, tank in networks[0].tanks.items()}
    first, second = (network.run_step(levels, {"PUMP_RAW_HUB": 1800}, {}) for network in networks)
    assert networks[1].probe(levels, ["PUMP_RAW_HUB"]).flow_m3_h == pytest.approx(
        networks[0].probe(levels, ["PUMP_RAW_HUB"]).flow_m3_h, rel=1e-3
    )
    assert second.levels_m3 == pytest.approx(first.levels_m3, abs=1e-4)
    assert second.pump_energy_kwh == pytest.approx(first.pump_energy_kwh, rel=1e-3)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.inp.*there is no such file"):
        read_inp(tmp_path / "nowhere.inp")
