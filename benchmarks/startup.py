"""`dagster definitions validate` against importing dagster, pandas and pandera."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.comparison import Comparison, best_time_s

TARGET_OF_FLOOR = 2.0
MODULE = "econex_pipeline.definitions"
REPEATS = 5
QUIET = [sys.executable, "-W", "ignore"]


def run() -> Comparison:
    """Time both in fresh processes."""
    with tempfile.TemporaryDirectory() as folder:
        places = {"DAGSTER_HOME": f"{folder}/dagster", "ECONEX_STORAGE": f"{folder}/storage"}
        Path(places["DAGSTER_HOME"]).mkdir()
        (Path(places["DAGSTER_HOME"]) / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
        empty = Path(folder) / "empty.py"
        empty.write_text("import dagster\n\ndefs = dagster.Definitions()\n", encoding="utf-8")

        def best_s(*command: str) -> float:
            env = {**os.environ, **places}
            return best_time_s(
                lambda: subprocess.run([*QUIET, *command], env=env, check=True, capture_output=True), REPEATS
            )[0]

        validate = ("-m", "dagster", "definitions", "validate")
        ours_s, empty_s = best_s(*validate, "-m", MODULE), best_s(*validate, "-f", str(empty))
        floor_s = best_s("-c", "import dagster, pandas, pandera")
    note = f"  validating no definitions at all takes {empty_s:.1f} s"
    return Comparison("startup", ours_s, "floor", floor_s, TARGET_OF_FLOOR, of_floor=True, note=note)
