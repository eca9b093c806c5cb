"""When a solve stops before its end: the clock, or somebody who no longer wants the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from econex_pipeline.planning.answer import Status


class Stopped(Exception):
    """A solve that ended without an optimum; carries its status."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status: Status = status
        self.message = message


@dataclass(frozen=True)
class Limits:
    """Time limit and cancellation of one solve.

    Attributes
    ----------
    time_limit_s : float
        From the making of this object on [s].
    cancelled : callable or None
        Asked again and again; true stops the solve.
    """

    time_limit_s: float
    cancelled: Callable[[], bool] | None = None
    begun: float = field(default_factory=time.perf_counter)

    @property
    def left_s(self) -> float:
        """Time that is left [s], never negative."""
        return max(self.begun + self.time_limit_s - time.perf_counter(), 0.0)

    def check(self) -> None:
        """Go on, or raise.

        Raises
        ------
        Stopped
            If the time is up or the solve was cancelled.
        """
        if self.cancelled is not None and self.cancelled():
            raise Stopped("cancelled", "cancelled")
        if self.left_s <= 0.0:
            raise Stopped("time_limit", f"stopped after {self.time_limit_s:g} s")
