"""The engine as a piece of software: pure, independent of other instances, loud when something is wrong."""

import gc
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.hydraulics import Bounds, HydraulicsError, Mismatch, WaterNetwork
from econex_pipeline.hydraulics.plant import Plant
from econex_pipeline.hydraulics.toolkit import Project

RUN_S = {"PUMP_HOME_1": 700, "PUMP_PHS": 3600, "FCV_INLET": 1234, "PUMP_RAW_2": 90}
DEMANDS = {"J_TANK_POTABLE": 0.2, "J_TANK_HOME_1": 0.05, "J_CISTERN": -2.0}


def step_elsewhere(path, levels):
    return WaterNetwork(Path(path)).run_step(levels, RUN_S, DEMANDS)


def test_same_call_twice_gives_the_same_answer_whatever_lies_between(network, levels):
    first = network.run_step(levels, RUN_S, DEMANDS)
    network.run_step({**levels, "TANK_HOME_1": 0.0}, {"VALVE_RETURN_2": 3600}, {"J_TANK_HOME_1": 3.0})
    network.probe(levels, ["TURBINE_PHS"])
    assert network.run_step(levels, RUN_S, DEMANDS) == first


def test_a_probe_does_not_disturb_a_run_that_continues(district, network, levels):
    other = WaterNetwork(district.network_path)
    for engine in (network, other):
        engine.run_step(levels, RUN_S, DEMANDS)
    network.probe(levels, ["TURBINE_PHS"])
    assert network.continue_step(RUN_S, DEMANDS) == other.continue_step(RUN_S, DEMANDS)


def test_instances_do_not_disturb_each_other(district, network, levels):
    alone = network.run_step(levels, RUN_S, DEMANDS)
    second, third = WaterNetwork(district.network_path), WaterNetwork(district.network_path)
    second.perturb(Mismatch(roughness={"MAIN_HOME_1": 0.5}))
    third.run_step(levels, {"TURBINE_PHS": 10}, {})
    second.close()
    assert network.run_step(levels, RUN_S, DEMANDS) == alone
    assert third.run_step(levels, RUN_S, DEMANDS) == alone


def test_processes_give_the_same_answer_side_by_side(district, network, levels):
    here = network.run_step(levels, RUN_S, DEMANDS)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        jobs = [pool.submit(step_elsewhere, str(district.network_path), levels) for _ in range(6)]
        assert all(job.result() == here for job in jobs)
    assert network.run_step(levels, RUN_S, DEMANDS) == here


