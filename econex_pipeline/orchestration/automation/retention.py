"""What is thrown away of Dagster's own records, which it keeps for ever by itself.

Of a run that ended long ago its log goes, which is most of what it takes, and so does its captured output. What it
materialized and what its checks found stays: the catalogue must go on knowing each partition, or it would show it as
missing. A run that neither materialized nor checked anything goes whole. Ticks are pruned by Dagster itself
(`retention` in dagster.yaml). Tables of the pipeline are never touched.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, DagsterEventType
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from pydantic import Field
from sqlalchemy import or_

from econex_pipeline.orchestration.automation.settings import Automation

JOB = "retention"
KEPT_EVENTS = ASSET_EVENTS | ASSET_CHECK_EVENTS | {DagsterEventType.RUN_FAILURE}
"""What the catalogue rests on, and why a run failed."""
RUNS_AT_ONCE = 200
THINNED_TAG = "econex/log_pruned"


class RetentionConfig(dg.Config):
    """How long logs are kept."""

    keep_days: int = Field(ge=1, description="Days for which the log of a run is kept [d].")


def prune(instance: dg.DagsterInstance, before: datetime) -> dict[str, int]:
    """Prune the records of runs that ended before an instant.

    Returns
    -------
    dict
        ``runs_pruned``: runs whose log was taken away, ``runs_deleted``: runs of which nothing is left,
        ``events_deleted``: lines of log taken away.
    """
    counts = {"runs_pruned": 0, "runs_deleted": 0, "events_deleted": 0}
    old = dg.RunsFilter(statuses=FINISHED_STATUSES, updated_before=before)
    cursor = None
    while runs := instance.get_runs(old, cursor=cursor, limit=RUNS_AT_ONCE):
        cursor = runs[-1].run_id
        for run in runs:
            if THINNED_TAG in run.tags:
                continue
            instance.compute_log_manager.delete_logs(prefix=[run.run_id])
            if not instance.get_records_for_run(run.run_id, of_type=ASSET_EVENTS | ASSET_CHECK_EVENTS, limit=1).records:
                instance.delete_run(run.run_id)
                counts["runs_deleted"] += 1
                continue
            counts["events_deleted"] += _thin(instance, run.run_id)
            instance.add_run_tags(run.run_id, {THINNED_TAG: before.date().isoformat()})
            counts["runs_pruned"] += 1
    return counts


def _thin(instance: dg.DagsterInstance, run_id: str) -> int:
    """Take the lines out of a run's log that nothing rests on; Dagster offers no way but to delete whole runs.

    Every storage of Dagster's is an SQL one, with the table of events declared once: the statement is the same for all.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return 0
    event_type = SqlEventLogStorageTable.c.dagster_event_type
    chatter = or_(event_type.is_(None), event_type.not_in([kind.value for kind in KEPT_EVENTS]))
    with storage.run_connection(run_id) as connection:
        gone = connection.execute(
            SqlEventLogStorageTable.delete().where(SqlEventLogStorageTable.c.run_id == run_id, chatter)
        ).rowcount
    if isinstance(storage, SqliteEventLogStorage):  # a file a run, which shrinks only when it is written anew
        with closing(sqlite3.connect(storage.path_for_shard(run_id))) as file:
            file.execute("VACUUM")
    return int(gone)


def retention_job(settings: Automation) -> dg.JobDefinition:
    """Give the job that prunes."""

    @dg.op(name="prune", description="Takes away the logs of runs that ended long ago; keeps what they materialized.")
    def prune_logs(context: dg.OpExecutionContext, config: RetentionConfig) -> None:
        counts = prune(context.instance, datetime.now(UTC) - timedelta(days=config.keep_days))
        context.add_output_metadata(counts)

    @dg.job(
        name=JOB,
        description="Prunes what Dagster records of runs; tables are never touched.",
        config=dg.RunConfig(ops={"prune": RetentionConfig(keep_days=settings.retention.keep_days)}),
    )
    def retention() -> None:
        prune_logs()

    return retention


def retention_schedule(settings: Automation, waits: str | None = None) -> dg.ScheduleDefinition:
    """Prune once a week, at night in UTC; a reason to wait makes it ask for nothing and say why."""
    weekday = settings.retention.weekday

    @dg.schedule(
        name="weekly_retention",
        cron_schedule=f"30 3 * * {weekday[:3]}",
        execution_timezone="UTC",
        job_name=JOB,
        description=f"Every {weekday} at 03:30 UTC takes away logs older than {settings.retention.keep_days} days.",
    )
    def weekly_retention() -> dg.RunRequest | dg.SkipReason:
        return dg.SkipReason(waits) if waits else dg.RunRequest()

    return weekly_retention
