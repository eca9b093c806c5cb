"""`python -m econex_pipeline`: one day of one case, from the weather file to the page, with progress and a summary.

What is computed is decided in `jobs`; here is what a person sees of it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import dagster as dg
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from econex_pipeline.contracts import EconexError
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.orchestration import home, partitions
from econex_pipeline.orchestration.assets.reporting import KPIS, REPORT
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.jobs import StageFailed, run_day, stages
from econex_pipeline.orchestration.logs import FILE_LOGGER, file_logger, open_log
from econex_pipeline.orchestration.recipe import HOURS, Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

HOURS_A_LINE = 6
STRATEGIES = {"controlled": "as operated", "no_control": "without control", "plan": "as planned"}
SUMMARY = {
    "cost_usd": "cost",
    "grid_import_kwh": "grid import",
    "grid_export_kwh": "grid export",
    "peak_import_kwh": "import in the dearest hours",
    "water_import_m3": "water import",
    "treated_m3": "water treated",
    "carbon_kg": "carbon",
    "unserved_kwh": "energy not served",
    "unserved_m3": "water not served",
}


class Told:
    """Progress on a terminal or in a log: one line a table, and one for every few hours of operation."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.computed = 0
        self.reused = 0
        self._hours: list[tuple[bool, float]] = []

    def told(self, group: str, table: str, partition: str, reused: bool, seconds: float) -> None:
        """Print that a table is there."""
        self.reused += reused
        self.computed += not reused
        if table == HOURS:
            self._hours.append((reused, seconds))
            if len(self._hours) % HOURS_A_LINE == 0:
                latest = self._hours[-HOURS_A_LINE:]
                kept = sum(again for again, _ in latest)
                how = "reused" if kept == len(latest) else "computed" if kept == 0 else f"{kept} reused"
                text = f"hours {len(self._hours) - HOURS_A_LINE + 1:2d} to {len(self._hours):2d} of {HOURS_PER_DAY}"
                self._line(group, text, how, sum(s for _, s in latest))
        else:
            self._line(group, table, "reused" if reused else "computed", seconds)

    def _line(self, group: str, what: str, how: str, seconds: float) -> None:
        self.console.print(f"  {group:<11} {what:<20} {how:<10} {seconds:6.1f} s", highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a day from the command line.

    Returns
    -------
    int
        0 when the report is there, 1 after one sentence that says what is wrong.
    """
    asked = _parser().parse_args(arguments)
    log = home.dagster_home() / "logs" / "last_run.log"
    try:
        home.prepare_instance()
        handler = open_log(log)
        with _real_output() as stream:
            console = Console(file=stream)
            page = _run(asked, console, handler)
            console.print(str(page), highlight=False, soft_wrap=True)
    except StageFailed as error:
        return _refuse(f"{error} (log: {log})")
    except EconexError as error:
        return _refuse(str(error))
    except BrokenPipeError:  # who read the progress went away, as `head` does; what was computed is kept
        return 1
    except KeyboardInterrupt:
        return _refuse("stopped; what was computed is kept, and the next run goes on from there")
    except Exception as error:  # a fault of ours: the sentence here, the trace in the log
        with log.open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
        return _refuse(f"{type(error).__name__}: {error} (log: {log})")
    return 0


def _refuse(sentence: str) -> int:
    print(f"error: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m econex_pipeline", description="Plan and operate one day.")
    parser.add_argument("--case", default="base", help="name of a file in data/cases, without its ending")
    parser.add_argument("--day", default="2025-07-15", help="operating date, such as 2025-07-15")
    parser.add_argument("--force", action="store_true", help="compute everything anew")
    return parser


def _real_output() -> TextIO:
    """A copy of the real output: Dagster redirects the standard one while an asset runs."""
    sys.stdout.flush()
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")


def _run(asked: argparse.Namespace, console: Console, handler: logging.Handler) -> Path:
    inputs, storage, progress = Inputs(), Storage(), Told(console)
    setting = inputs.setting(asked.case)
    date = partitions.parse_day(asked.day, setting.utc_offset_h, setting.district.weather.first_day)
    day = Day(setting, date, storage, RunOptions(force_recompute=asked.force))
    console.print(f"{setting.district.title}, case {setting.case}, operating day {date}", highlight=False)
    started = time.perf_counter()
    definitions = build_definitions(
        {"progress": progress}, cases=[asked.case], loggers={FILE_LOGGER: file_logger(handler)}
    )
    config = {"loggers": {FILE_LOGGER: {"config": {}}}, **day.options.as_run_config()}
    with dg.DagsterInstance.get() as instance:
        planned = stages(asked.case, date, setting.utc_offset_h)
        run_day(definitions.resolve_job_def, instance, planned, config)
    _say_reused(console, progress, time.perf_counter() - started)
    _summary(console, day.table(KPIS), setting.district.currency)
    return day.page(REPORT.name)


def _say_reused(console: Console, progress: Told, seconds: float) -> None:
    total = progress.computed + progress.reused
    if progress.computed == 0:
        text = f"all {total} tables and hours were there already, made from the same inputs: reused"
    else:
        text = f"{progress.computed} tables and hours computed, {progress.reused} reused"
    console.print(f"{text} ({seconds:.0f} s)", highlight=False, soft_wrap=True)


def _summary(console: Console, kpis: pd.DataFrame, currency: str) -> None:
    from econex_pipeline.reporting import compare

    wide = compare(kpis)
    table = Table(box=None, pad_edge=False)
    table.add_column("the day")
    for heading in STRATEGIES.values():
        table.add_column(heading, justify="right")
    for name, title in SUMMARY.items():
        if name in wide.index:
            row = wide.loc[name]
            cells = [f"{row[s]:.2f}" if s in wide and pd.notna(row[s]) else "-" for s in STRATEGIES]
            unit = str(row["unit"]).replace("USD", currency)
            table.add_row(Text(f"{title} [{unit}]"), *cells)
    console.print(table)
    controlled = kpis[kpis["strategy"] == "controlled"].set_index("kpi")["value"]
    if "pump_energy_error_frac" in controlled:
        names = ("predicted_pump_energy_kwh", "simulated_pump_energy_kwh", "pump_energy_error_frac")
        predicted, simulated, error = (float(controlled[name]) for name in names)
        text = f"pump energy: predicted {predicted:.3f} kWh, simulated {simulated:.3f} kWh ({error:+.2%})"
        console.print(text, highlight=False, soft_wrap=True)
