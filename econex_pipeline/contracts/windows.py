"""Windows of steps on one axis: what each issue of a day looks ahead to, computed together and told apart again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts.errors import InputError


@dataclass(frozen=True)
class Windows:
    """Windows of T steps each, which may overlap.

    Attributes
    ----------
    times : pandas.DatetimeIndex
        Step starts from the first step of the first window to the last of the last, evenly spaced, UTC, shape (N,).
    first : numpy.ndarray of int
        Position in `times` of the first step of each window, ascending, shape (I,).
    steps : int
        T.
    """

    times: pd.DatetimeIndex
    first: NDArray[np.int64]
    steps: int

    @classmethod
    def starting(cls, starts: pd.DatetimeIndex, steps: int, step_minutes: int) -> Windows:
        """Lay a window of `steps` steps at each of `starts`.

        Raises
        ------
        InputError
            If there is no window or no step, or the starts do not ascend by whole steps.
        """
        if not len(starts) or steps < 1:
            raise InputError("windows", "starts", f"{len(starts)} windows of {steps} steps", "at least one of each")
        first, left = np.divmod((starts - starts[0]) // pd.Timedelta(minutes=1), step_minutes)
        if np.any(left) or np.any(np.diff(first) < 0):
            found = ", ".join(str(start) for start in starts[:3])
            raise InputError("windows", "starts", found, f"rising starts, a multiple of {step_minutes} min apart")
        count = int(first[-1]) + steps
        times = pd.date_range(starts[0], periods=count, freq=f"{step_minutes}min", unit="ns", name="time_utc")
        return cls(times, np.asarray(first, dtype=np.int64), steps)

    @property
    def starts(self) -> pd.DatetimeIndex:
        """First step of each window, shape (I,)."""
        return self.times[self.first]

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Positions in `times` of every step of every window, shape (I, T)."""
        return np.asarray(self.first[:, None] + np.arange(self.steps))

    def of(self, window: int) -> pd.DatetimeIndex:
        """Give the steps of one window, shape (T,)."""
        return self.times[self.first[window] : self.first[window] + self.steps]
