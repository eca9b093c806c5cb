"""A PLAN as the controller reads it, hour after hour: indexed once, so that no hour looks for a row.

What it answers: what was planned for a step, what schedule binds the horizon, and what stored amounts are worth later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import NS_PER_H
from econex_pipeline.planning.elements import AMOUNT_QUANTITY, MARGINAL_QUANTITY, EndValues, Network
from econex_pipeline.planning.end_values import tranches_of
from econex_pipeline.planning.plan_table import WEIGHT
from econex_pipeline.planning.schedule import schedule_quantity

Array = np.ndarray[Any, np.dtype[Any]]

EXPECTATION = -1
RATES = ("flow_m3_h", "power_kw", "consumed_kw", "generated_kw", "schedule_kw", "schedule_m3_h")

Rates = Mapping[tuple[str, str], float]
"""Rates of one step by (element, quantity)."""


@dataclass(frozen=True)
class DayPlan:
    """A plan, indexed.

    Attributes
    ----------
    network : Network
        The network it was made for.
    stamps : numpy.ndarray of int64, shape (T + 1,)
        Starts of its steps and the end of the last [ns since 1970, UTC].
    keys : tuple of (str, str)
        Element and quantity of each expected rate.
    expected : numpy.ndarray, shape (T + 1, rate)
        Expected rates; not a number where the plan has none.
    schedule : numpy.ndarray, shape (T + 1, commitment)
        Schedule of each commitment of the network; not a number where the plan leaves it free.
    amounts, marginals : numpy.ndarray, shape (scenario, T + 1, storage)
        Stored amount [kWh or m3] and what one more unit is worth [USD]; not a number where the plan has none.
    weights : numpy.ndarray, shape (scenario,)
        Probabilities.
    issued_utc : pandas.Timestamp or None
        When it was made; None where that is not known.
    """

    network: Network
    stamps: Array
    keys: tuple[tuple[str, str], ...]
    expected: Array
    schedule: Array
    amounts: Array
    marginals: Array
    weights: Array
    issued_utc: pd.Timestamp | None = None
    _end_values: dict[int, EndValues | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_table(cls, network: Network, plan: pd.DataFrame, issued_utc: pd.Timestamp | None = None) -> DayPlan:
        """Index a PLAN.

        Parameters
        ----------
        network : Network
            The network of the plan.
        plan : pandas.DataFrame
            PLAN, or its rows of scenario -1.
        issued_utc : pandas.Timestamp, optional
            When it was made.
        """
        stamps, step = np.unique(plan["time_utc"].to_numpy(dtype="datetime64[ns]"), return_inverse=True)
        element, elements = pd.factorize(plan["element"])
        kind, kinds = pd.factorize(plan["quantity"])
        scenario, value = plan["scenario"].to_numpy(), plan["value"].to_numpy(dtype=float)
        mean = scenario == EXPECTATION
        rates = mean & kinds.isin(RATES)[kind]
        code, pairs = pd.factorize(element[rates] * len(kinds) + kind[rates])
        keys = tuple((str(elements[pair // len(kinds)]), str(kinds[pair % len(kinds)])) for pair in pairs.tolist())
        expected = np.full((len(stamps), len(keys)), np.nan)
        expected[step[rates], code] = value[rates]
        places = {key: i for i, key in enumerate(keys)}
        schedule = np.full((len(stamps), len(network.commitments)), np.nan)
        for i, commitment in enumerate(network.commitments):
            key = commitment.element, schedule_quantity(commitment)
            if key in places:
                schedule[:, i] = expected[:, places[key]]
        scenarios = np.unique(scenario[~mean])
        at = np.searchsorted(scenarios, scenario)
        given = ~mean & (kinds == WEIGHT)[kind]
        weights = np.zeros(len(scenarios))
        weights[at[given]] = value[given]
        amounts, marginals = np.full((2, len(scenarios), len(stamps), len(network.storages)), np.nan)
        for i, storage in enumerate(network.storages):
            of = ~mean & (elements == storage.name)[element]
            for values, quantities in ((amounts, AMOUNT_QUANTITY), (marginals, MARGINAL_QUANTITY)):
                own = of & (kinds == quantities[storage.layer])[kind]
                values[at[own], step[own], i] = value[own]
        return cls(network, stamps.astype(np.int64), keys, expected, schedule, amounts, marginals, weights, issued_utc)

    def hours_in(self, time_utc: pd.Timestamp) -> float:
        """Give the hours from the first step on; negative before it."""
        return (time_utc.value - int(self.stamps[0])) / NS_PER_H

    def age_h(self, time_utc: pd.Timestamp) -> float:
        """Give the hours since it was made, or from its first step on where it is not known when it was made."""
        if self.issued_utc is None:
            return self.hours_in(time_utc)
        return (time_utc.value - self.issued_utc.value) / NS_PER_H

    def rates(self, time_utc: pd.Timestamp) -> dict[tuple[str, str], float]:
        """Give the expected rates of a step: flows, powers, schedules; empty where the plan does not reach."""
        place = self._place(time_utc.value)
        if place is None:
            return {}
        row = self.expected[place].tolist()
        return {key: value for key, value in zip(self.keys, row, strict=True) if value == value}

    def schedule_over(self, stamps: Array) -> Array:
        """Give the schedule at some stamps, shape (step, commitment); not a number where it is free."""
        places = np.minimum(self.stamps.searchsorted(stamps), len(self.stamps) - 1)
        return np.where((self.stamps[places] == stamps)[:, None], self.schedule[places], np.nan)

    def end_values(self, stamp: int) -> EndValues | None:
        """Read off what one more unit stored at a time is worth, as a concave function of the amount.

        Parameters
        ----------
        stamp : int
            One of the plan's stamps; levels have one more than flows [ns since 1970, UTC].

        Returns
        -------
        dict or None
            Tranches per storage, values not increasing; None where the plan has no stored amounts at that time.
        """
        if stamp not in self._end_values:
            self._end_values[stamp] = self._tranches(stamp)
        return self._end_values[stamp]

    def _tranches(self, stamp: int) -> EndValues | None:
        place = self._place(stamp)
        if place is None or not self.amounts.size or np.isnan(self.amounts[:, place]).any():
            return None
        stated = dict(self.network.end_values)
        return {
            storage.name: tranches_of(
                storage,
                self.amounts[:, place, i],
                self.marginals[:, place, i],
                self.weights,
                stated.get(storage.name, ()),
            )
            for i, storage in enumerate(self.network.storages)
        }

    def _place(self, stamp: int) -> int | None:
        place = int(self.stamps.searchsorted(stamp))
        return place if place < len(self.stamps) and self.stamps[place] == stamp else None


def end_values_from_plan(network: Network, plan: pd.DataFrame, time_utc: pd.Timestamp) -> EndValues:
    """Read off a PLAN what one more unit stored at a time is worth; `DayPlan` does so without reading it anew.

    Parameters
    ----------
    network : Network
        The network of the plan.
    plan : pandas.DataFrame
        PLAN with the recourse of its scenarios.
    time_utc : pandas.Timestamp
        One of its stamps.

    Returns
    -------
    dict
        Tranches per storage, values not increasing.

    Raises
    ------
    KeyError
        If the plan has no stored amounts at that time.
    """
    found = DayPlan.from_table(network, plan).end_values(time_utc.value)
    if found is None:
        raise KeyError(f"the plan has no stored amounts at {time_utc}")
    return found