def test_projects_leave_nothing_behind(district, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        WaterNetwork(district.network_path).close()
    WaterNetwork(district.network_path)
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_files + 1


def test_a_mismatch_of_one_changes_nothing_and_another_replaces_it(network, levels):
    drawn = network.run_step(levels, RUN_S, DEMANDS)
    network.perturb(Mismatch(dict.fromkeys(network.pipes, 1.0), dict.fromkeys(network.pumps, 1.0)))
    assert network.run_step(levels, RUN_S, DEMANDS) == drawn
    for _ in range(2):
        network.perturb(Mismatch({"MAIN_HOME_1": 0.8}, {"PUMP_PHS": 0.95}))
    real = network.run_step(levels, RUN_S, DEMANDS)
    assert real.pump_energy_kwh["PUMP_PHS"] == pytest.approx(drawn.pump_energy_kwh["PUMP_PHS"] / 0.95, rel=1e-6)
    assert real.delivered_m3["PUMP_HOME_1"] < 0.99 * drawn.delivered_m3["PUMP_HOME_1"]
    point = network.probe(levels, ["PUMP_HOME_1"])
    assert point.flow_m3_h["MAIN_HOME_1"] == pytest.approx(real.delivered_m3["PUMP_HOME_1"] * 3600 / 700, rel=5e-3)
    network.perturb(Mismatch())
    assert network.run_step(levels, RUN_S, DEMANDS) == drawn


@pytest.mark.parametrize(
    ("mismatch", "sentence"),
    [
        (Mismatch({"MAIN_HOM_1": 1.0}), "no pipe 'MAIN_HOM_1'; did you mean 'MAIN_HOME_1'"),
        (Mismatch({}, {"FCV_INLET": 1.0}), "no pump 'FCV_INLET'"),
        (Mismatch({"MAIN_HOME_1": 0.0}), "factor of MAIN_HOME_1 is 0.0; expected a number above 0"),
        (Mismatch({}, {"PUMP_PHS": float("nan")}), "factor of PUMP_PHS is nan"),
        (Mismatch({}, {"PUMP_PHS": 1.3}), "best efficiency of PUMP_PHS is '107.9 %'; expected less than 100 %"),
    ],
)
def test_a_mismatch_that_makes_no_sense_is_refused(network, levels, mismatch, sentence):
    with pytest.raises(InputError, match=sentence):
        network.perturb(mismatch)


REQUESTS = [
    ({"TANK_HOM_1": 0.5}, {}, {}, "no tank 'TANK_HOM_1'; did you mean 'TANK_HOME_1'"),
    ({"CISTERN": 20.1}, {}, {}, r"levels_m3 of CISTERN is 20.1; expected 0 to 20 m3"),
    ({"CISTERN": float("nan")}, {}, {}, "levels_m3 of CISTERN is nan"),
    ({"CISTERN": -0.1}, {}, {}, "levels_m3 of CISTERN is -0.1"),
    ({}, {"PUMP_HOM_1": 5}, {}, "no actuator 'PUMP_HOM_1'; did you mean 'PUMP_HOME_1'"),
    ({}, {"PUMP_HOME_1": 3601}, {}, "run_s of PUMP_HOME_1 is 3601; expected whole seconds from 0 to 3600 s"),
    ({}, {"PUMP_HOME_1": 1.5}, {}, "run_s of PUMP_HOME_1 is 1.5"),
    ({}, {}, {"CISTERN": 1.0}, "no boundary junction 'CISTERN'; did you mean 'J_CISTERN'"),
    ({}, {}, {"J_CISTERN": float("inf")}, "demands_m3_h at J_CISTERN is inf; expected a finite flow"),
]


@pytest.mark.parametrize(("more", "run_s", "demands", "sentence"), REQUESTS)
def test_a_request_that_makes_no_sense_is_refused(network, levels, more, run_s, demands, sentence):
    with pytest.raises(InputError, match=sentence):
        network.run_step({**levels, **more}, run_s, demands)


@pytest.mark.parametrize(("run_s", "demands"), [({"PUMP_RAW_2": 60}, {}), ({}, {"J_CISTERN": 0.1})])
def test_a_missing_level_of_a_tank_in_use_is_refused(network, levels, run_s, demands):
    del (fewer := dict(levels))["CISTERN"]
    with pytest.raises(InputError, match="the level of tank 'CISTERN' is missing"):
        network.run_step(fewer, run_s, demands)


def test_a_tank_out_of_use_keeps_the_level_of_the_file(network, levels):
    fewer = {name: level for name, level in levels.items() if not name.startswith("BASIN")}
    after = network.run_step(fewer, {"PUMP_HOME_1": 600}, {"J_TANK_HOME_1": 0.1}).levels_m3
    assert after["BASIN_LOWER"] == pytest.approx(0.8 * 60.0, abs=1e-3)
    assert after["BASIN_UPPER"] == pytest.approx(0.1 * 50.0, abs=1e-3)
    whole = network.run_step(levels, {"PUMP_HOME_1": 600}, {"J_TANK_HOME_1": 0.1}).levels_m3
    assert after["TANK_HOME_1"] == pytest.approx(whole["TANK_HOME_1"], abs=1e-9)


def unconverged(monkeypatch, times):
    """Let EPANET claim not to have converged, so many times in a row."""
    solve, left = Project.solve, [times]

    def claims(self):
        code = solve(self)
        left[0] -= 1
        return 1 if left[0] >= 0 else code

    monkeypatch.setattr(Project, "solve", claims)


def test_an_unconverged_instant_is_solved_again_with_damping(network, levels, monkeypatch):
    expected = network.run_step(levels, RUN_S, DEMANDS)
    unconverged(monkeypatch, 1)
    result = network.run_step(levels, RUN_S, DEMANDS)
    assert result.retries == 1
    assert result.levels_m3 == pytest.approx(expected.levels_m3, abs=1e-6)


def test_what_does_not_converge_with_damping_either_is_an_error(network, levels, monkeypatch):
    unconverged(monkeypatch, 2)
    with pytest.raises(HydraulicsError, match="does not converge: system unbalanced"):
        network.run_step(levels, RUN_S, DEMANDS)
    monkeypatch.undo()
    assert network.run_step(levels, RUN_S, DEMANDS).retries == 0


def test_a_step_that_takes_too_many_substeps_is_given_up(district, levels):
    with pytest.raises(HydraulicsError, match="after 5 sub-steps"):
        WaterNetwork(district.network_path, bounds=Bounds(max_substeps=5)).run_step(levels, RUN_S, DEMANDS)


LIES = [(0, np.nan, "flow of nan"), (0, 1e6, "flow of 1e"), (1, 7.0, "the books of tank TANK_POTABLE miss")]


@pytest.mark.parametrize(("column", "value", "sentence"), LIES)
def test_an_answer_that_cannot_be_is_an_error(network, levels, monkeypatch, column, value, sentence):
    solve = Plant.solve

    def lies(self):
        answer = solve(self)
        self.values[self.columns[column].start] = value
        return answer

    monkeypatch.setattr(Plant, "solve", lies)
    with pytest.raises(HydraulicsError, match=sentence):
        network.run_step(levels, RUN_S, DEMANDS)
