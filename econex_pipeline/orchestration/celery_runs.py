"""Runs on Celery workers, with an eye on the workers: a run whose worker died is found and tried again.

Celery goes on calling a task started when the machine of its worker is gone, and Dagster believes it. Asked for the
tasks they work at, the workers that live say otherwise. What was computed before is reused by the next try.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from econex_pipeline.orchestration.jobs import WITHIN_TAG

ANSWER_S = 2.0
"""Time in which workers answer [s]; not a multiple of 5.

Dagster's daemon looks for failed runs every 5 s, and at each once, when its failure is logged. One whose status
is not set yet at that moment is never tried again: a failure must not be logged just as the daemon looks.
"""


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """Dagster's launcher of runs on Celery workers, and a run is healthy only while a worker says it is at it."""

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Say whether the worker of a run that has started still works at it.

        While no worker answers nothing is said: then the broker may be gone rather than the worker. A run that is
        executed within another one ends with it; one that a command executes is left to the command.
        """
        if DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            outer = self._instance.get_run_by_id(run.tags.get(WITHIN_TAG, ""))
            if outer is not None and outer.is_finished:
                return CheckRunHealthResult(WorkerStatus.FAILED, f"the run it was a part of, {outer.run_id}, has ended")
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        health = super().check_run_worker_health(run)
        if health.status is not WorkerStatus.RUNNING:
            return health
        answers = self.celery.control.inspect(timeout=ANSWER_S).active()
        if answers is None:
            return CheckRunHealthResult(WorkerStatus.UNKNOWN, "no Celery worker answers")
        task_id = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        if any(task["id"] == task_id for tasks in answers.values() for task in tasks):
            return health
        if self.celery.AsyncResult(task_id).state != "STARTED":  # it ended between the two questions
            return CheckRunHealthResult(WorkerStatus.UNKNOWN, "the Celery task has ended")
        return CheckRunHealthResult(WorkerStatus.FAILED, "the Celery worker of this run is gone")
