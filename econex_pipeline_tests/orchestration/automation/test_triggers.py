"""What the schedules and the sensor ask for, with the clock moved, against an instance that knows what was run."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus
from dagster._core.test_utils import create_run_for_test

from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.automation.due import Site
from econex_pipeline.orchestration.automation.history import made
from econex_pipeline.orchestration.automation.settings import Automation
from econex_pipeline.orchestration.automation.triggers import Clock, catch_up_sensor, now_utc, schedules
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.jobs import case_jobs

SITE = Site("base", "base", -5, date(2025, 1, 1))
SETTINGS = Automation()
NOON = datetime(2025, 7, 15, 17, 15, tzinfo=UTC)
START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        yield instance


def _run(instance: dg.DagsterInstance, job: str, keys: list[str], status: dg.DagsterRunStatus) -> dg.DagsterRun:
    request = f"{job.removesuffix('_base')}:base:{keys[0]}"
    tags = {START: keys[0], END: keys[-1], "econex/case": "base", "econex/request": request}
    run = create_run_for_test(instance, job_name=job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    if status is dg.DagsterRunStatus.SUCCESS:
        table = {"day_ahead_base": "plan", "operate_base": "operations", "report_base": "report"}[job]
        for key in keys:
            event = dg.AssetMaterialization(asset_key=[table, "base"], partition=key)
            instance.report_dagster_event(_materialized(job, event), run.run_id)
        instance.report_dagster_event(dg.DagsterEvent("PIPELINE_SUCCESS", job), run.run_id)
    elif status is dg.DagsterRunStatus.FAILURE:
        instance.report_run_failed(run)
    return run


def _materialized(job: str, event: dg.AssetMaterialization) -> dg.DagsterEvent:
    from dagster._core.events import StepMaterializationData

    return dg.DagsterEvent("ASSET_MATERIALIZATION", job, event_specific_data=StepMaterializationData(event))


def _schedule(name: str, clock: Clock = now_utc) -> dg.ScheduleDefinition:
    return next(entry for entry in schedules(SITE, SETTINGS, clock=clock) if entry.name == f"{name}_base")


def _tick(instance: dg.DagsterInstance, name: str, at: datetime, late_minutes: float = 0) -> list[dg.RunRequest]:
    """What a schedule asks for at one of its ticks, which may be looked at late."""
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=at)
    schedule = _schedule(name, lambda: at + timedelta(minutes=late_minutes))
    return list(schedule.evaluate_tick(context).run_requests or [])


@pytest.fixture
def turned_on(instance: dg.DagsterInstance) -> None:
    """The sensor that catches up is turned on, as its page in the browser does it."""
    location = RegisteredCodeLocationOrigin("econex_pipeline")
    of = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), "catch_up")
    instance.add_instigator_state(InstigatorState(of, InstigatorType.SENSOR, InstigatorStatus.RUNNING))


def _look(instance: dg.DagsterInstance, at: datetime) -> list[dg.RunRequest]:
    sensor = catch_up_sensor([SITE], SETTINGS, case_jobs("base"), clock=lambda: at)
    with dg.build_sensor_context(instance=instance) as context:
        return list(sensor.evaluate_tick(context).run_requests or [])


def _asked(requests: list[dg.RunRequest]) -> list[tuple[str | None, str, str]]:
    return [(request.job_name, request.tags[START], request.tags[END]) for request in requests]


SUCCESS, FAILURE, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED


def test_everything_is_off_until_it_is_turned_on(data_dir) -> None:
    repository = build_definitions(data_dir=data_dir).get_repository_def()
    assert {schedule.default_status for schedule in repository.schedule_defs} == {dg.DefaultScheduleStatus.STOPPED}
    assert {sensor.default_status for sensor in repository.sensor_defs} == {dg.DefaultSensorStatus.STOPPED}
    names = {schedule.name for schedule in repository.schedule_defs} | {s.name for s in repository.sensor_defs}
    expected = {"plan_next_day_base", "operate_each_hour_base", "report_each_day_base", "weekly_retention"}
    assert names == expected | {"catch_up", "replan", "alarms"}


def test_the_next_day_is_planned_at_a_quarter_past_noon_of_the_site(instance) -> None:
    _run(instance, "day_ahead_base", ["2025-07-15"], SUCCESS)
    assert _schedule("plan_next_day").cron_schedule == "15 17 * * *"
    (request,) = _tick(instance, "plan_next_day", NOON)
    assert request.tags[START] == "2025-07-16"
    assert partitions.day_of_key(request.tags[START], SITE.utc_offset_h) == date(2025, 7, 16)


def test_each_hour_is_operated_a_few_minutes_after_it_ended(instance) -> None:
    _run(instance, "day_ahead_base", ["2025-07-15"], SUCCESS)
    hours = partitions.keys_of_hours(date(2025, 7, 15), -5)
    _run(instance, "operate_base", hours[:7], SUCCESS)
    assert _schedule("operate_each_hour").cron_schedule == "5 * * * *"
    (request,) = _tick(instance, "operate_each_hour", datetime(2025, 7, 15, 13, 5, tzinfo=UTC))
    assert request.tags[START] == request.tags[END] == "2025-07-15-12:00"


def test_a_missed_tick_is_made_up_for_by_the_next(instance) -> None:
    _run(instance, "day_ahead_base", ["2025-07-15"], SUCCESS)
    hours = partitions.keys_of_hours(date(2025, 7, 15), -5)
    _run(instance, "operate_base", hours[:4], SUCCESS)
    (request,) = _tick(instance, "operate_each_hour", datetime(2025, 7, 15, 13, 5, tzinfo=UTC))
    assert (request.tags[START], request.tags[END]) == (hours[4], hours[7])


@pytest.mark.parametrize("late_minutes", [0, 9, 60])
def test_after_an_outage_hours_are_asked_for_once(instance, turned_on, late_minutes: float) -> None:
    """The daemon is back a while after the tick of the last hour; schedule and sensor look at the same moment."""
    _run(instance, "day_ahead_base", ["2025-07-15"], SUCCESS)
    hours = partitions.keys_of_hours(date(2025, 7, 15), -5)
    _run(instance, "operate_base", hours[:4], SUCCESS)
    tick = datetime(2025, 7, 15, 13, 5, tzinfo=UTC)
    by_schedule = _tick(instance, "operate_each_hour", tick, late_minutes)
    by_sensor = _look(instance, tick + timedelta(minutes=late_minutes))
    asked = [key for _, first, last in _asked(by_schedule + by_sensor) for key in hours if first <= key <= last]
    assert asked == hours[4 : 4 + len(asked)]
    assert len(asked) >= 3


def test_an_hour_that_was_not_missed_is_asked_for_by_its_schedule_alone(instance, turned_on) -> None:
    _run(instance, "day_ahead_base", ["2025-07-15"], SUCCESS)
    hours = partitions.keys_of_hours(date(2025, 7, 15), -5)
    _run(instance, "operate_base", hours[:7], SUCCESS)
    tick = datetime(2025, 7, 15, 13, 5, tzinfo=UTC)
    assert _asked(_tick(instance, "operate_each_hour", tick)) == [("operate_base", hours[7], hours[7])]
    assert _look(instance, tick) == []


def test_the_sensor_catches_up_days_in_order_and_waits_for_what_runs(instance) -> None:
    _run(instance, "day_ahead_base", ["2025-07-13"], SUCCESS)
    first = partitions.keys_of_hours(date(2025, 7, 13), -5)
    asked = _asked(_look(instance, NOON))
    assert asked == [("day_ahead_base", "2025-07-14", "2025-07-14"), ("operate_base", first[0], first[-1])]
    for job, start, _ in asked:
        _run(instance, job, [start], STARTED)
    assert _look(instance, NOON) == []


def test_what_was_asked_for_names_a_job_that_takes_it(instance, data_dir) -> None:
    """The run that a request becomes gets all of its partitions from the tags."""
    repository = build_definitions(data_dir=data_dir, cases=["base"]).get_repository_def()
    for request in _look(instance, NOON):
        assert repository.has_job(request.job_name)


def test_the_sensor_leaves_a_grace_to_the_schedules(instance) -> None:
    _run(instance, "day_ahead_base", ["2025-07-15"], SUCCESS)
    _run(instance, "operate_base", partitions.keys_of_hours(date(2025, 7, 15), -5)[:12], SUCCESS)
    assert _look(instance, NOON + timedelta(minutes=9)) == []
    (request,) = _look(instance, NOON + timedelta(minutes=10))
    assert request.tags[START] == "2025-07-16"


def test_a_failed_plan_is_not_asked_for_again_at_once(instance) -> None:
    now = datetime.now(UTC)
    key = partitions.key_of_day(SITE.today(now), -5)
    _run(instance, "day_ahead_base", [key], FAILURE)
    assert _look(instance, now) == []
    (request,) = _look(instance, now + timedelta(minutes=75))
    assert request.tags[START] == key


def test_a_plan_whose_run_failed_at_a_check_does_not_count_as_made(instance) -> None:
    run = create_run_for_test(instance, job_name="day_ahead_base", status=STARTED)
    event = dg.AssetMaterialization(asset_key=["plan", "base"], partition="2025-07-15")
    instance.report_dagster_event(_materialized("day_ahead_base", event), run.run_id)
    assert made(instance, ["plan", "base"], ["2025-07-15"]) == set()
    instance.report_run_failed(run)
    assert made(instance, ["plan", "base"], ["2025-07-15"]) == set()
    instance.report_runless_asset_event(event)
    assert made(instance, ["plan", "base"], ["2025-07-15", "2025-07-16"]) == {"2025-07-15"}


def test_two_sites_are_each_planned_by_their_own_clock() -> None:
    east = Site("east", "east", 10, date(2025, 1, 1))
    assert schedules(east, SETTINGS)[0].cron_schedule == "15 2 * * *"
