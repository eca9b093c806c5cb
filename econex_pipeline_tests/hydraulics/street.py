"""A street of five nodes, told twice: as entity-attribute JSON, and by WNTR's own interface as its reference.

reservoir 1 -(pipe 11)- junction 2 -(link 12)- junction 3 -(pipe 13)- tank 4
"""

import copy
import tempfile
import warnings
from pathlib import Path

import pytest
import wntr

from econex_pipeline.hydraulics.dataset import RunOptions, SolverOptions, dataset_from_json
from econex_pipeline.hydraulics.model import Model

HOUR = 3600
FINE = RunOptions(solver=SolverOptions(accuracy=1e-5))
JUNCTION, TANK, RESERVOIR, PIPE, PUMP, VALVE = (
    f"water_{kind}_entities" for kind in ("junction", "tank", "reservoir", "pipe", "pump", "valve")
)
HEAD_CURVE = [[0.0, 40.0], [0.02, 30.0], [0.04, 10.0]]
EFFICIENCY = [[0.0, 0.3], [0.02, 0.75], [0.05, 0.5]]

CONTENT = {
    "name": "street",
    "general": {"hydraulic": {}},
    "data": {
        "water_reservoir_entities": {
            "id": [1], "geometry.x": [0.0], "geometry.y": [0.0], "drinking_water.base_head": [60.0],
        },
        "water_junction_entities": {
            "id": [2, 3], "geometry.x": [500.0, 700.0], "geometry.y": [0.0, 0.0], "geometry.z": [10.0, 12.0],
            "drinking_water.base_demand": [0.005, 0.01],
        },
        "water_tank_entities": {
            "id": [4], "geometry.x": [1000.0], "geometry.y": [0.0], "geometry.z": [30.0],
            "drinking_water.level": [3.0], "drinking_water.min_level": [1.0], "drinking_water.max_level": [6.0],
            "shape.diameter": [10.0],
        },
        "water_pipe_entities": {
            "id": [11, 12, 13], "topology.from_node_id": [1, 2, 3], "topology.to_node_id": [2, 3, 4],
            "shape.length": [500.0, 200.0, 300.0], "shape.diameter": [0.3, 0.2, 0.25],
            "drinking_water.roughness": [120.0, 100.0, 110.0],
        },
    },
}  # fmt: skip


def street(link=None, group=None, general=None, **columns):
    """Give the street's JSON; `link` (with its group) takes the place of pipe 12, `columns` overwrite columns."""
    content = copy.deepcopy(CONTENT)
    content["general"]["hydraulic"] = dict(general or {})
    if link is not None:
        pipes = content["data"]["water_pipe_entities"]
        for values in pipes.values():
            del values[1]
        ends = {"id": 12, "topology.from_node_id": 2, "topology.to_node_id": 3}
        content["data"][group] = {name: [value] for name, value in {**ends, **link}.items()}
    for where, values in columns.items():
        content["data"][f"water_{where}_entities"].update(values)
    return content


def twin(link=None, headloss="H-W"):
    """Build the street by WNTR's interface; `link(model)` adds the link between the junctions."""
    model = wntr.network.WaterNetworkModel()
    model.options.hydraulic.headloss = headloss
    model.options.hydraulic.inpfile_units = "CMH"
    model.options.hydraulic.accuracy = 1e-5
    model.add_reservoir("1", 60.0)
    model.add_junction("2", 0.005, elevation=10.0)
    model.add_junction("3", 0.01, elevation=12.0)
    model.add_tank("4", 30.0, init_level=3.0, min_level=1.0, max_level=6.0, diameter=10.0)
    model.add_pipe("11", "1", "2", 500.0, 0.3, 120.0)
    if link is None:
        model.add_pipe("12", "2", "3", 200.0, 0.2, 100.0)
    else:
        link(model)
    model.add_pipe("13", "3", "4", 300.0, 0.25, 110.0)
    return model


def reference(model, hours=0, step_s=300, simulator=wntr.sim.EpanetSimulator):
    """Run a WNTR model; results every hour."""
    time = model.options.time
    time.duration, time.hydraulic_timestep, time.report_timestep = hours * HOUR, step_s, HOUR
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if simulator is wntr.sim.EpanetSimulator:
            return simulator(model).run_sim(file_prefix=str(Path(folder) / "reference"))
        return simulator(model).run_sim()


def model_of(content, options=FINE):
    return Model.initialize(dataset_from_json(content), options)


def assert_same(update, results, row=0, head_abs=2e-4, flow_abs=2e-7):
    """Hold heads and flows of an update against a reference's."""
    heads, flows = results.node["head"].iloc[row], results.link["flowrate"].iloc[row]
    for group, columns in update.published.items():
        is_link = group in (PIPE, PUMP, VALVE)
        for place, entity_id in enumerate(columns["id"]):
            if is_link:
                found, true = columns["drinking_water.flow"][place], flows[str(entity_id)]
                assert found == pytest.approx(true, rel=1e-5, abs=flow_abs), f"flow of {entity_id}"
            else:
                assert columns["drinking_water.head"][place] == pytest.approx(heads[str(entity_id)], abs=head_abs)
