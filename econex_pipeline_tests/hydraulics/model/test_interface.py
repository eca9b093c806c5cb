"""Publishers, unknown names, time, engines: what the interface of the model refuses, and what it leaves untouched."""

import numpy as np
import pytest

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset import RunOptions, SolverOptions, dataset_from_json
from econex_pipeline.hydraulics.engines.abilities import UNABLE
from econex_pipeline.hydraulics.model import Model
from econex_pipeline.hydraulics.toolkit import HydraulicsError
from econex_pipeline_tests.hydraulics.street import (
    FINE,
    HEAD_CURVE,
    HOUR,
    JUNCTION,
    PIPE,
    PUMP,
    RESERVOIR,
    TANK,
    VALVE,
    assert_same,
    model_of,
    reference,
    street,
    twin,
)  # fmt: skip

WRONG = {
    "unknown group": ({"water_junctions": {"id": [2]}}, "did you mean 'water_junction_entities'"),
    "unknown column": ({JUNCTION: {"id": [2], "drinking_water.base_deman": [1.0]}}, "did you mean"),
    "unknown id": ({JUNCTION: {"id": [99], "drinking_water.base_demand": [1.0]}}, "there is no entity 99"),
    "id of another group": ({JUNCTION: {"id": [4], "drinking_water.base_demand": [1.0]}}, "there is no entity 4"),
    "id twice": ({JUNCTION: {"id": [2, 2], "drinking_water.base_demand": [1.0, 2.0]}}, "2 occurs more than once"),
    "published": ({JUNCTION: {"id": [2], "drinking_water.pressure": [1.0]}}, "a second publisher"),
    "level": ({TANK: {"id": [4], "drinking_water.level": [1.0]}}, "a second publisher"),
    "fixed": ({PIPE: {"id": [11], "shape.diameter": [1.0]}}, "is fixed during a run"),
    "not finite": ({JUNCTION: {"id": [2], "drinking_water.base_demand": [float("inf")]}}, "a finite number"),
    "wrong kind": ({PIPE: {"id": [11], "operational.status": ["shut"]}}, "true or false"),
    "no id": ({JUNCTION: {"drinking_water.base_demand": [1.0]}}, "one of which is 'id'"),
    "half wrong": (
        {JUNCTION: {"id": [2, 3], "drinking_water.base_demand": [0.5, "x"]}}, "expected a number",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), WRONG.values(), ids=WRONG)
def test_a_refused_change_changes_nothing(changes, sentence):
    model, untouched = model_of(street()), model_of(street())
    model.update(0), untouched.update(0)
    with pytest.raises(InputError, match=sentence):
        model.update(HOUR, changes)
    assert model.time_s == 0
    after, expected = model.update(HOUR), untouched.update(HOUR)
    for group, columns in expected.published.items():
        for column, values in columns.items():
            assert np.array_equal(after.published[group][column], values)


def test_an_attribute_has_one_publisher():
    model = model_of(street())
    factor = {JUNCTION: {"id": [2], "drinking_water.demand_factor": [0.5]}}
    model.update(0, factor, source="tape")
    model.update(60, factor, source="tape")
    with pytest.raises(InputError, match="is published by 'tape'; 'controller' would be a second publisher"):
        model.update(120, factor)


def test_none_leaves_a_value_as_it_is():
    model = model_of(street())
    update = model.update(0, {JUNCTION: {"id": [2, 3], "drinking_water.base_demand": [None, 0.02]}})
    assert update.published[JUNCTION]["drinking_water.demand"].tolist() == [0.005, 0.02]


@pytest.mark.parametrize("time_s", [-1, 59, 60.5, float("nan"), True, "soon", 3e9])
def test_time_goes_forward_in_whole_seconds(time_s):
    model = model_of(street())
    model.update(60)
    with pytest.raises(InputError, match="time_s"):
        model.update(time_s)


def test_a_tank_event_is_announced_to_the_second():
    model = model_of(street(tank={"drinking_water.level": [5.99]}), RunOptions(hydraulic_timestep=HOUR))
    update = model.update(0)
    to_the_brim = 0.01 * 25 * np.pi / update.value(TANK, "drinking_water.flow", 4)
    assert update.next_time_s == pytest.approx(to_the_brim, abs=1.0)
    full = model.update(update.next_time_s)
    assert full.value(TANK, "drinking_water.level", 4) == pytest.approx(6.0, abs=1e-9)


def test_a_snapshot_leads_back_out_of_an_error():
    model = model_of(street())
    model.update(600)
    before = model.snapshot()
    ahead = model.update(HOUR).published
    model.restore(before)
    with pytest.raises(HydraulicsError):
        model.update(700, {PIPE: {"id": [11, 13], "operational.status": [False, False]}})
    model.restore(before)
    again = model.update(HOUR).published
    assert all(np.array_equal(ahead[g][c], again[g][c]) for g in ahead for c in ahead[g])


def test_a_snapshot_of_another_network_is_refused():
    snapshot = model_of(street()).snapshot()
    with pytest.raises(InputError, match="a snapshot of this model's dataset"):
        model_of(street(tank={"drinking_water.level": [2.0]})).restore(snapshot)


