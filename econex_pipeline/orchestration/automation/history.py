"""What Dagster's instance knows of a case: partitions made, being made, and failed; and which runs are whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES, NOT_FINISHED_STATUSES
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from econex_pipeline.orchestration.assets import DAY_AHEAD, REPORTING
from econex_pipeline.orchestration.automation.due import STAGES, Due, Failures, History, Request, Site, Stage, due
from econex_pipeline.orchestration.automation.settings import Automation
from econex_pipeline.orchestration.recipe import HOURS

CASE_TAG = "econex/case"
REQUEST_TAG = "econex/request"
LAST_TABLE: dict[Stage, str] = {"day_ahead": DAY_AHEAD[-1].name, "operate": HOURS, "report": REPORTING[-1].name}
"""The table that a stage ends with: a stage was made when this one is there and its run succeeded."""
TABLES: dict[Stage, set[str]] = {
    "day_ahead": {entry.name for entry in DAY_AHEAD},
    "operate": {HOURS},
    "report": {entry.name for entry in REPORTING},
}
PAGE = 500


def history(instance: dg.DagsterInstance, site: Site, settings: Automation, now: datetime) -> History:
    """Read what happened to the partitions of a case that are due."""
    wanted = due(site, settings, now)
    keys = {stage: [entry.key for entry in wanted if entry.stage == stage] for stage in STAGES}
    return History(
        made={stage: made(instance, [LAST_TABLE[stage], site.case], keys[stage]) for stage in STAGES},
        running=_running(instance, site, wanted),
        failed=_failed(instance, site, now - timedelta(days=settings.catch_up.days + 1)),
    )


def made(
    instance: dg.DagsterInstance, asset: Sequence[str], keys: Sequence[str], since: datetime | None = None
) -> set[str]:
    """Give the partitions of an asset, among some, that were made last by a run that succeeded; perhaps after a time.

    A run that failed after it materialized a partition, at a blocking check, does not count; a run that is no longer
    known does.
    """
    if not keys:
        return set()
    run_of: dict[str, str] = {}
    after = None if since is None else since.timestamp()
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=list(keys), after_timestamp=after)
    cursor, more = None, True
    while more and len(run_of) < len(keys):
        page = instance.fetch_materializations(wanted, limit=PAGE, cursor=cursor)
        for record in page.records:
            if record.partition_key is not None:
                run_of.setdefault(record.partition_key, record.run_id)
        cursor, more = page.cursor, page.has_more
    runs = instance.get_runs(dg.RunsFilter(run_ids=sorted(set(run_of.values())))) if run_of else []
    spoilt = {run.run_id for run in runs if not run.is_success}
    return {key for key, run_id in run_of.items() if run_id not in spoilt}


def span(run: dg.DagsterRun) -> tuple[str, str] | None:
    """First and last partition of a run; None where it has none."""
    one = run.tags.get(PARTITION_NAME_TAG)
    first = run.tags.get(ASSET_PARTITION_RANGE_START_TAG, one)
    last = run.tags.get(ASSET_PARTITION_RANGE_END_TAG, one)
    return (first, last) if first and last else None


def stages_of(run: dg.DagsterRun, case: str) -> set[Stage]:
    """Stages of a case whose tables a run makes."""
    if run.asset_selection is not None:
        tables = {key.path[0] for key in run.asset_selection if key.path[-1] == case}
        return {stage for stage in STAGES if TABLES[stage] & tables}
    return {stage for stage in STAGES if run.job_name == f"{stage}_{case}"}


def tags_of(site: Site, request: Request) -> dict[str, str]:
    """Tags of a run that was requested: whose it is, what was asked for, and its range of partitions."""
    return {
        CASE_TAG: site.case,
        REQUEST_TAG: request.name(site.case),
        ASSET_PARTITION_RANGE_START_TAG: request.keys[0],
        ASSET_PARTITION_RANGE_END_TAG: request.keys[-1],
    }


def _running(instance: dg.DagsterInstance, site: Site, wanted: Iterable[Due]) -> dict[Stage, set[str]]:
    """Partitions that a run which has not ended is making; a run without partitions may make any."""
    found: dict[Stage, set[str]] = {stage: set() for stage in STAGES}
    spans: list[tuple[Stage, tuple[str, str] | None]] = [
        (stage, span(run))
        for run in instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
        for stage in stages_of(run, site.case)
    ]
    for entry in wanted:
        for stage, limits in spans:
            if stage == entry.stage and (limits is None or limits[0] <= entry.key <= limits[1]):
                found[stage].add(entry.key)
    return found


def _failed(instance: dg.DagsterInstance, site: Site, since: datetime) -> dict[str, Failures]:
    """Failures of each request since it last succeeded; a run that a person stopped counts as one."""
    found: dict[str, Failures] = {}
    succeeded: set[str] = set()
    asked = dg.RunsFilter(tags={CASE_TAG: site.case}, statuses=FINISHED_STATUSES, created_after=since)
    for record in instance.get_run_records(asked):
        request = record.dagster_run.tags.get(REQUEST_TAG, "")
        if record.dagster_run.is_success:
            succeeded.add(request)
        elif request not in succeeded:
            ended = datetime.fromtimestamp(record.end_time or record.create_timestamp.timestamp(), tz=UTC)
            before = found.get(request, Failures(0, ended))
            found[request] = Failures(before.count + 1, max(before.latest, ended))
    return found
