"""Solve the pilot's day with 1000 scenarios to 1e-6: scenario by scenario, against one program for all in HiGHS.

The best of HiGHS's methods that this machine has (dual simplex, IPX, HiPO where it is installed) is given ten times our
time; one that is not done by then counts with the time it was given, so the ratio is then a lower bound.
"""

from __future__ import annotations

import resource
import sys
import time

from benchmarks.comparison import Comparison
from benchmarks.planning.pilot import pilot
from econex_pipeline.planning import PlanOptions
from econex_pipeline.planning.engines import solve_two_stage
from econex_pipeline.planning.highs import SolverError, solve

SCENARIOS = 1000
TARGET, TOLERANCE = 10.0, 1e-6
METHODS = ("simplex", "ipx", "hipo")


def run() -> Comparison:
    """Time ours, then each method."""
    day = pilot(SCENARIOS)
    instance = day.instance()
    begun = time.perf_counter()
    options = PlanOptions(engine="lshaped", relative_gap=TOLERANCE, quality=False, time_limit_s=3600.0)
    ours = solve_two_stage(instance, options).result
    ours_s = time.perf_counter() - begun
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    own = f"ours: {ours_s:.1f} s, gap {ours.solution.gap:.1e} after {ours.solution.iterations} visits"
    said = [f"{own}, peak {peak_mb:.0f} MB"]
    _tell(said)
    program, best_s = day.program(), float("inf")
    for method in METHODS:
        limit_s = min(best_s, 1.05 * TARGET * ours_s)
        begun = time.perf_counter()
        try:
            found = solve(program, {"solver": method, "time_limit": limit_s, "threads": 0})
        except SolverError as refusal:
            said.append(f"{method}: {refusal}")
            _tell(said)
            continue
        seconds = time.perf_counter() - begun
        best_s = min(best_s, seconds)
        if found.status == "optimal":
            off = abs(found.objective - ours.objective) / abs(found.objective)
            said.append(f"{method}: {seconds:.1f} s, relative difference {off:.1e}")
        else:
            said.append(f"{method}: {found.status} after {seconds:.1f} s")
        _tell(said)
    return Comparison("plan_solve_1000", ours_s, "monolith", best_s, TARGET, note="; ".join(said))


def _tell(said: list[str]) -> None:
    """Print the last line at once: the whole takes many minutes."""
    print(said[-1], file=sys.stderr, flush=True)
