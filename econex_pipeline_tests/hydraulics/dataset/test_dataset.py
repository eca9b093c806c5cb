"""What a dataset takes and what it refuses, each refusal with a sentence that says what would be right."""

import json

import pytest

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset import (
    NotReady,
    RunOptions,
    SolverOptions,
    dataset_from_json,
    dataset_to_json,
    read_json,
    write_json,
)
from econex_pipeline.hydraulics.model import Model
from econex_pipeline_tests.hydraulics.street import HEAD_CURVE, JUNCTION, PIPE, PUMP, TANK, VALVE, street


def test_a_dataset_comes_back_from_json_as_it_went(tmp_path):
    content = street({"type": "head", "drinking_water.head_curve": HEAD_CURVE}, PUMP, {"viscosity": 1.1})
    dataset = dataset_from_json(content)
    write_json(dataset, tmp_path / "street.json")
    assert read_json(tmp_path / "street.json") == dataset
    assert dataset_from_json(json.loads(json.dumps(dataset_to_json(dataset)))) == dataset
    beside = {**{key: value for key, value in content.items() if key != "data"}, **content["data"]}
    assert dataset_from_json(beside) == dataset


WRONG_COLUMNS = {
    "unknown attribute": (
        {"junction": {"drinking_water.base_demnd": [1.0, 1.0]}}, "did you mean 'drinking_water.base_demand'",
    ),
    "published attribute": ({"junction": {"drinking_water.pressure": [1.0, 1.0]}}, "is published by the model"),
    "short column": ({"junction": {"drinking_water.demand_factor": [1.0]}}, "a list of 2 values"),
    "a text for a number": ({"junction": {"geometry.z": ["high", 1.0]}}, "geometry.z is 'high'; expected a number"),
    "infinity": ({"junction": {"geometry.z": [float("inf"), 1.0]}}, "a finite number"),
    "demand beside its product": ({"junction": {"drinking_water.demand": [1.0, 1.0]}}, "base demand x demand factor"),
    "id twice": ({"junction": {"id": [2, 2]}}, "2 is taken by water_junction_entities 2"),
    "id of another group": ({"junction": {"id": [2, 4]}}, "4 is taken by"),
    "negative id": ({"junction": {"id": [-2, 3]}}, "a whole number"),
    "name twice": ({"junction": {"reference": ["a", "a"]}}, "'a' is taken by"),
    "unknown node": ({"pipe": {"topology.to_node_id": [2, 99, 4]}}, "there is no node 99"),
    "pipe to itself": ({"pipe": {"topology.to_node_id": [1, 3, 4]}}, "another node"),
    "no diameter": ({"pipe": {"shape.diameter": [0.0, 1.0, 1.0]}}, "above 0"),
    "negative roughness": ({"pipe": {"drinking_water.roughness": [-1.0, 1.0, 1.0]}}, "above 0"),
    "line of one point": ({"pipe": {"geometry.linestring_2d": [[[0, 0]], None, None]}}, "at least two points"),
    "closed check valve": (
        {"pipe": {"drinking_water.check_valve": [True, 0, 0], "operational.status": [False, 1, 1]}}, "cannot be closed",
    ),
    "level above the brim": ({"tank": {"drinking_water.level": [7.0]}}, "from 1 to 6 m"),
    "minimum above maximum": ({"tank": {"drinking_water.min_level": [7.0]}}, "less than the maximum level of 6 m"),
    "minimum volume above the brim": ({"tank": {"drinking_water.min_volume": [600.0]}}, "less than the volume at 6 m"),
    "short volume curve": ({"tank": {"shape.volume_curve": [[[0, 0], [5, 50]]]}}, "at least 6 m"),
    "late volume curve": ({"tank": {"shape.volume_curve": [[[2, 10], [6, 50]]]}}, "at most 1 m"),
    "volume curve that stalls": ({"tank": {"shape.volume_curve": [[[0, 0], [3, 9], [6, 9]]]}}, "both rising"),
    "volume curve that turns back": ({"tank": {"shape.volume_curve": [[[0, 0], [3, 9], [2, 12]]]}}, "rises from pair"),
    "overflow as text": ({"tank": {"drinking_water.overflow": ["yes"]}}, "true or false"),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "sentence"), WRONG_COLUMNS.values(), ids=WRONG_COLUMNS)
def test_a_wrong_column_is_refused_by_name(columns, sentence):
    with pytest.raises(InputError, match=sentence):
        dataset_from_json(street(**columns))


WRONG_LINKS = {
    "speed of a power pump": (PUMP, {"type": "power", "drinking_water.speed": 0.8}, "ignores"),
    "curve of a power pump": (PUMP, {"type": "power", "drinking_water.head_curve": HEAD_CURVE}, "type is power"),
    "power of a head pump": (PUMP, {"type": "head", "drinking_water.power": 9.0}, "type is head"),
    "negative speed": (PUMP, {"type": "head", "drinking_water.speed": -1.0}, "at least 0"),
    "rising head curve": (PUMP, {"type": "head", "drinking_water.head_curve": [[0, 1], [1, 2]]}, "heads that fall"),
    "efficiency in percent": (PUMP, {"type": "head", "drinking_water.efficiency_curve": [[0, 75]]}, "from 0 to 1"),
    "unknown pump type": (PUMP, {"type": "heat"}, "one of power, head"),
    "PCV": (VALVE, {"type": "PCV", "shape.diameter": 0.1, "drinking_water.valve_open_factor": 0.5}, "no PCV"),
    "setting of another type": (VALVE, {"type": "PRV", "drinking_water.valve_flow": 0.1}, "a PRV has no such setting"),
    "TCV below its minor loss": (
        VALVE,
        {"type": "TCV", "drinking_water.valve_loss_coefficient": 1.0, "drinking_water.minor_loss": 2.0},
        "minor loss",
    ),
    "valve status": (VALVE, {"type": "TCV", "operational.status": "ajar"}, "active, open, closed"),
    "GPV that gains": (VALVE, {"type": "GPV", "drinking_water.valve_curve": [[0, 1], [1, 0]]}, "does not fall"),
}  # fmt: skip


