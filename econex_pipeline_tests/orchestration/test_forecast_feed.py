"""A day planned and operated by a feed of forecasts: that of the law itself, whole, with a hole, and growing."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.contracts.time import steps
from econex_pipeline.control.fallback import Cause
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.assets.operations import operate_days
from econex_pipeline.orchestration.hours import OperatedHour
from econex_pipeline.orchestration.recipe import HOURS, Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.scenarios import forecast

DATE = date(2025, 7, 14)
LAW, FED = "law", "fed"
FILE = "forecasts/law.parquet"
CASES = {
    LAW: "district: two_homes\ndescription: By the law.\nchanges:\n  scenarios: {drawn: 4, kept: 2}\n",
    FED: (
        "district: two_homes\ndescription: By a feed.\nchanges:\n  scenarios: {drawn: 4, kept: 2}\n"
        "  forecast:\n    feed: {file: law.parquet, format: parquet, max_age_h: 0.5, source: the law itself}\n"
    ),
}

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Site:
    """A data folder and what was made from it."""

    data: Path
    root: Path

    def day(self, case: str) -> Day:
        """The day of a case; its files are read anew where they have changed."""
        return Day(Inputs(data_dir=str(self.data)).setting(case), DATE, Storage(root=str(self.root)), RunOptions())

    def plan(self, case: str) -> list[bool]:
        """Make the day's tables; which ones were there already."""
        return [ensure(entry, self.day(case))[0] for entry in DAY_AHEAD]

    def operate(self, case: str) -> list[OperatedHour]:
        """Operate the day's hours."""
        day = self.day(case)
        ((_, hours),) = operate_days(day.hour_keys, day.setting, day.storage, RunOptions())
        return list(hours)

    def noted(self, case: str, hour: int) -> dict:
        """What is kept with an hour."""
        day = self.day(case)
        return day.storage.extra(HOURS, case, day.hour_keys[hour])


def forecasts_of_the_law(day: Day) -> pd.DataFrame:
    """What the law expects at the issue of the plan and at each hour, each cut as the pipeline cuts it."""
    setting, noon = day.setting, day.issued_at_utc
    windows = [(noon, steps(noon, 12, 60)), (noon, day.horizon)]
    windows += [(start, steps(start, 24, 60)) for start in day.times]
    trace = setting.trace(steps(noon, 72, 60))
    made = [forecast(setting.district, setting.climatology, trace, issue, times) for issue, times in windows]
    return pd.concat(made, ignore_index=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Site:
    """Both cases planned and operated."""
    folder = tmp_path_factory.mktemp("fed")
    site = Site(Path(shutil.copytree(data_dir, folder / "data")), folder / "storage")
    for case, text in CASES.items():
        (site.data / "cases" / f"{case}.yaml").write_text(text, encoding="utf-8")
    (site.data / "forecasts").mkdir()
    forecasts_of_the_law(site.day(LAW)).to_parquet(site.data / FILE)
    for case in CASES:
        site.plan(case)
        site.operate(case)
    return site


@pytest.fixture
def site(made: Site, tmp_path: Path) -> Site:
    """A copy that a test may change."""
    return Site(
        Path(shutil.copytree(made.data, tmp_path / "data")), Path(shutil.copytree(made.root, tmp_path / "storage"))
    )


def rewrite(site: Site, change) -> None:
    path = site.data / FILE
    change(pd.read_parquet(path)).to_parquet(path)


def test_a_feed_of_the_laws_own_forecasts_changes_nothing(made: Site) -> None:
    law, fed = made.day(LAW), made.day(FED)
    for entry in DAY_AHEAD:
        pd.testing.assert_frame_equal(fed.table(entry), law.table(entry), check_exact=True)
    pd.testing.assert_frame_equal(fed.operations, law.operations, check_exact=True)


def test_hours_without_a_forecast_are_operated_and_say_so(site: Site) -> None:
    start = site.day(FED).times[0]
    lost = [start + pd.Timedelta(hours=hour) for hour in (5, 6)]
    rewrite(site, lambda feed: feed[~(feed["time_utc"] - pd.to_timedelta(feed["lead_h"], unit="h")).isin(lost)])
    hours = site.operate(FED)
    assert [number for number, hour in enumerate(hours) if not hour.reused][:2] == [5, 6]
    assert [number for number, hour in enumerate(hours) if hour.fallbacks] == [5, 6]
    for number in (5, 6):
        assert "law.parquet: time_utc: no forecast at 2025-07-14T" in site.noted(FED, number)["forecast_missing"]
    assert "forecast_missing" not in site.noted(FED, 7)
    operations = site.day(FED).operations
    causes = operations[operations["quantity"] == "fallback_cause"].set_index("time_utc")["value"]
    assert (causes[lost] == float(Cause.FORECAST_MISSING)).all()


def test_a_feed_that_grows_changes_nothing_that_was_made_before(site: Site) -> None:
    rewrite(site, lambda feed: pd.concat([feed, feed.tail(1).assign(lead_h=0.0)]))
    assert all(site.plan(FED))
    assert all(hour.reused for hour in site.operate(FED))


def test_a_plan_without_a_forecast_is_refused_in_words(site: Site) -> None:
    noon = site.day(FED).issued_at_utc
    rewrite(site, lambda feed: feed[feed["time_utc"] - pd.to_timedelta(feed["lead_h"], unit="h") > noon])
    with pytest.raises(ForecastMissing, match=r"no forecast at 2025-07-13T17:00Z of .*; the first issue is of"):
        site.plan(FED)
