"""Runs on Celery workers, with an eye on the workers: a run whose worker died is found and tried again.

Celery goes on calling a task started when the machine of its worker is gone, and Dagster believes it. Asked for the
tasks they work at, the workers that live say otherwise. What was computed before is reused by the next try.
"""

from __future__ import annotations

import logging

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from econex_pipeline.orchestration.jobs import WITHIN_TAG

ANSWER_S = 5.0
"""Time in which workers answer [s]: a machine that is busy takes a while."""


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """Dagster's launcher of runs on Celery workers, and a run is healthy only while a worker says it is at it."""

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Say whether the worker of a run that has started still works at it; mark the run as failed if not."""
        health = self._health(run)
        if health.status is WorkerStatus.FAILED:
            self._mark_failed(run, str(health.msg))
        return health

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: bool | None = True) -> str | None:
        """Say which task a run is; nothing of a run that is no task of its own."""
        if DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            return None
        return super().get_run_worker_debug_info(run, include_container_logs)

    def terminate(self, run_id: str) -> bool:
        """Stop a run, and keep it stopped: to Dagster one whose task is gone would be lost, and tried again.

        Its worker says itself that it has stopped; for one that is gone Dagster's monitor does after a while. A run
        that is executed within another one, or by a command, is stopped with that.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            return False
        self._instance.report_run_canceling(run)
        super().terminate(run_id)
        if run.status is not dg.DagsterRunStatus.STARTED:  # its task was taken back before a worker had it
            self._instance.report_run_canceled(run)
        return True

    def _health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Ask Celery, and the workers that live.

        While no worker answers the run counts as worked at: the broker may be gone rather than the worker, and Dagster
        takes any other answer for a loss. A run that is executed within another one ends with it; one that a command
        executes is left to the command.
        """
        working = CheckRunHealthResult(WorkerStatus.RUNNING)
        if DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            outer = self._instance.get_run_by_id(run.tags.get(WITHIN_TAG, ""))
            if outer is not None and outer.is_finished:
                return CheckRunHealthResult(WorkerStatus.FAILED, f"the run it was a part of, {outer.run_id}, has ended")
            return working
        answers = self.celery.control.inspect(timeout=ANSWER_S).active()
        task_id = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        if answers is None or any(task["id"] == task_id for tasks in answers.values() for task in tasks):
            return working
        state = self.celery.AsyncResult(task_id).state
        return CheckRunHealthResult(WorkerStatus.FAILED, f"no Celery worker is at this run any more; its task: {state}")

    def _mark_failed(self, run: dg.DagsterRun, why: str) -> None:
        """Set the status of a lost run before its failure is logged; Dagster's monitor does it the other way round.

        The daemon that tries runs again looks at each logged failure once, and passes over a run whose status is not
        set by then, for ever. The monitor sees that the status is set and leaves the rest alone.
        """
        now = self._instance.get_run_by_id(run.run_id)
        if now is None or now.is_finished:  # it ended while the workers were asked
            return
        failure = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_FAILURE.value, run.job_name, message=why)
        self._instance.run_storage.handle_run_event(run.run_id, failure)
        self._instance.report_dagster_event(failure, run_id=run.run_id, log_level=logging.ERROR)
