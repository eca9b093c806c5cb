"""Between tables and arrays: drivers as (scenario, time) arrays, and node by node results back as a contract table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import ContractViolation
from econex_pipeline.contracts.tables import DRIVER_VALUES, PROFILE_VALUES

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Drivers:
    """Weather and demand factors as arrays.

    Attributes
    ----------
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,); those of all windows together, shape (N,), where each member has its own.
    scenarios : array of int, shape (S,), or None
        Scenario ids; None for a table without that column (then S is 1), and for windows.
    values : mapping of str to array of shape (S, T)
        By column of the TRACE contract.
    places : array of int, shape (S, T), or None
        Positions in `times` of each member's steps; None where all have the same.
    """

    times: pd.DatetimeIndex
    scenarios: NDArray[np.int64] | None
    values: Mapping[str, Floats]
    places: NDArray[np.int64] | None = None

    def __getitem__(self, column: str) -> Floats:
        """Give one column, shape (S, T)."""
        return self.values[column]

    @property
    def members(self) -> int:
        """Number of members, 1 for a table without scenarios."""
        return len(self.values[DRIVER_VALUES[0]])

    def seen(self, of_step: NDArray[Any]) -> NDArray[Any]:
        """Give what depends on time only, shape (times,), as each member sees it: (T,), or (S, T) for windows."""
        return of_step if self.places is None else of_step[self.places]

    def in_a_row(self) -> Drivers:
        """Give the same as one member, the steps of windows behind each other: for what each step has by itself."""
        if self.places is None:
            return self
        values = {name: array.reshape(1, -1) for name, array in self.values.items()}
        return Drivers(self.times[self.places.ravel()], None, values)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Drivers:
        """Read a TRACE, FORECAST or MEMBERS frame, sorted by its key.

        Raises
        ------
        ContractViolation
            If the scenarios do not all have the same steps.
        """
        stamps = pd.DatetimeIndex(frame["time_utc"])
        scenarios, steps = None, len(frame)
        if "scenario" in frame.columns:
            ids = frame["scenario"].to_numpy(dtype=np.int64)
            scenarios = ids[np.r_[True, ids[1:] != ids[:-1]]]
            steps = len(frame) // len(scenarios)
            even = len(frame) == steps * len(scenarios)
            if not (
                even
                and (ids.reshape(-1, steps) == scenarios[:, None]).all()
                and (stamps.asi8.reshape(-1, steps) == stamps.asi8[:steps]).all()
            ):
                raise ContractViolation("MEMBERS", "scenario+time_utc", "all rows", "the same steps in every scenario")
        values = {name: frame[name].to_numpy(dtype=float).reshape(-1, steps) for name in DRIVER_VALUES}
        return cls(stamps[:steps], scenarios, values)


def profile_table(drivers: Drivers, nodes: list[str], values: dict[str, dict[str, Floats]]) -> pd.DataFrame:
    """Assemble PROFILES, or MEMBER_PROFILES where the drivers have scenarios.

    Parameters
    ----------
    drivers : Drivers
        Give times and scenarios.
    nodes : list of str
        All nodes of the district.
    values : dict of str to dict of str to array of shape (S, T)
        By profile column and node; a node left out has zeros.

    Returns
    -------
    pandas.DataFrame
        S * T * nodes rows, sorted by the contract's key.
    """
    ordered = sorted(nodes)
    members, steps = drivers.members, len(drivers.times)
    columns: dict[str, object] = {}
    if drivers.scenarios is not None:
        columns["scenario"] = np.repeat(drivers.scenarios, steps * len(ordered))
    stamps = np.tile(np.repeat(drivers.times.as_unit("ns").asi8, len(ordered)), members)
    columns["time_utc"] = pd.DatetimeIndex(stamps, tz="UTC")
    columns["node"] = np.tile(np.array(ordered, dtype=object), members * steps)
    for name in PROFILE_VALUES:
        cube = np.zeros((members, steps, len(ordered)))
        for node, array in values.get(name, {}).items():
            cube[:, :, ordered.index(node)] = array
        columns[name] = cube.ravel()
    return pd.DataFrame(columns)
