"""Reading the long tables: OPERATIONS, PLAN and STATE as series over the steps of a day. Nothing is judged here.

A plan is turned into the same two tables an operated day has, so that indicators and figures are computed by the same
code for the plan, the controlled day and the day without control.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.tables import PROFILE_VALUES

Array = npt.NDArray[np.float64]

HAPPENED = ("delivered", "actual")
"""Bases of what came to pass: flows as delivered, demand and supply of the nodes as they really were."""
PLANNED = ("planned", "forecast")
STORED = ("level_m3", "stored_kwh")
"""Quantities that stand at an instant, at T + 1 stamps."""
SCHEDULES = ("schedule_kw", "schedule_m3_h")
EXPECTATION = -1
"""Scenario of a PLAN that holds the first stage and the expectation over the recourse."""


@dataclass(frozen=True)
class Ledger:
    """The steps of one day, as series by element and quantity.

    Attributes
    ----------
    times : pandas.DatetimeIndex
        Starts of the steps, UTC, shape (T,).
    step_h : float
        Length of a step [h].
    series : dict of (element, quantity) to array
        Means over the step, shape (T,).
    levels : pandas.DataFrame
        Stored amounts [m3 or kWh], index the T + 1 stamps, one column a storage; empty where none are known.
    """

    times: pd.DatetimeIndex
    step_h: float
    series: dict[tuple[str, str], Array]
    levels: pd.DataFrame

    def get(self, element: str, quantity: str) -> Array:
        """Give a series; zeros where the day has none of that name."""
        return self.series.get((element, quantity), np.zeros(len(self.times)))

    def has(self, element: str, quantity: str) -> bool:
        """Say whether the day has a series of that name."""
        return (element, quantity) in self.series

    def sum(self, elements: Iterable[str], quantity: str) -> Array:
        """Give the sum of a quantity over elements, shape (T,)."""
        return np.sum([np.zeros(len(self.times)), *(self.get(element, quantity) for element in elements)], axis=0)

    def sum_all(self, quantity: str, prefix: str = "", suffix: str = "") -> Array:
        """Give the sum of a quantity over all elements whose name starts and ends as asked, shape (T,)."""
        return self.sum(self.names(quantity, prefix, suffix), quantity)

    def names(self, quantity: str, prefix: str = "", suffix: str = "") -> list[str]:
        """Give the elements that have a quantity and whose name starts and ends as asked, sorted."""
        return sorted(
            element
            for element, named in self.series
            if named == quantity and element.startswith(prefix) and element.endswith(suffix)
        )

    def total(self, rates: Array) -> float:
        """Give the amount that rates make over the day: kW to kWh, m3/h to m3."""
        return float(np.sum(rates) * self.step_h)

    def gained(self, storage: str) -> Array:
        """Give the rate at which a storage gained over each step [m3/h or kW], shape (T,); zeros where unknown."""
        if storage not in self.levels:
            return np.zeros(len(self.times))
        return np.diff(self.levels[storage].to_numpy(dtype=float)) / self.step_h


def ledger(operations: pd.DataFrame, states: pd.DataFrame | None = None, bases: tuple[str, ...] = HAPPENED) -> Ledger:
    """Read an operated (or planned) day.

    Parameters
    ----------
    operations : pandas.DataFrame
        OPERATIONS of the day.
    states : pandas.DataFrame, optional
        STATE of the day, T + 1 stamps.
    bases : tuple of str
        Bases to read, the preferred first.

    Raises
    ------
    InputError
        If the table has no row of these bases, or the states do not stand at both ends of every step.
    """
    rows = operations[operations["basis"].isin(bases)]
    if rows.empty:
        found = ", ".join(sorted(operations["basis"].unique()))
        raise InputError("OPERATIONS", "basis", found, f"rows of basis {' or '.join(bases)}")
    rank = rows["basis"].map({basis: position for position, basis in enumerate(bases)})
    rows = rows.assign(rank=rank).sort_values("rank", kind="stable")
    rows = rows.drop_duplicates(["time_utc", "element", "quantity"])
    times = pd.DatetimeIndex(sorted(operations["time_utc"].unique()))
    table = rows.pivot_table(index="time_utc", columns=["element", "quantity"], values="value", aggfunc="sum")
    table = table.reindex(times).fillna(0.0)
    series = {(str(key[0]), str(key[1])): table[key].to_numpy(dtype=float) for key in table.columns}
    step = (times[1] - times[0]) / pd.Timedelta(hours=1) if len(times) > 1 else 1.0
    return Ledger(times, float(step), series, _levels(states, times))


def planned(operations: pd.DataFrame) -> Ledger | None:
    """Read the committed schedules and intentions of a day, where it has any."""
    return ledger(operations, bases=("planned",)) if (operations["basis"] == "planned").any() else None


def schedules(operations: pd.DataFrame, times: pd.DatetimeIndex) -> dict[str, Array]:
    """Read what was promised for a day, by element, shape (T,) [kW or m3/h]; not a number where nothing was."""
    rows = operations[(operations["basis"] == "planned") & operations["quantity"].isin(SCHEDULES)]
    table = rows.pivot_table(index="time_utc", columns="element", values="value", aggfunc="sum").reindex(times)
    return {str(element): table[element].to_numpy(dtype=float) for element in table.columns}


def _levels(states: pd.DataFrame | None, times: pd.DatetimeIndex) -> pd.DataFrame:
    if states is None:
        return pd.DataFrame()
    stored = states[states["quantity"].isin(STORED)]
    if stored.empty:
        raise InputError("STATE", "quantity", "no level_m3 or stored_kwh", "the stored amounts of the day")
    levels = stored.pivot_table(index="time_utc", columns="element", values="value", aggfunc="sum")
    step = times[1] - times[0] if len(times) > 1 else pd.Timedelta(hours=1)
    stamps = times.append(pd.DatetimeIndex([times[-1] + step]))
    missing = stamps.difference(pd.DatetimeIndex(levels.index))
    if len(missing):
        raise InputError("STATE", "time_utc", f"no row at {missing[0]}", "levels at both ends of every operated step")
    return levels.loc[stamps]


def probabilities(scenarios: pd.DataFrame) -> pd.Series:
    """Give the weight of each scenario, index scenario."""
    return scenarios.groupby("scenario")["probability"].first()


def expected_profiles(scenarios: pd.DataFrame) -> pd.DataFrame:
    """Give the probability-weighted mean of SCENARIOS, as rows of PROFILES."""
    quantities = list(PROFILE_VALUES)
    weighted = scenarios[quantities].multiply(scenarios["probability"], axis=0)
    keys = [scenarios["time_utc"], scenarios["node"]]
    return weighted.groupby(keys).sum().reset_index()


def plan_as_operations(
    plan: pd.DataFrame, times: pd.DatetimeIndex, scenarios: pd.DataFrame | None = None, scenario: int = EXPECTATION
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put a plan into the tables of an operated day.

    Parameters
    ----------
    plan : pandas.DataFrame
        PLAN.
    times : pandas.DatetimeIndex
        Steps of the operating day, UTC, shape (T,); the look-ahead beyond them is left out.
    scenarios : pandas.DataFrame, optional
        SCENARIOS the plan was made for: they carry supply and demand of the nodes.
    scenario : int
        Which member to read; the expectation by default.

    Returns
    -------
    operations, states : pandas.DataFrame
        OPERATIONS rows of basis planned and forecast, and STATE rows at T + 1 stamps.

    Raises
    ------
    InputError
        If the plan has no rows of that scenario on that day.
    """
    member = plan[plan["scenario"] == scenario].drop(columns="scenario")
    stored = member["quantity"].isin(STORED)
    marginal = member["quantity"].str.startswith("marginal_value")
    rates = member[~stored & ~marginal & member["time_utc"].isin(times)].assign(basis="planned")
    if rates.empty:
        raise InputError("PLAN", "scenario", scenario, f"rows between {times[0]} and {times[-1]}")
    parts = [rates]
    if scenarios is not None:
        profiles = (
            expected_profiles(scenarios) if scenario == EXPECTATION else scenarios[scenarios["scenario"] == scenario]
        )
        profiles = profiles[profiles["time_utc"].isin(times)]
        long = profiles.melt(["time_utc", "node"], list(PROFILE_VALUES), "quantity", "value")
        parts.append(long.rename(columns={"node": "element"}).assign(basis="forecast"))
    end = times[-1] + (times[1] - times[0])
    states = member[stored & (member["time_utc"] >= times[0]) & (member["time_utc"] <= end)]
    return pd.concat(parts, ignore_index=True), states.reset_index(drop=True)
