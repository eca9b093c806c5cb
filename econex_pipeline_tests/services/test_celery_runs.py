"""What the launcher of runs on Celery workers makes of what the workers say; no worker and no broker is started."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.test_utils import create_run_for_test
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import should_retry
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration

from econex_pipeline.orchestration.jobs import WITHIN_TAG

pytestmark = pytest.mark.services

TASK_TAG = "dagster-celery/task_id"
TASK = "task-1"
CANCEL_S = 1
IN_MEMORY = {
    "run_launcher": {
        "module": "econex_pipeline.orchestration.celery_runs",
        "class": "WatchedCeleryRunLauncher",
        "config": {"broker": "memory://", "backend": "cache+memory://"},
    },
    "run_retries": {"enabled": True, "max_retries": 5, "retry_on_asset_or_op_failure": False},
    "run_monitoring": {"enabled": True, "cancel_timeout_seconds": CANCEL_S},
}
SILENT = None
IDLE: dict[str, list[dict[str, str]]] = {"celery@one": []}
AT_IT = {"celery@one": [], "celery@two": [{"id": TASK}]}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(overrides=IN_MEMORY, temp_dir=str(tmp_path)) as instance:
        yield instance


def _workers_say(instance: dg.DagsterInstance, answers: Any, patch: pytest.MonkeyPatch) -> None:
    class Inspected:
        def __init__(self, timeout: float) -> None:
            assert timeout > 0.0

        def active(self) -> Any:
            return answers

    patch.setattr(instance.run_launcher.celery.control, "inspect", Inspected)


def _started(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    return create_run_for_test(instance, job_name="main", tags=tags, status=dg.DagsterRunStatus.STARTED)


def _look(instance: dg.DagsterInstance) -> None:
    """Let Dagster's monitor look at all runs once."""

    class Workspace:
        def __init__(self) -> None:
            self.instance = instance

        def create_request_context(self) -> None:
            return None

    said = list(execute_run_monitoring_iteration(Workspace(), logging.getLogger("monitor")))
    assert not any(said)


@pytest.mark.parametrize("answers", [AT_IT, SILENT])
def test_a_run_goes_on_while_a_worker_is_at_it_or_no_worker_answers(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, answers: Any
) -> None:
    run = _started(instance, **{TASK_TAG: TASK})
    _workers_say(instance, answers, monkeypatch)
    assert instance.run_launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    _look(instance)
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.STARTED


def test_the_daemon_tries_a_lost_run_again_however_early_it_reads_of_it(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _started(instance, **{TASK_TAG: TASK})
    _workers_say(instance, IDLE, monkeypatch)
    store, tried_again = instance.event_log_storage.store_event, []

    def _store_and_read(event: dg.EventLogEntry) -> None:
        store(event)
        if event.dagster_event is not None and event.dagster_event.is_run_failure:
            tried_again.append(should_retry(instance.get_run_by_id(run.run_id), instance))

    monkeypatch.setattr(instance.event_log_storage, "store_event", _store_and_read)
    _look(instance)
    assert tried_again == [True]


def test_a_part_of_a_day_ends_with_the_day_it_is_a_part_of(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = _started(instance, **{TASK_TAG: TASK})
    part = _started(instance, **{WITHIN_TAG: outer.run_id})
    _workers_say(instance, AT_IT, monkeypatch)
    _look(instance)
    assert instance.get_run_by_id(part.run_id).status is dg.DagsterRunStatus.STARTED
    instance.report_run_canceled(outer)
    _look(instance)
    assert instance.get_run_by_id(part.run_id).status is dg.DagsterRunStatus.FAILURE
    assert instance.run_launcher.get_run_worker_debug_info(part) is None


def test_a_run_that_a_person_stops_stays_stopped(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    run, part = _started(instance, **{TASK_TAG: TASK}), _started(instance)
    revoked: list[str] = []
    control = instance.run_launcher.celery.control
    monkeypatch.setattr(control, "revoke", lambda task_id, **how: revoked.append(task_id))
    assert instance.run_launcher.terminate(run.run_id)
    assert revoked == [TASK]
    stopping = instance.get_run_by_id(run.run_id)
    assert stopping is not None
    assert stopping.status is dg.DagsterRunStatus.CANCELING
    _workers_say(instance, IDLE, monkeypatch)
    time.sleep(CANCEL_S)
    _look(instance)
    stopped = instance.get_run_by_id(run.run_id)
    assert stopped is not None
    assert stopped.status is dg.DagsterRunStatus.CANCELED
    assert not should_retry(stopped, instance)
    assert not instance.run_launcher.terminate(part.run_id)


def test_a_run_that_no_worker_has_yet_is_stopped_at_once(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = create_run_for_test(instance, job_name="main", tags={TASK_TAG: TASK}, status=dg.DagsterRunStatus.STARTING)
    monkeypatch.setattr(instance.run_launcher.celery.control, "revoke", lambda task_id, **how: None)
    assert instance.run_launcher.terminate(waiting.run_id)
    stopped = instance.get_run_by_id(waiting.run_id)
    assert stopped is not None
    assert stopped.status is dg.DagsterRunStatus.CANCELED
