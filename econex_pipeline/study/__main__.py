"""`python -m econex_pipeline.study`: months of every case by every strategy, or a year with money; resumable.

Ends with 0 when everything was run: a promise that is not kept is printed as a miss, and counts with --strict only.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from datetime import MAXYEAR, MINYEAR, date
from functools import partial
from pathlib import Path

from econex_pipeline.contracts import EconexError, InputError
from econex_pipeline.district import load_case
from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.study.days import study_dir
from econex_pipeline.study.end_values import as_yaml, found_end_values
from econex_pipeline.study.page import judged, months_page, study_page, verdict_table, year_page
from econex_pipeline.study.pool import run
from econex_pipeline.study.results import Figures, parse_month, read_results, results_table, write_results
from econex_pipeline.study.strategies import AT_ONCE, BY_DAY
from econex_pipeline.study.tasks import BASE, Task, month_tasks, year_tasks
from econex_pipeline.study.verdicts import verdicts

WINTER, SUMMER = "2025-01", "2025-07"
MONTHS, YEAR = "months", "year"  # names of the tables of figures
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a study from the command line.

    Returns
    -------
    int
        0 when all was run, 1 when something failed (with --strict: or a promise was missed), 130 when stopped.
    """
    asked = _parser().parse_args(arguments)
    try:
        _check(asked)
        root = study_dir()
        if asked.page:
            return _write_page(root, asked.page)
        if asked.end_values:
            return _print_end_values(asked)
        return _study(asked, _tasks(asked), root)
    except EconexError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenExecutor:
        print("error: a process of the study was ended; what was made is kept, run it again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what was made is kept, and the same command goes on from there", file=sys.stderr)
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m econex_pipeline.study", description=__doc__)
    parser.add_argument("--cases", nargs="+", help="names of files in data/cases; all by default")
    parser.add_argument("--months", nargs="+", default=[WINTER, SUMMER], help="such as 2025-07")
    parser.add_argument("--days", type=int, help="only so many days from the first of each month")
    parser.add_argument("--strategies", nargs="+", choices=[*BY_DAY, *AT_ONCE], help="only these, for every case")
    parser.add_argument("--jobs", type=int, default=2, help="processes at work")
    parser.add_argument("--year", type=int, help="a whole year of the controller with and without each device")
    parser.add_argument("--page", type=Path, help="write a page from the kept figures to this file; nothing is run")
    parser.add_argument(
        "--end-values",
        action="store_true",
        help="print the section end_values for the district of a case, from a year without --months; nothing else",
    )
    parser.add_argument("--strict", action="store_true", help="a missed promise ends with 1")
    return parser


def _check(asked: argparse.Namespace) -> None:
    """Refuse what cannot be run before anything is: a study goes on for hours, and replaces the kept figures.

    Raises
    ------
    InputError
        If a number is too small or no date, a case is not there, or the page has no folder.
    """
    for name, unit in (("jobs", "process"), ("days", "day")):
        if (count := getattr(asked, name)) is not None and count < 1:
            raise InputError("command line", name, count, f"at least 1 {unit}")
    if asked.year is not None and not MINYEAR <= asked.year <= MAXYEAR:
        raise InputError("command line", "year", asked.year, f"a year such as {WINTER[:4]}")
    for case in asked.cases or ():
        load_case(home.data_dir(), case)
    if asked.page and not asked.page.resolve().parent.is_dir():
        raise InputError("command line", "page", str(asked.page), "a file in a folder that is there")


def _months(asked: argparse.Namespace) -> list[date]:
    """Read the months.

    Raises
    ------
    InputError
        If one is none.
    """
    try:
        return [parse_month(text) for text in asked.months]
    except ValueError:
        raise InputError("command line", "months", " ".join(asked.months), f"months such as {SUMMER}") from None


def _tasks(asked: argparse.Namespace) -> list[Task]:
    if asked.year is not None:
        return year_tasks(date(asked.year, 1, 1), asked.days)
    return month_tasks(asked.cases or _all_cases(home.data_dir()), _months(asked), asked.days, asked.strategies)


def _all_cases(data_dir: Path) -> list[str]:
    return sorted(path.stem for path in (data_dir / "cases").glob("*.yaml"))


def _write_page(root: Path, place: Path) -> int:
    tables = [read_results(root / name) for name in (MONTHS, YEAR)]
    if all(table is None for table in tables):
        raise InputError(root, "figures", "missing", "those of a study that was run")
    months, year = (None if table is None else Figures(table) for table in tables)
    place.write_text(study_page(months, year, load_case(home.data_dir(), BASE)), encoding="utf-8")
    return 0


def _print_end_values(asked: argparse.Namespace) -> int:
    months = _months(asked)
    held_out = {month.month for month in months}
    for case in asked.cases or [BASE]:
        setting = Inputs().setting(case)
        year = asked.year or months[0].year
        values = found_end_values(setting, year, held_out, partial(print, f"{case}:", file=sys.stderr))
        print(as_yaml(values, setting.network))
    return 0


def _name(asked: argparse.Namespace) -> str:
    """Name the table of figures: a part of a study does not replace those of a whole one, which the page is made of."""
    part = "_part" if asked.days or asked.cases or asked.strategies else ""
    return f"{YEAR if asked.year else MONTHS}{part}"


def _study(asked: argparse.Namespace, tasks: Sequence[Task], root: Path) -> int:
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{(time.monotonic() - started) / 60.0:6.1f} min] {line}", flush=True)

    results, failed = run(tasks, home.data_dir(), root, asked.jobs, say)
    figures_table = results_table(results)
    place = write_results(figures_table, root / _name(asked))
    figures = Figures(figures_table)
    print(year_page(figures, load_case(home.data_dir(), BASE)) if asked.year else months_page(figures))
    found = judged(figures) if asked.year else verdicts(figures)
    print(f"\n{verdict_table(found)}\n")
    for task, why in failed.items():
        print(f"failed: {task.case} {task.label} {', '.join(task.strategies)}: {why}", file=sys.stderr)
    print(f"all figures: {place}")
    missed = [verdict for verdict in found if verdict.kept is False]
    return int(bool(failed) or (asked.strict and bool(missed)))


if __name__ == "__main__":
    sys.exit(main())
