"""Valves, and the second from which a change acts, held against EPANET run by WNTR's interface."""

import pytest
import wntr

from econex_pipeline_tests.hydraulics.street import (
    HOUR,
    JUNCTION,
    PIPE,
    VALVE,
    assert_same,
    model_of,
    reference,
    street,
    twin,
)

VALVES = {
    "PRV": ("valve_pressure", 30.0, 30.0),
    "PSV": ("valve_pressure", 49.0, 49.0),
    "PBV": ("valve_pressure", 5.0, 5.0),
    "FCV": ("valve_flow", 0.012, 0.012),
    "TCV": ("valve_loss_coefficient", 80.0, 80.0),
    "GPV": ("valve_curve", [[0.0, 0.0], [0.02, 4.0], [0.05, 20.0]], "loss"),
}


def valve(kind, value=None, **more):
    name, default, _ = VALVES[kind]
    setting = default if value is None else value
    return street({"type": kind, "shape.diameter": 0.2, f"drinking_water.{name}": setting, **more}, VALVE)


def valve_twin(kind, value=None, status="ACTIVE"):
    def add(model):
        if kind == "GPV":
            model.add_curve("loss", "HEADLOSS", [tuple(point) for point in VALVES["GPV"][1]])
        setting = VALVES[kind][2] if value is None else value
        model.add_valve("12", "2", "3", 0.2, kind, 0.0, setting, initial_status=status)

    return twin(add)


@pytest.mark.parametrize("kind", VALVES)
def test_each_kind_of_valve_does_what_epanets_does(kind):
    model = model_of(valve(kind))
    update = model.update(0)
    assert_same(update, reference(valve_twin(kind)), flow_abs=1e-6)
    head, through = (
        update.published[JUNCTION]["drinking_water.pressure"],
        update.value(VALVE, "drinking_water.flow", 12),
    )
    regulated = {
        "PRV": head[1],
        "PSV": head[0],
        "PBV": update.value(VALVE, "drinking_water.headloss", 12),
        "FCV": through,
    }
    if kind in regulated:
        assert regulated[kind] == pytest.approx(VALVES[kind][1], rel=1e-3)
    assert model.update(HOUR).value(VALVE, "operational.status", 12) == 1


@pytest.mark.parametrize(
    ("kind", "value"), [("PRV", 20.0), ("PSV", 51.0), ("PBV", 9.0), ("FCV", 0.008), ("TCV", 500.0)]
)
def test_a_valve_takes_another_setting_while_it_runs(kind, value):
    model = model_of(valve(kind))
    model.update(0)
    changed = model.update(0, {VALVE: {"id": [12], f"drinking_water.{VALVES[kind][0]}": [value]}})
    assert_same(changed, reference(valve_twin(kind, value)), flow_abs=1e-6)


@pytest.mark.parametrize("kind", VALVES)
def test_a_valve_can_be_closed_opened_and_made_active_again(kind):
    model = model_of(valve(kind))
    before = model.update(0)
    closed = model.update(0, {VALVE: {"id": [12], "operational.status": [False]}})
    assert closed.value(VALVE, "drinking_water.flow", 12) == pytest.approx(0.0, abs=1e-8)
    assert closed.value(VALVE, "operational.status", 12) == 0
    if kind != "GPV":
        wide = model.update(0, {VALVE: {"id": [12], "operational.status": ["open"]}})
        assert_same(wide, reference(valve_twin(kind, status="OPEN")), flow_abs=1e-6)
    again = model.update(0, {VALVE: {"id": [12], "operational.status": [True]}})
    for group, columns in before.published.items():
        if "drinking_water.flow" in columns:
            flows = again.published[group]["drinking_water.flow"]
            assert flows == pytest.approx(columns["drinking_water.flow"], rel=1e-4, abs=1e-7)


def test_a_prv_set_to_zero_closes_against_a_store_and_does_not_close_against_demand():
    against_tank = model_of(valve("PRV", 0.0)).update(0)
    assert against_tank.value(VALVE, "drinking_water.flow", 12) == pytest.approx(0.0, abs=1e-8)
    content = valve("PRV", 0.0)
    content["data"]["water_pipe_entities"]["operational.status"] = [
        True,
        False,
    ]  # no tank behind: demand of 10 l/s only
    against_demand = model_of(content).update(0)
    assert against_demand.value(VALVE, "drinking_water.flow", 12) == pytest.approx(0.01, rel=1e-5)
    assert against_demand.value(JUNCTION, "drinking_water.pressure", 3) == pytest.approx(0.0, abs=1e-3)


def test_an_fcv_that_cannot_deliver_is_reported():
    update = model_of(valve("FCV", 5.0)).update(0)
    assert any("delivers" in said and "of 5 m3/s" in said for said in update.warnings)
    assert not any("delivers" in said for said in model_of(valve("FCV")).update(0).warnings)


# time


@pytest.mark.parametrize("at_s", [0, 1, 1234, 3600, 5401])
def test_a_change_acts_from_its_own_second_on(at_s):
    model = model_of(street())
    if at_s:
        model.update(at_s - 1)
    model.update(at_s, {PIPE: {"id": [12], "operational.status": [False]}})
    end = model.update(2 * HOUR)
    other = twin()
    pipe = other.get_link("12")
    closing = wntr.network.controls.ControlAction(pipe, "status", wntr.network.LinkStatus.Closed)
    condition = wntr.network.controls.SimTimeCondition(other, "=", at_s)
    other.add_control("close", wntr.network.controls.Control(condition, closing))
    assert_same(end, reference(other, 2), 2, head_abs=2e-3)
