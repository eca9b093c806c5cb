"""All kinds of entities by the name of their group."""

from __future__ import annotations

from functools import cache
from typing import Any

from econex_pipeline.hydraulics.dataset.attributes import attributes_of
from econex_pipeline.hydraulics.dataset.entity import Entity
from econex_pipeline.hydraulics.dataset.links import Link, Pipe, Pump, Valve
from econex_pipeline.hydraulics.dataset.nodes import Junction, Node, Reservoir, Tank

NODE_TYPES: tuple[type[Node], ...] = (Junction, Tank, Reservoir)
LINK_TYPES: tuple[type[Link], ...] = (Pipe, Pump, Valve)
TYPES: dict[str, type[Entity]] = {kind.GROUP: kind for kind in (*NODE_TYPES, *LINK_TYPES)}


@cache
def fields_by_column(group: str) -> dict[str, str]:
    """Give the field name of each column of a group."""
    return {described.name: name for name, described in attributes_of(TYPES[group]).items()}


def values_of(entity: Entity) -> dict[str, Any]:
    """Give an entity's values by column name."""
    return {described.name: getattr(entity, name) for name, described in attributes_of(type(entity)).items()}
