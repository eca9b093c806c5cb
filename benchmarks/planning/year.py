"""`python -m benchmarks.planning.year [--every DAYS] [--case NAME]`: what planning over scenarios is worth over a year.

Plans every so many days of a year from the district's start levels with the pipeline's own recipes, and prints VSS and
EVPI as shares of the expected cost. Ends with 1 if WS <= SP <= EEV fails on any day.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.recipe import Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

DATA = Path(__file__).parents[2] / "data"
FIRST, DAYS, EVERY = date(2025, 1, 1), 365, 15
SLACK = 1e-6


def plan_facts(case: str, day: date) -> dict[str, Any]:
    """Plan one day in a storage of its own."""
    with tempfile.TemporaryDirectory() as folder:
        there = Day(Inputs(data_dir=str(DATA)).setting(case), day, Storage(root=folder), RunOptions())
        for recipe in DAY_AHEAD:
            ensure(recipe, there)
        return dict(there.extra(PLAN))


def main(arguments: list[str]) -> int:
    """Plan the days asked for and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning.year", description=__doc__)
    parser.add_argument("--every", type=int, default=EVERY, help="days from one to the next; 1 is the full year")
    parser.add_argument("--case", default="base")
    asked = parser.parse_args(arguments)
    print("day         cost      VSS  of cost     EVPI  of cost  made for the mean does as well")
    shares, costs, wrong = [], [], 0
    for offset in range(0, DAYS, asked.every):
        day = FIRST + timedelta(days=offset)
        facts = plan_facts(asked.case, day)
        worth, objective = facts["worth"], facts["objective_usd"]
        cost = objective + facts["parts"]["end_value_usd"]
        slack = SLACK * max(abs(objective), 1.0)
        ordered = min(worth["vss_usd"], worth["evpi_usd"]) >= -slack
        wrong += not ordered
        amounts = np.array([worth["vss_usd"], worth["evpi_usd"]])
        shares.append(amounts)
        costs.append(cost)
        vss, evpi = amounts
        print(
            f"{day}  {cost:6.2f}  {vss:7.4f}  {vss / cost:7.2%}  {evpi:7.4f}  {evpi / cost:7.2%}  "
            f"{', '.join(facts['worth_nothing']) or '-'}{'' if ordered else '  WS <= SP <= EEV fails'}",
            flush=True,
        )
    vss, evpi = np.sum(shares, axis=0) / np.sum(costs)
    print(
        f"{len(costs)} days: VSS {vss:.2%} and EVPI {evpi:.2%} of a cost of {np.mean(costs):.2f} a day; {wrong} wrong"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
