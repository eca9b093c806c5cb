"""Schedules that ask for what is due, and the sensor that asks for what was missed. All are off until turned on.

All three ask by the same rule, `due.next_requests`, so that turning on one or all of them gives the same partitions in
the same order. The schedules are punctual; the sensor needs no tick to be kept (Dagster repeats a few missed ticks of a
schedule only), and so is enough by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from econex_pipeline.orchestration.automation.due import STAGES, Site, Stage, next_requests
from econex_pipeline.orchestration.automation.history import history, tags_of
from econex_pipeline.orchestration.automation.settings import Automation

Clock = Callable[[], datetime]
EVERY_S = 60
MINUTES_PER_DAY = 24 * 60
FOR_THE_LAST_HOUR = timedelta(minutes=20)
"""Time left to the run of a day's last hour before its report is asked for."""
PRIORITY = {"dagster/priority": "1"}
"""Runs that keep to the clock come before backfills of the past, whose priority is 0."""


def now_utc() -> datetime:
    """The present."""
    return datetime.now(UTC)


def job_name(stage: Stage, site: Site) -> str:
    """Name of the job that makes a stage of a case."""
    return f"{stage}_{site.case}"


def schedules(site: Site, settings: Automation, waits: str | None = None) -> list[dg.ScheduleDefinition]:
    """Give the schedules of a case: one a stage, as a schedule of Dagster launches one job.

    A reason to wait makes them, like the sensors, ask for nothing and say why.
    """
    past = settings.operating.minutes_past
    plan = f"at {settings.planning.at} of the day before, standard time of the site"
    ended = f"{past} minutes after its end"
    return [
        _schedule(
            site, settings, "day_ahead", "plan_next_day", _cron(-settings.planning.before_day, site), plan, waits
        ),
        _schedule(site, settings, "operate", "operate_each_hour", f"{past} * * * *", ended, waits),
        _schedule(site, settings, "report", "report_each_day", _cron(_reported(settings), site), "that is over", waits),
    ]


def catch_up_sensor(
    sites: Sequence[Site],
    settings: Automation,
    jobs: Sequence[UnresolvedAssetJobDefinition],
    waits: str | None = None,
    clock: Clock = now_utc,
) -> dg.SensorDefinition:
    """Ask for whatever should be there and is not, in order."""
    grace = timedelta(minutes=settings.catch_up.grace_minutes)

    @dg.sensor(
        name="catch_up",
        jobs=jobs,
        minimum_interval_seconds=EVERY_S,
        description=(
            f"Asks for plans, hours and reports of the last {settings.catch_up.days} days that should have been there "
            f"{settings.catch_up.grace_minutes} minutes ago, in order, one run of each a case. Enough by itself to "
            f"keep a case going. Cases: {', '.join(site.case for site in sites)}."
        ),
    )
    def catch_up(context: dg.SensorEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
        return dg.SkipReason(waits) if waits else _asked(context.instance, sites, settings, clock() - grace, STAGES)

    return catch_up


def _asked(
    instance: dg.DagsterInstance, sites: Sequence[Site], settings: Automation, now: datetime, stages: Sequence[Stage]
) -> Sequence[dg.RunRequest] | dg.SkipReason:
    requests = [
        dg.RunRequest(job_name=job_name(request.stage, site), tags={**PRIORITY, **tags_of(site, request)})
        for site in sites
        for request in next_requests(site, settings, history(instance, site, settings, now), now, stages)
    ]
    return requests or dg.SkipReason("all that is due is there, is being made, or waits after a failure")


def _schedule(
    site: Site, settings: Automation, stage: Stage, name: str, cron: str, when: str, waits: str | None
) -> dg.ScheduleDefinition:
    what = {"day_ahead": "Plans each operating day", "operate": "Operates each hour", "report": "Reports each day"}

    @dg.schedule(
        name=f"{name}_{site.case}",
        cron_schedule=cron,
        execution_timezone="UTC",
        job_name=job_name(stage, site),
        description=f"{what[stage]} {when}, after whatever of the same is missing before it. Case {site.case}.",
    )
    def punctual(context: dg.ScheduleEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
        if waits:
            return dg.SkipReason(waits)
        return _asked(context.instance, [site], settings, context.scheduled_execution_time.astimezone(UTC), [stage])

    return punctual


def _cron(after_midnight: timedelta, site: Site) -> str:
    """Cron string, in UTC, of a time of day counted from midnight of the site's standard time."""
    minutes = int((after_midnight - timedelta(hours=site.utc_offset_h)) / timedelta(minutes=1)) % MINUTES_PER_DAY
    return f"{minutes % 60} {minutes // 60} * * *"


def _reported(settings: Automation) -> timedelta:
    return timedelta(minutes=settings.operating.minutes_past) + FOR_THE_LAST_HOUR
