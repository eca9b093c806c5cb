"""The drinking-water dataset: entities and attributes in SI units, from and to EPANET INP and entity-attribute JSON."""

from econex_pipeline.hydraulics.dataset.dataset import Dataset, NotReady
from econex_pipeline.hydraulics.dataset.entities import TYPES
from econex_pipeline.hydraulics.dataset.entity import Entity
from econex_pipeline.hydraulics.dataset.entity_json import dataset_from_json, dataset_to_json, read_json, write_json
from econex_pipeline.hydraulics.dataset.links import Pipe, Pump, Valve
from econex_pipeline.hydraulics.dataset.nodes import Junction, Reservoir, Tank
from econex_pipeline.hydraulics.dataset.options import DataOptions, RunOptions, SolverOptions
from econex_pipeline.hydraulics.dataset.read_inp import Imported, read_inp
from econex_pipeline.hydraulics.dataset.tape import Series, Tape, tape_from_json, tape_to_json
from econex_pipeline.hydraulics.dataset.write_inp import write_inp

__all__ = [
    "TYPES",
    "DataOptions",
    "Dataset",
    "Entity",
    "Imported",
    "Junction",
    "NotReady",
    "Pipe",
    "Pump",
    "Reservoir",
    "RunOptions",
    "Series",
    "SolverOptions",
    "Tank",
    "Tape",
    "Valve",
    "dataset_from_json",
    "dataset_to_json",
    "read_inp",
    "read_json",
    "tape_from_json",
    "tape_to_json",
    "write_inp",
    "write_json",
]
