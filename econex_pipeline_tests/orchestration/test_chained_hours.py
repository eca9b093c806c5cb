"""Hours as a chain of records: what a change computes anew, what chance and interruption cannot change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.assets.operations import operate_days
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.assets.surroundings import PRICES
from econex_pipeline.orchestration.recipe import HOURS, Recipe, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.orchestration import chains

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> tuple[Path, Path, Path]:
    """Data folder, storage with plans only, and storage with all hours operated undisturbed."""
    folder = tmp_path_factory.mktemp("chained")
    data, plans = chains.planned(data_dir, folder)
    operated = Path(shutil.copytree(plans, folder / "operated"))
    chains.operate(data, operated)
    return data, plans, operated


@pytest.fixture
def data(prepared: tuple[Path, Path, Path]) -> Path:
    return prepared[0]


@pytest.fixture
def plans(prepared: tuple[Path, Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared[1], tmp_path / "plans"))


@pytest.fixture
def operated(prepared: tuple[Path, Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared[2], tmp_path / "operated"))


@pytest.fixture
def undisturbed(prepared: tuple[Path, Path, Path]) -> dict[str, bytes]:
    return chains.records(prepared[2])


def edit(data: Path, root: Path, day: int, entry: Recipe, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Put a changed table in the place of a day's own."""
    there = chains.days(chains.setting(data), root)[day]
    origin = there.storage.origin(entry.name, chains.CASE, there.key)
    assert origin is not None
    extra = there.extra(entry)
    there.storage.write(change(there.table(entry)), entry.contract, entry.name, there.key, origin, extra)


def computed(data: Path, root: Path) -> list[int]:
    """Operate all hours; give the numbers of those that were computed anew."""
    return [number for number, hour in enumerate(chains.operate(data, root).values()) if not hour.reused]


def dearer(at: pd.Timestamp) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Make electricity a tenth dearer in one step."""

    def change(prices: pd.DataFrame) -> pd.DataFrame:
        column = "buy_price_usd_kwh"
        return prices.assign(**{column: prices[column].mask(prices["time_utc"] == at, prices[column] * 1.1)})

    return change


def test_operated_hours_are_reused(data: Path, operated: Path, undisturbed: dict[str, bytes]) -> None:
    assert computed(data, operated) == []
    assert chains.records(operated) == undisturbed


def test_another_plan_of_the_second_day_leaves_the_first_day_as_it_is(data: Path, operated: Path) -> None:
    """The controller follows the changed schedule from the second day's first hour on; the rest starts elsewhere."""

    def import_more(plan: pd.DataFrame) -> pd.DataFrame:
        scheduled = plan["quantity"] == "schedule_kw"
        return plan.assign(value=plan["value"].mask(scheduled, plan["value"] + 0.5))

    edit(data, operated, 1, PLAN, import_more)
    anew = computed(data, operated)
    assert anew[:24] == list(range(24, 48))
    assert min(anew) == 24


def test_a_price_that_only_late_hours_see_leaves_early_hours_as_they_are(data: Path, operated: Path) -> None:
    """Step 60 from the start stands in the look-ahead of the second day; an hour looks 25 h ahead of its start."""
    first = chains.days(chains.setting(data), operated)[0].times[0]
    edit(data, operated, 1, PRICES, dearer(first + pd.Timedelta(hours=60)))
    anew = computed(data, operated)
    assert min(anew) == 60 - 24
    assert set(range(36, 48)) <= set(anew)


CASE_FILE, DISTRICT_FILE = f"cases/{chains.CASE}.yaml", "districts/two_homes/district.yaml"
BURST = "  events:\n    burst: {kind: demand_burst, element: farm, load_kw: 1.0, source: a test, "
LATE = BURST + "start: '2025-07-16 20:00 standard', end: '2025-07-16 21:00 standard'}\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "first_anew"),
    [
        pytest.param(CASE_FILE, "kept: 2}\n", f"kept: 2}}\n{LATE}", 68 - 24, id="an event on the last evening"),
        pytest.param(DISTRICT_FILE, '"00-16": 0.05', '"00-16": 0.04', None, id="another tariff in winter"),
    ],
)
def test_an_edit_of_the_case_leaves_alone_the_hours_that_do_not_see_it(
    data: Path, operated: Path, tmp_path: Path, file: str, old: str, new: str, first_anew: int | None
) -> None:
    """As if each hour had been operated with the edit from the first; plans are made anew and come out the same."""
    edited, fresh = Path(shutil.copytree(data, tmp_path / "data")), tmp_path / "fresh"
    text = (edited / file).read_text(encoding="utf-8")
    assert old in text
    (edited / file).write_text(text.replace(old, new), encoding="utf-8")
    for root in (operated, fresh):
        for day in chains.days(chains.setting(edited), root):
            for entry in DAY_AHEAD:
                ensure(entry, day)
    anew = computed(edited, operated)
    assert (min(anew) if anew else None) == first_anew
    chains.operate(edited, fresh)
    assert chains.records(operated) == chains.records(fresh)


