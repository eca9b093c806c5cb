"""A day with the schedules on: the daemon runs for real, and only its clock is moved.

The day is lived once, in the fixture; the tests ask what came of it. Files are broken and mended while it goes on.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from econex_pipeline.contracts.time import day_start_utc
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.assets.reporting import REPORT
from econex_pipeline.orchestration.recipe import HOURS, Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.orchestration.notify.servers import Hook, Letters, hook_server, mail_server
from econex_pipeline_tests.orchestration.test_forecast_feed import forecasts_of_the_law
from econex_pipeline_tests.services.dagster_servers import DAEMON, Servers, instance_home
from econex_pipeline_tests.services.moved_clock import MovedClock

pytestmark = pytest.mark.services

LAW, FED = "law", "fed"
CASE, DAY = FED, date(2025, 7, 15)
UTC_OFFSET_H = -5
FEED = "law.parquet"
CASES = {
    LAW: "district: two_homes\ndescription: By the law.\nchanges:\n  scenarios: {drawn: 4, kept: 2}\n",
    FED: (
        "district: two_homes\ndescription: By a feed.\nchanges:\n  scenarios: {drawn: 4, kept: 2}\n"
        f"  forecast:\n    feed: {{file: {FEED}, format: parquet, max_age_h: 0.5, source: the law itself}}\n"
    ),
}
PRICE = r"(?m)^(  water_buy_usd_m3:) \S+$"
PLANNED_AT_H = 16
AUTOMATION = f"""
cases: [fed]
planning: {{at: "{PLANNED_AT_H}:00"}}
catch_up: {{grace_minutes: 20}}
notify:
  webhook: {{}}
  mail: {{host: 127.0.0.1, port: PORT, security: none, sender: a@example, recipients: [b@example], least: error}}
