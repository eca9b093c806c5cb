"""Recipes as assets, with two toy tables: prices, and their sum over the days so far."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.checks import Finding, PhysicsCheck, daily_checks
from econex_pipeline.orchestration.daily import daily_asset
from econex_pipeline.orchestration.jobs import first_failure
from econex_pipeline.orchestration.recipe import Day, Made, Recipe, ensure
from econex_pipeline.orchestration.resources import NoProgress, RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

FIRST = date(2025, 1, 1)
OFFSET_H = -5
KEY = "2025-07-15"


def _prices(times: pd.DatetimeIndex, carbon_kg_kwh: float) -> pd.DataFrame:
    columns = ("buy_price_usd_kwh", "sell_price_usd_kwh", "water_buy_usd_m3", "water_sell_usd_m3", "sewer_usd_m3")
    values = {name: np.full(len(times), 0.1) for name in columns}
    return pd.DataFrame({"time_utc": times, **values, "carbon_kg_kwh": carbon_kg_kwh})


class Toy:
    """Counts what it makes; `carbon_kg_kwh` is what the first table holds."""

    def __init__(self) -> None:
        self.carbon_kg_kwh = 0.25
        self.calls: list[str] = []
        self.first = Recipe("first", "PRICES", "profiles", (), self.make_first, "Toy.")
        self.second = Recipe("second", "PRICES", "reporting", (self.first,), self.make_second, "Toy.", previous=True)
        self.told = Recipe("told", "PRICES", "reporting", (), self.make_told, "Toy.", beside=("kept",), page=True)

    def make_first(self, day: Day) -> Made:
        self.calls.append(f"first {day.date}")
        return Made(_prices(day.times, self.carbon_kg_kwh))

    def make_second(self, day: Day, first: pd.DataFrame) -> Made:
        self.calls.append(f"second {day.date}")
        before = day.previous(self.second)
        added = 0.0 if before is None else before["carbon_kg_kwh"]
        return Made(
            first.assign(carbon_kg_kwh=first["carbon_kg_kwh"] + added), extra={"has_before": before is not None}
        )

    def make_told(self, day: Day) -> Made:
        self.calls.append(f"told {day.date}")
        prices = _prices(day.times, self.carbon_kg_kwh)
        return Made(prices, text="The sun shone.", beside={"kept": ("PRICES", prices)})


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(root=str(tmp_path / "storage"))


@pytest.fixture
def run(toy: Toy, storage: Storage, data_dir: Path) -> Callable[..., dg.ExecuteInProcessResult]:
    def execute(
        keys: list[str], force: bool = False, physics: tuple[PhysicsCheck, ...] = ()
    ) -> dg.ExecuteInProcessResult:
        recipes = (toy.first, toy.second)
        span = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
        checks = [c for r in recipes for c in daily_checks(r, physics if r is toy.first else (), "base", OFFSET_H)]
        return dg.materialize(
            [*(daily_asset(r, "base", OFFSET_H, FIRST) for r in recipes), *checks],
            partition_key=keys[0] if len(keys) == 1 else None,
            tags={} if len(keys) == 1 else span,
            resources={
                "inputs": Inputs(data_dir=str(data_dir)),
                "storage": storage,
                "options": RunOptions(force_recompute=force),
                "progress": NoProgress(),
            },
            raise_on_error=False,
        )

    return execute


def test_the_same_inputs_are_computed_once(run, toy: Toy) -> None:
    assert run([KEY]).success
    assert run([KEY]).success
    assert toy.calls == ["first 2025-07-15", "second 2025-07-15"]


def test_force_computes_anew(run, toy: Toy) -> None:
    run([KEY])
    run([KEY], force=True)
    assert len(toy.calls) == 4


@pytest.mark.parametrize("suffix", [".parquet", ".html"])
def test_a_table_that_lost_what_was_kept_beside_it_is_made_anew(
    toy: Toy, storage: Storage, data_dir: Path, suffix: str
) -> None:
    day = Day(Inputs(data_dir=str(data_dir)).setting("base"), date(2025, 7, 15), storage, RunOptions())
    beside = Path(storage.where("told" if suffix == ".html" else "kept", "base", KEY, suffix))
    assert [ensure(toy.told, day)[0] for _ in range(2)] == [False, True]
    content = beside.read_bytes()
    beside.unlink()
    assert [ensure(toy.told, day)[0] for _ in range(2)] == [False, True]
    assert beside.read_bytes() == content


def test_a_changed_input_is_computed_anew_and_an_unchanged_result_stops_the_wave(
    run, toy: Toy, own_data: Path, data_dir: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run([KEY])
    monkeypatch.setattr(Recipe, "version", "edited")
    toy.calls.clear()
    toy.carbon_kg_kwh = 0.5
    run([KEY])
    assert toy.calls == ["first 2025-07-15", "second 2025-07-15"]
    assert (storage.read("PRICES", "second", "base", KEY)["carbon_kg_kwh"] == 0.5).all()


def test_a_range_of_days_in_one_run_is_chained_in_order(run, toy: Toy, storage: Storage) -> None:
    days = ["2025-07-13", "2025-07-14", "2025-07-15"]
    result = run(days)
    assert result.success
    last = storage.read("PRICES", "second", "base", "2025-07-15")
    assert np.allclose(last["carbon_kg_kwh"], 3 * 0.25)
    assert not storage.extra("second", "base", "2025-07-13")["has_before"]
    events = result.asset_materializations_for_node("second__base")
    assert sorted(event.partition for event in events) == days


def test_a_violated_contract_stops_the_run_before_anything_downstream(run, toy: Toy, storage: Storage) -> None:
    run([KEY])
    toy.carbon_kg_kwh = -1.0
    toy.calls.clear()
    result = run([KEY], force=True)
    assert not result.success
    assert toy.calls == ["first 2025-07-15"]
    sentence = first_failure(result.all_events)
    assert "table PRICES" in sentence
    assert "carbon_kg_kwh" in sentence
    assert "expected" in sentence
    assert (storage.read("PRICES", "first", "base", KEY)["carbon_kg_kwh"] == 0.25).all()
    assert (storage.read("PRICES", "second", "base", KEY)["carbon_kg_kwh"] == 0.25).all()


def test_a_failed_physics_check_stops_the_run_before_anything_downstream(run, toy: Toy) -> None:
    check = PhysicsCheck(
        "cold_sun", "The sun is cold.", lambda day, frame: Finding(False, "the sun is hot", {"t_k": 5772})
    )
    result = run([KEY], physics=(check,))
    assert not result.success
    assert toy.calls == ["first 2025-07-15"]
    assert first_failure(result.all_events) == "check 'cold_sun' of first/base failed: the sun is hot"


def test_a_check_that_only_warns_stops_nothing(run, toy: Toy) -> None:
    check = PhysicsCheck("mild", "The sun is mild.", lambda day, frame: Finding(False, "it is hot"), blocking=False)
    result = run([KEY], physics=(check,))
    assert result.success
    assert toy.calls == ["first 2025-07-15", "second 2025-07-15"]
    warned = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [(check.check_name, check.severity) for check in warned] == [("mild", dg.AssetCheckSeverity.WARN)]
    assert first_failure(result.all_events) == "the run did not start; see the log"


def test_an_input_error_reaches_the_user_as_its_own_sentence(run, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    error = InputError("district.yaml", "nodes.hub.pv.tilt_deg", 120.0, "an angle from 0 to 90 degrees")

    def refuses(day: Day) -> Made:
        raise error

    object.__setattr__(toy.first, "make", refuses)
    result = run([KEY])
    assert not result.success
    assert first_failure(result.all_events) == str(error)


def test_an_accident_is_named_with_its_step(run, toy: Toy) -> None:
    def breaks(day: Day) -> Made:
        raise RuntimeError("the plant is on fire")

    object.__setattr__(toy.first, "make", breaks)
    assert first_failure(run([KEY]).all_events) == (
        "first__base stopped with an error: RuntimeError: the plant is on fire"
    )


def test_tables_carry_units_provenance_and_owners(toy: Toy) -> None:
    asset = daily_asset(toy.first, "base", OFFSET_H, FIRST)
    key = dg.AssetKey(["first", "base"])
    spec = asset.specs_by_key[key]
    columns = {column.name: column for column in spec.metadata["dagster/column_schema"].columns}
    assert columns["carbon_kg_kwh"].description.startswith("[kg/kWh] ")
    assert spec.owners == ["team:profiles"]
    assert spec.group_name == "profiles"
    assert isinstance(asset.partitions_def, dg.DailyPartitionsDefinition)
    assert asset.partitions_def == partitions.daily(OFFSET_H, FIRST)
