"""Two days in a row from a dated weather file, by the job `main`: the second starts where the first one ended."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
import yaml

from econex_pipeline.contracts.time import day_start_utc
from econex_pipeline.district import load_case
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.planning import expected_end_state
from econex_pipeline.weather import read_weather, weather_for

FIRST, SECOND = "2019-07-15", "2019-07-16"
START_UTC = pd.Timestamp("2019-06-20T05:00Z")
HOURS = 24 * 30

pytestmark = pytest.mark.slow


def _dated_case(data: Path) -> None:
    """Write a month of dated weather, 3 degrees warmer than the typical year, and a case that uses it."""
    district = load_case(data, "base")
    times = pd.date_range(START_UTC, periods=HOURS, freq="h", unit="ns", name="time_utc")
    weather = weather_for(read_weather(district), district, times)
    weather["temperature_air_c"] += 3.0
    weather.drop(columns="quality").to_parquet(data / "weather" / "dated.parquet", index=False)
    source = {"file": "dated.parquet", "format": "parquet", "kind": "historical", "rain_unit_mm": 1.0}
    source["first_day"] = "2019-07-01"
    case = {"district": "econex", "description": "Dated weather.", "changes": {"weather": source}}
    (data / "cases" / "dated.yaml").write_text(yaml.safe_dump(case), encoding="utf-8")


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[Storage]:
    folder = tmp_path_factory.mktemp("dated")
    data = Path(shutil.copytree(data_dir, folder / "data"))
    _dated_case(data)
    storage = Storage(root=str(folder / "storage"))
    definitions = build_definitions({"storage": storage}, data_dir=data, cases=["dated"])
    with dg.DagsterInstance.ephemeral() as instance:
        for day in (FIRST, SECOND):
            config = {"ops": {"whole_day": {"config": {"case": "dated", "day": day}}}}
            outcome = definitions.resolve_job_def("main").execute_in_process(config, instance, raise_on_error=True)
            assert outcome.success
        assert set(instance.get_materialized_partitions(dg.AssetKey(["plan", "dated"]))) == {FIRST, SECOND}
        yield storage


def test_the_weather_is_that_of_the_dates(storage: Storage, data_dir: Path) -> None:
    district = load_case(data_dir, "base")
    used = storage.read("WEATHER", "weather", "dated", FIRST)
    typical = weather_for(read_weather(district), district, pd.DatetimeIndex(used["time_utc"]))
    assert np.allclose(used["temperature_air_c"], typical["temperature_air_c"] + 3.0)
    assert storage.extra("weather", "dated", FIRST)["kind"] == "historical"


def test_the_second_plan_starts_where_the_first_expects_to_end(storage: Storage) -> None:
    midnight = day_start_utc(date(2019, 7, 16), -5)
    first, second = (storage.read("PLAN", "plan", "dated", key) for key in (FIRST, SECOND))
    expected, started = expected_end_state(first, midnight), expected_end_state(second, midnight)
    assert started == pytest.approx(expected, abs=1e-6)


def test_operation_goes_on_from_the_state_it_left(storage: Storage) -> None:
    last = partitions.keys_of_hours(date(2019, 7, 15), -5)[-1]
    first = partitions.keys_of_hours(date(2019, 7, 16), -5)[0]
    ended = json.loads(storage.extra("operations", "dated", last)["end"])["twin"]
    assert json.loads(storage.extra("operations", "dated", first)["start"]) == ended


def test_the_page_says_that_it_is_not_a_typical_year(storage: Storage) -> None:
    page = Path(storage.where("report", "dated", SECOND, ".html")).read_text(encoding="utf-8")
    assert "typical year" not in page
