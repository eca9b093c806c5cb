"""The main job (plan, 24 hours, report, everything stored) against the time HiGHS and EPANET alone take in it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from benchmarks.comparison import Comparison

TARGET_OF_FLOOR = 30.0


def run() -> Comparison:
    """Run the default day in a fresh process with an instance and a storage of its own."""
    with tempfile.TemporaryDirectory() as folder:
        places = {"DAGSTER_HOME": f"{folder}/dagster", "ECONEX_STORAGE": f"{folder}/storage"}
        outcome = subprocess.run(
            [sys.executable, "-m", "benchmarks.whole_day"],
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            check=False,
        )
    if outcome.returncode:
        raise RuntimeError(f"the day did not run: {outcome.stderr.strip()}")
    ours_s, floor_s = map(float, outcome.stdout.split()[-2:])
    return Comparison("whole_day", ours_s, "floor", floor_s, TARGET_OF_FLOOR, of_floor=True)


@contextlib.contextmanager
def clocked(owner: type, method: str, spent_s: list[float]) -> Iterator[None]:
    """Add the time spent in a method to `spent_s` [s]."""
    original: Callable[..., Any] = getattr(owner, method)

    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return original(*arguments, **named)
        finally:
            spent_s.append(time.perf_counter() - started)

    with mock.patch.object(owner, method, timed):
        yield


def inside() -> int:
    """Run the day here; print the time it took and the time that HiGHS and EPANET took in it [s]."""
    import highspy

    from econex_pipeline.hydraulics.toolkit import Project
    from econex_pipeline.orchestration.runner import main

    spent_s: list[float] = []
    with contextlib.ExitStack() as clocks:
        clocks.enter_context(clocked(highspy.Highs, "run", spent_s))
        for call in ("solve", "advance"):
            clocks.enter_context(clocked(Project, call, spent_s))
        started = time.perf_counter()
        code = main([])
        ours_s = time.perf_counter() - started
    print(ours_s, sum(spent_s))
    return code


if __name__ == "__main__":
    sys.exit(inside())
