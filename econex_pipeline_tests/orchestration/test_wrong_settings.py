"""Wrong settings of what runs by itself take no case with them: switches wait and say why, and somebody is told."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._core.definitions.sensor_definition import SensorExecutionData

from econex_pipeline.orchestration.assets import DAILY
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.unreadable import GROUP, SETTINGS
from econex_pipeline_tests.orchestration.notify.servers import Hook, hook_server

SAID = "catch_up.days: a number is needed here, not 'week'"
PLANS = ["plan_next_day_one", "operate_each_hour_one", "report_each_day_one"]


@pytest.fixture
def data(own_data: Path) -> Path:
    """A data folder with one case, and settings with a slip of the pen in them."""
    for path in (own_data / "cases").glob("*.yaml"):
        path.unlink()
    (own_data / "cases" / "one.yaml").write_text("district: two_homes\ndescription: As they stand.\n", encoding="utf-8")
    _write(own_data, "week")
    return own_data


def _write(data: Path, days: str) -> None:
    text = f"cases: [one]\ncatch_up: {{days: {days}}}\nnotify: {{webhook: {{}}}}\n"
    (data / "automation.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    with hook_server() as hook:
        monkeypatch.setenv("ECONEX_WEBHOOK_URL", hook.url)
        yield hook


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        yield instance


def _tick(
    definitions: dg.Definitions, name: str, instance: dg.DagsterInstance, cursor: str | None = None
) -> SensorExecutionData | ScheduleExecutionData:
    """What a schedule or sensor does when it looks."""
    repository = definitions.get_repository_def()
    if repository.has_schedule_def(name):
        schedule_context = dg.build_schedule_context(instance=instance)
        return repository.get_schedule_def(name).evaluate_tick(schedule_context)
    sensor = repository.get_sensor_def(name)
    resources = {name: definitions.resources[name] for name in sensor.required_resource_keys}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
        return sensor.evaluate_tick(context)


def test_cases_and_jobs_load_and_the_file_is_shown_with_its_sentence(data: Path) -> None:
    definitions = build_definitions(data_dir=data)
    dg.Definitions.validate_loadable(definitions)
    specs = definitions.resolve_all_asset_specs()
    assert sum(spec.key.path[-1] == "one" for spec in specs) == len(DAILY) + 1
    (shown,) = [spec for spec in specs if spec.group_name == GROUP]
    assert SAID in str(shown.description)
    assert "automation.yaml" in str(shown.description)
    assert definitions.resolve_job_def("main")


def test_switches_ask_for_nothing_and_say_why(data: Path, instance: dg.DagsterInstance) -> None:
    definitions = build_definitions(data_dir=data)
    for name in (*PLANS, "catch_up", "replan"):
        assert SAID in str(_tick(definitions, name, instance).skip_message)
    assert _tick(definitions, "weekly_retention", instance).run_requests, "its own settings are right"


def test_it_is_told_and_its_end_too(data: Path, instance: dg.DagsterInstance, hook: Hook) -> None:
    cursor = None
    for days in ("week", "7"):
        _write(data, days)
        cursor = _tick(build_definitions(data_dir=data), "alarms", instance, cursor).cursor
    posts = [post for post in hook.posts if post["kind"] == "settings"]
    assert [(post["event"], post["severity"]) for post in posts] == [("raised", "error"), ("cleared", "error")]
    assert SAID in posts[0]["text"]


def test_its_check_fails_until_the_file_is_mended(data: Path) -> None:
    definitions = build_definitions(data_dir=data)
    key = dg.AssetCheckKey(dg.AssetKey(SETTINGS), "readable")
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_check_selection={key})
    (before,) = job.execute_in_process().get_asset_check_evaluations()
    assert not before.passed
    assert SAID in str(before.description)
    _write(data, "7")
    (after,) = job.execute_in_process().get_asset_check_evaluations()
    assert after.passed


def test_a_day_from_the_terminal_needs_no_settings(data: Path) -> None:
    definitions = build_definitions(data_dir=data, cases=["one"])
    assert definitions.resolve_job_def("day_ahead_one")
