"""Tasks on a few processes, with lines of progress. A stopped study goes on where it stopped: workers keep each day.

One process a task, without threads inside: the solver and EPANET are busy all the time.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from econex_pipeline.contracts import EconexError
from econex_pipeline.study.tasks import Results, Task, Told, work

SAY_EVERY_S = 20.0
POLL_S = 0.5
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_told: Any = None


class Progress:
    """Counts what was done and says how long the rest will take.

    Parameters
    ----------
    tasks : sequence of Task
        All there are.
    jobs : int
        Processes at work.
    say : callable
        Receives a line of text.
    """

    def __init__(self, tasks: Sequence[Task], jobs: int, say: Callable[[str], None]) -> None:
        self.say, self.jobs = say, jobs
        self.left = {task: task.steps for task in tasks}
        self.seconds: dict[str, list[float]] = {}
        self.made = self.reused = 0
        self._said_at = time.monotonic()

    def hear(self, told: Told) -> None:
        """Take a step into account."""
        self.left[told.task] -= 1
        self.reused += told.reused
        self.made += not told.reused
        if not told.reused:
            self.seconds.setdefault(told.what, []).append(told.seconds)
        if time.monotonic() - self._said_at > SAY_EVERY_S:
            self._line(f"{told.task.case} {told.of} {told.what}")

    def ended(self, task: Task, how: str) -> None:
        """Say that a task came to its end."""
        self.left[task] = 0
        self._line(f"{task.case} {task.label} {', '.join(task.strategies)}: {how}")

    def _line(self, what: str) -> None:
        self._said_at = time.monotonic()
        self.say(f"{what} | {self.made} days made, {self.reused} reused, {sum(self.left.values())} to go{self._time()}")

    def _time(self) -> str:
        """Time left as if nothing of the rest were kept yet."""
        spent = [seconds for of_kind in self.seconds.values() for seconds in of_kind]
        left = sum(self.left.values())
        if not spent or not left:
            return ""
        minutes = left * sum(spent) / len(spent) / self.jobs / 60.0
        return f", at most {minutes:.0f} min left" if minutes >= 1.0 else ", less than a minute left"


def run(
    tasks: Sequence[Task], data_dir: Path, root: Path, jobs: int, say: Callable[[str], None]
) -> tuple[dict[Task, Results], dict[Task, str]]:
    """Do all tasks; those of a case and range that follow its first one wait for it.

    Parameters
    ----------
    tasks : sequence of Task
        In order of importance; the first of a case and range prepares its days for the others.
    data_dir, root : pathlib.Path
        Folders of the inputs and of the study.
    jobs : int
        Processes.
    say : callable
        Receives lines of progress.

    Returns
    -------
    dict of Task to dict
        Measures by strategy, of what came to an end.
    dict of Task to str
        What stopped the others.
    """
    context = multiprocessing.get_context("spawn")
    told, progress = context.Queue(), Progress(tasks, jobs, say)
    for name in THREADS:
        os.environ.setdefault(name, "1")
    results: dict[Task, Results] = {}
    failed: dict[Task, str] = {}
    waiting, running = list(tasks), dict[Future[Results], Task]()
    with ProcessPoolExecutor(jobs, context, _listen_to, (told,)) as pool:
        try:
            while waiting or running:
                for task in _ready(waiting, list(running.values()), jobs):
                    waiting.remove(task)
                    with _deaf_to_interrupts():
                        running[pool.submit(_work, task, data_dir, root)] = task
                done, _ = wait(running, POLL_S, FIRST_COMPLETED)
                _drain(told, progress)
                for future in done:
                    task = running.pop(future)
                    if error := future.exception():
                        failed[task] = str(error)
                    else:
                        results[task] = future.result()
                    progress.ended(task, f"failed: {failed[task]}" if task in failed else "done")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise
    return results, failed


def _ready(waiting: Sequence[Task], running: Sequence[Task], jobs: int) -> list[Task]:
    """Give the next tasks for idle workers: no two of the same case and range at a time, as both would prepare it."""
    busy = {(task.case, task.first) for task in running}
    found: list[Task] = []
    for task in waiting:
        if len(running) + len(found) < jobs and (task.case, task.first) not in busy:
            found.append(task)
            busy.add((task.case, task.first))
    return found


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start workers that do not hear Ctrl-C, from their first moment on: the parent stops them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _listen_to(told: Any) -> None:
    global _told
    _told = told


class TaskFailed(Exception):
    """A task that came to no end, in one sentence that survives the way back from its process."""


def _work(task: Task, data_dir: Path, root: Path) -> Results:
    try:
        return work(task, data_dir, root, _told.put)
    except EconexError as error:
        raise TaskFailed(str(error)) from None
    except Exception as error:  # a fault of ours in one task: the others go on
        raise TaskFailed(f"{type(error).__name__}: {error}") from error


def _drain(told: Any, progress: Progress) -> None:
    while True:
        try:
            progress.hear(told.get_nowait())
        except queue.Empty:
            return
