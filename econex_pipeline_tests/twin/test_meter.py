"""A pump with a band answers the grid's meter: it lifts what would be sold and rests where power would be bought."""

import pytest

from econex_pipeline.twin import Decision, Exogenous, Lift, NodeInputs, balances
from econex_pipeline_tests.twin.synthetic import START

PUMP = "phs_pump"
FREE = {PUMP: Lift(0.0, 10.0, 0.125)}


def world(sun_kw, load_kw, **kwargs):
    nodes = {"home_1": NodeInputs(pv_kw=sun_kw), "hub": NodeInputs(load_kw=load_kw)}
    return Exogenous(START, nodes, turbidity_ntu=15.0, water_temperature_c=18.0, **kwargs)


def step(twin, decision, **here):
    return twin.step(twin.initial_state(START), decision, world(**here))[1]


def asked(flow_m3_h, **kwargs):
    return Decision(flows_m3_h={PUMP: flow_m3_h}, rated_flows_m3_h={PUMP: 10.0}, **kwargs)


def test_a_small_surplus_is_lifted_to_the_last_watt(twin, district):
    left = step(twin, asked(0.0), sun_kw=1.0, load_kw=0.5)
    answered = step(twin, asked(0.0, lifts=FREE), sun_kw=1.0, load_kw=0.5)
    assert left.powers_kw["grid_export"] > 0.4
    assert answered.powers_kw["grid_export"] == pytest.approx(0.0, abs=0.01)
    assert answered.powers_kw["grid_import"] == pytest.approx(0.0, abs=0.01)
    assert answered.consumed_kw[PUMP] == pytest.approx(left.powers_kw["grid_export"], rel=0.02)
    residuals = balances(answered, district)
    assert max(residuals.worst_water_m3, residuals.worst_energy_kwh) < 1e-6


def test_a_large_surplus_is_lifted_as_far_as_the_pump_goes(twin):
    answered = step(twin, asked(0.0, lifts=FREE), sun_kw=8.0, load_kw=0.5)
    assert answered.run_s[PUMP] == 3600
    assert answered.powers_kw["grid_export"] > 3.0


def test_nothing_is_bought_to_lift_what_was_to_be_lifted_of_the_sun(twin):
    bought = step(twin, asked(5.0), sun_kw=0.2, load_kw=1.0)
    answered = step(twin, asked(5.0, lifts=FREE), sun_kw=0.2, load_kw=1.0)
    assert bought.flows_m3_h[PUMP] > 4.0
    assert answered.flows_m3_h[PUMP] == pytest.approx(0.0, abs=1e-3)
    assert answered.powers_kw["grid_import"] < bought.powers_kw["grid_import"] - 0.3
    assert not [clip for clip in answered.clips if clip.element == PUMP]


def test_what_is_lifted_on_purpose_is_lifted_whatever_comes(twin):
    answered = step(twin, asked(5.0, lifts={PUMP: Lift(5.0, 10.0, 0.125)}), sun_kw=0.2, load_kw=1.0)
    assert answered.flows_m3_h[PUMP] == pytest.approx(5.0, rel=0.05)


def test_the_battery_stores_a_surplus_before_the_pump_lifts_it(twin):
    decision = asked(0.0, lifts=FREE, bands_kw={"battery_1": (-5.0, 5.0)})
    answered = step(twin, decision, sun_kw=3.0, load_kw=0.5)
    assert answered.powers_kw["battery_1.charge"] == pytest.approx(2.5, abs=0.05)
    assert answered.flows_m3_h[PUMP] == pytest.approx(0.0, abs=1e-3)


def test_no_battery_is_drained_to_lift_water(twin):
    """The sun gives less than was foreseen: the pump rests, and the battery gives nothing for it."""
    decision = asked(5.0, lifts=FREE, bands_kw={"battery_1": (-5.0, 5.0)})
    answered = step(twin, decision, sun_kw=0.4, load_kw=0.4)
    assert answered.flows_m3_h[PUMP] == pytest.approx(0.0, abs=0.05)
    assert answered.powers_kw["battery_1.discharge"] < 0.02


def test_in_an_outage_no_meter_is_answered(twin):
    answered = step(twin, asked(0.0, lifts=FREE), sun_kw=3.0, load_kw=0.5, grid_available=False)
    assert answered.flows_m3_h[PUMP] == pytest.approx(0.0, abs=1e-3)
