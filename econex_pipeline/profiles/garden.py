"""What a garden asks for: a soil bucket (FAO-56, chapter 8) that dries by evapotranspiration and fills by rain.

At the timer's hour, soil that has dried below the readily available water is filled up again, over the timer's
duration. The demand supposes that it is met; what was not met is the plan's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econex_pipeline.district import Garden

Floats = NDArray[np.float64]

MM_PER_M = 1000.0


@dataclass(frozen=True)
class Soil:
    """State of a garden's root zone at the start of a step, for S members.

    Attributes
    ----------
    depletion_mm : array, shape (S,)
        Water missing to field capacity.
    watering_mm_h : array, shape (S,)
        Rate of the watering under way, zero where none is.
    watering_left : array, shape (S,)
        Steps it has left.
    """

    depletion_mm: Floats
    watering_mm_h: Floats
    watering_left: NDArray[np.int64]

    @classmethod
    def at_field_capacity(cls, members: int) -> Soil:
        """Give the state after a long rain."""
        return cls(np.zeros(members), np.zeros(members), np.zeros(members, dtype=np.int64))

    def for_members(self, members: int) -> Soil:
        """Give every member the same state, from a state of one."""
        return Soil(
            depletion_mm=np.repeat(self.depletion_mm, members),
            watering_mm_h=np.repeat(self.watering_mm_h, members),
            watering_left=np.repeat(self.watering_left, members),
        )

    @classmethod
    def side_by_side(cls, soils: Sequence[Soil]) -> Soil:
        """Give one state of many members from states of one member or more."""
        return cls(
            depletion_mm=np.concatenate([soil.depletion_mm for soil in soils]),
            watering_mm_h=np.concatenate([soil.watering_mm_h for soil in soils]),
            watering_left=np.concatenate([soil.watering_left for soil in soils]),
        )


def irrigation_m3_h(
    garden: Garden, starts: NDArray[np.bool_], step_h: float, rain_mm_h: Floats, et0_mm_h: Floats, soil: Soil
) -> tuple[Floats, list[Soil]]:
    """Give the water a garden asks for in every step, and the course of the soil.

    Parameters
    ----------
    garden : Garden
        Area, soil, crop and timer.
    starts : array of bool, shape (T,) or (S, T)
        Whether the timer starts with the step.
    step_h : float
        Length of step [h].
    rain_mm_h, et0_mm_h : array, shape (S, T)
        Rain and reference evapotranspiration [mm/h].
    soil : Soil
        At the start of the first step.

    Returns
    -------
    tuple of (array of shape (S, T), list of Soil)
        Demand at the tap, before losses [m3/h]; the soil at the start of each step and at the end of the last, T + 1.
    """
    available_mm = garden.available_water_mm
    ready_mm = garden.depletion_frac * available_mm
    duration = max(1, round(garden.duration_h / step_h))
    depletion, rate, left = soil.depletion_mm, soil.watering_mm_h, soil.watering_left
    course = [soil]
    watering = np.empty_like(rain_mm_h)
    gain, crop = rain_mm_h * step_h, et0_mm_h * (garden.crop_coefficient * step_h)
    for step in range(rain_mm_h.shape[1]):
        start = starts[..., step]
        if start.any():
            thirsty = start & (depletion > ready_mm) & (left == 0)
            rate = np.where(thirsty, depletion / (duration * step_h), rate)
            left = np.where(thirsty, duration, left)
        watering[:, step] = rate
        left = left - (left > 0)
        # Dry soil holds on to its water: the crop takes less (FAO-56, equation 84).
        stress = np.minimum(np.maximum((available_mm - depletion) / (available_mm - ready_mm), 0.0), 1.0)
        change = crop[:, step] * stress - gain[:, step] - watering[:, step] * step_h
        depletion = np.minimum(np.maximum(depletion + change, 0.0), available_mm)
        rate = np.where(left > 0, rate, 0.0)
        course.append(Soil(depletion, rate, left))
    return watering * (garden.area_m2 / garden.irrigation_efficiency_frac / MM_PER_M), course
