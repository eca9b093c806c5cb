"""What a person at a terminal sees: progress while something is made, and one sentence when it goes wrong."""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rich.console import Console

from econex_pipeline.contracts import EconexError
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.jobs import StageFailed
from econex_pipeline.orchestration.logs import open_log
from econex_pipeline.orchestration.recipe import HOURS

HOURS_A_LINE = 6
QUIET_S = 10.0  # a long table says at least this often how far it is


class DayTold:
    """Progress of one day: one line a table, and one for every few hours of operation."""

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


class RangeTold:
    """Progress of many days: one line a table when all its days are there, and now and then how far it is.

    Parameters
    ----------
    console : Console
        Where to print.
    days : int
        Days of the range.
    """

    def __init__(self, console: Console, days: int) -> None:
        self.console, self.days = console, days
        self.computed = 0
        self.reused = 0
        self._done: Counter[str] = Counter()
        self._again: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()
        self._spoke_s = time.monotonic()

    def told(self, group: str, table: str, partition: str, reused: bool, seconds: float) -> None:
        """Count a partition; print where there is something to say."""
        self.reused += reused
        self.computed += not reused
        self._done[table] += 1
        self._again[table] += reused
        self._seconds[table] += seconds  # type: ignore[assignment]
        total = self.days * (HOURS_PER_DAY if table == HOURS else 1)
        done, taken_s, now_s = self._done[table], self._seconds[table], time.monotonic()
        unit = "hours" if table == HOURS else "days"
        if done == total:
            how = f"{done - self._again[table]} computed, {self._again[table]} reused"
            self._line(f"{group:<11} {table:<14} {done:5d} {unit:<6} {how:<28} {taken_s:8.1f} s", now_s)
        elif now_s - self._spoke_s > QUIET_S:
            left_s = taken_s / done * (total - done)
            self._line(f"{group:<11} {table:<14} {done:5d} of {total} {unit}, about {left_s:.0f} s to go", now_s)

    def _line(self, text: str, now_s: float) -> None:
        self.console.print(f"  {text}", highlight=False, soft_wrap=True)
        self._spoke_s = now_s


def speak(body: Callable[[Console, logging.Handler], object], log: Path) -> int:
    """Run a command: its lines on the terminal, everything else in a log, one sentence when it fails.

    Parameters
    ----------
    body : callable
        Gets the console and the log's handler.
    log : Path
        File of the log; an older one is replaced.

    Returns
    -------
    int
        Exit code: 0, or 1 after a sentence on standard error.
    """
    try:
        home.prepare_instance()
        handler = open_log(log)
        with _real_output() as stream:
            body(Console(file=stream), handler)
    except StageFailed as error:
        return refuse(f"{error} (log: {log})")
    except EconexError as error:
        return refuse(str(error))
    except BrokenPipeError:  # who read the progress went away, as `head` does; what was computed is kept
        return 1
    except KeyboardInterrupt:
        return refuse("stopped; what was computed is kept, and the next run goes on from there")
    except Exception as error:  # a fault of ours: the sentence here, the trace in the log
        with log.open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
        return refuse(f"{type(error).__name__}: {error} (log: {log})")
    return 0


def refuse(sentence: str) -> int:
    """Say what is wrong; the exit code of a command that failed."""
    print(f"error: {sentence}", file=sys.stderr)
    return 1


def _real_output() -> TextIO:
    """A copy of the real output: Dagster redirects the standard one while an asset runs."""
    sys.stdout.flush()
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