@pytest.mark.parametrize(("group", "link", "sentence"), WRONG_LINKS.values(), ids=WRONG_LINKS)
def test_a_wrong_pump_or_valve_is_refused_by_name(group, link, sentence):
    with pytest.raises(InputError, match=sentence):
        dataset_from_json(street(link, group))


INCOMPLETE = {
    "level": ({"tank": {"drinking_water.level": [None]}}, "drinking_water.level"),
    "shape": ({"tank": {"shape.diameter": [float("nan")]}}, "shape.diameter or shape.volume_curve"),
    "demand": ({"junction": {"drinking_water.base_demand": [None, 1.0]}}, "drinking_water.base_demand"),
    "length": ({"pipe": {"shape.length": [None, 1.0, 1.0]}}, "shape.length or geometry.linestring_2d"),
    "end": ({"pipe": {"topology.to_node_id": [None, 3, 4]}}, "topology.to_node_id"),
}


@pytest.mark.parametrize(("columns", "missing"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_model_is_not_ready_until_all_has_come(columns, missing):
    dataset = dataset_from_json(street(**columns))
    with pytest.raises(NotReady, match=missing):
        Model.initialize(dataset)
    complete = street()["data"]
    ready = dataset.with_values({group: complete[group] for group in (TANK, JUNCTION, PIPE)})
    assert Model.initialize(ready).update(0).published


@pytest.mark.parametrize(
    ("group", "link", "missing"),
    [
        (PUMP, {"type": "head"}, "drinking_water.head_curve"),
        (PUMP, {"type": "power"}, "drinking_water.power"),
        (PUMP, {}, "type"),
        (VALVE, {"type": "FCV", "shape.diameter": 0.1}, "drinking_water.valve_flow"),
        (VALVE, {"type": "GPV", "shape.diameter": 0.1}, "drinking_water.valve_curve"),
    ],
)
def test_what_a_type_needs_is_waited_for(group, link, missing):
    with pytest.raises(NotReady, match=missing):
        Model.initialize(dataset_from_json(street(link, group)))


def test_a_network_without_source_or_with_a_loose_node_is_refused():
    loose = street(junction={"id": [2, 3]})
    loose["data"]["water_reservoir_entities"] = {
        "id": [1, 5], "geometry.x": [0.0, 0.0], "geometry.y": [0.0, 0.0], "drinking_water.base_head": [1.0, 1.0],
    }  # fmt: skip
    with pytest.raises(InputError, match="water_reservoir_entities 5: topology: no link ends at this node"):
        Model.initialize(dataset_from_json(loose))
    dry = {"data": {group: street()["data"][group] for group in (JUNCTION, PIPE)}}
    dry["data"][PIPE] = {name: [values[1]] for name, values in dry["data"][PIPE].items()}
    with pytest.raises(InputError, match="at least one tank or reservoir"):
        Model.initialize(dataset_from_json(dry))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"general": {"hydraulic": {"trials": 9}}}, "'trials' belongs in the run configuration"),
        ({"general": {"hydraulic": {"viscosty": 9}}}, "did you mean 'viscosity'"),
        ({"general": {"hydraulics": {}}}, "did you mean 'hydraulic'"),
        ({"general": {"hydraulic": {"headloss": "H-V"}}}, "one of H-W, D-W, C-M"),
        ({"general": {"hydraulic": {"demand_model": "PDA", "required_pressure": 0.05}}}, "0.1 m above"),
        ({"genral": {}}, "did you mean 'general'"),
        ({"data": {"water_junction_entitys": {"id": []}}}, "did you mean 'water_junction_entities'"),
        ({"data": {JUNCTION: {"geometry.x": []}}}, "one of which is 'id'"),
        ([], "expected a mapping"),
        ({"data": 3}, "expected a mapping"),
    ],
)
def test_unknown_and_misplaced_keys_are_errors(content, sentence):
    with pytest.raises(InputError, match=sentence):
        dataset_from_json(content)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"options": {"hydraulic": {"demand_model": "PDA"}}},
            "'demand_model' belongs in the dataset's general.hydraulic",
        ),
        ({"options": {"hydraulic": {"acuracy": 0.1}}}, "did you mean 'accuracy'"),
        ({"options": {"hydraulics": {}}}, "did you mean 'hydraulic'"),
        ({"hydraulic_timstep": 60}, "did you mean 'hydraulic_timestep'"),
        ({"hydraulic_timestep": 0}, "at least 1"),
        ({"engine": "epanets"}, "one of epanet, wntr"),
    ],
)
def test_solver_options_stand_in_the_run_configuration_only(config, sentence):
    with pytest.raises(InputError, match=sentence):
        RunOptions.from_config(config)


def test_the_example_configuration_of_the_seed_is_read():
    config = {
        "dataset": "water_network",
        "hydraulic_timestep": 3600,
        "simulation_duration": 3600,
        "options": {"hydraulic": {"trials": 200, "accuracy": 0.001}},
    }
    assert RunOptions.from_config(config) == RunOptions(
        hydraulic_timestep=3600, solver=SolverOptions(trials=200, accuracy=0.001)
    )
