"""Junctions, tanks and reservoirs, held against EPANET or WNTR run by their own interfaces, or by hand."""

import math

import pytest
import wntr

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset import RunOptions
from econex_pipeline.hydraulics.toolkit import HydraulicsError
from econex_pipeline_tests.hydraulics.street import (
    HOUR,
    JUNCTION,
    RESERVOIR,
    TANK,
    assert_same,
    model_of,
    reference,
    street,
    twin,
)


def test_demand_is_base_times_factor_and_either_can_change_at_each_step():
    model = model_of(street())
    changes = {JUNCTION: {"id": [3, 2], "drinking_water.demand_factor": [1.5, 1.0]}}
    first = model.update(0, changes)
    second = model.update(HOUR, {JUNCTION: {"id": [2], "drinking_water.base_demand": [0.02]}})
    assert first.value(JUNCTION, "drinking_water.demand", 3) == pytest.approx(0.015)
    assert second.value(JUNCTION, "drinking_water.demand", 2) == pytest.approx(0.02)
    other = twin()
    other.get_node("3").demand_timeseries_list[0].base_value = 0.015
    assert_same(first, reference(other))
    other.get_node("2").demand_timeseries_list[0].base_value = 0.02
    other.get_node("4").init_level = second.value(TANK, "drinking_water.level", 4)
    assert_same(second, reference(other))


def test_a_global_multiplier_counts_too():
    update = model_of(street(general={"demand_multiplier": 2.0})).update(0)
    other = twin()
    other.options.hydraulic.demand_multiplier = 2.0
    assert_same(update, reference(other))
    assert update.value(JUNCTION, "drinking_water.delivered", 3) == pytest.approx(0.02, rel=1e-6)


PDA = {"demand_model": "PDA", "minimum_pressure": 2.0, "required_pressure": 60.0, "pressure_exponent": 0.5}


def pdd_twin(simulator_model="PDD"):
    other = twin()
    hydraulic = other.options.hydraulic
    hydraulic.demand_model = simulator_model
    hydraulic.minimum_pressure, hydraulic.required_pressure, hydraulic.pressure_exponent = 2.0, 60.0, 0.5
    return other


def test_pressure_driven_demand_falls_short_as_epanet_says():
    model = model_of(street(general=PDA))
    update = model.update(0)
    assert_same(update, reference(pdd_twin("PDA")))
    asked, met = (update.published[JUNCTION][f"drinking_water.{what}"] for what in ("demand", "delivered"))
    pressure = update.published[JUNCTION]["drinking_water.pressure"]
    assert met == pytest.approx(asked * ((pressure - 2.0) / 58.0) ** 0.5, rel=1e-4)
    later = model.update(300)
    assert later.published[JUNCTION]["drinking_water.shortfall"] == pytest.approx((asked - met) * 300, rel=1e-6)


def test_pressures_of_a_single_junction_are_wntrs_and_epanet_refuses_them():
    own = {
        "drinking_water.required_pressure": [90.0, None],
        "drinking_water.pressure_exponent": [float("nan"), 0.7],
    }
    content = street(general=PDA, junction=own)
    with pytest.raises(InputError, match="take engine 'wntr'"):
        model_of(content)
    update = model_of(content, RunOptions(engine="wntr")).update(0)
    other = pdd_twin()
    other.get_node("2").required_pressure, other.get_node("3").pressure_exponent = 90.0, 0.7
    results = reference(other, simulator=wntr.sim.WNTRSimulator)
    assert_same(update, results, head_abs=1e-6)
    pressure = update.published[JUNCTION]["drinking_water.pressure"]
    share = [((pressure[0] - 2) / 88) ** 0.5, ((pressure[1] - 2) / 58) ** 0.7]
    assert update.published[JUNCTION]["drinking_water.delivered"] == pytest.approx([0.005 * share[0], 0.01 * share[1]])


# tanks


def test_a_cylinder_fills_as_in_epanet():
    model, results = model_of(street()), reference(twin(), 6)
    for hour in range(7):
        assert_same(model.update(hour * HOUR), results, hour)


