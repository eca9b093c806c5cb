"""What stored amounts are worth at midnight, from the weather and the demand of a year: tranches for a district's file.

A storage filled from one level to the next saves, over the days that follow, the difference of two linear programs;
the mean of it over the midnights of a year is the value of that tranche:

    value = - mean_d [ V_d(s_2) - V_d(s_1) ] / (s_2 - s_1)        [USD/m3 or USD/kWh]

V_d(s) is what the brain minimizes over the days from midnight d on, all known, with s in this storage, the district's
start levels in the others, new membranes, and the wanted values at its own end: they are found by repetition, as in
fitted value iteration (Powell 2011, Approximate Dynamic Programming, chapter 10, doi:10.1002/9781118029176). As the
level does not come from the weather that follows, a full cistern meets rain as often as an empty one. V_d is convex in
s, so the values do not increase.

The months in which strategies are compared are left out: they do not choose the values they are judged with. Water
that circulates between basins is left as the district states it; planning adds what their turbine makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from econex_pipeline.contracts import EconexError
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.time import HOURS_PER_DAY, day_start_utc, steps
from econex_pipeline.control import Estimate
from econex_pipeline.control.foresight import indifferent_to_time, met
from econex_pipeline.control.yardstick import common_values
from econex_pipeline.orchestration.setting import Setting
from econex_pipeline.planning import Basis, EndValues, Network, Tranche, solve_step
from econex_pipeline.profiles import prices, profiles
from econex_pipeline.treatment import MembraneState

LEVELS_FRAC = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Edges of the tranches, as shares of the capacity."""
DAYS_AHEAD = 7
"""Reach of a program: what is stored at midnight has mostly been used, or refilled, a week later."""
EVERY_DAYS = 8
"""A midnight in so many is looked at; not a multiple of a week."""
SETTLED_USD = 0.02
"""The repetition ends when no tranche changes by more."""
MOST_ROUNDS = 10
DAYS_OF_YEAR = 365


class NoValues(EconexError):
    """The values were not found; the message says why."""


def found_end_values(
    setting: Setting,
    year: int,
    held_out: Collection[int],
    say: Callable[[str], None],
    every_days: int = EVERY_DAYS,
) -> EndValues:
    """Find what stored amounts are worth at midnight.

    Parameters
    ----------
    setting : Setting
        The case.
    year : int
        Year of the midnights.
    held_out : collection of int
        Months that are left out, 1 to 12.
    say : callable
        Hears of each round.
    every_days : int
        Days from one midnight that is looked at to the next.

    Returns
    -------
    dict of str to tuple of Tranche
        By storage, values to the cent; tranches of one value are one.

    Raises
    ------
    NoValues
        If all months are left out, a program has no optimum, or the values do not settle.
    """
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(0, DAYS_OF_YEAR, every_days)]
    days = [day for day in days if day.month not in held_out]
    if not days:
        raise NoValues(f"end values of case {setting.case}: no month of {year} is left to find them from")
    network = indifferent_to_time(setting.network)
    weeks = [_Week(setting, network, day) for day in days]
    for number in range(1, MOST_ROUNDS + 1):
        before = dict(network.end_values)
        network = replace(network, end_values=tuple(_round(network, weeks).items()))
        change = _largest_change(network, before, dict(network.end_values))
        say(f"round {number}: {len(days)} midnights, largest change {change:.3f} USD per unit")
        if change <= SETTLED_USD:
            return {name: _told(tranches) for name, tranches in dict(network.end_values).items()}
    raise NoValues(f"end values of case {setting.case}: still changing by {change:.3f} USD after {MOST_ROUNDS} rounds")


def as_yaml(values: EndValues, network: Network) -> str:
    """Write values as the section `end_values` of a district file."""
    lines = ["end_values:"]
    for storage in network.storages:
        unit = "kwh" if storage.layer == "E" else "m3"
        edges = np.cumsum([tranche.width for tranche in values[storage.name]])
        tranches = ", ".join(
            f"{{up_to_{unit}: {edge:g}, value_usd_{unit}: {tranche.value_usd:g}}}"
            for edge, tranche in zip(edges.round(6), values[storage.name], strict=True)
        )
        lines.append(f"  {storage.name}: [{tranches}]")
    return "\n".join(lines)


