"""`python -m econex_pipeline.orchestration.backfill`: many days of one case or of all, planned, operated, reported.

One case runs in this process; several run side by side, each in a process of its own. What is already there is
reused, so that a backfill that was stopped goes on where it stood.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import date
from threading import Thread

import dagster as dg
from rich.console import Console

from econex_pipeline.contracts import InputError
from econex_pipeline.district import cases as known_cases
from econex_pipeline.orchestration import home, partitions
from econex_pipeline.orchestration.assets.reporting import REPORT
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.jobs import run_stages, stages
from econex_pipeline.orchestration.logs import FILE_LOGGER, file_logger
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.terminal import RangeTold, refuse, speak

ALL = "all"
POLL_S = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the days from the command line.

    Returns
    -------
    int
        0 when all reports are there, 1 after one sentence for each case in which something is wrong.
    """
    asked = _parser().parse_args(arguments)
    cases = known_cases(Inputs().folder()) if asked.case == ALL else [asked.case]
    log = home.dagster_home() / "logs" / f"backfill_{cases[0] if len(cases) == 1 else ALL}.log"
    if len(cases) == 1:
        return speak(lambda console, handler: _one(cases[0], asked, console, handler), log)
    failed: list[str] = []
    code = speak(lambda console, handler: failed.extend(_side_by_side(cases, asked, console)), log)
    return refuse(f"not complete: {', '.join(failed)}") if failed else code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m econex_pipeline.orchestration.backfill", description="Plan, operate and report many days."
    )
    parser.add_argument("--case", default="base", help=f"name of a file in data/cases, without its ending, or '{ALL}'")
    parser.add_argument("--from", dest="first", required=True, help="first operating date, such as 2025-07-01")
    parser.add_argument("--to", dest="last", required=True, help="last operating date, such as 2025-07-31")
    parser.add_argument("--at-once", type=int, default=2, help="cases that run side by side")
    parser.add_argument("--force", action="store_true", help="compute everything anew")
    return parser


def _one(case: str, asked: argparse.Namespace, console: Console, handler: logging.Handler) -> None:
    setting = Inputs().setting(case)
    first, last = _days(asked, setting.utc_offset_h, setting.district.weather.first_day)
    progress = RangeTold(console, (last - first).days + 1)
    console.print(f"{setting.district.title}, case {case}, {first} to {last}", highlight=False)
    definitions = build_definitions({"progress": progress}, cases=[case], loggers={FILE_LOGGER: file_logger(handler)})
    options = RunOptions(force_recompute=asked.force)
    config = {"loggers": {FILE_LOGGER: {"config": {}}}, **options.as_run_config()}
    started_s = time.perf_counter()
    with dg.DagsterInstance.get() as instance:
        planned = stages(case, first, setting.utc_offset_h, last)
        run_stages(definitions.resolve_job_def, instance, planned, config)
    took_s = time.perf_counter() - started_s
    text = f"{progress.computed} tables and hours computed, {progress.reused} reused ({took_s:.0f} s)"
    console.print(text, highlight=False, soft_wrap=True)
    console.print(f"{home.storage_place()}/{REPORT.name}/{case}", highlight=False, soft_wrap=True)


def _days(asked: argparse.Namespace, utc_offset_h: int, first_day: date) -> tuple[date, date]:
    """Read both ends of the range.

    Raises
    ------
    InputError
        If one is not a date that can be operated, or they stand the wrong way round.
    """
    _check_order(asked)
    first, last = (
        partitions.parse_day(text, utc_offset_h, first_day, field)
        for text, field in ((asked.first, "from"), (asked.last, "to"))
    )
    return first, last


def _check_order(asked: argparse.Namespace) -> None:
    """Refuse a range that no case can run: one end is no date, or they stand the wrong way round."""
    first, last = partitions.parse_date(asked.first, "from"), partitions.parse_date(asked.last, "to")
    if last < first:
        raise InputError("command line", "to", asked.last, f"a date not before the first, {first}")


def _side_by_side(cases: Sequence[str], asked: argparse.Namespace, console: Console) -> list[str]:
    """Run cases in processes of their own, a few at once; give the names of those that failed.

    Raises
    ------
    InputError
        If not even one may run, or the range is none in any case.
    """
    if asked.at_once < 1:
        raise InputError("command line", "at-once", asked.at_once, "at least 1 case")
    _check_order(asked)
    waiting, running, failed = list(cases), dict[str, subprocess.Popen[str]](), list[str]()
    tellers: list[Thread] = []
    try:
        while waiting or running:
            while waiting and len(running) < asked.at_once:
                case = waiting.pop(0)
                console.print(f"case {case}: started", highlight=False)
                running[case] = subprocess.Popen(_command(case, asked), stdout=subprocess.PIPE, text=True)
                tellers.append(Thread(target=_tell, args=(case, running[case].stdout, console), daemon=True))
                tellers[-1].start()
            for case in [case for case, process in running.items() if process.poll() is not None]:
                code = running.pop(case).returncode
                console.print(f"case {case}: {'complete' if code == 0 else 'failed'}", highlight=False)
                failed += [case] if code else []
            time.sleep(POLL_S)
    finally:
        for process in running.values():
            process.terminate()
            process.wait()
        for teller in tellers:
            teller.join()
    return failed


def _tell(case: str, lines: Iterable[str], console: Console) -> None:
    """Print what the process of a case says, each line with the case's name."""
    for line in lines:
        console.print(f"{case}: {line.strip()}", highlight=False, markup=False, soft_wrap=True)


def _command(case: str, asked: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", __spec__.name, "--case", case, "--from", asked.first, "--to", asked.last]
    return [*command, "--force"] if asked.force else command


if __name__ == "__main__":
    sys.exit(main())
