"""What operated steps cost: one code for the yardstick and the indicators, by the optimizer's own lines (`costs`).

Money that follows no flow, the value of what is stored, is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from econex_pipeline.district.costs import POWER, WATER, Charge, Cost, Part, charges, promises
from econex_pipeline.district.model import District

Array = np.ndarray[Any, np.dtype[np.float64]]
Rate = Callable[[str, str], Array]
"""Mean rates over the steps of an element and a quantity, shape (T,) [kW or m3/h]; zeros where there is none."""


@dataclass(frozen=True)
class Bill:
    """What steps cost.

    Attributes
    ----------
    lines : dict of str to array
        By line of the objective, unweighted, shape (T,) [USD].
    parts : dict of str to array
        The same by the sum each line belongs to.
    """

    lines: dict[str, Array]
    parts: dict[Part, Array]

    def of(self, line: str) -> float:
        """Give what a line comes to over all steps [USD]; 0 where the district has none of it."""
        return float(np.sum(self.lines.get(line, 0.0))) + 0.0

    def part(self, part: Part) -> float:
        """Give what a part comes to over all steps [USD]."""
        return float(np.sum(self.parts.get(part, 0.0)))


def bill(district: District, rate: Rate, prices: Mapping[str, Array], step_h: float) -> Bill:
    """Price what flowed.

    ``line[t] = D sum_a factor price[t] x[a,t]``  [USD]

    Parameters
    ----------
    district : District
        What stands there.
    rate : callable
        What was delivered, and the rain that was harvested at each node.
    prices : mapping of str to array
        Columns of PRICES over the same steps, shape (T,).
    step_h : float
        Length of a step [h].
    """
    lines: dict[str, Array] = {}
    parts: dict[Part, Array] = {}
    for charge in charges(district):
        for cost in charge.costs:
            usd = step_h * cost.factor * _units(charge, cost, rate)
            usd = usd if cost.price is None else usd * prices[cost.price]
            lines[cost.line] = lines.get(cost.line, 0.0) + usd
            parts[cost.part] = parts.get(cost.part, 0.0) + usd
    return Bill(lines, parts)


def departures(district: District, rate: Rate, schedules: Mapping[str, Array]) -> dict[str, Array]:
    """Give how far from its schedule each committed flow was, shape (T,) [kW or m3/h].

    Parameters
    ----------
    district, rate
        As of `bill`.
    schedules : mapping of str to array
        By element, shape (T,) [kW or m3/h]; not a number where nothing was promised.
    """
    found = {}
    for promise in promises(district):
        if promise.element in schedules:
            quantity = POWER if promise.layer == "E" else WATER
            flows = [rate(name, quantity) for name in promise.plus] + [-rate(name, quantity) for name in promise.minus]
            found[promise.element] = np.abs(np.nan_to_num(np.sum(flows, axis=0) - schedules[promise.element]))
    return found


def deviation_usd(district: District, departed: Mapping[str, Array], step_h: float) -> float:
    """Price departures from schedules, by element as `departures` gives them [USD]."""
    price = {promise.element: promise.deviation_usd for promise in promises(district)}
    return float(sum(step_h * price[element] * np.sum(rates) for element, rates in departed.items()))


def missing_reserve_m3(district: District, ends_m3: Mapping[str, Array]) -> Array:
    """Give what all tanks together miss of their reserves at the end of each step, shape (T,) [m3]."""
    kept = [(tank.reserve_m3, ends_m3[name]) for name, tank in district.tanks.items() if tank.reserve_m3]
    return np.asarray(sum((np.maximum(reserve - end, 0.0) for reserve, end in kept), np.zeros(1)))


def reserve_usd(district: District, missing_m3: Array, step_h: float) -> float:
    """Price what was missing from reserves, as `missing_reserve_m3` gives it [USD]."""
    return float(step_h * district.objective.reserve_usd_m3_h * np.sum(missing_m3))


def _units(charge: Charge, cost: Cost, rate: Rate) -> Array:
    if cost.per == "reject":
        return rate(charge.element, "reject_m3_h")
    flow = rate(charge.element, charge.quantity)
    return np.maximum(flow - rate(charge.place, "rain_harvest_m3_h"), 0.0) if cost.per == "beyond_rain" else flow
