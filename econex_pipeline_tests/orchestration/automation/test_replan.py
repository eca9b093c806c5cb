"""A planned day is planned anew when what its plan was made from changes, and only then."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from econex_pipeline.orchestration import versions
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.automation.due import Site
from econex_pipeline.orchestration.automation.replan import changed_table, replan_sensor
from econex_pipeline.orchestration.automation.settings import Automation
from econex_pipeline.orchestration.jobs import case_jobs
from econex_pipeline.orchestration.notify.conditions import Look
from econex_pipeline.orchestration.recipe import Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

CASE = "small"
FILE = (
    "district: two_homes\ndescription: Two homes, planned over few scenarios.\n"
    "changes:\n  scenarios: {drawn: 4, kept: 2}\n"
)
TOMORROW = date(2025, 7, 16)
AFTERNOON = datetime(2025, 7, 15, 19, tzinfo=UTC)
SITE = Site(CASE, CASE, -5, date(2025, 1, 1))
CHOSEN = RunOptions(seed=7, cvar_weight=0.5)


@dataclass
class Planned:
    """A case whose next day is planned."""

    data: Path
    storage: Storage
    instance: dg.DagsterInstance

    def day(self, options: RunOptions) -> Day:
        return Day(Inputs(data_dir=str(self.data)).setting(CASE), TOMORROW, self.storage, options)

    def plan(self, options: RunOptions) -> None:
        """Plan the day, as a run that succeeded does."""
        day = self.day(options)
        for entry in DAY_AHEAD:
            ensure(entry, day)
        event = dg.AssetMaterialization(asset_key=["plan", CASE], partition=day.key)
        self.instance.report_runless_asset_event(event)

    def water_costs(self, price: float) -> None:
        """Write another tariff."""
        district = self.data / "districts" / "two_homes" / "district.yaml"
        text = re.sub(r"(water_buy_usd_m3:) [\d.]+", rf"\1 {price:.2f}", district.read_text(encoding="utf-8"))
        district.write_text(text, encoding="utf-8")

    def alarms(self) -> list[str]:
        """What is wrong with runs in the afternoon before."""
        look = Look(self.instance, Inputs(data_dir=str(self.data)), self.storage, SITE, Automation(), AFTERNOON)
        return [condition.name for condition in look.conditions() if condition.kind == "run_failed"]

    def look(self) -> list[dg.RunRequest]:
        """What the sensor asks for in the afternoon before."""
        sensor = replan_sensor([SITE], Automation(cases=[CASE]), case_jobs(CASE), clock=lambda: AFTERNOON)
        resources = {"inputs": Inputs(data_dir=str(self.data)), "storage": self.storage}
        with dg.build_sensor_context(instance=self.instance, resources=resources) as context:
            return list(sensor.evaluate_tick(context).run_requests or [])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A data folder and a storage with the day planned by choices of a person."""
    folder = tmp_path_factory.mktemp("planned")
    data = Path(shutil.copytree(data_dir, folder / "data"))
    (data / "cases" / f"{CASE}.yaml").write_text(FILE, encoding="utf-8")
    with dg.DagsterInstance.ephemeral() as instance:
        Planned(data, Storage(root=str(folder / "storage")), instance).plan(CHOSEN)
    return folder


@pytest.fixture
def planned(made: Path, tmp_path: Path) -> Iterator[Planned]:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Planned(tmp_path / "data", Storage(root=str(tmp_path / "storage")), instance)


def test_an_unchanged_plan_is_left_alone_whatever_was_chosen_for_it(planned: Planned) -> None:
    planned.plan(CHOSEN)
    assert changed_table(planned.day(RunOptions()).setting, TOMORROW, planned.storage) is None
    assert planned.look() == []


def test_another_tariff_asks_for_the_plan_anew_with_the_same_choices(planned: Planned) -> None:
    planned.plan(CHOSEN)
    planned.water_costs(3.10)
    (request,) = planned.look()
    assert request.job_name == f"day_ahead_{CASE}"
    assert request.tags["dagster/asset_partition_range_start"] == planned.day(CHOSEN).key
    assert request.run_config["resources"]["options"]["config"] == CHOSEN.chosen(RunOptions.model_fields)
    planned.plan(CHOSEN)
    assert planned.look() == []


def test_a_plan_that_could_not_be_made_anew_is_told_until_it_was_or_need_not_be(planned: Planned) -> None:
    planned.plan(CHOSEN)
    planned.water_costs(3.10)
    (request,) = planned.look()
    run = create_run_for_test(
        planned.instance, job_name=request.job_name, tags=request.tags, status=dg.DagsterRunStatus.STARTED
    )
    planned.instance.report_run_failed(run)
    assert planned.alarms() == [f"run_failed:day_ahead:{CASE}:{planned.day(CHOSEN).key}"]
    planned.water_costs(2.63)
    assert planned.alarms() == []
    planned.water_costs(3.10)
    assert len(planned.alarms()) == 1
    planned.plan(CHOSEN)
    assert planned.alarms() == []


def test_a_server_whose_code_is_older_than_the_runs_asks_for_nothing(planned: Planned, monkeypatch) -> None:
    planned.plan(CHOSEN)
    planned.water_costs(3.10)
    monkeypatch.setattr(versions, "_on_disk", lambda *rooms: "newer")
    assert planned.look() == []
    monkeypatch.undo()
    assert len(planned.look()) == 1


def test_a_plan_that_is_not_there_is_left_to_the_schedule(planned: Planned) -> None:
    assert planned.look() == []


def test_files_that_cannot_be_read_ask_for_nothing(planned: Planned) -> None:
    planned.plan(CHOSEN)
    sensor = replan_sensor([SITE], Automation(cases=[CASE]), case_jobs(CASE), clock=lambda: AFTERNOON)
    (planned.data / "cases" / f"{CASE}.yaml").write_text("district: [two_homes\n", encoding="utf-8")
    resources = {"inputs": Inputs(data_dir=str(planned.data)), "storage": planned.storage}
    with dg.build_sensor_context(instance=planned.instance, resources=resources) as context:
        assert sensor.evaluate_tick(context).run_requests == []