def test_wntr_engine_steps_as_epanet_where_both_can():
    content = street({"type": "head", "drinking_water.head_curve": HEAD_CURVE}, PUMP)
    content["data"][RESERVOIR]["drinking_water.base_head"] = [20.0]
    models = [model_of(content, RunOptions(engine=engine, hydraulic_timestep=600)) for engine in ("epanet", "wntr")]
    for time_s, changes in (
        (0, None),
        (900, {PUMP: {"id": [12], "operational.status": [False]}}),
        (1800, {JUNCTION: {"id": [3], "drinking_water.demand_factor": [2.0]}}),
        (2222, {PUMP: {"id": [12], "operational.status": [True]}}),
        (HOUR, None),
    ):  # fmt: skip
        first, second = (model.update(time_s, changes) for model in models)
        for group, columns in first.published.items():
            for column, values in columns.items():
                assert second.published[group][column] == pytest.approx(values, rel=1e-3, abs=1e-5), (group, column)
    taken = models[1].snapshot()
    ahead = [models[1].update(2 * HOUR).published, models[1].restore(taken), models[1].update(2 * HOUR).published]
    assert all(np.array_equal(ahead[0][g][c], ahead[2][g][c]) for g in ahead[0] for c in ahead[0][g])


CANNOT = {
    "speed": (street({"type": "head", "drinking_water.head_curve": HEAD_CURVE, "drinking_water.speed": 0.9}, PUMP), {}),
    "GPV": (street({"type": "GPV", "shape.diameter": 0.2, "drinking_water.valve_curve": [[0, 0], [1, 1]]}, VALVE), {}),
    "PBV": (street({"type": "PBV", "shape.diameter": 0.2, "drinking_water.valve_pressure": 1.0}, VALVE), {}),
    "D-W": (street(general={"headloss": "D-W"}, pipe={"drinking_water.roughness": [5e-4] * 3}), {}),
    "C-M": (street(general={"headloss": "C-M"}, pipe={"drinking_water.roughness": [0.012] * 3}), {}),
    "overflow": (street(tank={"drinking_water.overflow": [True]}), {}),
    "head curve": (street({"type": "head", "drinking_water.head_curve": [[x, 9 - x] for x in range(5)]}, PUMP), {}),
    "specific_gravity": (street(general={"specific_gravity": 0.9}), {}),
    "trials": (street(), {"solver": SolverOptions(trials=9)}),
}


@pytest.mark.parametrize(("content", "options"), CANNOT.values(), ids=CANNOT)
def test_what_wntr_cannot_do_is_refused_when_building(content, options, request):
    with pytest.raises(InputError, match=r"engine 'wntr'.*engine 'epanet'") as refused:
        Model.initialize(dataset_from_json(content), RunOptions(engine="wntr", **options))
    assert request.node.callspec.id.split("-")[0] in str(refused.value) or "not known" in str(refused.value)
    assert Model.initialize(dataset_from_json(content), RunOptions(**options)).update(0).published
    assert len(UNABLE["wntr"]) == 7


def test_wntr_refuses_another_speed_in_a_change_too():
    model = model_of(street({"type": "head", "drinking_water.head_curve": HEAD_CURVE}, PUMP), RunOptions(engine="wntr"))
    with pytest.raises(InputError, match=r"speed 0.8 is not known to it, only 1"):
        model.update(0, {PUMP: {"id": [12], "drinking_water.speed": [0.8]}})


def test_valves_that_epanet_refuses_together_are_refused_by_name():
    valve = {"type": "PRV", "shape.diameter": 0.2, "drinking_water.valve_pressure": 30.0}
    at_tank = street({**valve, "topology.to_node_id": 4}, VALVE)
    with pytest.raises(InputError, match="a PRV cannot stand next to a tank"):
        model_of(at_tank)
    row = street(valve, VALVE)
    row["data"][VALVE] = {
        "id": [12, 14], "topology.from_node_id": [2, 3], "topology.to_node_id": [3, 5], "type": ["PRV", "FCV"],
        "shape.diameter": [0.2, 0.2], "drinking_water.valve_pressure": [30.0, None],
        "drinking_water.valve_flow": [None, 0.01],
    }  # fmt: skip
    junctions = row["data"][JUNCTION]
    for name, value in zip(junctions, (5, 900.0, 0.0, 12.0, 0.0), strict=True):
        junctions[name] = [*junctions[name], value]
    row["data"][PIPE]["topology.from_node_id"] = [1, 5]
    with pytest.raises(InputError, match=r"a FCV cannot follow .* a PRV; put a short pipe between"):
        model_of(row)


def test_the_substep_is_a_choice():
    coarse = model_of(street(), RunOptions(hydraulic_timestep=1800, solver=FINE.solver))
    assert_same(coarse.update(HOUR), reference(twin(), 1, step_s=1800), 1)
    fine = model_of(street(), RunOptions(hydraulic_timestep=60)).update(1800)
    again = model_of(street(), RunOptions(hydraulic_timestep=1800)).update(1800)
    assert (fine.substeps, again.substeps) == (30, 1)
    assert fine.value(TANK, "drinking_water.level", 4) < again.value(TANK, "drinking_water.level", 4) - 0.01