def test_where_an_hour_ends_as_before_the_later_ones_are_reused(
    data: Path, operated: Path, undisturbed: dict[str, bytes]
) -> None:
    """A lost hour is made again; those after it start from the same state, so they stay."""
    storage, asked = Storage(root=str(operated)), chains.keys(chains.setting(data))
    for number in (0, 30, 71):
        Path(storage.where(HOURS, chains.CASE, asked[number])).unlink()
    assert computed(data, operated) == [0, 30, 71]
    assert chains.records(operated) == undisturbed


def test_an_hour_that_the_disk_lost_half_of_is_made_again(
    data: Path, operated: Path, undisturbed: dict[str, bytes]
) -> None:
    storage, asked = Storage(root=str(operated)), chains.keys(chains.setting(data))
    path = Path(storage.where(HOURS, chains.CASE, asked[40]))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    assert computed(data, operated) == [40]
    assert chains.records(operated) == undisturbed


def test_hours_resumed_one_run_each_are_those_of_one_run(
    data: Path, plans: Path, undisturbed: dict[str, bytes]
) -> None:
    """Nothing but what a record holds passes from hour to hour: warm starts and what was learnt are in it."""
    asked = chains.keys(chains.setting(data))[:30]
    for key in asked:
        chains.operate(data, plans, [key])
    assert chains.records(plans) == dict(list(undisturbed.items())[:30])


def test_hours_that_ran_out_of_a_chosen_time_are_not_kept_by_a_run_that_leaves_them_theirs(
    data: Path, plans: Path, undisturbed: dict[str, bytes]
) -> None:
    of, first = chains.setting(data), chains.keys(chains.setting(data))[:3]
    hasty = RunOptions(hour_time_limit_s=1e-9)
    ((_, hours),) = operate_days(first, of, Storage(root=str(plans)), hasty)
    assert [hour.fallbacks for hour in hours] == [1, 1, 1]
    again = chains.operate(data, plans, first)
    assert [hour.fallbacks for hour in again.values()] == [0, 0, 0]
    assert chains.records(plans) == dict(list(undisturbed.items())[:3])


def test_a_day_says_that_it_does_not_start_where_the_one_before_ended(data: Path, plans: Path) -> None:
    (first, second, _), storage = chains.days(chains.setting(data), plans), Storage(root=str(plans))
    chains.operate(data, plans, [*first.hour_keys[:20], *second.hour_keys])
    seam = storage.extra(HOURS, chains.CASE, second.hour_keys[0])["seam"]
    assert seam.startswith(f"of the day before, hours are there up to {first.hour_keys[19]} UTC and none after it")
    assert not any("seam" in storage.extra(HOURS, chains.CASE, key) for key in second.hour_keys[1:])
    chains.operate(data, plans, [*first.hour_keys[20:], *second.hour_keys])
    assert "seam" not in storage.extra(HOURS, chains.CASE, second.hour_keys[0])


def test_the_first_day_of_all_starts_nowhere_else(data: Path, operated: Path) -> None:
    storage = Storage(root=str(operated))
    keys = [day.hour_keys[0] for day in chains.days(chains.setting(data), operated)]
    assert not any("seam" in storage.extra(HOURS, chains.CASE, key) for key in keys)


def test_an_hour_in_the_middle_of_nothing_is_refused(data: Path, plans: Path) -> None:
    with pytest.raises(InputError, match="2025-07-15-07:00, to be operated first"):
        chains.operate(data, plans, ["2025-07-15-08:00"])


def test_two_runs_of_the_same_hours_write_them_once(data: Path, plans: Path, undisturbed: dict[str, bytes]) -> None:
    processes = [chains.start(data, plans) for _ in range(2)]
    said = [process.communicate()[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(int(lines[-1]) for lines in said) == [0, 72]
    assert any(lines[0].startswith("waits for a test, process") for lines in said)
    assert chains.records(plans) == undisturbed


def test_two_writers_without_a_lock_write_the_same_bytes(
    data: Path, plans: Path, undisturbed: dict[str, bytes]
) -> None:
    """Should a lock ever fail, the second writer puts the same bytes in the same place."""
    process = chains.start(data, plans)
    chains.operate(data, plans)
    process.communicate()
    assert process.returncode == 0
    assert chains.records(plans) == undisturbed


def test_the_order_of_hashes_changes_no_byte(data: Path, plans: Path, undisturbed: dict[str, bytes]) -> None:
    process = chains.start(data, plans, PYTHONHASHSEED="1234")
    process.communicate()
    assert process.returncode == 0
    assert chains.records(plans) == undisturbed


def test_a_killed_writer_leaves_no_litter_behind_the_next(tmp_path: Path) -> None:
    storage = Storage(root=str(tmp_path))
    with storage.alone(HOURS, chains.CASE, "first", waits=print):
        pass
    litter = Path(storage.where(HOURS, chains.CASE, "x")).with_name(".x.parquet.0a.beside")
    litter.write_bytes(b"half")
    with storage.alone(HOURS, chains.CASE, "second", waits=print):
        assert not litter.exists()


def test_a_changed_code_computes_anew(data: Path, operated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econex_pipeline.orchestration.hours.code_version", lambda *rooms: "edited")
    first = chains.keys(chains.setting(data))[:2]
    assert [hour.reused for hour in chains.operate(data, operated, first).values()] == [False, False]
