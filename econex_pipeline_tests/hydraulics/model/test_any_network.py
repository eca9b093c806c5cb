"""Networks that others wrote: the same as EpanetSimulator, bit for bit the same as one continuous run."""

import re
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wntr
from wntr.epanet.toolkit import ENepanet

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset import read_inp
from econex_pipeline.hydraulics.engines.epanet import M3_S_PER_CMH, engine_text
from econex_pipeline.hydraulics.model import Model, play
from econex_pipeline.hydraulics.toolkit import HydraulicsError
from econex_pipeline_tests.hydraulics.libraries import EXAMPLES, NETWORKS

HOUR = 3600
DAY = range(0, 25 * HOUR, HOUR)
FLOW, ENERGY, HEAD = 8, 13, 10
UNDETERMINED = {"ky10": {"I-RV-4", "O-Pump-11"}}  # between a shut valve and a shut pipe any head will do
LINKS = ("water_pipe_entities", "water_pump_entities", "water_valve_entities")
SLOW = pytest.mark.slow
TRAVELLERS = [
    *(pytest.param(NETWORKS[name], id=name, marks=SLOW if name == "Net6" else ()) for name in NETWORKS),
    *(pytest.param(EXAMPLES[name], id=name) for name in ("Anytown_multipointcurves", "io", "skeletonize", "latin1")),
]


def together(update, column):
    """Put the values of a column together, in the dataset's order."""
    return np.concatenate([columns[column] for columns in update.published.values() if column in columns])


def links_of(update, column):
    return np.concatenate(
        [c[column] for g, c in update.published.items() if "pipe" in g or "pump" in g or "valve" in g]
    )


@pytest.mark.parametrize("path", TRAVELLERS)
def test_a_network_steps_through_a_day_as_epanet_simulates_it(path):
    imported = read_inp(path, controls="strip")
    dataset = imported.dataset
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        other = wntr.network.WaterNetworkModel(str(path))
        for name in list(other.control_name_list):
            other.remove_control(name)
        other.options.time.duration, other.options.time.report_timestep = 24 * HOUR, HOUR
        results = wntr.sim.EpanetSimulator(other).run_sim(file_prefix=str(Path(folder) / "reference"))
    names, links = [node.reference for node in dataset.nodes], [link.reference for link in dataset.links]
    determined = np.array([name not in UNDETERMINED.get(path.stem, ()) for name in names])
    model = Model.initialize(dataset, imported.options)
    for update in play(model, imported.tape, DAY):
        missed = np.abs(together(update, "drinking_water.head") - results.node["head"].loc[update.time_s, names])
        assert missed[determined].max() < 1e-3
        flows = results.link["flowrate"].loc[update.time_s, links].to_numpy()
        assert links_of(update, "drinking_water.flow") == pytest.approx(flows, rel=1e-5, abs=2e-6)
    model.close()


def continuous(dataset, options, tape):
    """Run a day in one go, driven by the bare library; heads, flows and pump energy [J] at each hour."""
    text = engine_text(dataset, options, tape)
    text = re.sub(r"^DURATION .*$", "DURATION 24:00:00", text, flags=re.M)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "continuous.inp"
        path.write_text(text)
        engine = ENepanet()
        engine.ENopen(str(path), str(Path(folder) / "report.txt"), "")
        nodes = [engine.ENgetnodeindex(str(node.id)) for node in dataset.nodes]
        links = [engine.ENgetlinkindex(str(link.id)) for link in dataset.links]
        pumps = [engine.ENgetlinkindex(str(pump.id)) for pump in dataset.pumps]
        engine.ENopenH()
        engine.ENinitH(10)
        energy = np.zeros(len(pumps))
        time, step = 0, 1
        while step > 0:
            assert engine.ENrunH() == time
            if time % HOUR == 0:
                heads = np.array([engine.ENgetnodevalue(index, HEAD) for index in nodes])
                flows = np.array([engine.ENgetlinkvalue(index, FLOW) for index in links]) * M3_S_PER_CMH
                yield heads, flows, energy
                energy = np.zeros(len(pumps))
            powers = np.array([engine.ENgetlinkvalue(index, ENERGY) for index in pumps])
            step = engine.ENnextH()
            energy = energy + powers * (step * 1000.0)
            time += step
        engine.ENclose()


