"""A whole network: its entities and data options, judged together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from econex_pipeline.contracts.errors import EconexError, InputError, nearest
from econex_pipeline.hydraulics.dataset.attributes import attributes_of, listed
from econex_pipeline.hydraulics.dataset.entities import LINK_TYPES, NODE_TYPES, TYPES, fields_by_column
from econex_pipeline.hydraulics.dataset.entity import Entity
from econex_pipeline.hydraulics.dataset.links import Link, Pipe, Pump, Valve
from econex_pipeline.hydraulics.dataset.nodes import Junction, Node, Reservoir, Tank
from econex_pipeline.hydraulics.dataset.options import DataOptions


class NotReady(EconexError):
    """Required attributes have not come yet.

    Attributes
    ----------
    missing : dict of str to list of str
        What is missing, by entity.
    """

    def __init__(self, missing: dict[str, list[str]]) -> None:
        self.missing = missing
        super().__init__(f"not ready: still to come are {listed(f'{w}: {listed(n)}' for w, n in missing.items())}")


@dataclass(frozen=True)
class Dataset:
    """A drinking-water network, in SI units.

    Attributes
    ----------
    name : str
        Name of the network.
    entities : tuple of Entity
        All entities, kept by group; ids are unique over all groups, references over the nodes and over the links.
    general : DataOptions
        What is true of the network whoever solves it.

    Raises
    ------
    InputError
        If ids or references occur twice, or a link ends at what is no node.
    """

    name: str
    entities: tuple[Entity, ...]
    general: DataOptions = field(default_factory=DataOptions)

    def __post_init__(self) -> None:
        groups = list(TYPES)
        object.__setattr__(self, "entities", tuple(sorted(self.entities, key=lambda item: groups.index(item.GROUP))))
        seen: dict[int, Entity] = {}
        for entity in self.entities:
            if entity.id in seen:
                raise InputError.saying(entity.where, "id", f"{entity.id} is taken by {seen[entity.id].where}")
            seen[entity.id] = entity
        for kinds in (NODE_TYPES, LINK_TYPES):
            names: dict[str, Entity] = {}
            for entity in self.entities:
                if isinstance(entity, kinds) and entity.reference is not None:
                    if entity.reference in names:
                        taken = names[entity.reference].where
                        raise InputError.saying(entity.where, "reference", f"'{entity.reference}' is taken by {taken}")
                    names[entity.reference] = entity
        for link in self.links:
            for column, end in (("from", link.from_node_id), ("to", link.to_node_id)):
                if end is not None and not isinstance(seen.get(end), Node):
                    raise InputError.saying(link.where, f"topology.{column}_node_id", f"there is no node {end}")

    def _of(self, kind: type[Any]) -> tuple[Any, ...]:
        return tuple(entity for entity in self.entities if isinstance(entity, kind))

    @cached_property
    def junctions(self) -> tuple[Junction, ...]:
        """All junctions, in the order given."""
        return self._of(Junction)

    @cached_property
    def tanks(self) -> tuple[Tank, ...]:
        """All tanks, in the order given."""
        return self._of(Tank)

    @cached_property
    def reservoirs(self) -> tuple[Reservoir, ...]:
        """All reservoirs, in the order given."""
        return self._of(Reservoir)

    @cached_property
    def pipes(self) -> tuple[Pipe, ...]:
        """All pipes, in the order given."""
        return self._of(Pipe)

    @cached_property
    def pumps(self) -> tuple[Pump, ...]:
        """All pumps, in the order given."""
        return self._of(Pump)

    @cached_property
    def valves(self) -> tuple[Valve, ...]:
        """All valves, in the order given."""
        return self._of(Valve)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Junctions, tanks and reservoirs, in this order."""
        return (*self.junctions, *self.tanks, *self.reservoirs)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Pipes, pumps and valves, in this order."""
        return (*self._of(Pipe), *self._of(Pump), *self._of(Valve))

    @cached_property
    def by_id(self) -> dict[int, Entity]:
        """Entities by id."""
        return {entity.id: entity for entity in self.entities}

    def group(self, group: str) -> tuple[Entity, ...]:
        """Entities of a group, in the order given."""
        return self._of(TYPES[group])

    def named(self, group: str, reference: str) -> Entity:
        """Find an entity of a group by its reference.

        Raises
        ------
        InputError
            If there is none.
        """
        names = {entity.reference: entity for entity in self.group(group) if entity.reference}
        if reference not in names:
            raise InputError.saying(self.name, group, f"no entity '{reference}'{nearest(reference, names)}")
        return names[reference]

    def require_complete(self) -> None:
        """Make sure that a model can start.

        Raises
        ------
        NotReady
            If required attributes have not come.
        InputError
            If there is no junction, no tank or reservoir, or a node without a link.
        """
        missing = {entity.where: names for entity in self.entities if (names := entity.missing())}
        if missing:
            raise NotReady(missing)
        if not self.junctions:
            raise InputError.saying(self.name, Junction.GROUP, "a network needs at least one junction")
        if not self.tanks and not self.reservoirs:
            raise InputError.saying(self.name, Tank.GROUP, "a network needs at least one tank or reservoir")
        joined = {end for link in self.links for end in (link.from_node_id, link.to_node_id)}
        for node in self.nodes:
            if node.id not in joined:
                raise InputError.saying(node.where, "topology", "no link ends at this node")

    def with_values(self, values: Mapping[str, Mapping[str, Sequence[Any]]]) -> Dataset:
        """Add or replace attributes of entities that exist.

        Parameters
        ----------
        values : mapping of group to mapping of column to sequence
            As in the JSON form: each group with a column ``id``; None leaves a value as it is.

        Raises
        ------
        InputError
            If a group, column or id is unknown, or a value is wrong.
        """
        changed: dict[int, Entity] = {}
        for group, columns in values.items():
            names = columns_of(group, columns)
            for row, entity_id in enumerate(columns["id"]):
                entity = self.by_id.get(entity_id)
                if not isinstance(entity, TYPES[group]):
                    raise InputError.saying(self.name, f"{group}.id", f"there is no entity {entity_id} in this group")
                new = {names[c]: v[row] for c, v in columns.items() if c != "id" and v[row] is not None}
                changed[entity.id] = cast(Entity, replace(cast(Any, changed.get(entity.id, entity)), **new))
        return replace(self, entities=tuple(changed.get(entity.id, entity) for entity in self.entities))


def columns_of(group: str, columns: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Give the field name of each column of a group, and judge that group and columns are known and of one length.

    Raises
    ------
    InputError
        If group or column is unknown, ``id`` is missing, or columns differ in length.
    """
    if group not in TYPES:
        raise InputError.saying("dataset", group, f"unknown entity group '{group}'{nearest(group, TYPES)}")
    names = fields_by_column(group)
    if not isinstance(columns, Mapping) or "id" not in columns:
        raise InputError.saying("dataset", group, "a group is a mapping of columns, one of which is 'id'")
    if not _is_column(columns["id"]):
        raise InputError("dataset", f"{group}.id", columns["id"], "a list of whole numbers")
    for column, values in columns.items():
        if column not in names:
            kind = TYPES[group]
            if column in kind.PUBLISHED:
                raise InputError.saying("dataset", f"{group}.{column}", "is published by the model: a second publisher")
            known = [described.name for described in attributes_of(kind).values()]
            raise InputError.saying(
                "dataset", f"{group}.{column}", f"unknown attribute '{column}'{nearest(column, known)}"
            )
        if not _is_column(values) or len(values) != len(columns["id"]):
            raise InputError.saying(
                "dataset", f"{group}.{column}", f"a list of {len(columns['id'])} values is expected"
            )
    return names


def _is_column(values: object) -> bool:
    return isinstance(values, (list, tuple, np.ndarray))
