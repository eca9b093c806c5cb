"""A clock that a test moves, for the processes that are started under it (Debian's libfaketime).

Only the time of day is moved: what a process waits for or measures goes on at its own pace. Of each minute the clock
shows three late seconds only, and then leaps into those of the next. So a minute takes three seconds, and whoever
waits for the next full minute, as Dagster's scheduler does, waits ten seconds at most. The first seconds of a minute
must never be seen: who waits for the next one from there waits for most of a real minute, and what was due comes long
after its time.
"""

from __future__ import annotations

import math
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

LIBRARIES = "usr/lib/*/faketime/libfaketimeMT.so.1"
FIRST_S, SHOWN_S, LOOK_S = 50, 3, 0.1
"""Of each minute: the first second that is shown, and how many; how often that is looked at [s].

Processes see a leap up to two seconds late, as libfaketime counts whole ones; a machine that is busy leaps late itself.
"""
AT_START = """import threading
import time

# libfaketime 0.9.10 breaks clock_nanosleep, which sleep() is made of; it leaves waiting for an event alone.
time.sleep = lambda seconds: None if threading.Event().wait(seconds) else None
"""
"""What each Python under the clock reads first, as its `sitecustomize`."""


def library() -> Path:
    """The library that moves the clock of a process.

    Raises
    ------
    FileNotFoundError
        If it is not installed.
    """
    found = sorted(Path("/").glob(LIBRARIES))
    if not found:
        raise FileNotFoundError(f"/{LIBRARIES} is needed; Debian has it in the package libfaketime")
    return found[0]


class MovedClock:
    """The time of day of all processes that carry its environment.

    Parameters
    ----------
    folder : Path
        Where the files are kept that such processes look at.
    at : datetime.datetime
        The first minute; aware.
    """

    def __init__(self, folder: Path, at: datetime) -> None:
        self.file, self.customs = folder / "clock", folder / "under_the_clock"
        self.customs.mkdir(parents=True)
        (self.customs / "sitecustomize.py").write_text(AT_START, encoding="utf-8")
        self._turn, self._over = threading.Lock(), threading.Event()
        self.put(at)

    def __enter__(self) -> MovedClock:
        threading.Thread(target=self._go, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    @property
    def now(self) -> datetime:
        """What it shows."""
        return datetime.fromtimestamp(time.time() + self._ahead_s, tz=UTC)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to be started under it."""
        return {
            "LD_PRELOAD": str(library()),
            "PYTHONPATH": os.pathsep.join([str(self.customs), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def put(self, at: datetime) -> None:
        """Put the clock to a minute."""
        with self._turn:
            self._show(at)

    def _show(self, at: datetime) -> None:
        self._ahead_s = math.ceil(at.replace(second=FIRST_S, microsecond=0).timestamp() - time.time())
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{self._ahead_s:+d}\n", encoding="utf-8")
        beside.replace(self.file)

    def _go(self) -> None:
        while not self._over.wait(LOOK_S):
            with self._turn:
                now = self.now
                if now.second >= FIRST_S + SHOWN_S:
                    self._show(now + timedelta(minutes=1))
                elif now.second < FIRST_S:  # it was stopped for so long that the next minute has begun
                    self._show(now)
