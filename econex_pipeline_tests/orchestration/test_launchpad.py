"""What the launchpad takes and refuses, and what a choice changes."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.assets.planning import CHOICES, PLAN
from econex_pipeline.orchestration.assets.surroundings import MEMBERS, SCENARIOS, _kept
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.launchpad import options_resource
from econex_pipeline.orchestration.recipe import Day, ensure
from econex_pipeline.orchestration.resources import Engine, RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

DAY = date(2025, 7, 15)


@pytest.fixture(scope="module")
def job(data_dir) -> dg.JobDefinition:
    return build_definitions(data_dir=data_dir, cases=["base"]).resolve_job_def("day_ahead_base")


def _given(job: dg.JobDefinition, **options: object) -> dict[str, object]:
    checked = dg.validate_run_config(job, {"resources": {"options": {"config": options}}})
    return checked["resources"]["options"]["config"]


def test_every_option_has_a_type_a_description_and_numbers_their_bounds() -> None:
    fields = options_resource().config_schema.config_type.fields
    assert set(fields) == set(RunOptions.model_fields)
    assert {
        "scenarios",
        "seed",
        "alpha",
        "beta",
        "cvar_weight",
        "engine",
        "plan_time_limit_s",
        "force_recompute",
    } <= set(fields)
    for name, field in fields.items():
        assert len(field.description) > 20, name
    assert "[s]" in fields["plan_time_limit_s"].description
    assert "> 0 and <= 3600" in fields["plan_time_limit_s"].description


def test_right_values_are_taken(job) -> None:
    given = _given(
        job, scenarios=40, seed=7, alpha=2, beta=0.5, cvar_weight=0.2, engine="lshaped", plan_time_limit_s=60
    )
    assert RunOptions(**given).engine is Engine.LSHAPED
    assert RunOptions(**given).chosen(("scenarios", "alpha")) == {"scenarios": 40, "alpha": 2.0}


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("scenarios", 0, ">= 1 and <= 200"),
        ("scenarios", 201, ">= 1 and <= 200"),
        ("scenarios", 2.5, "not valid for expected type"),
        ("scenarios", "ten", "not valid for expected type"),
        ("seed", -1, ">= 0"),
        ("alpha", -0.1, ">= 0"),
        ("beta", float("nan"), ">= 0"),
        ("beta", float("inf"), "<= 1000"),
        ("cvar_weight", 1.1, ">= 0 and <= 1"),
        ("cvar_level", 1.0, "> 0 and < 1"),
        ("engine", "simplex", "not in enum type Engine"),
        ("plan_time_limit_s", 0, "> 0 and <= 3600"),
        ("hour_time_limit_s", 601, "> 0 and <= 600"),
        ("force_recompute", "yes", "not valid for expected type"),
        ("senarios", 10, "unexpected config entry"),
    ],
)
def test_a_wrong_value_is_refused_before_the_run_starts(job, option: str, value: object, says: str) -> None:
    with pytest.raises((dg.DagsterInvalidConfigError, InputError)) as refused:
        _given(job, **{option: value})
    assert option in str(refused.value)
    assert says in str(refused.value)


def test_a_number_out_of_its_bounds_is_refused_in_one_sentence(job) -> None:
    said = "launchpad: resources.options.config.scenarios is 0; expected a number >= 1 and <= 200"
    with pytest.raises(InputError) as refused:
        _given(job, scenarios=0)
    assert str(refused.value) == said


def test_a_run_gets_what_the_launchpad_was_given() -> None:
    seen: list[RunOptions] = []

    @dg.asset
    def asked(options: RunOptions) -> None:
        seen.append(options)

    config = RunOptions(alpha=2.0, engine=Engine.MONOLITH).as_run_config()
    assert dg.materialize([asked], resources={"options": options_resource()}, run_config=config).success
    assert seen[0].alpha == 2.0
    assert seen[0].engine is Engine.MONOLITH
    assert seen[0].scenarios is None


def _day(data: Path, root: Path, **options: object) -> Day:
    return Day(Inputs(data_dir=str(data)).setting("base"), DAY, Storage(root=str(root)), RunOptions(**options))


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        (MEMBERS, {"seed": 7}),
        (SCENARIOS, {"scenarios": 5}),
        *((PLAN, {name: value}) for name, value in zip(CHOICES, (2.0, 2.0, 0.5, 0.9, "monolith"), strict=True)),
    ],
)
def test_a_table_made_by_other_choices_is_another_table(data_dir, tmp_path, recipe, options) -> None:
    without = recipe.digest(_day(data_dir, tmp_path))
    assert recipe.digest(_day(data_dir, tmp_path, **options)) != without
    assert recipe.digest(_day(data_dir, tmp_path, plan_time_limit_s=60.0, force_recompute=True)) == without


def test_more_scenarios_than_are_drawn_are_refused(own_data, tmp_path) -> None:
    district = own_data / "districts" / "econex" / "district.yaml"
    text = district.read_text(encoding="utf-8")
    district.write_text(text.replace("drawn: 1000", "drawn: 30"), encoding="utf-8")
    assert _kept(_day(own_data, tmp_path, scenarios=30)) == 30
    assert _kept(_day(own_data, tmp_path)) == 20
    with pytest.raises(InputError, match=r"options\.scenarios is 31; expected at most the 30 that are drawn"):
        _kept(_day(own_data, tmp_path, scenarios=31))


@pytest.mark.slow
def test_the_plan_follows_the_choices(own_data, tmp_path) -> None:
    district = own_data / "districts" / "econex" / "district.yaml"
    text = district.read_text(encoding="utf-8")
    district.write_text(text.replace("drawn: 1000", "drawn: 40"), encoding="utf-8")
    made = {}
    for name, options in {"usual": {}, "chosen": {"scenarios": 4, "alpha": 0.0, "cvar_weight": 0.5}}.items():
        day = _day(own_data, tmp_path, **options)
        made[name] = {entry.name: ensure(entry, day)[0] for entry in DAY_AHEAD}, day.extra(PLAN), day.table(SCENARIOS)
    assert not any(made["usual"][0].values())
    reused = {name for name, again in made["chosen"][0].items() if again}
    assert {"weather", "trace", "forecast", "members", "prices"} <= reused
    assert not {"scenarios", "plan"} & reused
    assert made["chosen"][2]["scenario"].nunique() == 4
    assert made["chosen"][1]["chosen"] == {"alpha": 0.0, "cvar_weight": 0.5}
    assert made["chosen"][1]["parts"]["z_econ_usd"] > made["usual"][1]["parts"]["z_econ_usd"]
    assert "chosen" not in made["usual"][1]
