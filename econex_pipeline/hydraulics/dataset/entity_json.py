"""The entity-attribute form of a dataset: groups of columns, as mappings ready for JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.hydraulics.dataset.attributes import attributes_of
from econex_pipeline.hydraulics.dataset.dataset import Dataset, columns_of
from econex_pipeline.hydraulics.dataset.entities import TYPES
from econex_pipeline.hydraulics.dataset.entity import Entity
from econex_pipeline.hydraulics.dataset.options import DataOptions, read_options

DESCRIPTIVE = ("version", "name", "type", "display_name", "epsg_code", "bounding_box")


def dataset_from_json(content: Mapping[str, Any]) -> Dataset:
    """Read a dataset from its entity-attribute form.

    Parameters
    ----------
    content : mapping
        ``general.hydraulic`` with data options, and the entity groups under ``data`` or beside it. Values may be None
        or NaN where there is none, or where an attribute is still to come.

    Returns
    -------
    Dataset
        The dataset; `Dataset.require_complete` says whether it is complete.

    Raises
    ------
    InputError
        If a key, group or attribute is unknown, or a value is wrong.
    """
    if not isinstance(content, Mapping):
        raise InputError("dataset", "content", type(content).__name__, "a mapping")
    name = str(content.get("name", "dataset"))
    known = (*DESCRIPTIVE, "general", "data", *TYPES)
    for key in content:
        if key not in known:
            raise InputError.saying(name, str(key), f"unknown key '{key}'{nearest(str(key), known)}")
    general = _mapping(content.get("general", {}), name, "general")
    for key in general:
        if key != "hydraulic":
            raise InputError.saying(name, f"general.{key}", f"unknown key '{key}'{nearest(str(key), ('hydraulic',))}")
    groups = {key: value for key, value in content.items() if key in TYPES}
    groups |= _mapping(content.get("data", {}), name, "data")
    entities: list[Entity] = []
    for group, columns in groups.items():
        names = columns_of(group, columns)
        for row in range(len(columns["id"])):
            entities.append(TYPES[group](**{names[column]: values[row] for column, values in columns.items()}))
    return Dataset(name, tuple(entities), read_options(DataOptions, general.get("hydraulic", {}), "general.hydraulic"))


def dataset_to_json(dataset: Dataset) -> dict[str, Any]:
    """Write a dataset in its entity-attribute form; columns without any value are left out."""
    data: dict[str, dict[str, list[Any]]] = {}
    for group, kind in TYPES.items():
        entities = dataset.group(group)
        if entities:
            described = attributes_of(kind)
            columns = {described[n].name: [_plain(getattr(e, n)) for e in entities] for n in described}
            data[group] = {c: values for c, values in columns.items() if any(v is not None for v in values)}
    hydraulic = {item.name: getattr(dataset.general, item.name) for item in fields(dataset.general)}
    return {"name": dataset.name, "type": "water_network", "general": {"hydraulic": hydraulic}, "data": data}


def read_json(path: Path) -> Dataset:
    """Read a dataset from a JSON file.

    Raises
    ------
    InputError
        If the file is missing or no JSON, or its content is wrong.
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError.saying(path, "dataset", f"cannot be read as JSON: {error}") from None
    return dataset_from_json(content)


def write_json(dataset: Dataset, path: Path) -> None:
    """Write a dataset to a JSON file."""
    Path(path).write_text(json.dumps(dataset_to_json(dataset), indent=1, allow_nan=False) + "\n", "utf-8")


def _mapping(value: Any, name: str, key: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(name, key, value, "a mapping")
    return dict(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [list(point) for point in value]
    return None if isinstance(value, float) and math.isnan(value) else value
