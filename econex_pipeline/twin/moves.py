"""Movements of water during one step, and how far tanks can follow them: an empty tank gives nothing, a full one stops
its pump. No hydraulics here: rates are given, volumes are piecewise linear in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

EMPTY = "the tank it draws from runs empty"
FULL = "the tank it fills is full"
TOLERANCE_M3 = 1e-9
MOST_ROUNDS = 100  # a move: tanks that feed each other in a circle converge slowly
RANKS = {"sewer": 0, "export": 1, "treatment": 2, "transfer": 3, "backup": 4, "demand": 5, "leak": 6}
SLACK_M3 = 1e-4
"""A cut below this is the rate's change within the step, not a limit [m3]."""


class Move(NamedTuple):
    """Water that leaves one tank and enters another at a constant rate from the start of the step on.

    Attributes
    ----------
    element : str
        Element name.
    source, sink : str or None
        Storages; None is the outside.
    rate_m3_h : float
        Rate at which it leaves its source [m3/h].
    run_s : float
        For how long [s].
    gain : float
        What enters the sink per unit that leaves the source.
    duty : bool
        True where an actuator runs at its rated point and can only run shorter; a rate can be lowered otherwise.
    rank : int
        Who gives way first when the source runs empty: the lowest.
    stops : bool
        True where a level switch stops it when the sink is full; what cannot be stopped spills.
    """

    element: str
    source: str | None
    sink: str | None
    rate_m3_h: float
    run_s: float
    gain: float = 1.0
    duty: bool = False
    rank: int = 0
    stops: bool = False

    def moved_m3(self, by_s: float) -> float:
        """Give the volume that has left the source by a time [m3]."""
        return self.rate_m3_h * min(by_s, self.run_s) / 3600.0

    def less(self, volume_m3: float, by_s: float) -> Move:
        """Give the same move with that much less moved by a time, as far as there is any [m3, s]."""
        left_m3 = max(0.0, self.moved_m3(by_s) - volume_m3)
        if self.duty:
            return self._replace(run_s=3600.0 * left_m3 / self.rate_m3_h)
        return self._replace(rate_m3_h=3600.0 * left_m3 / min(by_s, self.run_s))


def trim(
    moves: Iterable[Move],
    volumes_m3: Mapping[str, float],
    capacities_m3: Mapping[str, float],
    step_s: int,
    switches: bool = True,
) -> tuple[dict[str, Move], dict[str, str]]:
    """Cut moves until no tank is drawn below empty, and level switches have stopped what would overfill one.

    Parameters
    ----------
    moves : iterable of Move
        What was asked.
    volumes_m3, capacities_m3 : mapping of str to float
        By storage [m3].
    step_s : int
        Length of the step [s].
    switches : bool
        False leaves full tanks to spill.

    Returns
    -------
    moves : dict of str to Move
        What can be followed, by element.
    reasons : dict of str to str
        Why an element was cut.

    Notes
    -----
    Tanks that feed each other converge; the hydraulic engine stops the little that is left.
    """
    current = {move.element: move for move in moves}
    reasons: dict[str, str] = {}
    for _ in range(MOST_ROUNDS * (len(current) + 1)):
        cut = None
        flowing: dict[str | None, list[tuple[float, float]]] = {tank: [] for tank in (None, *volumes_m3)}
        for move in current.values():
            if move.rate_m3_h > 0.0 and move.run_s > 0.0:
                flowing[move.source].append((move.run_s, -move.rate_m3_h / 3600.0))
                flowing[move.sink].append((move.run_s, move.rate_m3_h / 3600.0 * move.gain))
        for tank, volume in volumes_m3.items():
            low, high = _extremes(flowing[tank], volume, capacities_m3[tank], step_s)
            if low is not None:
                cut = _give_way([m for m in current.values() if m.source == tank], low)
                reason = EMPTY
            elif switches and high is not None:
                cut = _switch_off([m for m in current.values() if m.sink == tank and m.stops], high)
                reason = FULL
            if cut:
                break
        if not cut:
            break
        current.update({move.element: move for move in cut})
        reasons.update({move.element: reason for move in cut})
    return current, reasons


Shortage = tuple[float, float, float]
"""How much is missing at worst [m3], by when, and when the tank was empty first [s]."""
Surplus = tuple[float, float, float]
"""How much runs over [m3], by when, and when the tank was full [s]."""


