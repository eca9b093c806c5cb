"""Rain from a roof to a cistern: runoff, less the first flush that washes the roof after a dry spell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econex_pipeline.district import Roof

Floats = NDArray[np.float64]

MM_PER_M = 1000.0


@dataclass(frozen=True)
class RoofState:
    """State of a roof at the start of a step, for S members.

    Attributes
    ----------
    flush_left_mm : array, shape (S,)
        Rain still to be turned away in the present spell of rain.
    dry_h : array, shape (S,)
        Hours since it last rained.
    """

    flush_left_mm: Floats
    dry_h: Floats

    @classmethod
    def after_dry_spell(cls, roof: Roof, members: int) -> RoofState:
        """Give the state of a roof that has to be washed first."""
        return cls(np.full(members, roof.first_flush_mm), np.full(members, roof.dry_reset_h))

    def for_members(self, members: int) -> RoofState:
        """Give every member the same state, from a state of one."""
        return RoofState(np.repeat(self.flush_left_mm, members), np.repeat(self.dry_h, members))

    @classmethod
    def side_by_side(cls, states: Sequence[RoofState]) -> RoofState:
        """Give one state of many members from states of one member or more."""
        return cls(
            np.concatenate([state.flush_left_mm for state in states]), np.concatenate([state.dry_h for state in states])
        )


def rain_harvest_m3_h(roof: Roof, step_h: float, rain_mm_h: Floats, state: RoofState) -> tuple[Floats, list[RoofState]]:
    """Give the rain that reaches the cistern in every step, and the course of the roof.

    Parameters
    ----------
    roof : Roof
        Area, share that runs off, depth of the first flush and the dry spell after which it falls due again.
    step_h : float
        Length of step [h].
    rain_mm_h : array, shape (S, T)
        Rain [mm/h].
    state : RoofState
        At the start of the first step.

    Returns
    -------
    tuple of (array of shape (S, T), list of RoofState)
        Harvest [m3/h]; the roof at the start of each step and at the end of the last, T + 1.
    """
    flush, dry_h = state.flush_left_mm, state.dry_h
    course = [state]
    kept = np.empty_like(rain_mm_h)
    for step in range(rain_mm_h.shape[1]):
        depth = rain_mm_h[:, step] * step_h
        raining = depth > 0
        flush = np.where(raining & (dry_h >= roof.dry_reset_h), roof.first_flush_mm, flush)
        away = np.minimum(flush, depth)
        flush = flush - away
        kept[:, step] = depth - away
        dry_h = np.where(raining, 0.0, dry_h + step_h)
        course.append(RoofState(flush, dry_h))
    return kept * (roof.area_m2 * roof.runoff_frac / MM_PER_M / step_h), course
