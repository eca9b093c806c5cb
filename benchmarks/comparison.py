"""The one line every benchmark prints, and the clock it is measured with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Comparison:
    """Our time beside that of a peer or a floor.

    Attributes
    ----------
    name : str
        Name of the benchmark.
    ours_s : float
        Our time [s].
    other : str
        What stands on the other side: a peer's name, or ``floor``.
    other_s : float
        Its time [s].
    target : float
        The ratio aimed at: at least this against a peer, at most this of a floor.
    of_floor : bool
        Whether the other side is a floor below which nobody can come.
    note : str
        What else was seen, on a line of its own.
    """

    name: str
    ours_s: float
    other: str
    other_s: float
    target: float
    of_floor: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """Peer over ours (larger is better), or ours over floor (smaller is better) [-]."""
        return self.ours_s / self.other_s if self.of_floor else self.other_s / self.ours_s

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.ratio <= self.target if self.of_floor else self.ratio >= self.target

    def line(self) -> str:
        """The line that is printed."""
        text = (
            f"bench: {self.name} | ours {_number(self.ours_s)} | {self.other} {_number(self.other_s)} "
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
