"""`python -m econex_pipeline`: one day of one case, from the weather file to the page, with progress and a summary.

What is computed is decided in `jobs`; here is what a person sees of it.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence

import dagster as dg
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from econex_pipeline.orchestration import home, partitions
from econex_pipeline.orchestration.assets.reporting import KPIS, REPORT
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.jobs import run_stages, stages
from econex_pipeline.orchestration.logs import FILE_LOGGER, file_logger
from econex_pipeline.orchestration.recipe import Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.orchestration.terminal import DayTold, speak

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a day from the command line.

    Returns
    -------
    int
        0 when the report is there, 1 after one sentence that says what is wrong.
    """
    asked = _parser().parse_args(arguments)

    def body(console: Console, handler: logging.Handler) -> None:
        console.print(_run(asked, console, handler), highlight=False, soft_wrap=True)

    return speak(body, home.dagster_home() / "logs" / "last_run.log")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m econex_pipeline", description="Plan and operate one day.")
    parser.add_argument("--case", default="base", help="name of a file in data/cases, without its ending")
    parser.add_argument("--day", default="2025-07-15", help="operating date, such as 2025-07-15")
    parser.add_argument("--force", action="store_true", help="compute everything anew")
    return parser


def _run(asked: argparse.Namespace, console: Console, handler: logging.Handler) -> str:
    inputs, storage, progress = Inputs(), Storage(), DayTold(console)
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
        run_stages(definitions.resolve_job_def, instance, planned, config)
    _say_reused(console, progress, time.perf_counter() - started)
    _summary(console, day.table(KPIS), setting.district.currency)
    return day.page(REPORT.name)


def _say_reused(console: Console, progress: DayTold, seconds: float) -> None:
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
