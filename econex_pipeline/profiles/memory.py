"""What supply and demand remember of the weather before: soil, roofs, raw water. Carried on, to read the past once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import ContractViolation
from econex_pipeline.district import District
from econex_pipeline.profiles.garden import Soil
from econex_pipeline.profiles.roof import RoofState

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Memory:
    """State at the start of a step, for S members.

    Attributes
    ----------
    soils : mapping of str to Soil
        Root zones, by node with a garden.
    roofs : mapping of str to RoofState
        By node with a roof.
    water_c : array of shape (S,), or None
        Temperature of the raw water; None where nothing is known of it yet [degC].
    until_utc : pandas.Timestamp or None
        The instant; None where nothing was remembered yet.
    """

    soils: Mapping[str, Soil]
    roofs: Mapping[str, RoofState]
    water_c: Floats | None = None
    until_utc: pd.Timestamp | None = None

    @classmethod
    def blank(cls, district: District) -> Memory:
        """Give the state of which nothing is known: soil at field capacity, roofs to be washed."""
        nodes = district.nodes.items()
        return cls(
            soils={name: Soil.at_field_capacity(1) for name, node in nodes if node.garden is not None},
            roofs={name: RoofState.after_dry_spell(node.roof, 1) for name, node in nodes if node.roof is not None},
        )

    def for_members(self, members: int) -> Memory:
        """Give every member the same state, from a state of one."""
        return Memory(
            soils={name: soil.for_members(members) for name, soil in self.soils.items()},
            roofs={name: roof.for_members(members) for name, roof in self.roofs.items()},
            water_c=None if self.water_c is None else np.repeat(self.water_c, members),
            until_utc=self.until_utc,
        )

    @classmethod
    def side_by_side(cls, memories: Sequence[Memory]) -> Memory:
        """Give one state of many members from states of one member or more, which may be of different instants."""
        water_c = [memory.water_c for memory in memories if memory.water_c is not None]
        return cls(
            soils={name: Soil.side_by_side([memory.soils[name] for memory in memories]) for name in memories[0].soils},
            roofs={
                name: RoofState.side_by_side([memory.roofs[name] for memory in memories]) for name in memories[0].roofs
            },
            water_c=np.concatenate(water_c) if len(water_c) == len(memories) else None,
        )

    def reaches(self, start: pd.Timestamp) -> None:
        """Refuse a state of another instant.

        Raises
        ------
        ContractViolation
            If what is remembered does not end at `start`: the soil would not know what fell between.
        """
        if self.until_utc is not None and self.until_utc != start:
            rows = f"ends at {self.until_utc}"
            raise ContractViolation("TRACE", "time_utc", rows, f"a history up to the step before {start}", "history")
