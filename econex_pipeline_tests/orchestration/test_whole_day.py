"""The main job on the pilot, once, from the command line: what is recorded, stored, printed and reused."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.home import repository
from econex_pipeline.orchestration.storage import Storage

DAY = date(2025, 7, 15)
KEY = "2025-07-15"
HOURS = partitions.keys_of_hours(DAY, -5)

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Place:
    """A folder with an instance, a storage and a private copy of the inputs, and what the first run printed."""

    folder: Path
    first: subprocess.CompletedProcess[str]

    @property
    def storage(self) -> Storage:
        return Storage(root=str(self.folder / "storage"))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _run(self.folder, *arguments)


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    places = {"DAGSTER_HOME": "dagster", "ECONEX_STORAGE": "storage", "ECONEX_DATA": "data"}
    return subprocess.run(
        [sys.executable, "-m", "econex_pipeline", *arguments],
        env={**os.environ, **{name: str(folder / place) for name, place in places.items()}},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Place:
    folder = tmp_path_factory.mktemp("whole_day")
    shutil.copytree(data_dir, folder / "data")
    first = _run(folder)
    assert first.returncode == 0, first.stderr
    return Place(folder, first)


def _materialized(folder: Path, table: str) -> list[str]:
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        return sorted(instance.get_materialized_partitions(dg.AssetKey([table, "base"])))


def test_the_last_line_is_the_path_of_the_page(place: Place) -> None:
    page = Path(place.first.stdout.splitlines()[-1])
    assert str(page) == place.storage.where("report", "base", KEY, ".html")
    assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")


def test_the_summary_stands_beside_the_day_without_control(place: Place) -> None:
    kpis = place.storage.read("KPIS", "kpis", "base", KEY).set_index(["strategy", "kpi"])["value"]
    lines = place.first.stdout.splitlines()
    for title, kpi in (("cost", "cost_usd"), ("carbon", "carbon_kg"), ("water import", "water_import_m3")):
        line = next(line for line in lines if line.startswith(f"{title} "))
        shown = [float(number) for number in re.findall(r"-?\d+\.\d+", line)]
        expected = [kpis[strategy, kpi] for strategy in ("controlled", "no_control", "plan")]
        assert shown == pytest.approx(expected, abs=0.005)


def test_a_plan_and_24_hours_are_in_the_instance(place: Place) -> None:
    assert _materialized(place.folder, "plan") == [KEY]
    assert _materialized(place.folder, "operations") == HOURS
    assert _materialized(place.folder, "report") == [KEY]


def test_every_check_of_the_day_is_shown_as_passed(place: Place) -> None:
    """As the catalogue shows it: a planned evaluation that never came counts as failed."""
    repository_of = build_definitions(cases=["base"]).get_repository_def()
    with dg.DagsterInstance.from_config(str(place.folder / "dagster")) as instance:
        keys = list(repository_of.asset_graph.asset_check_keys)
        latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
        shown = {key: latest[key].status.value for key in keys if key in latest}
        assert set(shown) == set(keys)
        assert set(shown.values()) == {"SUCCEEDED"}


def test_each_table_says_where_it_comes_from(place: Place) -> None:
    for table in ("weather", "trace", "forecast", "members", "scenarios", "hydraulics", "treatment", "plan", "kpis"):
        origin = place.storage.origin(table, "base", KEY)
        assert origin is not None
        assert origin.case == "base"
        assert pd.Timestamp(origin.issued_at_utc) == pd.Timestamp("2025-07-14T17:00Z")
        assert origin.code_version.startswith("0.1.0+")
    hour = place.storage.origin("operations", "base", HOURS[3])
    assert hour is not None
    assert pd.Timestamp(hour.issued_at_utc) == partitions.hour_of_key(HOURS[3])


def test_hours_are_chained_state_to_state(place: Place) -> None:
    for before, after in itertools.pairwise(HOURS):
        ended = json.loads(place.storage.extra("operations", "base", before)["end"])["twin"]
        assert json.loads(place.storage.extra("operations", "base", after)["start"]) == ended


def test_a_second_run_reuses_everything_and_says_so(place: Place) -> None:
    digests = [place.storage.digest("operations", "base", key) for key in HOURS]
    again = place.run()
    assert again.returncode == 0, again.stderr
    assert "reused" in again.stdout
    assert "computed" not in again.stdout
    assert [place.storage.digest("operations", "base", key) for key in HOURS] == digests
    assert again.stdout.splitlines()[-1] == place.first.stdout.splitlines()[-1]


def test_hours_lost_in_the_middle_are_redone_and_the_rest_comes_out_the_same(place: Place) -> None:
    digests = [place.storage.digest("operations", "base", key) for key in HOURS]
    for key in HOURS[10:13]:
        Path(place.storage.where("operations", "base", key)).unlink()
    again = place.run()
    assert again.returncode == 0, again.stderr
    assert "3 tables and hours computed" in again.stdout
    assert [place.storage.digest("operations", "base", key) for key in HOURS] == digests


def test_a_wrong_argument_ends_with_one_sentence(place: Place) -> None:
    refused = place.run("--case", "bas")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "did you mean 'base'?" in refused.stderr
    assert refused.stdout == ""


def test_a_broken_input_names_file_and_field_and_leaves_the_old_day_readable(place: Place) -> None:
    district = place.folder / "data" / "districts" / "econex" / "district.yaml"
    original = district.read_text(encoding="utf-8")
    kept = place.storage.read("PLAN", "plan", "base", KEY)
    try:
        district.write_text(original.replace("actuator: PUMP_PHS", "actuator: PUMP_PSH"), encoding="utf-8")
        refused = place.run()
    finally:
        district.write_text(original, encoding="utf-8")
    assert refused.returncode == 1
    assert "PUMP_PSH" in refused.stderr
    assert "PUMP_PHS" in refused.stderr
    assert refused.stderr.count("\n") == 1
    pd.testing.assert_frame_equal(place.storage.read("PLAN", "plan", "base", KEY), kept)
    assert repository() not in place.folder.parents
