"""Pipes and pumps, held against EPANET run by WNTR's interface, or by hand."""

import math

import numpy as np
import pytest

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset import RunOptions
from econex_pipeline_tests.hydraulics.street import (
    EFFICIENCY,
    HEAD_CURVE,
    PIPE,
    PUMP,
    assert_same,
    model_of,
    reference,
    street,
    twin,
)

G = 9.80665 * 1000.0


def test_a_pipe_loses_head_by_hazen_and_williams():
    update = model_of(street(pipe={"drinking_water.minor_loss": [0.0, 5.0, 0.0]})).update(0)
    flow, loss = (update.value(PIPE, f"drinking_water.{what}", 12) for what in ("flow", "headloss"))
    velocity = flow / (math.pi * 0.01)
    friction = 10.667 * 200.0 * (flow / 100.0) ** 1.852 / 0.2**4.871
    assert loss == pytest.approx(friction + 5.0 * velocity**2 / 2 / 9.80665, rel=1e-3)
    assert update.value(PIPE, "drinking_water.velocity", 12) == pytest.approx(velocity)


def test_velocity_and_headloss_turn_with_the_flow():
    content = street(pipe={"topology.from_node_id": [1, 3, 3], "topology.to_node_id": [2, 2, 4]})
    update = model_of(content).update(0)
    assert all(update.value(PIPE, f"drinking_water.{what}", 12) < 0 for what in ("flow", "velocity", "headloss"))


def test_a_check_valve_lets_nothing_back():
    low = {"drinking_water.base_head": [20.0]}
    check = {"drinking_water.check_valve": [True, False, False]}
    free, held = (model_of(street(reservoir=low, pipe=pipe)).update(0) for pipe in ({}, check))
    assert free.value(PIPE, "drinking_water.flow", 11) < -0.01
    assert held.value(PIPE, "drinking_water.flow", 11) == pytest.approx(0.0, abs=1e-7)
    assert held.value(PIPE, "operational.status", 11) == 0


def test_a_pipe_closes_and_opens():
    model = model_of(street())
    update = model.update(0, {PIPE: {"id": [12], "operational.status": [False]}})
    assert update.value(PIPE, "drinking_water.flow", 12) == 0.0
    assert update.value(PIPE, "operational.status", 12) == 0
    again = model.update(0, {PIPE: {"id": [12], "operational.status": [True]}})
    assert_same(again, reference(twin()))


def test_a_length_comes_from_the_course_where_none_is_given():
    line = [[500.0, 0.0], [500.0, 160.0], [620.0, 0.0]]  # 160 + 200
    bare = street(pipe={"shape.length": [500.0, None, 300.0], "geometry.linestring_2d": [None, line, None]})
    told = street(pipe={"shape.length": [500.0, 360.0, 300.0]})
    flows = [model_of(content).update(0).value(PIPE, "drinking_water.flow", 12) for content in (bare, told)]
    assert flows[0] == flows[1]


@pytest.mark.parametrize(("formula", "roughness", "in_reference"), [("D-W", 0.0005, 0.0005), ("C-M", 0.012, 0.012)])
def test_other_headloss_formulas_are_epanets(formula, roughness, in_reference):
    content = street(general={"headloss": formula}, pipe={"drinking_water.roughness": [roughness] * 3})
    other = twin(headloss=formula)
    for _, pipe in other.pipes():
        pipe.roughness = in_reference
    assert_same(model_of(content).update(0), reference(other))
    with pytest.raises(InputError, match=rf"headloss '{formula}' is not known"):
        model_of(content, RunOptions(engine="wntr"))


# pumps


def pump(**more):
    low = {"drinking_water.base_head": [20.0]}
    return street({"type": "head", "drinking_water.head_curve": HEAD_CURVE, **more}, PUMP, reservoir=low)


def pump_twin(speed=1.0):
    def add(model):
        model.add_curve("head", "HEAD", [tuple(point) for point in HEAD_CURVE])
        model.add_pump("12", "2", "3", "HEAD", "head", speed=speed)
        model.get_node("1").head_timeseries.base_value = 20.0

    return twin(add)


def test_a_head_pump_works_on_its_curve_at_any_speed():
    model = model_of(pump())
    assert_same(model.update(0), reference(pump_twin()))
    slower = model.update(0, {PUMP: {"id": [12], "drinking_water.speed": [0.8]}})
    assert_same(slower, reference(pump_twin(0.8)))
    flow, gain = (slower.value(PUMP, f"drinking_water.{what}", 12) for what in ("flow", "head_gain"))
    # affinity: the same point of the curve, flow by s and head by s squared
    drop = 40.0 - gain / 0.8**2
    coefficient = (40.0 - 30.0) / 0.02 ** (exponent := math.log(30.0 / 10.0) / math.log(2.0))
    assert drop == pytest.approx(coefficient * (flow / 0.8) ** exponent, rel=1e-3)


def test_a_pump_stops_and_starts_at_its_speed():
    model = model_of(pump(**{"drinking_water.speed": 0.9}))
    off = model.update(0, {PUMP: {"id": [12], "operational.status": [False]}})
    assert off.value(PUMP, "drinking_water.flow", 12) == 0.0
    assert off.value(PUMP, "drinking_water.electric_power", 12) == 0.0
    on = model.update(0, {PUMP: {"id": [12], "operational.status": [True]}})
    assert_same(on, reference(pump_twin(0.9)))


def test_energy_is_rho_g_q_h_over_eta_of_the_curve():
    model = model_of(pump(**{"drinking_water.efficiency_curve": EFFICIENCY}))
    update = model.update(0)
    flow, gain = (update.value(PUMP, f"drinking_water.{what}", 12) for what in ("flow", "head_gain"))
    eta = np.interp(flow, *zip(*EFFICIENCY, strict=True))
    power = update.value(PUMP, "drinking_water.electric_power", 12)
    assert power == pytest.approx(G * flow * gain / eta, rel=1e-3)
    assert model.update(60).value(PUMP, "drinking_water.energy", 12) == pytest.approx(60.0 * power)


def test_a_power_pump_gives_its_power_to_the_water():
    def add(model):
        model.add_pump("12", "2", "3", "POWER", 5000.0)

    content = street({"type": "power", "drinking_water.power": 5000.0}, PUMP)
    update = model_of(content).update(0)
    assert_same(update, reference(twin(add)))
    flow, gain = (update.value(PUMP, f"drinking_water.{what}", 12) for what in ("flow", "head_gain"))
    assert G * flow * gain == pytest.approx(5000.0, rel=2e-3)
    assert update.value(PUMP, "drinking_water.electric_power", 12) == pytest.approx(5000.0 / 0.75, rel=2e-3)
