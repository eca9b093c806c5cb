"""The one line every benchmark prints, and the clock most are measured with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Comparison:
    """Our time, or memory, beside that of a peer or a floor.

    Attributes
    ----------
    name : str
        Name of the benchmark.
    ours : float
        Our time [s], or what `unit` says.
    other : str
        What stands on the other side: a peer's name, or ``floor``.
    theirs : float
        Its time, in the same unit.
    target : float
        The ratio aimed at: at least this against a peer, at most this of a floor.
    of_floor : bool
        Whether the other side is a floor below which nobody can come.
    note : str
        What else was seen, on a line of its own.
    unit : str
        Unit of both; seconds go without saying.
    """

    name: str
    ours: float
    other: str
    theirs: float
    target: float
    of_floor: bool = False
    note: str = ""
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Peer over ours (larger is better), or ours over floor (smaller is better) [-]."""
        return self.ours / self.theirs if self.of_floor else self.theirs / self.ours

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.ratio <= self.target if self.of_floor else self.ratio >= self.target

    def line(self) -> str:
        """The line that is printed."""
        unit = "" if self.unit == "s" else f" {self.unit}"
        text = (
            f"bench: {self.name} | ours {_number(self.ours)}{unit} | {self.other} {_number(self.theirs)}{unit} "
            f"| ratio {_number(self.ratio)} | target {self.target:g}"
        )
        text = f"{text} of floor" if self.of_floor else text
        return f"{text}\n{self.note}" if self.note else text


def best_time_s(function: Callable[[], Result], repeats: int = 5) -> tuple[float, Result]:
    """Give the shortest of several timings [s], which is the one least disturbed, and the last result."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        best = min(best, time.perf_counter() - start)
    return best, result


def _number(value: float) -> str:
    """Four significant digits without an exponent."""
    if value == 0:
        return "0"
    decimals = max(0, 3 - int(f"{value:e}".split("e")[1]))
    return f"{value:.{decimals}f}"