def _extremes(
    slopes: Sequence[tuple[float, float]], volume_m3: float, capacity_m3: float, step_s: int
) -> tuple[Shortage | None, Surplus | None]:
    """Follow a tank through the step; what runs over the brim is gone.

    Parameters
    ----------
    slopes : sequence of (float, float)
        For how long something flows [s], and how much of it comes in, or goes out (< 0) [m3/s].
    volume_m3, capacity_m3 : float
        At the start, and at most [m3].
    step_s : int
        Length of the step [s].
    """
    ends = sorted({min(run_s, float(step_s)) for run_s, _ in slopes} | {float(step_s)})
    low: Shortage | None = None
    high: Surplus | None = None
    now = 0.0
    for end in ends:
        slope = sum(slope for run_s, slope in slopes if run_s >= end)
        before_m3 = volume_m3
        volume_m3 += (end - now) * slope
        if volume_m3 > capacity_m3 + TOLERANCE_M3:
            if high is None:
                full_s = now + max(0.0, capacity_m3 - before_m3) / slope
                high = (volume_m3 - capacity_m3, end, full_s)
            volume_m3 = capacity_m3
        if volume_m3 < -TOLERANCE_M3 and (low is None or -volume_m3 > low[0]):
            empty_s = now - max(0.0, before_m3) / slope if low is None else low[2]
            low = (-volume_m3, end, empty_s)
        now = end
    return low, high


def _switch_off(moves: list[Move], surplus: Surplus) -> list[Move]:
    """Stop actuators when the tank is full; where none runs any more, lower what comes in evenly."""
    excess_m3, by_s, full_s = surplus
    running = [move for move in moves if move.duty and move.rate_m3_h > 0.0 and move.run_s > full_s]
    if running:
        return [move._replace(run_s=full_s) for move in running]
    even = [move for move in moves if not move.duty and move.gain > 0.0]
    arrived_m3 = sum(move.gain * move.moved_m3(by_s) for move in even)
    if arrived_m3 <= 0.0:
        return []
    share = min(1.0, excess_m3 / arrived_m3)
    return [move.less(share * move.moved_m3(by_s), by_s) for move in even]


def _give_way(moves: list[Move], shortage: Shortage) -> list[Move]:
    """Take the shortage from the moves of the lowest ranks first; equals share it in proportion.

    An actuator that itself draws the tank down stops no later than when it is empty: what comes in afterwards is too
    late for it.
    """
    left_m3, by_s, empty_s = shortage
    cut: list[Move] = []
    for rank in sorted({move.rank for move in moves}):
        peers = [move for move in moves if move.rank == rank and move.moved_m3(by_s) > 0.0]
        total_m3 = sum(move.moved_m3(by_s) for move in peers)
        if total_m3 <= 0.0:
            continue
        taken_m3 = min(left_m3, total_m3)
        for move in peers:
            less = move.less(taken_m3 * move.moved_m3(by_s) / total_m3, by_s)
            late = move.duty and move.run_s >= by_s
            cut.append(less._replace(run_s=min(less.run_s, empty_s)) if late else less)
        left_m3 -= taken_m3
        if left_m3 <= TOLERANCE_M3:
            break
    return cut


def whole_seconds(move: Move, floor: bool) -> Move:
    """Round a run time to whole seconds, as EPANET counts; one that a limit has cut is never rounded up."""
    if not move.duty:
        return move
    return move._replace(run_s=float(int(move.run_s) if floor else round(move.run_s)))


def without(move: Move, volume_m3: float) -> Move:
    """Take a volume off a move [m3]."""
    return move.less(volume_m3, move.run_s) if volume_m3 > 0.0 else move


def further_cut(move: Move, attempt: int, last: bool) -> Move:
    """Cut a move that came short by ever more, so that its source and its sink settle on one volume; at last wholly."""
    return without(move, move.moved_m3(move.run_s) if last else SLACK_M3 * (attempt - 1))


def differ(one: Move, other: Move, step_s: int) -> bool:
    """Say whether two moves bring clearly different volumes."""
    return abs(one.moved_m3(step_s) - other.moved_m3(step_s)) > SLACK_M3
