"""What is stored at midnight is worth what it saves in the days that follow."""

import shutil

import pytest
import yaml

from econex_pipeline.district import load_case
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.study.end_values import NoValues, as_yaml, found_end_values
from econex_pipeline_tests.conftest import DATA

pytestmark = pytest.mark.slow
EVERY_DAYS = 60


@pytest.fixture(scope="module")
def setting():
    return Inputs(data_dir=str(DATA)).setting("two_homes")


@pytest.fixture(scope="module")
def values(setting):
    return found_end_values(setting, 2025, {1, 7}, lambda line: None, EVERY_DAYS)


def prices(tranches):
    return [tranche.value_usd for tranche in tranches]


def test_a_fuller_storage_is_worth_more_and_its_last_unit_less(setting, values):
    for storage in setting.network.storages:
        worth = prices(values[storage.name])
        assert sum(tranche.width for tranche in values[storage.name]) == pytest.approx(storage.capacity)
        assert worth == sorted(worth, reverse=True)
        assert worth[-1] >= 0.0


def test_stored_drinking_water_saves_the_mains_price_and_its_scarcity(setting, values):
    district = setting.district
    saved = district.tariffs.water_buy_usd_m3 + district.objective.scarcity_usd_m3
    assert prices(values["farm_tank"])[0] == pytest.approx(saved, abs=0.02)


def test_stored_energy_is_worth_no_less_than_its_sale_and_no_more_than_the_dearest_purchase(setting, values):
    seasons = setting.district.tariffs.electricity
    carbon_usd_kwh = setting.district.objective.carbon_usd_kg * 0.516  # the dirtiest hour of the carbon file
    dearest = max(price for season in seasons for price in season.buy_usd_kwh.values()) + carbon_usd_kwh
    assert 0.05 <= prices(values["battery"])[-1] <= prices(values["battery"])[0] <= dearest


def test_what_is_printed_is_what_a_district_file_takes(setting, values, tmp_path):
    data = shutil.copytree(DATA, tmp_path / "data")
    path = data / "districts" / "two_homes" / "district.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content |= yaml.safe_load(as_yaml(values, setting.network))
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    read = Inputs(data_dir=str(data)).setting("two_homes").network.end_values
    for name, tranches in read:
        found = values[name]
        assert [tranche.width for tranche in tranches] == pytest.approx([tranche.width for tranche in found])
        assert prices(tranches) == pytest.approx(prices(found))
    assert load_case(data, "two_homes").end_values.keys() == values.keys()


def test_values_need_a_month_to_be_found_from(setting):
    with pytest.raises(NoValues, match="no month of 2025 is left"):
        found_end_values(setting, 2025, set(range(1, 13)), lambda line: None)
