"""Coefficients against formulas worked by hand from the network file's own numbers."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from econex_pipeline.contracts import InputError, validate
from econex_pipeline.hydraulics import HydraulicsError, coefficients_at, linearize
from econex_pipeline_tests.hydraulics.duties import wet_hours

RHO_G = 1000 * 9.80665
TIMES = pd.date_range("2025-07-15T05:00", periods=3, freq="h", tz="UTC", unit="ns")


def hazen_williams_m(flow_m3_h, length_m, diameter_m, roughness, minor=0.0):
    """Friction (SI form of EPANET's) and minor loss."""
    flow = flow_m3_h / 3600
    velocity = flow / (np.pi * diameter_m**2 / 4)
    friction = 10.667 * length_m * flow**1.852 / (roughness**1.852 * diameter_m**4.871)
    return friction + minor * velocity**2 / (2 * 9.81)


def head_curve(points, flow):
    """EPANET's power curve H = A - B Q^C through three points."""
    (_, h0), (q1, h1), (q2, h2) = points
    c = np.log((h0 - h2) / (h0 - h1)) / np.log(q2 / q1)
    return h0 - (h0 - h1) * (flow / q1) ** c


PUMPS = {
    # head curve, efficiency curve near the operating point, lift of the tanks' bottoms, rising main
    "potable_hub_1": ([(0, 36), (1.2, 25), (2, 9)], [(1.1, 41.5), (1.3, 42)], 34.25 - 12.5, (80, 0.025, 130, 5)),
    "potable_hub_2": ([(0, 39), (1.2, 28), (2, 11)], [(1.1, 41.5), (1.3, 42)], 36.25 - 12.5, (110, 0.025, 130, 5)),
    "raw_2_hub": ([(0, 24), (1.8, 15.5), (2.8, 5)], [(1.7, 39.5), (1.9, 40)], 13.25 - 10.4, (180, 0.025, 130, 20)),
    "raw_hub_2": ([(0, 24), (1.8, 15), (2.8, 5)], [(1.7, 39.5), (1.9, 40)], 10.4 - 13.25, (180, 0.025, 130, 90)),
    "phs_pump": ([(0, 52), (10, 40), (16, 21)], [(10, 83), (11, 82.6)], 50.5 - 10 - 50 / 60, (60, 0.08, 140, 0)),
}


@pytest.mark.parametrize("element", PUMPS)
def test_a_pump_works_where_its_curve_meets_the_pipe(district, network, levels, element):
    curve, efficiency, lift_m, main = PUMPS[element]
    found = coefficients_at(district, network, levels)
    flow = brentq(lambda q: head_curve(curve, q) - lift_m - hazen_williams_m(q, *main), 0.1, curve[-1][0])
    eta = np.interp(flow, *zip(*efficiency, strict=True)) / 100
    assert found[element, "rated_flow_m3_h"] == pytest.approx(flow, rel=2e-3)
    assert found[element, "energy_kwh_m3"] == pytest.approx(RHO_G * head_curve(curve, flow) / eta / 3.6e6, rel=3e-3)


def test_inlet_turbine_recovers_the_head_its_valve_takes(district, network, levels):
    drop_m = 61.7 - hazen_williams_m(2.0, 30, 0.032, 130) - (8 + 8)
    found = coefficients_at(district, network, levels)
    assert found["mains", "recovery_kwh_m3"] == pytest.approx(RHO_G * drop_m * 0.60 / 3.6e6, rel=1e-3)
    assert found["mains", "recovery_kwh_m3"] == pytest.approx(0.0736, rel=2e-3)
    assert found["mains", "rated_flow_m3_h"] == pytest.approx(2.0, rel=1e-4)


def test_pumped_hydro_turbine_yields_the_net_head(district, network, levels):
    net_m = (50.4 + 5 / 50) - (10 + 50 / 60) - hazen_williams_m(10.0, 60, 0.08, 140)
    found = coefficients_at(district, network, levels)
    assert found["phs_turbine", "yield_kwh_m3"] == pytest.approx(RHO_G * net_m * 0.73 / 3.6e6, rel=1e-3)
    assert found["phs_turbine", "yield_kwh_m3"] == pytest.approx(0.0796, rel=0.03)
    assert found["phs_pump", "energy_kwh_m3"] == pytest.approx(0.131, rel=0.01)


def test_pumping_energy_is_that_of_small_pumps(district, network, levels):
    found = coefficients_at(district, network, levels)
    for element in ("potable_hub_1", "potable_hub_2", "raw_2_hub", "raw_hub_2"):
        assert 0.09 < found[element, "energy_kwh_m3"] < 0.25


def test_power_is_rho_g_q_h_over_eta(network, levels):
    for pump in network.pumps:
        point = network.probe(levels, [pump])
        power_kw = RHO_G * point.flow_m3_h[pump] / 3600 * -point.head_drop_m[pump] / point.efficiency_frac[pump] / 1000
        assert point.power_kw[pump] == pytest.approx(power_kw, rel=1e-3)


def test_valve_energy_of_a_step_is_the_head_drop_times_the_volume(network, levels):
    result = network.run_step(levels, {"FCV_INLET": 3600}, {})
    drop_m = network.probe(levels, ["FCV_INLET"]).head_drop_m["PRV_INLET"]
    assert result.head_energy_kwh["PRV_INLET"] == pytest.approx(RHO_G * 2.0 * drop_m / 3.6e6, rel=1e-4)


@pytest.mark.parametrize("seed", [11, 12])
def test_predicted_pump_energy_of_a_day_matches_the_simulated(district, network, seed):
    elements = {str(arc.actuator): name for name, arc in district.arcs.items() if arc.kind == "pumped"}
    levels = {name: tank.capacity_m3 / 2 for name, tank in network.tanks.items()}
    predicted, simulated, errors = 0.0, 0.0, []
    for run_s, demands in wet_hours(24, levels, seed):
        known = coefficients_at(district, network, levels)
        result = network.run_step(levels, run_s, demands)
        for pump, element in elements.items():
            asked_m3 = known[element, "rated_flow_m3_h"] * result.ran_s[pump] / 3600
            expected = known[element, "energy_kwh_m3"] * asked_m3
            predicted, simulated = predicted + expected, simulated + result.pump_energy_kwh[pump]
            if expected > 0.0:
                errors.append(abs(expected / result.pump_energy_kwh[pump] - 1))
        levels = result.levels_m3
    assert predicted == pytest.approx(simulated, rel=2e-3)
    assert np.mean(errors) < 2e-3
    assert max(errors) < 5e-3


def test_the_table_keeps_its_contract_and_holds_every_device(district, network, levels):
    table = validate(linearize(district, network, levels, TIMES, scenario=4), "COEFFICIENTS")
    assert set(table["scenario"]) == {4}
    first = table[table["time_utc"] == TIMES[0]].set_index(["element", "quantity"])["value"]
    assert first.to_dict() == coefficients_at(district, network, levels)
    assert len(table) == 3 * len(first) == 3 * 16
    assert table["fit_error_frac"].between(0.0, 0.02).all()


def test_expected_levels_move_the_operating_point_to_the_middle_of_each_step(district, network, levels):
    rising = [5.0, 15.0, 25.0, 35.0]
    table = linearize(district, network, levels, TIMES, expected_m3={"BASIN_UPPER": rising})
    k = table[(table["element"] == "phs_pump") & (table["quantity"] == "energy_kwh_m3")]["value"].to_numpy()
    middle = coefficients_at(district, network, {**levels, "BASIN_UPPER": 20.0})
    assert (np.diff(k) > 0).all()
    assert k[1] == middle["phs_pump", "energy_kwh_m3"]
    with pytest.raises(InputError, match="4 values"):
        linearize(district, network, levels, TIMES, expected_m3={"BASIN_UPPER": rising[:-1]})


def test_fit_error_is_the_drift_over_a_step_at_full_run(district, network, levels):
    table = linearize(district, network, levels, TIMES).set_index(["time_utc", "element", "quantity"])
    row = table.loc[(TIMES[0], "phs_turbine", "yield_kwh_m3")]
    after = {**levels, "BASIN_UPPER": 0.0, "BASIN_LOWER": 60.0}
    drop = 1 - coefficients_at(district, network, after)["phs_turbine", "yield_kwh_m3"] / row["value"]
    assert row["fit_error_frac"] == pytest.approx(drop / 2, rel=0.1)


def test_an_empty_tank_can_still_be_probed(district, network, levels):
    found = coefficients_at(district, network, dict.fromkeys(levels, 0.0))
    assert all(value > 0.0 for value in found.values())


def test_a_turbine_that_gives_more_than_its_pump_takes_is_refused(district, network, levels):
    change = {"tail": "hub", "head": "home_2", "turbine_efficiency_frac": 1.0}  # 40 m down, beside a pump of 15 m
    arc = district.arcs["phs_turbine"].model_copy(update=change)
    with pytest.raises(InputError, match=r"arcs\.phs_turbine\.turbine_efficiency_frac is 1\.0"):
        coefficients_at(district.model_copy(update={"arcs": {**district.arcs, "phs_turbine": arc}}), network, levels)


def test_a_meter_that_points_the_other_way_is_refused(district, network, levels):
    arc = district.arcs["phs_pump"].model_copy(update={"meter": "LINK_LOWER"})
    with pytest.raises(HydraulicsError, match="LINK_LOWER shows -10"):
        coefficients_at(district.model_copy(update={"arcs": {"phs_pump": arc}}), network, levels)