"""
SWITCHES = {
    "schedule": [f"plan_next_day_{CASE}", f"operate_each_hour_{CASE}", f"report_each_day_{CASE}", "weekly_retention"],
    "sensor": ["catch_up", "replan", "alarms"],
}
RUNS = "{ runsOrError { ... on Runs { results { status tags { key value } } } } }"
UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
LOOK_S = 0.5
LONGEST_S = 240.0  # a machine that is busy with other things too takes its time
KEYS = partitions.keys_of_hours(DAY, UTC_OFFSET_H)
NEXT_DAY = DAY + timedelta(days=1)


@dataclass
class Life:
    """A case that runs by itself, who is told, and what was seen of it on the way."""

    clock: MovedClock
    servers: Servers
    home: Path
    data: Path
    storage: Storage
    hook: Hook
    letters: Letters
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def feed(self) -> Path:
        return self.data / "forecasts" / FEED

    def turn_on(self) -> None:
        """Turn every switch."""
        for kind, names in SWITCHES.items():
            for name in names:
                self.servers.turn_on(kind, name)

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the oldest first: status, who asked for it, first and last partition."""
        found = []
        for run in reversed(self.servers.query(RUNS)["runsOrError"]["results"]):
            tags = {tag["key"]: tag["value"] for tag in run["tags"]}
            asked_by = tags.get("dagster/schedule_name") or tags.get("dagster/sensor_name")
            keys = tags.get(ASSET_PARTITION_RANGE_START_TAG), tags.get(ASSET_PARTITION_RANGE_END_TAG)
            found.append({"status": run["status"], "asked_by": asked_by, "keys": keys})
        return found

    def there(self, table: str, key: str) -> bool:
        return self.storage.digest(table, CASE, key) is not None

    def operated(self) -> list[str]:
        """Hours of the day that are there."""
        return [key for key in KEYS if self.there(HOURS, key)]

    def planned(self, day: date) -> bool:
        return self.there(PLAN.name, partitions.key_of_day(day, UTC_OFFSET_H))

    def inputs_of_the_next_plan(self) -> str:
        """Digest of what the plan of the next day was made from."""
        origin = self.storage.origin(PLAN.name, CASE, partitions.key_of_day(NEXT_DAY, UTC_OFFSET_H))
        assert origin is not None
        return origin.inputs_digest

    def water_costs(self, price: str) -> None:
        """Write another tariff."""
        district = self.data / "districts" / "two_homes" / "district.yaml"
        text = re.sub(PRICE, rf"\1 {price}", district.read_text(encoding="utf-8"))
        district.write_text(text, encoding="utf-8")

    def told(self, event: str, alarm: str) -> list[dict[str, Any]]:
        """What the webhook got of an alarm."""
        return [post for post in self.hook.posts if post["event"] == event and post["alarm"].startswith(alarm)]

    def put(self, hour: int, minute: int) -> None:
        """Put the clock to a time of the day at the site, as soon as nothing is being made; but never back."""
        self.until(lambda: not any(run["status"] in UNFINISHED for run in self.runs()), "the end of all runs")
        self.clock.put(max(_at(hour, minute), self.clock.now))

    def early(self, hour: int, minute: int) -> None:
        """Refuse to go on where a busy machine has let the time pass at which something was to happen next."""
        if self.clock.now >= _at(hour, minute):
            raise TimeoutError(f"it is {self.clock.now} already, {hour}:{minute:02d} at the site has passed")

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds."""
        until = time.monotonic() + LONGEST_S
        while not holds():
            if time.monotonic() > until:
                raise TimeoutError(f"waited in vain at {self.clock.now}: {what}; see {self.servers.folder}")
            time.sleep(LOOK_S)


def _at(hour: int, minute: int) -> datetime:
    """A time of the day at the site."""
    return day_start_utc(DAY, UTC_OFFSET_H).to_pydatetime() + timedelta(hours=hour, minutes=minute)


def _inputs(data_dir: Path, folder: Path) -> Path:
    """Give a data folder with one case, whose forecasts come as a file."""
    data = Path(shutil.copytree(data_dir, folder / "data"))
    for case in (data / "cases").glob("*.yaml"):
        case.unlink()
    law, fed = data / "cases" / f"{LAW}.yaml", data / "cases" / f"{FED}.yaml"
    law.write_text(CASES[LAW], encoding="utf-8")
    setting, storage = Inputs(data_dir=str(data)).setting(LAW), Storage(root=str(folder / "nothing"))
    made = [forecasts_of_the_law(Day(setting, day, storage, RunOptions())) for day in (DAY, NEXT_DAY)]
    (data / "forecasts").mkdir()
    pd.concat(made).drop_duplicates(["time_utc", "lead_h"]).to_parquet(data / "forecasts" / FEED)
    law.unlink()
    fed.write_text(CASES[FED], encoding="utf-8")
    return data


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life")
    data, home, root = _inputs(data_dir, folder), instance_home(folder), folder / "storage"
    with MovedClock(folder / "clock", _at(0, 15)) as clock, hook_server() as hook, mail_server() as (letters, port):
        (data / "automation.yaml").write_text(AUTOMATION.replace("PORT", str(port)), encoding="utf-8")
        places = {
            "DAGSTER_HOME": str(home),
            "ECONEX_DATA": str(data),
            "ECONEX_STORAGE": str(root),
            "ECONEX_WEBHOOK_URL": hook.url,
            **clock.environment,
        }
        with Servers(folder / "servers", "econex_pipeline.definitions", places) as servers:
            lived = Life(clock, servers, home, data, Storage(root=str(root)), hook, letters)
            _live(lived)
            yield lived


def _live(life: Life) -> None:
    """Live the day: an hour on time, some while the daemon is away, two broken files, another tariff, the rest."""
    life.turn_on()
    life.until(lambda: life.planned(DAY), "the plan of the present day, which is not there when all is turned on")
    life.put(1, 5)
    life.until(life.operated, "the first hour")

    daemon = life.servers.running[DAEMON]
    daemon.terminate()
    daemon.wait(60)
    life.put(8, 20)
    life.seen["hours before the daemon came back"] = life.operated()
    life.servers.start(DAEMON)
    life.until(lambda: len(life.operated()) == 8, "the hours that were missed")

    life.put(8, 58)
    life.water_costs("cheap")
    life.early(9, 5)
    life.until(lambda: life.told("raised", "run_failed:operate"), "the alarm of a tariff that is no number")
    life.put(9, 25)
    life.until(lambda: life.told("raised", "plan_stale"), "the alarm of a plan whose inputs cannot be read")
    life.seen["hours with a broken tariff"] = life.operated()
    life.water_costs("2.63")
    life.put(10, 25)
    life.until(lambda: len(life.operated()) == 10, "the hours that waited for the tariff")
    life.until(lambda: len(life.told("cleared", "")) == len(life.told("raised", "")), "the end of these alarms")

    whole = life.feed.read_bytes()
    life.feed.write_bytes(whole[: len(whole) // 2])
    life.early(PLANNED_AT_H, 0)
    life.put(PLANNED_AT_H, 0)
    life.until(lambda: life.told("raised", "run_failed:day_ahead"), "the alarm of a plan without forecasts")
    life.seen["planned with a broken feed"] = life.planned(NEXT_DAY)
    life.feed.write_bytes(whole)
    life.put(PLANNED_AT_H + 1, 25)
    life.until(lambda: life.planned(NEXT_DAY), "the plan of the next day")
    life.until(lambda: len(life.told("cleared", "")) == len(life.told("raised", "")), "the end of these alarms")

    before = life.inputs_of_the_next_plan()
    life.water_costs("3.10")
    life.until(lambda: life.inputs_of_the_next_plan() != before, "the plan of the next day anew, by another tariff")

    life.put(24, 5)
    life.until(lambda: len(life.operated()) == 24, "all hours of the day")
    life.put(24, 25)
    life.until(lambda: life.there(REPORT.name, partitions.key_of_day(DAY, UTC_OFFSET_H)), "the page of the day")
    life.until(lambda: len(life.told("cleared", "")) == len(life.told("raised", "")), "the end of all alarms")


def test_plan_hours_and_page_of_the_day_are_there_and_the_plan_of_the_next(life: Life) -> None:
    assert life.planned(DAY)
    assert life.operated() == KEYS
    assert life.there(REPORT.name, partitions.key_of_day(DAY, UTC_OFFSET_H))
    assert life.planned(NEXT_DAY)


def test_what_is_due_is_asked_for_by_its_schedule_and_what_is_missing_by_the_sensor(life: Life) -> None:
    plan, hour, *_ = life.runs()
    assert plan["asked_by"] == "catch_up"
    assert hour["asked_by"] == f"operate_each_hour_{CASE}"
    assert hour["keys"] == (KEYS[0], KEYS[0])


def test_missed_hours_are_caught_up_in_order(life: Life) -> None:
    assert life.seen["hours before the daemon came back"] == KEYS[:1]
    with dg.DagsterInstance.from_config(str(life.home)) as instance:
        records = instance.fetch_materializations(dg.AssetKey([HOURS, CASE]), limit=1000).records
    came = dict.fromkeys(record.partition_key for record in sorted(records, key=lambda record: record.storage_id))
    assert list(came) == KEYS


def test_another_tariff_has_the_next_day_planned_anew(life: Life) -> None:
    plans = [run for run in life.runs() if run["keys"][0] == partitions.key_of_day(NEXT_DAY, UTC_OFFSET_H)]
    assert [(run["asked_by"], run["status"]) for run in plans] == [
        (f"plan_next_day_{CASE}", "FAILURE"),
        ("catch_up", "SUCCESS"),
        ("replan", "SUCCESS"),
    ]


def test_nothing_is_made_from_files_that_are_broken(life: Life) -> None:
    assert life.seen["hours with a broken tariff"] == KEYS[:8]
    assert not life.seen["planned with a broken feed"]


@pytest.mark.parametrize(
    ("alarm", "said"),
    [
        ("run_failed:operate", "district.yaml: tariffs.water_buy_usd_m3: a number is needed here"),
        ("plan_stale", "district.yaml: tariffs.water_buy_usd_m3: a number is needed here"),
        ("run_failed:day_ahead", f"{FEED}: content is"),
    ],
)
def test_a_broken_file_is_told_with_its_sentence_and_its_end_too(life: Life, alarm: str, said: str) -> None:
    raised, cleared = life.told("raised", alarm)[0], life.told("cleared", alarm)[0]
    assert said in raised["text"]
    assert raised["case"] == CASE
    assert cleared["since_utc"] == raised["since_utc"]
    assert cleared["at_utc"] > raised["at_utc"]


def test_errors_come_by_mail_too_each_once_and_so_does_their_end(life: Life) -> None:
    posted = [(post["event"], post["text"]) for post in life.hook.posts if post["severity"] == "error"]
    mailed = [(str(letter["Subject"]).split()[0], letter.get_content()) for letter in life.letters.letters]
    assert [{"raised": "ERROR", "cleared": "OVER"}[event] for event, _ in posted] == [word for word, _ in mailed]
    for (_, said), (_, letter) in zip(posted, mailed, strict=True):
        assert said in letter
    assert set(life.letters.recipients[0]) == {"b@example"}


def test_in_the_end_nothing_is_wrong(life: Life) -> None:
    raised, cleared = (sorted(post["alarm"] for post in life.told(event, "")) for event in ("raised", "cleared"))
    assert raised == cleared
    assert len(set(raised)) == len(raised)