@pytest.mark.parametrize("name", ["pilot", "Net1", "Net2", "Net3", "ky4", "ky10"])
def test_steps_equal_one_continuous_run_bit_for_bit(name, district):
    imported = read_inp(NETWORKS.get(name, district.network_path), controls="strip")
    dataset, options = imported.dataset, imported.options
    if name == "pilot":
        dataset = all_open(dataset)
    model = Model.initialize(dataset, options)
    reference = continuous(dataset, options, imported.tape)
    for update, (heads, flows, energy) in zip(play(model, imported.tape, DAY), reference, strict=True):
        assert np.array_equal(together(update, "drinking_water.head"), heads)
        assert np.array_equal(links_of(update, "drinking_water.flow"), flows)
        if dataset.pumps:
            assert np.array_equal(update.published["water_pump_entities"]["drinking_water.energy"], energy)
    model.close()


def all_open(dataset):
    """Let all actuators of the pilot run and water be taken everywhere, so that something happens."""
    pumps = {pump.id: replace(pump, status=True) for pump in dataset.pumps}
    valves = {valve.id: replace(valve, status="active") for valve in dataset.valves}
    taken = {
        junction.id: replace(junction, base_demand=1e-4)
        for junction in dataset.junctions
        if junction.reference[:2] == "J_"
    }
    changed = pumps | valves | taken
    return replace(dataset, entities=tuple(changed.get(entity.id, entity) for entity in dataset.entities))


@pytest.mark.parametrize("name", ["Net1", "Net3", "ky4"])
def test_a_snapshot_leads_the_same_way_twice(name):
    imported = read_inp(NETWORKS[name], controls="strip")
    model = Model.initialize(imported.dataset, imported.options)
    list(play(model, imported.tape, range(0, 5 * HOUR, HOUR)))
    model.update(5 * HOUR - 77)
    before, pump = model.snapshot(), imported.dataset.pumps[0].id
    ways = []
    for _ in range(2):
        model.update(5 * HOUR - 77, {"water_pump_entities": {"id": [pump], "operational.status": [name == "Net1"]}})
        ways.append([update.published for update in play(model, imported.tape, range(5 * HOUR, 11 * HOUR, HOUR))])
        model.restore(before)
    for first, again in zip(*ways, strict=True):
        for group, columns in first.items():
            for column, values in columns.items():
                assert np.array_equal(values, again[group][column]), (group, column)


def test_a_snapshot_moves_nothing_beyond_solver_accuracy():
    imported = read_inp(NETWORKS["Net3"], controls="strip")
    levels = []
    for every in (None, 1):
        model = Model.initialize(imported.dataset, imported.options)
        updates = play(model, imported.tape, DAY)
        last = [(update, every and model.snapshot()) for update in updates][-1][0]
        levels.append(last.published["water_tank_entities"]["drinking_water.level"])
    assert levels[0] == pytest.approx(levels[1], abs=1e-3)


@pytest.mark.parametrize("name", ["Net1", "Net3", "Net6", "ky4", "ky10"])
def test_controls_are_refused_or_stripped_never_half_obeyed(name):
    with pytest.raises(InputError, match=r"\[CONTROLS\] and \[RULES\].*controls='strip'"):
        read_inp(NETWORKS[name])
    assert read_inp(NETWORKS[name], controls="strip").stripped > 0


def test_a_network_whose_file_shuts_all_its_pumps_is_an_error_and_no_number():
    imported = read_inp(EXAMPLES["Anytown"])  # its pumps follow a pattern of zeros
    model = Model.initialize(imported.dataset, imported.options)
    with pytest.raises(HydraulicsError, match="water asked that cannot come"):
        list(play(model, imported.tape, DAY))


def test_emitters_are_refused_by_name():
    with pytest.raises(InputError, match=r"\[EMITTERS\] leak1"):
        read_inp(EXAMPLES["epanet_leaks"])
