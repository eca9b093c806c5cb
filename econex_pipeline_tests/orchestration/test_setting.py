"""What a case gives its assets: one story told by every day, and inputs read anew when they were edited."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from econex_pipeline.contracts.time import day_start_utc, operating_window
from econex_pipeline.orchestration.recipe import Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs, Setting
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.profiles import profiles, remember


@pytest.fixture(scope="module")
def drought(data_dir: Path) -> Setting:
    return Inputs(data_dir=str(data_dir)).setting("drought")


def _irrigation_m3(setting: Setting, day: date, days: int) -> pd.Series:
    times = operating_window(day, setting.utc_offset_h, setting.district.step_minutes, days=days)
    drawn = profiles(setting.district, setting.trace(times), remember(setting.district, setting.history(times[0])))
    return drawn.groupby("time_utc")["irrigation_m3_h"].sum()


def test_the_garden_is_watered_on_the_same_days_whichever_day_asks(drought: Setting) -> None:
    whole = _irrigation_m3(drought, date(2025, 7, 1), 14)
    assert (whole > 0).any()
    for start in (2, 5, 9, 13):
        asked = _irrigation_m3(drought, date(2025, 7, start), 2)
        pd.testing.assert_series_equal(asked, whole[asked.index], rtol=1e-9, check_freq=False)


def test_the_planner_knows_the_past_and_expects_the_rest(drought: Setting) -> None:
    start = day_start_utc(date(2025, 7, 15), drought.utc_offset_h)
    issued = start - pd.Timedelta(hours=12)
    known, came = drought.expected_memory(issued, start), drought.memory(start)
    assert known.until_utc == came.until_utc == start
    assert known.water_c != came.water_c
    assert known.water_c == pytest.approx(came.water_c, abs=1.0)
    assert drought.expected_memory(issued, issued) == drought.memory(issued)


def test_the_past_is_remembered_alike_whichever_day_asks_first(data_dir: Path) -> None:
    """Read once for a year of days, or from a history that ends with the day that asks; on 2 March it starts anew."""
    days = [date(2025, 3, 1), date(2025, 3, 2), date(2025, 12, 30)]
    setting = Inputs(data_dir=str(data_dir)).setting("base")
    starts = [day_start_utc(day, setting.utc_offset_h) for day in days]
    for start in reversed(starts):
        asked = remember(setting.district, setting.history(start))
        assert setting.memory(start).until_utc == asked.until_utc == start
        assert setting.memory(start).water_c == pytest.approx(asked.water_c, abs=1e-6)
        for node, soil in setting.memory(start).soils.items():
            assert soil.depletion_mm == pytest.approx(asked.soils[node].depletion_mm, abs=1e-6)


def test_an_edited_input_is_read_anew_and_an_unchanged_one_is_kept(own_data: Path) -> None:
    inputs = Inputs(data_dir=str(own_data))
    first = inputs.setting("base")
    assert inputs.setting("base") is first
    path = own_data / "districts" / "econex" / "district.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("capacity_kwh: 13.5", "capacity_kwh: 14.0"), encoding="utf-8"
    )
    second = inputs.setting("base")
    assert second.digest != first.digest
    assert second.district.storages["battery_1"].capacity_kwh == 14.0


def test_the_digest_follows_files_the_district_names(own_data: Path) -> None:
    inputs = Inputs(data_dir=str(own_data))
    first = inputs.setting("base").digest
    (own_data / "weather" / "unused.csv").write_text("nobody reads this\n", encoding="utf-8")
    assert inputs.setting("base").digest == first
    network = own_data / "districts" / "econex" / "network.inp"
    network.write_text(network.read_text(encoding="utf-8") + "\n; a remark\n", encoding="utf-8")
    assert inputs.setting("base").digest != first


def test_the_digest_follows_a_network_that_stands_in_another_folder(own_data: Path) -> None:
    drawings = own_data / "districts" / "econex" / "drawings"
    drawings.mkdir()
    network = (drawings.parent / "network.inp").rename(drawings / "network.inp")
    case = "district: econex\ndescription: Another drawing.\nchanges: {network_file: drawings/network.inp}\n"
    (own_data / "cases" / "drawn.yaml").write_text(case, encoding="utf-8")
    inputs = Inputs(data_dir=str(own_data))
    first = inputs.setting("drawn").digest
    network.write_text(network.read_text(encoding="utf-8") + "\n; a remark\n", encoding="utf-8")
    assert inputs.setting("drawn").digest != first


def test_a_page_is_named_by_its_operating_date_east_of_greenwich_too(own_data: Path, tmp_path: Path) -> None:
    path = own_data / "districts" / "econex" / "district.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("utc_offset_h: -5", "utc_offset_h: 10"), encoding="utf-8")
    setting = Inputs(data_dir=str(own_data)).setting("base")
    day = Day(setting, date(2025, 7, 15), Storage(root=str(tmp_path / "storage")), RunOptions())
    assert day.key == "2025-07-14"
    assert Path(day.page("report")) == tmp_path / "storage" / "report" / "base" / "2025-07-15.html"
