"""Build the pilot's day with 1000 scenarios until HiGHS holds it, against numpy arrays written by hand."""

from __future__ import annotations

import resource
import sys

import numpy as np

from benchmarks.comparison import Comparison, best_time_s
from benchmarks.planning import handwritten
from benchmarks.planning.pilot import compile_again, handed_over, pilot
from econex_pipeline.planning.highs import solve

SCENARIOS, AGREE = 1000, 3
TARGET_OF_FLOOR = 1.5


def run() -> Comparison:
    """Check on a few scenarios that both write the same problem, then time both."""
    few = pilot(AGREE)
    np.testing.assert_allclose(solve(few.program()).objective, solve(handwritten.program(few)).objective, rtol=1e-9)
    day = pilot(SCENARIOS)
    compile_s, _ = best_time_s(lambda: compile_again(day.instance()), 3)
    ours_s, columns = best_time_s(lambda: handed_over(day.program()), 10)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    floor_s, _ = best_time_s(lambda: handed_over(handwritten.program(day)), 10)
    note = f"compiled once: {compile_s:.3f} s; {columns} columns; peak memory of the process {peak_mb:.0f} MB"
    return Comparison("plan_build_1000", ours_s, "floor", floor_s, TARGET_OF_FLOOR, of_floor=True, note=note)
