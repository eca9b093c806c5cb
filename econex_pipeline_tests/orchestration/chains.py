"""Three planned days of a small district, copied for each test, and their hours operated here or in other processes.

`python -m econex_pipeline_tests.orchestration.chains DATA ROOT` operates them from the command line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.assets.operations import operate_days
from econex_pipeline.orchestration.hours import OperatedHour
from econex_pipeline.orchestration.recipe import HOURS, Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs, Setting
from econex_pipeline.orchestration.storage import Storage

CASE, FIRST, DAYS = "small", date(2025, 7, 14), 3
FILE = (
    "district: two_homes\ndescription: Two homes, planned over few scenarios.\n"
    "changes:\n  scenarios: {drawn: 4, kept: 2}\n"
)
DATES = [FIRST + timedelta(days=offset) for offset in range(DAYS)]


def planned(data_dir: Path, folder: Path) -> tuple[Path, Path]:
    """Plan the days; give the data folder and the storage that hold them."""
    data, root = Path(shutil.copytree(data_dir, folder / "data")), folder / "planned"
    (data / "cases" / f"{CASE}.yaml").write_text(FILE, encoding="utf-8")
    for day in days(setting(data), root):
        for entry in DAY_AHEAD:
            ensure(entry, day)
    return data, root


def setting(data: Path) -> Setting:
    """The case."""
    return Inputs(data_dir=str(data)).setting(CASE)


def days(of: Setting, root: Path) -> list[Day]:
    """The days, in a storage."""
    return [Day(of, date, Storage(root=str(root)), RunOptions()) for date in DATES]


def keys(of: Setting) -> list[str]:
    """Keys of all their hours, in order."""
    return [key for date in DATES for key in partitions.keys_of_hours(date, of.utc_offset_h)]


def operate(data: Path, root: Path, asked: list[str] | None = None) -> dict[str, OperatedHour]:
    """Operate hours here; all by default."""
    of, storage = setting(data), Storage(root=str(root))
    done: dict[str, OperatedHour] = {}
    for _, hours in operate_days(asked or keys(of), of, storage, RunOptions()):
        done |= {hour.key: hour for hour in hours}
    return done


def start(data: Path, root: Path, **env: str) -> subprocess.Popen[str]:
    """Operate all hours in another process, which waits for its turn; it prints how many it reused."""
    command = [sys.executable, "-m", __name__, str(data), str(root)]
    return subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True)


def records(root: Path) -> dict[str, bytes]:
    """Every file among the operated hours, but the lock."""
    files = sorted((root / HOURS / CASE).iterdir())
    return {path.name: path.read_bytes() for path in files if path.suffix != ".lock"}


if __name__ == "__main__":
    _data, _root = Path(sys.argv[1]), Path(sys.argv[2])
    with Storage(root=str(_root)).alone(HOURS, CASE, "a test", waits=lambda holder: print(f"waits for {holder}")):
        print(sum(hour.reused for hour in operate(_data, _root).values()))
