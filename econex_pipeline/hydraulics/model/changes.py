"""Changes from outside: judged as a whole before any of them acts, and each attribute taken from one publisher only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.hydraulics.dataset.attributes import attributes_of
from econex_pipeline.hydraulics.dataset.dataset import Dataset, columns_of
from econex_pipeline.hydraulics.dataset.entities import TYPES
from econex_pipeline.hydraulics.dataset.links import Link
from econex_pipeline.hydraulics.dataset.nodes import Junction, Reservoir
from econex_pipeline.hydraulics.engines.abilities import refuse_link
from econex_pipeline.hydraulics.engines.base import Inputs

Changes = Mapping[str, Mapping[str, Sequence[Any]]]
ARRAYS = {
    (Junction.GROUP, "base_demand"),
    (Junction.GROUP, "demand_factor"),
    (Reservoir.GROUP, "base_head"),
    (Reservoir.GROUP, "head_factor"),
}


@dataclass(frozen=True)
class Applied:
    """Inputs after changes, and what of them is new.

    Attributes
    ----------
    inputs : Inputs
        All inputs.
    junctions, reservoirs : tuple of int
        Positions of those that change.
    links : tuple of int
        Ids of those that change.
    """

    inputs: Inputs
    junctions: tuple[int, ...] = ()
    reservoirs: tuple[int, ...] = ()
    links: tuple[int, ...] = ()


class Changer:
    """Turns changes into inputs.

    Parameters
    ----------
    dataset : Dataset
        What the changes are about.
    engine : str
        Name of the engine, whose limits hold for changes too.
    """

    def __init__(self, dataset: Dataset, engine: str) -> None:
        self._dataset, self._engine = dataset, engine
        self._rows = {
            kind.GROUP: {item.id: row for row, item in enumerate(items)}
            for kind, items in ((Junction, dataset.junctions), (Reservoir, dataset.reservoirs))
        }
        self._publisher: dict[tuple[str, str], str] = {}

    def apply(self, changes: Changes, inputs: Inputs, source: str) -> Applied:
        """Judge changes and give the inputs after them.

        Parameters
        ----------
        changes : mapping of group to mapping of column to sequence
            Each group with a column ``id``; None or NaN leaves a value as it is.
        inputs : Inputs
            What holds now.
        source : str
            Who publishes the changes.

        Raises
        ------
        InputError
            If a group, column or id is unknown, an id occurs twice, an attribute is fixed during a run or has another
            publisher, or a value is wrong.
        """
        arrays: dict[str, np.ndarray] = {}
        rows: dict[str, set[int]] = {Junction.GROUP: set(), Reservoir.GROUP: set()}
        links: dict[int, Link] = {}
        claims: dict[tuple[str, str], str] = {}
        for group, columns in changes.items():
            names = columns_of(group, columns)
            ids = self._known(group, columns["id"])
            for column, values in columns.items():
                if column == "id":
                    continue
                self._claimable(group, column, source)
                claims[group, column] = source
                name = names[column]
                if (group, name) in ARRAYS:
                    array = arrays.setdefault(name, getattr(inputs, name).copy())
                    rows[group] |= self._fill(array, group, name, ids, values)
                else:
                    self._links(group, name, ids, values, inputs, links)
        for link in links.values():
            refuse_link(link, self._engine)
        self._publisher |= claims
        after = replace(inputs, links={**inputs.links, **links} if links else inputs.links, **cast(Any, arrays))
        return Applied(after, tuple(sorted(rows[Junction.GROUP])), tuple(sorted(rows[Reservoir.GROUP])), tuple(links))

    def _known(self, group: str, ids: Sequence[Any]) -> list[int]:
        kind = TYPES[group]
        found = []
        for entity_id in ids:
            entity = self._dataset.by_id.get(entity_id) if hasattr(entity_id, "__index__") else None
            if not isinstance(entity, kind):
                known = [str(item.id) for item in self._dataset.group(group)]
                close = nearest(str(entity_id), known)
                raise InputError.saying(
                    "changes", f"{group}.id", f"there is no entity {entity_id} in this group{close}"
                )
            found.append(entity.id)
        if len(set(found)) < len(found):
            twice = next(entity_id for entity_id in found if found.count(entity_id) > 1)
            raise InputError.saying("changes", f"{group}.id", f"{twice} occurs more than once")
        return found

    def _claimable(self, group: str, column: str, source: str) -> None:
        described = next(item for item in attributes_of(TYPES[group]).values() if item.name == column)
        if not described.changes:
            published = column in TYPES[group].PUBLISHED
            why = "is published by the model: a second publisher" if published else "is fixed during a run"
            raise InputError.saying("changes", f"{group}.{column}", why)
        first = self._publisher.get((group, column), source)
        if first != source:
            raise InputError.saying(
                "changes", f"{group}.{column}", f"is published by '{first}'; '{source}' would be a second publisher"
            )

    def _fill(self, array: np.ndarray, group: str, name: str, ids: list[int], values: Sequence[Any]) -> set[int]:
        """Write values into an array; answer with the positions whose value is new."""
        described = attributes_of(TYPES[group])[name]
        new = set()
        for entity_id, value in zip(ids, values, strict=True):
            checked = described.checked(f"changes of {group} {entity_id}", value)
            row = self._rows[group][entity_id]
            if checked is not None and array[row] != checked:
                array[row] = checked
                new.add(row)
        return new

    def _links(
        self, group: str, name: str, ids: list[int], values: Sequence[Any], inputs: Inputs, links: dict[int, Link]
    ) -> None:
        described = attributes_of(TYPES[group])[name]
        for entity_id, value in zip(ids, values, strict=True):
            link = links.get(entity_id, inputs.links[entity_id])
            checked = described.checked(f"changes of {link.where}", value)
            if checked is not None and checked != getattr(link, name):
                links[entity_id] = cast(Link, replace(cast(Any, link), **{name: checked}))
