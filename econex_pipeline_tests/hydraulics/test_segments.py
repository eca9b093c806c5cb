"""Devices beside each other and over their flows: against the network itself, run with the same settings."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.hydraulics import (
    Device,
    HydraulicsError,
    WaterNetwork,
    coefficients_at,
    devices_of,
    linearize,
    operate,
    pump_segments,
    speed_for,
    turbine_segments,
)
from econex_pipeline_tests.hydraulics.prediction import predicted_days

TIMES = pd.date_range("2025-07-15T05:00", periods=3, freq="h", tz="UTC", unit="ns")
PARALLEL = """
[JUNCTIONS]
J_LOW 9 0
N_OUT 9 0
J_HIGH 29 0
[TANKS]
LOW  10 1 0 3 12 0 * YES
HIGH 30 1 0 3 12 0 * YES
[PIPES]
LINK_LOW J_LOW LOW 1 150 130 0 Open
MAIN N_OUT J_HIGH 400 80 120 0 Open
LINK_HIGH J_HIGH HIGH 1 150 130 0 Open
[PUMPS]
ONE J_LOW N_OUT HEAD H
TWO J_LOW N_OUT HEAD H
[CURVES]
H 0 45
H 10 38
H 20 15
E 2 30
E 8 62
E 12 66
E 18 50
[ENERGY]
PUMP ONE EFFICIENCY E
PUMP TWO EFFICIENCY E
[OPTIONS]
UNITS CMH
HEADLOSS H-W
ACCURACY 1e-5
[END]
"""


@pytest.fixture
def half(network):
    return {name: tank.capacity_m3 / 2 for name, tank in network.tanks.items()}


@pytest.fixture(scope="module")
def devices(district):
    return devices_of(district)


@pytest.fixture
def parallel(tmp_path):
    path = tmp_path / "parallel.inp"
    path.write_text(PARALLEL)
    return WaterNetwork(path)


def test_parallel_pumps_are_probed_in_their_joint_state(parallel):
    levels = {"LOW": 150.0, "HIGH": 150.0}
    pumps = [Device(name.lower(), "pumped", name, name) for name in ("ONE", "TWO")]
    simulated = parallel.run_step(levels, {"ONE": 3600, "TWO": 3600}, {})
    moved = simulated.volume_m3["MAIN"] / 2
    middle = {"LOW": 150.0 - moved, "HIGH": 150.0 + moved}
    for pump in pumps:
        energy = simulated.pump_energy_kwh[pump.actuator]
        together = operate(parallel, pump, middle, beside=("ONE", "TWO"))
        alone = operate(parallel, pump, middle)
        assert together[1] == pytest.approx(energy, rel=5e-4)
        assert together[0] == pytest.approx(moved, rel=5e-4)
        assert abs(alone[1] / alone[0] * moved / energy - 1.0) > 0.02
        assert alone[0] > 1.25 * together[0]


def test_planned_flows_say_who_runs_beside_whom(district, network, levels):
    shared = network.boundary["TANK_POTABLE"]
    assert shared == "J_TANK_POTABLE"
    planned = {"potable_hub_1": [1.0, 0.0, 1.0], "potable_hub_2": [1.0, 1.0, 0.0]}
    table = linearize(district, network, levels, TIMES, planned_m3_h=planned).set_index(
        ["time_utc", "element", "quantity"]
    )
    for step, beside in enumerate((("PUMP_HOME_1", "PUMP_HOME_2"), ("PUMP_HOME_2",), ("PUMP_HOME_1",))):
        expected = coefficients_at(district, network, levels, beside)
        for (element, quantity), value in expected.items():
            assert table.loc[(TIMES[step], element, quantity), "value"] == value
    with pytest.raises(InputError, match="no water device 'potable_hub_3'; did you mean 'potable_hub_"):
        linearize(district, network, levels, TIMES, planned_m3_h={"potable_hub_3": [1.0, 1.0, 1.0]})
    with pytest.raises(InputError, match="potable_hub_1 is 1; expected 3 values"):
        linearize(district, network, levels, TIMES, planned_m3_h={"potable_hub_1": [1.0]})


def test_each_coefficient_knows_its_range_and_its_age(district, network, levels):
    table = linearize(district, network, levels, TIMES, probed_at=TIMES[0] - pd.Timedelta(minutes=30))
    assert table.groupby("time_utc")["age_h"].unique().map(list).tolist() == [[0.5], [1.5], [2.5]]
    rated = table[table["quantity"] == "rated_flow_m3_h"].set_index(["time_utc", "element"])["value"]
    for row in table.itertuples():
        assert row.valid_from_m3_h == 0.0
        assert row.valid_to_m3_h == rated[row.time_utc, row.element]


def test_more_segments_follow_a_pump_more_closely(network, half, devices):
    for name in ("potable_hub_1", "raw_2_hub", "raw_hub_2", "phs_pump"):
        found = [pump_segments(network, devices[name], half, count) for count in (2, 4, 8)]
        assert [len(segments.slopes_kwh_m3) for segments in found] == [2, 4, 8]
        errors = [segments.fit_error_frac for segments in found]
        assert errors == sorted(errors, reverse=True)
        assert errors[-1] < 0.01


def test_segments_give_the_power_of_a_pump_that_holds_its_flow(network, half, devices):
    device = devices["phs_pump"]
    segments = pump_segments(network, device, half, 8)
    assert segments.setting[-1] == 1.0
    for flow in np.linspace(segments.flow_m3_h[0], segments.flow_m3_h[-1], 9)[1:-1]:
        speed = speed_for(network, device, half, flow)
        result = network.run_step(half, {"PUMP_PHS": 1}, {}, 1, {"PUMP_PHS": speed})
        assert result.volume_m3["PENSTOCK_UP"] * 3600 == pytest.approx(flow, rel=1e-4)
        power_kw = result.pump_energy_kwh["PUMP_PHS"] * 3600
        assert segments.power_at(flow) == pytest.approx(power_kw, rel=1.5 * segments.fit_error_frac + 1e-4)
    with pytest.raises(InputError, match=r"segments of phs_pump: flow is 0\.1; expected 1\."):
        segments.power_at(0.1)


def test_a_pump_bends_both_ways_and_a_turbine_one(network, half, devices):
    pump = pump_segments(network, devices["phs_pump"], half, 8)
    assert not pump.is_convex  # a linear program would cheat: SOS2 or binaries are needed
    for name in ("mains", "phs_turbine"):
        chords = turbine_segments(network, devices[name], half, 3)
        assert chords.is_concave
        assert chords.flow_m3_h[0] == 0.0
        assert len(chords.slopes_kwh_m3) == 3
        assert chords.fit_error_frac < 2e-3


def test_turbine_yields_less_per_volume_at_more_flow(network, half, devices):
    rho_g_kwh_m4 = 1000 * 9.80665 / 3.6e6
    chords = turbine_segments(network, devices["mains"], half, 3)
    for flow in (0.5, 1.0, 2.0):
        drop_m = network.probe(half, ["FCV_INLET"], {"FCV_INLET": flow}).head_drop_m["PRV_INLET"]
        assert chords.power_at(flow * 0.9999) == pytest.approx(rho_g_kwh_m4 * drop_m * 0.60 * flow, rel=3e-3)


def test_what_has_no_segments_says_why(network, half, devices):
    with pytest.raises(InputError, match="actuator of phs_pump is 'PUMP'; expected an FCV behind a turbine"):
        turbine_segments(network, devices["phs_pump"], half)
    with pytest.raises(InputError, match="segments of phs_pump: count is 40"):
        pump_segments(network, devices["phs_pump"], half, 40)
    with pytest.raises(HydraulicsError, match=r"PUMP_PHS does not move 40 m3/h at 1\.5 times its speed"):
        speed_for(network, devices["phs_pump"], half, 40.0)


@pytest.mark.slow
def test_predicted_energy_of_random_days_is_that_of_the_simulation(district, network):
    found = {label: (error, count) for label, error, count in predicted_days(district, network, days=3)}
    assert found["duty cycle, k at the start"][0] < 2e-3
    assert found["duty cycle, k at mid-step"][0] < found["duty cycle, k at the start"][0]
    assert found["variable speed, 8 segments"][0] < 6e-3
    assert found["PRS, 3 chords"][0] < 5e-3
    assert min(count for _, count in found.values()) > 20
