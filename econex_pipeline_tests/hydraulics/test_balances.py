"""Water is neither lost nor made, at full and empty tanks too; each term read on its own."""

import pytest

from econex_pipeline_tests.hydraulics.duties import CAPACITY_M3, ENDS, METERS, rough_hours, wet_hours

EXACT_M3 = 1e-6
HALF = {tank: capacity / 2 for tank, capacity in CAPACITY_M3.items()}


def moved(result, tank, volumes):
    came = sum(volumes[name] for name, (_, sink) in ENDS.items() if sink == tank)
    went = sum(volumes[name] for name, (source, _) in ENDS.items() if source == tank)
    return came - went - result.taken_m3[f"J_{tank}"] - result.spill_m3[tank]


def by_meters(result):
    return {name: result.volume_m3[meter] for name, meter in METERS.items()}


@pytest.mark.parametrize("seed", range(3))
def test_meters_explain_every_tank_exactly_while_none_meets_a_limit(network, seed):
    levels, exact = HALF, 0
    for run_s, demands in wet_hours(24, levels, seed):
        result = network.run_step(levels, run_s, demands)
        for tank in CAPACITY_M3:
            if result.step_error_bound_m3[tank] == 0.0:
                exact += 1
                stored = result.levels_m3[tank] - levels[tank]
                assert moved(result, tank, by_meters(result)) == pytest.approx(stored, abs=EXACT_M3)
        levels = result.levels_m3
    assert exact > 100


@pytest.mark.parametrize("seed", range(3))
def test_full_and_empty_tanks_cost_no_more_water_than_the_stated_step_error(network, seed):
    levels, limited = HALF, 0
    for run_s, demands in rough_hours(24, seed):
        result = network.run_step(levels, run_s, demands)
        for tank, capacity in CAPACITY_M3.items():
            error, bound = result.step_error_m3[tank], result.step_error_bound_m3[tank]
            limited += bound > 0.0
            stored = result.levels_m3[tank] - levels[tank]
            assert moved(result, tank, by_meters(result)) + error == pytest.approx(stored, abs=EXACT_M3)
            creeping = moved(result, tank, result.delivered_m3) + result.creep_m3[tank]
            assert creeping + error == pytest.approx(stored, abs=EXACT_M3)
            assert abs(error) <= bound + EXACT_M3
            assert bound < 0.01 + 0.001 * capacity
            assert 0.0 <= result.levels_m3[tank] <= capacity + 1e-9
            assert result.spill_m3[tank] >= 0.0
            assert abs(result.creep_m3[tank]) < 1e-3
        assert result.retries == 0
        levels = result.levels_m3
    assert limited > 40


def test_a_full_tank_spills_the_excess(network, levels):
    full = {**levels, "CISTERN": 20.0}
    result = network.run_step(full, {}, {"J_CISTERN": -17.0})
    assert result.levels_m3["CISTERN"] == pytest.approx(20.0, abs=1e-12)
    assert result.spill_m3["CISTERN"] == pytest.approx(17.0, abs=1e-4)
    assert sum(result.spill_m3.values()) == result.spill_m3["CISTERN"]


def test_a_tank_that_fills_within_the_hour_spills_only_what_is_too_much(network, levels):
    result = network.run_step({**levels, "TANK_RAW": 2.5}, {}, {"J_TANK_RAW": -1.2})
    assert result.spill_m3["TANK_RAW"] == pytest.approx(0.7, abs=result.step_error_bound_m3["TANK_RAW"] + 1e-4)


def test_an_empty_tank_gives_less_than_is_asked_and_says_so(network, levels):
    result = network.run_step({**levels, "TANK_HOME_1": 0.2}, {}, {"J_TANK_HOME_1": 0.5})
    assert result.asked_m3["J_TANK_HOME_1"] == 0.5
    assert result.taken_m3["J_TANK_HOME_1"] == pytest.approx(0.2, abs=1e-3)
    assert result.levels_m3["TANK_HOME_1"] < 1e-3


def test_demand_at_an_empty_tank_is_served_by_what_flows_in(network, levels):
    empty = {**levels, "TANK_HOME_1": 0.0}
    result = network.run_step(empty, {"PUMP_HOME_1": 1800}, {"J_TANK_HOME_1": 2.0})
    assert result.taken_m3["J_TANK_HOME_1"] == pytest.approx(result.delivered_m3["PUMP_HOME_1"], rel=0.01)
    assert result.taken_m3["J_TANK_HOME_1"] < 0.65 < result.asked_m3["J_TANK_HOME_1"]
    ample = network.run_step(empty, {"PUMP_HOME_1": 3600}, {"J_TANK_HOME_1": 0.3})
    assert ample.taken_m3["J_TANK_HOME_1"] == pytest.approx(0.3, rel=1e-9)
    assert ample.levels_m3["TANK_HOME_1"] > 0.8


def test_a_pump_stops_for_the_step_when_its_source_runs_dry(network, levels):
    dry = {**levels, "TANK_POTABLE": 0.4}
    result = network.run_step(dry, {"PUMP_HOME_1": 3600, "FCV_INLET": 3600}, {"J_TANK_POTABLE": 2.2})
    assert 600 < result.ran_s["PUMP_HOME_1"] < 1500
    assert any("PUMP_HOME_1" in warning for warning in result.warnings)
    assert result.ran_s["FCV_INLET"] == 3600
    assert result.delivered_m3["PUMP_HOME_1"] < 0.45
    assert result.substeps < 40  # no chatter
    assert result.warnings == ("PUMP_HOME_1 stopped: its source ran empty",)


def test_an_actuator_runs_its_seconds_from_the_start_of_the_step(network, levels):
    result = network.run_step(levels, {"FCV_INLET": 1234, "TURBINE_PHS": 1}, {}, step_s=1800)
    assert result.ran_s["FCV_INLET"] == 1234
    assert result.delivered_m3["FCV_INLET"] == pytest.approx(2.0 * 1234 / 3600, rel=1e-4)
    assert result.delivered_m3["TURBINE_PHS"] == pytest.approx(10.0 / 3600, rel=1e-4)
    assert result.delivered_m3["PUMP_PHS"] == 0.0


def test_no_flow_depends_on_another_actuator(network, levels):
    half = {name: network.tanks[name].capacity_m3 / 2 for name in levels}
    together = network.probe(half, list(ENDS))
    for name, meter in METERS.items():
        alone = network.probe(half, [name])
        assert together.flow_m3_h[meter] == pytest.approx(alone.flow_m3_h[meter], rel=2e-3)
        if name in network.pumps:
            assert together.power_kw[name] == pytest.approx(alone.power_kw[name], rel=2e-3)


def test_finer_substeps_change_little(district, network, levels):
    fine = type(network)(district.network_path, substep_s=30)
    run_s = {"PUMP_HOME_1": 1500, "PUMP_PHS": 3600, "PUMP_RAW_2": 2000, "FCV_INLET": 3000}
    coarse_day, fine_day = (engine.run_step(levels, run_s, {"J_TANK_POTABLE": 0.1}) for engine in (network, fine))
    assert fine_day.substeps > 5 * coarse_day.substeps
    assert coarse_day.levels_m3 == pytest.approx(fine_day.levels_m3, abs=0.02)
    assert coarse_day.pump_energy_kwh == pytest.approx(fine_day.pump_energy_kwh, rel=1e-3, abs=1e-9)
