"""A day that follows one which was run before the district was edited."""

from datetime import date
from pathlib import Path

import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.time import day_start_utc
from econex_pipeline.control import ControlState
from econex_pipeline.orchestration import hours
from econex_pipeline.orchestration.hours import Hour, OperatedDay
from econex_pipeline.orchestration.recipe import Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs, Setting
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.treatment import MembraneState
from econex_pipeline.twin import TwinState

DATE = date(2025, 7, 15)
BATTERY = "node: home_2, layer: E, capacity_kwh: 8.0, start_kwh: 1.0, power_kw: 4.0, round_trip_frac: 0.9"


@pytest.fixture
def edited(own_data: Path) -> Setting:
    """The pilot with a battery more, and a cistern of half the size."""
    (own_data / "cases" / "edited.yaml").write_text(
        "district: econex\ndescription: edited\nchanges:\n  storages:\n"
        f"    battery_2: {{{BATTERY}, source: assumption}}\n    cistern: {{capacity_m3: 10.0}}\n"
        "  end_values: {cistern: [{up_to_m3: 10.0, value_usd_m3: 1.0}]}\n"
    )
    return Inputs(data_dir=str(own_data)).setting("edited")


def left_by(setting: Setting) -> ControlState:
    """What the day before left behind in the district of this setting, its cistern at 15 m3."""
    amounts = {
        name: 15.0 if name == "cistern" else storage.start for name, storage in setting.district.storages.items()
    }
    batteries = {name: amounts.pop(name) for name in setting.district.batteries}
    start = day_start_utc(DATE, setting.utc_offset_h)
    membranes = {name: MembraneState(irreversible_1_m=1e11) for name in setting.district.treatments}
    return ControlState(TwinState(start, amounts, batteries, membranes))


def stand_after(left: ControlState, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hour before have ended in this state."""
    monkeypatch.setattr(Hour, "stored", lambda hour: object())
    monkeypatch.setattr(hours, "end_state", lambda record: left)


def hour(setting: Setting, tmp_path: Path, number: int) -> Hour:
    day = Day(setting, DATE, Storage(root=str(tmp_path / "storage")), RunOptions())
    return Hour(OperatedDay(day), day.hour_keys[number])


def test_what_stayed_keeps_its_amount_and_what_is_new_has_its_start(edited: Setting) -> None:
    carried = edited.carried({"battery_1": 7.0, "cistern": 15.0, "gone": 3.0})
    assert set(carried) == set(edited.district.storages)
    assert carried["battery_1"] == 7.0
    assert carried["battery_2"] == 1.0
    assert carried["cistern"] == 10.0


def test_a_day_starts_with_what_the_one_before_left_in_storages_that_stayed(
    edited: Setting, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pilot = Inputs(data_dir=str(data_dir)).setting("base")
    stand_after(left_by(pilot), monkeypatch)
    amounts = hour(edited, tmp_path, 0).start_state().twin.amounts()
    assert amounts["cistern"] == 10.0
    assert amounts["battery_2"] == 1.0
    with pytest.raises(InputError, match="to be operated first with the district as it stands"):
        hour(edited, tmp_path, 5).start_state()


def test_an_unchanged_district_goes_on_exactly_where_it_was(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pilot = Inputs(data_dir=str(data_dir)).setting("base")
    left = left_by(pilot)
    stand_after(left, monkeypatch)
    assert hour(pilot, tmp_path, 0).start_state().to_json() == left.to_json()
