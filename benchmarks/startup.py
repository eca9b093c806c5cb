"""`dagster definitions validate` against importing dagster, pandas and pandera; and what each server keeps in memory.

The memory is what is resident once the code server has loaded all cases and the webserver answers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.comparison import Comparison, best_time_s
from econex_pipeline_tests.services.dagster_servers import CODE, DAEMON, WEB, Servers

TARGET_OF_FLOOR = 2.0
MODULE = "econex_pipeline.definitions"
REPEATS = 3
DAEMON_STARTS_S = 10.0
QUIET = [sys.executable, "-W", "ignore"]


def run() -> Comparison:
    """Time both in fresh processes, and look at the servers' memory."""
    with tempfile.TemporaryDirectory() as folder:
        places = {"DAGSTER_HOME": f"{folder}/dagster", "ECONEX_STORAGE": f"{folder}/storage"}
        Path(places["DAGSTER_HOME"]).mkdir()
        (Path(places["DAGSTER_HOME"]) / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

        def once(*command: str) -> None:
            subprocess.run([*QUIET, *command], env={**os.environ, **places}, check=True, capture_output=True)

        ours_s, _ = best_time_s(lambda: once("-m", "dagster", "definitions", "validate", "-m", MODULE), REPEATS)
        floor_s, _ = best_time_s(lambda: once("-c", "import dagster, pandas, pandera"), REPEATS)
        empty = Path(folder) / "empty.py"
        empty.write_text("import dagster\n\ndefs = dagster.Definitions()\n", encoding="utf-8")
        empty_s, _ = best_time_s(lambda: once("-m", "dagster", "definitions", "validate", "-f", str(empty)), REPEATS)
        with Servers(Path(folder) / "servers", MODULE, places) as servers:
            time.sleep(DAEMON_STARTS_S)
            kept = {name: resident_mb(servers.running[name].pid) for name in (WEB, DAEMON, CODE)}
    memory = ", ".join(f"{name.replace('_', ' ')} {mb:.0f} MB" for name, mb in kept.items())
    note = f"  validating no definitions at all takes {empty_s:.1f} s; resident memory: {memory}"
    return Comparison("startup", ours_s, "floor", floor_s, TARGET_OF_FLOOR, of_floor=True, note=note)


def resident_mb(process: int) -> float:
    """Resident memory of a process, of Linux [MB]."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6
