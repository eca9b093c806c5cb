"""What a garden asks for: a soil bucket (FAO-56, chapter 8) that dries by evapotranspiration and fills by rain.

At the timer's hour, soil that has dried below the readily available water is filled up again, over the timer's
duration. The demand supposes that it is met; what was not met is the plan's to say.
"""

from __future__ import annotations

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


def irrigation_m3_h(
    garden: Garden, starts: NDArray[np.bool_], step_h: float, rain_mm_h: Floats, et0_mm_h: Floats, soil: Soil
) -> tuple[Floats, Soil]:
    """Give the water a garden asks for in every step, and the soil afterwards.

    Parameters
    ----------
    garden : Garden
        Area, soil, crop and timer.
    starts : array of bool, shape (T,)
        Whether the timer starts with the step.
    step_h : float
        Length of step [h].
    rain_mm_h, et0_mm_h : array, shape (S, T)
        Rain and reference evapotranspiration [mm/h].
    soil : Soil
        At the start of the first step.

    Returns
    -------
    tuple of (array of shape (S, T), Soil)
        Demand at the tap, before losses [m3/h], and the soil at the end of the last step.
    """
    available_mm = garden.available_water_mm
    ready_mm = garden.depletion_frac * available_mm
    duration = max(1, round(garden.duration_h / step_h))
    depletion, rate, left = soil.depletion_mm.copy(), soil.watering_mm_h.copy(), soil.watering_left.copy()
    watering = np.empty_like(rain_mm_h)
    gain, crop = rain_mm_h * step_h, et0_mm_h * (garden.crop_coefficient * step_h)
    for step in range(rain_mm_h.shape[1]):
        if starts[step]:
            thirsty = (depletion > ready_mm) & (left == 0)
            rate = np.where(thirsty, depletion / (duration * step_h), rate)
            left = np.where(thirsty, duration, left)
        on = left > 0
        watering[:, step] = np.where(on, rate, 0.0)
        left = left - on
        # Dry soil holds on to its water: the crop takes less (FAO-56, equation 84).
        stress = np.clip((available_mm - depletion) / (available_mm - ready_mm), 0.0, 1.0)
        change = crop[:, step] * stress - gain[:, step] - watering[:, step] * step_h
        depletion = np.clip(depletion + change, 0.0, available_mm)
    demand = watering * (garden.area_m2 / garden.irrigation_efficiency_frac / MM_PER_M)
    return demand, Soil(depletion, np.where(left > 0, rate, 0.0), left)