class _Week:
    """The days that follow a midnight: what comes, prices and coefficients."""

    def __init__(self, setting: Setting, network: Network, day: date) -> None:
        district = setting.district
        start_utc = day_start_utc(day, setting.utc_offset_h)
        times = steps(start_utc, DAYS_AHEAD * HOURS_PER_DAY, district.step_minutes)
        trace = profiles(district, setting.trace(times), setting.memory(times[0]))
        self.day, self.start = day, {name: storage.start for name, storage in district.storages.items()}
        self.future = met(setting.controller.twin, Profiles.from_table(trace))
        self.prices = Prices.from_table(prices(district, times))
        clean = Estimate(self.start, {name: MembraneState() for name in district.treatments})
        self.coefficients = setting.controller.coefficients(clean, self.future)

    def costs(self, network: Network, storage: str, levels: Sequence[float]) -> list[float]:
        """Give the least cost of the days from each level of a storage [USD]."""
        values = common_values(network, self.future, self.coefficients, self.prices)
        found: list[float] = []
        basis: Basis | None = None
        for level in levels:
            start = {**self.start, storage: level}
            step = solve_step(network, self.future, self.coefficients, self.prices, start, None, values, basis)
            if step.status != "optimal" or step.objective is None:
                raise NoValues(f"end values: week of {self.day}, {storage} at {level:g}: {step.message}")
            basis = step.basis
            found.append(step.objective)
        return found


def _round(network: Network, weeks: Sequence[_Week]) -> dict[str, tuple[Tranche, ...]]:
    """Find the values once, with those of the network at the end of each week."""
    values = dict(network.end_values)
    for storage in network.storages:
        if storage.name in _circulating(network):
            continue
        levels = [share * storage.capacity for share in LEVELS_FRAC]
        widths = np.diff(levels)
        costs = np.array([week.costs(network, storage.name, levels) for week in weeks])
        worth = -np.diff(costs.mean(axis=0)) / widths
        worth = np.maximum(np.minimum.accumulate(worth), 0.0)  # programs are solved to a tolerance
        values[storage.name] = tuple(Tranche(float(w), float(v)) for w, v in zip(widths, worth, strict=True))
    return values


def _circulating(network: Network) -> set[str]:
    """Storages above and below a turbine."""
    turbined = [network.arc[coupling.arc] for coupling in network.couplings if coupling.sign > 0]
    nodes = {node for arc in turbined for node in (arc.tail, arc.head)}
    return {network.storage_at[str(node)].name for node in nodes if node in network.storage_at}


def _largest_change(network: Network, before: Mapping[str, tuple[Tranche, ...]], after: EndValues) -> float:
    """Compare two tables in the middle of each part of a storage [USD per unit]."""
    change = 0.0
    for storage in network.storages:
        edges = np.array(LEVELS_FRAC) * storage.capacity
        for middle in (edges[1:] + edges[:-1]) / 2.0:
            told = [_value_at(table.get(storage.name, ()), middle) for table in (before, after)]
            change = max(change, abs(told[1] - told[0]))
    return change


def _value_at(tranches: Sequence[Tranche], amount: float) -> float:
    for tranche in tranches:
        amount -= tranche.width
        if amount <= 0.0:
            return tranche.value_usd
    return 0.0


def _told(tranches: Sequence[Tranche]) -> tuple[Tranche, ...]:
    """Round to the cent and join what is then alike."""
    told: list[Tranche] = []
    for tranche in tranches:
        value_usd = round(tranche.value_usd, 2)
        if told and told[-1].value_usd == value_usd:
            told[-1] = Tranche(told[-1].width + tranche.width, value_usd)
        else:
            told.append(Tranche(tranche.width, value_usd))
    return tuple(told)
