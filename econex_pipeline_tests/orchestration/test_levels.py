"""Levels of a plan or of operated hours are held to what the storages of the district can hold."""

from pathlib import Path

import pandas as pd
import pytest

from econex_pipeline.district import District, load_case
from econex_pipeline.orchestration.assets.operations import hour_checks
from econex_pipeline.orchestration.checks import levels_inside


@pytest.fixture(scope="module")
def district(data_dir: Path) -> District:
    return load_case(data_dir, "two_homes")


def _levels(**levels: float) -> pd.DataFrame:
    rows = [
        {"element": name, "quantity": "stored_kwh" if name == "battery" else "level_m3", "value": value}
        for name, value in levels.items()
    ]
    return pd.DataFrame([*rows, {"element": "membrane", "quantity": "filtered_m3", "value": 1e9}])


def test_full_and_empty_are_inside(district: District) -> None:
    full = district.storages["battery"].capacity
    found = levels_inside(district, _levels(battery=full, farm_tank=0.0))
    assert found.passed
    assert found.numbers["largest_excess"] == 0.0


@pytest.mark.parametrize(("tank", "excess"), [(-0.25, 0.25), (1000.0, 996.0)])
def test_below_empty_and_above_full_are_told_with_the_storage_and_how_far(district, tank: float, excess: float) -> None:
    assert district.storages["farm_tank"].capacity == 4.0
    found = levels_inside(district, _levels(battery=1.0, farm_tank=tank))
    assert not found.passed
    assert "farm_tank" in found.sentence
    assert found.numbers["largest_excess"] == pytest.approx(excess)


def test_a_district_that_stores_nothing_is_inside(district: District) -> None:
    assert levels_inside(district, _levels()).passed


def test_levels_of_operated_hours_warn_and_do_not_stop(district: District) -> None:
    blocking = {spec.name: spec.blocking for spec in hour_checks("base").check_specs}
    assert blocking == {"contract": True, "balances": True, "levels": False}
