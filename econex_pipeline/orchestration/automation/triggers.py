"""Schedules that ask for what is due, and the sensor that asks for what was missed. All are off until turned on.

All three ask by the same rule, `due.next_requests`, so that turning on one or all of them gives the same partitions in
the same order. The schedules are punctual; the sensor needs no tick to be kept (Dagster repeats a few missed ticks of a
schedule only), and so is enough by itself. While it is on, what has been due for its grace is its own to ask for: after
an outage schedules and sensor look at the same moment, and neither sees yet what the other asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.scheduler.instigation import InstigatorStatus

from econex_pipeline.orchestration.automation.due import Request, Site, Stage, due_since, next_requests
from econex_pipeline.orchestration.automation.history import history, tags_of
from econex_pipeline.orchestration.automation.settings import Automation

CATCH_UP = "catch_up"
Clock = Callable[[], datetime]
EVERY_S = 60
MINUTES_PER_DAY = 24 * 60
NOTHING = "all that is due is there, is being made, or waits after a failure"
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


def schedules(
    site: Site, settings: Automation, waits: str | None = None, clock: Clock = now_utc
) -> list[dg.ScheduleDefinition]:
    """Give the schedules of a case: one a stage, as a schedule of Dagster launches one job.

    A reason to wait makes them, like the sensors, ask for nothing and say why.
    """
    past = settings.operating.minutes_past
    plan = f"at {settings.planning.at} of the day before, standard time of the site"
    ended = f"{past} minutes after its end"
    each: list[tuple[Stage, str, str, str]] = [
        ("day_ahead", "plan_next_day", _cron(-settings.planning.before_day, site), plan),
        ("operate", "operate_each_hour", f"{past} * * * *", ended),
        ("report", "report_each_day", _cron(_reported(settings), site), "that is over"),
    ]
    return [_schedule(site, settings, *one, waits, clock) for one in each]


def catch_up_sensor(
    sites: Sequence[Site],
    settings: Automation,
    jobs: Sequence[UnresolvedAssetJobDefinition],
    waits: str | None = None,
    clock: Clock = now_utc,
) -> dg.SensorDefinition:
    """Ask for whatever should be there and is not, in order."""

    @dg.sensor(
        name=CATCH_UP,
        jobs=jobs,
        minimum_interval_seconds=EVERY_S,
        description=(
            f"Asks for plans, hours and reports of the last {settings.catch_up.days} days that should have been there "
            f"{settings.catch_up.grace_minutes} minutes ago, in order, one run of each a case. Enough by itself to "
            f"keep a case going. Cases: {', '.join(site.case for site in sites)}."
        ),
    )
    def catch_up(context: dg.SensorEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
        if waits:
            return dg.SkipReason(waits)
        now, found = clock(), []
        for site in sites:
            known = history(context.instance, site, settings, now)
            requests = next_requests(site, settings, known, now, grace=_grace(settings))
            found += [_run(site, request) for request in requests]
        return found or dg.SkipReason(NOTHING)

    return catch_up


def _run(site: Site, request: Request) -> dg.RunRequest:
    return dg.RunRequest(job_name=job_name(request.stage, site), tags={**PRIORITY, **tags_of(site, request)})


def _grace(settings: Automation) -> timedelta:
    return timedelta(minutes=settings.catch_up.grace_minutes)


def _catches_up(instance: dg.DagsterInstance) -> bool:
    """Whether the sensor that catches up is turned on."""
    on = instance.all_instigator_state(
        instigator_type=InstigatorType.SENSOR, instigator_statuses={InstigatorStatus.RUNNING}
    )
    return any(state.instigator_name == CATCH_UP for state in on)


def _schedule(
    site: Site, settings: Automation, stage: Stage, name: str, cron: str, when: str, waits: str | None, clock: Clock
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
        tick = context.scheduled_execution_time.astimezone(UTC)
        known = history(context.instance, site, settings, tick)
        found = next_requests(site, settings, known, tick, [stage])
        late = [request for request in found if due_since(site, settings, request) <= clock() - _grace(settings)]
        if late and _catches_up(context.instance):
            return dg.SkipReason(f"{CATCH_UP} is on, and asks for what is missing since {late[0].keys[0]}")
        return [_run(site, request) for request in found] or dg.SkipReason(NOTHING)

    return punctual


def _cron(after_midnight: timedelta, site: Site) -> str:
    """Cron string, in UTC, of a time of day counted from midnight of the site's standard time."""
    minutes = int((after_midnight - timedelta(hours=site.utc_offset_h)) / timedelta(minutes=1)) % MINUTES_PER_DAY
    return f"{minutes % 60} {minutes // 60} * * *"


def _reported(settings: Automation) -> timedelta:
    return timedelta(minutes=settings.operating.minutes_past) + FOR_THE_LAST_HOUR
