"""An hour of a water network with six controls set and all state read: ours beside WNTR's two simulators and bare C.

The pilot's network, and Net3 of EPANET's examples (in m3/h, without its controls and patterns, its bypass as a throttle
valve). All sides start at the same levels, get the same controls at the start of each of 24 hours, and use the same
sub-step, an hour; the lines that end in 300_s say what a finer one costs. WNTR's own simulator pauses and restarts,
EPANET's is run again each hour from the levels it ended with. The floor is the same walk by the C library alone: six
settings, solve and advance, what meters need (flow in each link, inflow and head of each tank) at each sub-step, and
all state once an hour.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.comparison import Comparison, best_time_s
from benchmarks.hydraulics.cases import HOURS, SUBSTEP_S, Case, net3, pilot
from benchmarks.hydraulics.days import bare, epanet_simulator, ours, wntr_simulator

FINE_S = 300
TARGETS = {"hydraulics_step_pilot": (300.0, 150.0, 2.0), "hydraulics_step_net3": (600.0, 150.0, 2.0)}
ROUNDS, PEER_ROUNDS = 200, 3
AGREE_M = 0.01  # by which the tanks of two engines may differ after a day


def against_bare(case: Case) -> tuple[Comparison, list[float]]:
    """Time ours and the floor in turns, so that both meet the same neighbours on the machine; levels at the end [m]."""
    ours_day, bare_day = ours(case), bare(case)
    np.testing.assert_allclose(ours_day(), bare_day(), atol=1e-4)
    mine, floor, levels = float("inf"), float("inf"), []
    for _ in range(ROUNDS):
        seconds, levels = best_time_s(ours_day, 1)
        mine, floor = min(mine, seconds / HOURS), min(floor, best_time_s(bare_day, 1)[0] / HOURS)
    name = case.name if case.substep_s == SUBSTEP_S else f"{case.name}_{case.substep_s}_s"
    return Comparison(name, mine, "bare_c_calls", floor, TARGETS[case.name][2], of_floor=True), levels


def compare(case: Case) -> Iterator[Comparison]:
    """Time all four on one case; seconds are of one hour of operation."""
    of_floor, levels = against_bare(case)
    to_wntr, to_epanet, _ = TARGETS[case.name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wntr_s, _ = best_time_s(lambda: wntr_simulator(case), PEER_ROUNDS)
        epanet_s, epanet_levels = best_time_s(lambda: epanet_simulator(case), PEER_ROUNDS)
    np.testing.assert_allclose(levels, epanet_levels, atol=AGREE_M)
    yield Comparison(case.name, of_floor.ours, "WNTRSimulator", wntr_s / HOURS, to_wntr)
    yield Comparison(case.name, of_floor.ours, "EpanetSimulator_each_hour", epanet_s / HOURS, to_epanet)
    yield of_floor
    yield against_bare(replace(case, substep_s=FINE_S))[0]


def run() -> Iterator[Comparison]:
    """Compare on both networks."""
    yield from compare(pilot())
    with tempfile.TemporaryDirectory() as folder:
        yield from compare(net3(Path(folder)))
