"""Every hour of a year of one case, as one backfill through webserver and daemon, against the same with an empty body.

`python -m benchmarks.year_backfill --days 30` tries a shorter range. The year's plans, which are not part of what is
measured, are made once with few scenarios and kept in ``build/year_backfill``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import yaml

from benchmarks.comparison import Comparison
from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.recipe import HOURS, Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.services.dagster_servers import CODE, Servers

CASE, FIRST, DAYS = "year", date(2025, 1, 1), 365
SCENARIOS = {"drawn": 6, "kept": 2}
TARGET_OF_FLOOR = 2.5
LONGEST_S = 3600.0
SAMPLE_S = 0.5


@dataclass
class Worker:
    """The process that operates hours, as seen from outside.

    Attributes
    ----------
    held_mb : list of float
        Memory it held at each look [MB].
    busy_s : float
        Processor time it has used [s].
    """

    held_mb: list[float] = field(default_factory=list)
    busy_s: float = 0.0

    def look(self, pid: int) -> None:
        """Look at it; nothing where it has ended."""
        try:
            status, times = (Path(f"/proc/{pid}/{name}").read_text() for name in ("status", "stat"))
        except OSError:
            return
        held = [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")]
        if held:
            self.held_mb += held
            self.busy_s = sum(map(int, times.rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def __str__(self) -> str:
        thirds = [float(np.median(part)) for part in np.array_split(self.held_mb, 3) if len(part)]
        said = ", ".join(f"{held:.0f}" for held in thirds)
        largest = max(self.held_mb, default=0.0)
        return f"processor {self.busy_s:.0f} s; memory by thirds of the run {said} MB, largest {largest:.0f} MB"


def run(days: int = DAYS) -> Comparison:
    """Prepare the inputs, then run the hours and the empty body."""
    folder = home.repository() / "build" / "year_backfill"
    inputs, storage = _inputs(folder), Storage(root=str(folder / "storage"))
    keys = prepare(inputs, storage, days)
    worker, idle = Worker(), Worker()
    shutil.rmtree(folder / "storage" / HOURS, ignore_errors=True)
    ours_s = backfill_s("benchmarks.backfill.full", folder, keys, worker)
    floor_s = backfill_s("benchmarks.backfill.empty", folder, keys, idle)
    note = f"{len(keys)} hours, {1e3 * ours_s / len(keys):.1f} ms each; {worker}; of the empty body: {idle}"
    return Comparison("year_backfill", ours_s, "floor", floor_s, TARGET_OF_FLOOR, of_floor=True, note=note)


def prepare(inputs: Inputs, storage: Storage, days: int) -> list[str]:
    """Plan the days, or find that they are planned; give the keys of their hours."""
    setting, keys = inputs.setting(CASE), list[str]()
    for offset in range(days):
        day = Day(setting, FIRST + timedelta(days=offset), storage, RunOptions())
        for recipe in DAY_AHEAD:
            ensure(recipe, day)
        keys += day.hour_keys
    return keys


def backfill_s(module: str, folder: Path, keys: list[str], worker: Worker) -> float:
    """Launch the hours as one backfill; give the time from start to end of its run [s].

    Raises
    ------
    RuntimeError
        If it does not succeed in a single run.
    """
    with tempfile.TemporaryDirectory() as instance:
        shutil.copy(home.repository() / ".dagster" / home.INSTANCE_FILE, instance)
        places = {"ECONEX_DATA": str(folder / "data"), "ECONEX_STORAGE": str(folder / "storage")}
        servers = Servers(folder / "logs", module, {**places, "DAGSTER_HOME": instance})
        with servers, _watched(servers, worker):
            backfill = servers.launch_backfill([HOURS, CASE], keys[0], keys[-1])
            status = servers.wait_for(backfill, LONGEST_S)
            runs = servers.runs(backfill)
    if status != "COMPLETED_SUCCESS" or [run["status"] for run in runs] != ["SUCCESS"]:
        raise RuntimeError(f"the backfill ended as {status}, its runs as {runs}; see {folder / 'logs'}")
    return float(runs[0]["endTime"] - runs[0]["startTime"])


def _inputs(folder: Path) -> Inputs:
    """A copy of the data folder with one case more: the pilot, planned over few scenarios."""
    data = folder / "data"
    shutil.copytree(home.data_dir(), data, dirs_exist_ok=True)
    case = {"district": "econex", "description": "The pilot, planned in a hurry.", "changes": {"scenarios": SCENARIOS}}
    (data / "cases" / f"{CASE}.yaml").write_text(yaml.safe_dump(case), encoding="utf-8")
    return Inputs(data_dir=str(data))


@contextmanager
def _watched(servers: Servers, worker: Worker) -> Iterator[None]:
    """Look at the child of the code server that operates the hours."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SAMPLE_S):
            for child in _children(servers.running[CODE].pid):
                if b"resource_tracker" not in _command(child):
                    worker.look(child)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _children(pid: int) -> list[int]:
    """Processes that any thread of a process has started (Linux)."""
    children: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has ended meanwhile
            children += map(int, thread.read_text().split())
    return children


def _command(pid: int) -> bytes:
    """Command line of a process; empty where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def main(arguments: list[str]) -> int:
    """Run a range of days from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year_backfill", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS, help=f"days from {FIRST} on")
    print(run(parser.parse_args(arguments).days).line())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