def test_a_volume_curve_gives_the_shape():
    curve = [[0.0, 0.0], [2.0, 50.0], [4.0, 200.0], [6.0, 700.0]]
    content = street(tank={"shape.diameter": [None], "shape.volume_curve": [curve]})
    other = twin()
    other.add_curve("shape", "VOLUME", [tuple(point) for point in (*curve, [7.0, 950.0])])
    other.get_node("4").vol_curve_name = "shape"
    model, results = model_of(content), reference(other, 6)
    for hour in range(7):
        assert_same(model.update(hour * HOUR), results, hour)


def test_a_full_tank_spills_what_comes_in_or_shuts_it_out():
    spilling = model_of(street(tank={"drinking_water.overflow": [True], "drinking_water.level": [6.0]}))
    inflow = spilling.update(0).value(TANK, "drinking_water.flow", 4)
    later = spilling.update(HOUR)
    assert inflow > 0.01
    assert later.value(TANK, "drinking_water.level", 4) == pytest.approx(6.0, abs=1e-9)
    assert later.value(TANK, "drinking_water.spill", 4) == pytest.approx(inflow * HOUR, rel=1e-9)
    shut = model_of(street(tank={"drinking_water.level": [6.0]})).update(0)
    assert shut.value(TANK, "drinking_water.flow", 4) == pytest.approx(0.0, abs=1e-8)


def test_a_tank_that_fills_up_spills_the_rest_only():
    model = model_of(street(tank={"drinking_water.overflow": [True], "drinking_water.level": [5.0]}))
    spilled = came = 0.0
    update = model.update(0)
    while update.time_s < 2 * HOUR:
        came += update.value(TANK, "drinking_water.flow", 4) * (update.next_time_s - update.time_s)
        update = model.update(update.next_time_s)
        spilled += update.value(TANK, "drinking_water.spill", 4)
    assert update.value(TANK, "drinking_water.level", 4) == pytest.approx(6.0, abs=1e-9)
    assert spilled == pytest.approx(came - math.pi * 25.0, rel=1e-6)


def test_water_pressed_into_a_full_tank_is_an_error_and_no_number():
    forced = street(junction={"drinking_water.base_demand": [0.0, -0.01]}, tank={"drinking_water.level": [6.0]})
    forced["data"]["water_pipe_entities"]["operational.status"] = [False, True, True]
    with pytest.raises(HydraulicsError, match=r"pressed in that cannot leave"):
        model_of(forced).update(0)


@pytest.mark.parametrize(
    ("min_level", "min_volume", "stands_at"), [(1.0, None, 1.0), (1.0, 150.0, 150 / (25 * math.pi)), (2.5, 150.0, 2.5)]
)
def test_the_higher_one_of_minimum_level_and_volume_holds(min_level, min_volume, stands_at):
    content = street(
        reservoir={"drinking_water.base_head": [30.5]},
        tank={"drinking_water.min_level": [min_level], "drinking_water.min_volume": [min_volume]},
    )
    model = model_of(content)
    for hour in range(9):
        update = model.update(hour * HOUR)
    assert update.value(TANK, "drinking_water.level", 4) == pytest.approx(stands_at, abs=2e-4)  # EPANET's own tolerance


# reservoirs


def test_a_reservoir_feeds_or_drains_by_its_head():
    model = model_of(street())
    feeding = model.update(0)
    draining = model.update(0, {RESERVOIR: {"id": [1], "drinking_water.head_factor": [0.25]}})
    other = twin()
    other.get_node("1").head_timeseries.base_value = 15.0
    assert_same(draining, reference(other))
    assert feeding.value(RESERVOIR, "drinking_water.flow", 1) > 0 > draining.value(RESERVOIR, "drinking_water.flow", 1)
    assert draining.value(RESERVOIR, "drinking_water.head", 1) == pytest.approx(15.0)
    raised = model.update(0, {RESERVOIR: {"id": [1], "drinking_water.base_head": [240.0]}})
    assert raised.value(RESERVOIR, "drinking_water.head", 1) == pytest.approx(60.0)
