"""What EPANET answers without a word, and what is made of it: each provoked with a network that does it for real."""

import math

import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.hydraulics import Bounds, HydraulicsError, WaterNetwork

RUN_S = {"PUMP_HOME_1": 700, "PUMP_PHS": 3600, "FCV_INLET": 1234, "PUMP_RAW_2": 90}
DEMANDS = {"J_TANK_POTABLE": 0.2, "J_TANK_HOME_1": 0.05, "J_CISTERN": -2.0}
CISTERN = "CISTERN        10.0  0.4      0       1.6     3.989422804014327   0   *  "


def test_too_few_trials_are_made_up_for_by_damped_ones(network, edited, levels):
    hasty = WaterNetwork(edited("TRIALS     100", "TRIALS     2"))
    result, expected = hasty.run_step(levels, RUN_S, DEMANDS), network.run_step(levels, RUN_S, DEMANDS)
    assert expected.retries == 0
    assert result.retries >= result.substeps
    assert result.warnings == ()
    assert result.levels_m3 == pytest.approx(expected.levels_m3, abs=1e-6)
    assert result.pump_energy_kwh == pytest.approx(expected.pump_energy_kwh, rel=1e-5, abs=1e-9)


def test_the_damped_options_do_not_stay(edited, levels):
    hasty = WaterNetwork(edited("TRIALS     100", "TRIALS     2"))
    first = hasty.run_step(levels, RUN_S, DEMANDS)
    assert hasty.run_step(levels, RUN_S, DEMANDS) == first


def test_what_cannot_converge_is_raised(edited, levels):
    endless = WaterNetwork(edited("FLOWCHANGE 1e-6", "FLOWCHANGE 1e-16"))
    with pytest.raises(HydraulicsError, match="does not converge"):
        endless.run_step(levels, RUN_S, DEMANDS)
    with pytest.raises(HydraulicsError, match="does not converge"):
        endless.probe(levels, ["PUMP_PHS"])


@pytest.mark.parametrize("start_m3", [20.0, 15.0])
def test_water_forced_into_a_full_tank_that_may_not_overflow_is_an_error(edited, levels, start_m3):
    tight = WaterNetwork(edited(f"{CISTERN}YES", f"{CISTERN}NO"))
    with pytest.raises(HydraulicsError, match=r"CISTERN is full, may not overflow, and 17 m3/h are forced into it"):
        tight.run_step({**levels, "CISTERN": start_m3}, {}, {"J_CISTERN": -17.0})
    assert tight.run_step({**levels, "CISTERN": 2.0}, {}, {"J_CISTERN": -17.0}).levels_m3["CISTERN"] == pytest.approx(
        19.0, abs=1e-4
    )


def test_a_flow_control_valve_that_cannot_deliver_says_how_much_is_missing(network, levels):
    result = network.run_step(levels, {"FCV_INLET": 1800}, {}, settings={"FCV_INLET": 30.0})
    assert set(result.short_m3) == {"FCV_INLET"}
    assert result.short_m3["FCV_INLET"] + result.delivered_m3["FCV_INLET"] == pytest.approx(15.0)
    assert result.delivered_m3["FCV_INLET"] < 10.0
    assert any("FCV_INLET delivered" in warning for warning in result.warnings)


def test_a_valve_that_delivers_is_not_reported(network, levels):
    result = network.run_step(levels, {"FCV_INLET": 1800, "TURBINE_PHS": 900}, {})
    assert result.short_m3 == {}
    assert result.warnings == ()


BROKEN = [
    (Bounds(max_pressure_m=30.0), "the pressure at N_PHS_DISCHARGE would be 4.* m; believed are -10 to 30 m"),
    (Bounds(min_pressure_m=2.0), "the pressure at J_BASIN_LOWER would be 1.* m; believed are 2 to 1000 m"),
    (Bounds(max_flow_m3_h=5.0), "answers with a flow of 10"),
    (Bounds(max_substeps=11), "after 11 sub-steps"),
    (Bounds(balance_frac=1e-16), "(unaccounted for|the books of tank .* miss)"),
]


@pytest.mark.parametrize(("bounds", "sentence"), BROKEN)
def test_a_bound_that_is_broken_is_named(district, levels, bounds, sentence):
    with pytest.raises(HydraulicsError, match=sentence):
        WaterNetwork(district.network_path, bounds=bounds).run_step(levels, {"PUMP_PHS": 3600}, {})


def test_substeps_are_counted(district, levels):
    assert WaterNetwork(district.network_path, 300).run_step(levels, {}, {}).substeps == 12
    assert WaterNetwork(district.network_path, 900).run_step(levels, {"PUMP_PHS": 1000}, {}).substeps == 5


def test_still_water_has_no_pressure_to_be_judged(edited, levels):
    cut_off = WaterNetwork(edited("N_PHS_DISCHARGE      9.0    0", "N_PHS_DISCHARGE    9000.0    0"))
    assert cut_off.run_step(levels, {}, {}).warnings == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"min_pressure_m": 2000.0}, "min_pressure_m is 2000.0; expected less than max_pressure_m, 1000 m"),
        ({"max_flow_m3_h": 0.0}, "max_flow_m3_h is 0.0; expected a number above 0"),
        ({"max_substeps": -1}, "max_substeps is -1"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(change, sentence):
    with pytest.raises(InputError, match=sentence):
        Bounds(**change)


SETTINGS = [
    ({"PUMP_HOM_1": 1.0}, "no actuator 'PUMP_HOM_1'; did you mean 'PUMP_HOME_1'"),
    ({"PUMP_HOME_1": 0.0}, "settings of PUMP_HOME_1 is 0.0; expected a number above 0"),
    ({"PUMP_HOME_1": float("nan")}, "settings of PUMP_HOME_1 is nan"),
]


@pytest.mark.parametrize(("settings", "sentence"), SETTINGS)
def test_a_setting_that_makes_no_sense_is_refused(network, levels, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        network.run_step(levels, RUN_S, DEMANDS, settings=settings)


def test_a_slower_pump_follows_the_affinity_laws(network, levels):
    full, slow = (network.probe(levels, ["PUMP_PHS"], {"PUMP_PHS": speed}) for speed in (1.0, 0.95))
    flow, head = slow.flow_m3_h["PUMP_PHS"], -slow.head_drop_m["PUMP_PHS"]
    exponent = math.log((52 - 21) / (52 - 40)) / math.log(16 / 10)  # through (0, 52), (10, 40), (16, 21)
    expected = 0.95**2 * (52 - 12 * (flow / 0.95 / 10) ** exponent)  # H ~ s^2 and Q ~ s
    assert head == pytest.approx(expected, rel=1e-3)
    assert flow < 0.95 * full.flow_m3_h["PUMP_PHS"]  # static lift
