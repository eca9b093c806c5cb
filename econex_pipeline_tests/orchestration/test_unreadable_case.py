"""One case file that cannot be used takes no other case with it, and is shown with its sentence."""

import logging
from pathlib import Path

import dagster as dg
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration.assets import DAILY
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.unreadable import GROUP

RIGHT = "district: two_homes\ndescription: As they stand.\n"
SPOILT = {
    "wrong_value": (f"{RIGHT}changes:\n  scenarios: {{drawn: 0}}\n", "scenarios.drawn"),
    "no_such_district": ("district: atlantis\ndescription: Sunken.\n", "atlantis"),
    "not_yaml": ("district: [two_homes\n", "not_yaml.yaml"),
}


@pytest.fixture
def few_cases(own_data: Path) -> Path:
    """A data folder with two cases that can be used and three that cannot."""
    for path in (own_data / "cases").glob("*.yaml"):
        path.unlink()
    for name, text in {"one": RIGHT, "two": RIGHT, **{name: text for name, (text, _) in SPOILT.items()}}.items():
        (own_data / "cases" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return own_data


def _specs(definitions: dg.Definitions, group: str) -> dict[str, str]:
    specs = definitions.resolve_all_asset_specs()
    return {spec.key.path[-1]: spec.description or "" for spec in specs if spec.group_name == group}


def test_the_other_cases_load_whole(few_cases: Path) -> None:
    definitions = build_definitions(data_dir=few_cases)
    dg.Definitions.validate_loadable(definitions)
    by_case: dict[str, int] = {}
    for spec in definitions.resolve_all_asset_specs():
        if spec.group_name != GROUP:
            by_case[spec.key.path[-1]] = by_case.get(spec.key.path[-1], 0) + 1
    assert by_case == dict.fromkeys(("one", "two"), len(DAILY) + 1)


def test_each_unusable_case_is_shown_and_logged_with_its_sentence(
    few_cases: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        shown = _specs(build_definitions(data_dir=few_cases), GROUP)
    assert set(shown) == set(SPOILT)
    for name, (_, said) in SPOILT.items():
        assert said in shown[name]
        assert any(name in record.getMessage() and said in record.getMessage() for record in caplog.records)


def test_its_check_fails_until_the_file_is_mended(few_cases: Path) -> None:
    definitions = build_definitions(data_dir=few_cases)
    key = dg.AssetCheckKey(dg.AssetKey(["case_file", "wrong_value"]), "readable")
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_check_selection={key})
    (before,) = job.execute_in_process().get_asset_check_evaluations()
    assert not before.passed
    assert "scenarios.drawn" in (before.description or "")
    (few_cases / "cases" / "wrong_value.yaml").write_text(RIGHT, encoding="utf-8")
    (after,) = job.execute_in_process().get_asset_check_evaluations()
    assert after.passed
    assert not _specs(build_definitions(data_dir=few_cases), GROUP).keys() & {"wrong_value"}


def test_a_case_that_was_asked_for_is_refused(few_cases: Path) -> None:
    with pytest.raises(InputError, match="atlantis"):
        build_definitions(data_dir=few_cases, cases=["one", "no_such_district"])


def test_a_case_that_should_run_by_itself_raises_an_alarm(few_cases: Path) -> None:
    (few_cases / "automation.yaml").write_text(
        "cases: [one, not_yaml]\nnotify: {log: {}}\nalarms: {plan_missing: {severity: error, hold_minutes: 0}}\n"
    )
    definitions = build_definitions(data_dir=few_cases)
    sensor = definitions.get_repository_def().get_sensor_def("alarms")
    resources = {name: definitions.resources[name] for name in ("inputs", "storage", "tell_log")}
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance=instance, resources=resources) as context,
    ):
        said = sensor.evaluate_tick(context).skip_message
    assert said is not None
    assert "not_yaml" in said
