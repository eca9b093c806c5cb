"""A day with troubles, looked at by the sensor: what reaches a mail server and a webhook, and what does not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from dagster._core.test_utils import create_run_for_test

from econex_pipeline.contracts import Provenance
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.automation import retention
from econex_pipeline.orchestration.automation.due import Site
from econex_pipeline.orchestration.automation.settings import Automation, Mail, Notify, Webhook
from econex_pipeline.orchestration.notify.sensor import PREFIX, alarm_sensor
from econex_pipeline.orchestration.notify.ways import MailTeller, WebhookTeller
from econex_pipeline.orchestration.recipe import HOURS, Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline_tests.orchestration.notify.servers import Hook, Letters, hook_server, mail_server

SITE = Site("base", "base", -5, date(2025, 1, 1))
DAY = date(2025, 7, 15)
KEY = partitions.key_of_day(DAY, -5)
HOUR_KEYS = partitions.keys_of_hours(DAY, -5)
NOON = datetime(2025, 7, 15, 17, tzinfo=UTC)
TOLD = Notify(
    webhook=Webhook(), mail=Mail(host="127.0.0.1", security="none", sender="a@b", recipients=["c@d"], least="error")
)


@dataclass
class Watched:
    """A case, its instance and storage, and who is told."""

    instance: dg.DagsterInstance
    data: Path
    storage: Storage
    hook: Hook
    letters: Letters
    resources: dict[str, object]
    cursor: str | None = None
    clock: list[datetime] = field(default_factory=lambda: [NOON])

    def look(self, minutes: float = 0) -> list[tuple[str, str]]:
        """Let time pass, look, and give what the webhook got by it."""
        self.clock[0] += timedelta(minutes=minutes)
        before = len(self.hook.posts)
        sensor = alarm_sensor([SITE], Automation(notify=TOLD), clock=lambda: self.clock[0])
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor, resources=self.resources) as context:
            self.cursor = sensor.evaluate_tick(context).cursor
        return [(post["event"], post["kind"]) for post in self.hook.posts[before:]]

    def plan(self) -> None:
        """Put a plan of the day in its place, made from the inputs as they are."""
        setting = Inputs(data_dir=str(self.data)).setting("base")
        day = Day(setting, DAY, self.storage, RunOptions())
        row = {"scenario": -1, "time_utc": day.times[0], "element": "treatment", "quantity": "flow_m3_h", "value": 0.1}
        origin = Provenance("base", day.issued_at_utc.isoformat(), PLAN.version, PLAN.digest(day))
        self.storage.write(pd.DataFrame([row]), "PLAN", "plan", KEY, origin)
        self.instance.report_runless_asset_event(dg.AssetMaterialization(asset_key=["plan", "base"], partition=KEY))

    def operate(self, hour: int, unserved_kw: float = 0.0, fallbacks: float = 0.0) -> None:
        """Put an operated hour in its place."""
        key = HOUR_KEYS[hour]
        values = {("controller", "fallback_count"): fallbacks, ("unserved.hub.E", "power_kw"): unserved_kw}
        rows = [
            {
                "time_utc": partitions.hour_of_key(key),
                "element": element,
                "quantity": quantity,
                "basis": "delivered",
                "value": value,
            }
            for (element, quantity), value in values.items()
        ]
        origin = Provenance("base", partitions.hour_of_key(key).isoformat(), "1", "2")
        self.storage.write(pd.DataFrame(rows), "OPERATIONS", HOURS, key, origin)


@pytest.fixture
def watched(tmp_path: Path, own_data: Path) -> Iterator[Watched]:
    storage = Storage(root=str(tmp_path / "storage"))
    with (
        dg.instance_for_test(temp_dir=str(tmp_path)) as instance,
        hook_server() as hook,
        mail_server() as (letters, port),
    ):
        mail = MailTeller(host="127.0.0.1", port=port, security="none", sender="a@b", recipients=["c@d"])
        resources = {
            "inputs": Inputs(data_dir=str(own_data)),
            "storage": storage,
            f"{PREFIX}webhook": WebhookTeller(url=hook.url),
            f"{PREFIX}mail": mail,
        }
        yield Watched(instance, own_data, storage, hook, letters, resources)


def test_a_plan_that_does_not_come_is_told_and_its_coming_too(watched: Watched) -> None:
    assert watched.look() == []
    assert watched.look(29) == []
    assert watched.look(1) == [("raised", "plan_missing")]
    assert watched.look(60) == []
    watched.plan()
    assert watched.look(1) == [("cleared", "plan_missing")]
    assert [str(letter["Subject"]).split()[0] for letter in watched.letters.letters] == ["ERROR", "OVER"]


def test_a_plan_whose_inputs_changed_is_stale_until_it_is_made_anew(watched: Watched) -> None:
    watched.plan()
    assert watched.look() == []
    district = watched.data / "districts" / "econex" / "district.yaml"
    text = district.read_text(encoding="utf-8")
    district.write_text(text.replace("energy_kwh_day: 14.0", "energy_kwh_day: 15.0"), encoding="utf-8")
    assert watched.look(1) == []
    assert watched.look(15) == [("raised", "plan_stale")]
    watched.plan()
    assert watched.look(1) == [("cleared", "plan_stale")]
    assert watched.letters.letters == []  # a warning, and mail is for errors


def test_inputs_that_cannot_be_read_any_more_are_told_with_their_sentence(watched: Watched) -> None:
    watched.plan()
    district = watched.data / "districts" / "econex" / "district.yaml"
    text = district.read_text(encoding="utf-8")
    district.write_text(text.replace("step_minutes: 60", "step_minutes: sixty"), encoding="utf-8")
    watched.look()
    assert watched.look(15) == [("raised", "plan_stale")]
    assert "step_minutes is 'sixty'" in watched.hook.posts[-1]["text"]


def test_demand_that_was_not_served_is_told_with_its_amount_and_is_over_after_a_day(watched: Watched) -> None:
    watched.plan()
    watched.operate(3, unserved_kw=0.0)
    assert watched.look() == []
    watched.operate(10, unserved_kw=0.75)
    watched.operate(11, unserved_kw=0.25)
    assert watched.look() == [("raised", "unserved")]
    assert watched.hook.posts[-1]["evidence"] == {"unserved.hub.E": "1 kWh"}
    assert ("cleared", "unserved") not in watched.look(60 * 22)
    assert ("cleared", "unserved") in watched.look(60 * 2)


def test_one_fallback_is_no_alarm_and_three_are(watched: Watched) -> None:
    watched.plan()
    watched.operate(8, fallbacks=1.0)
    watched.operate(9, fallbacks=1.0)
    assert watched.look() == []
    watched.operate(10, fallbacks=1.0)
    assert watched.look() == [("raised", "fallback")]
    assert watched.hook.posts[-1]["severity"] == "warning"


def _fails(watched: Watched, job: str, *keys: str) -> str:
    """Let a run of a job fail; give its name."""
    tags = {ASSET_PARTITION_RANGE_START_TAG: keys[0], ASSET_PARTITION_RANGE_END_TAG: keys[-1]} if keys else {}
    run = create_run_for_test(watched.instance, job_name=job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    watched.instance.report_run_failed(run)
    return run.run_id


def _comes(watched: Watched, asset: str, *keys: str) -> None:
    """Let what a run should have made come after all."""
    for key in keys:
        event = dg.AssetMaterialization(asset_key=[asset, "base"], partition=key)
        watched.instance.report_runless_asset_event(event)


@pytest.mark.parametrize(
    ("job", "asset", "keys"),
    [
        ("day_ahead_base", "plan", [KEY]),
        ("operate_base", HOURS, HOUR_KEYS[3:6]),
        ("report_base", "report", [KEY]),
    ],
)
@pytest.mark.parametrize("there", [False, True], ids=["the_first_time", "made_before"])
def test_a_failed_run_is_told_once_until_what_it_should_make_is_there(
    watched: Watched, job: str, asset: str, keys: list[str], there: bool
) -> None:
    watched.plan()
    if there:
        _comes(watched, asset, *keys)
    assert watched.look() == []
    runs = [_fails(watched, job, *keys) for _ in range(2)]
    assert watched.look(1) == [("raised", "run_failed")]
    assert watched.look(1) == []
    assert watched.hook.posts[-1]["evidence"]["run"] in runs
    assert watched.hook.posts[-1]["evidence"]["partitions"] == " to ".join(dict.fromkeys((keys[0], keys[-1])))
    _comes(watched, asset, *keys)
    assert watched.look(1) == [("cleared", "run_failed")]


def test_logs_that_were_not_pruned_are_told_until_they_are(watched: Watched) -> None:
    watched.plan()
    run = _fails(watched, retention.JOB)
    assert watched.look() == [("raised", "run_failed")]
    assert watched.hook.posts[-1]["evidence"] == {"run": run, "job": retention.JOB}
    create_run_for_test(watched.instance, job_name=retention.JOB, status=dg.DagsterRunStatus.SUCCESS)
    assert watched.look(1) == [("cleared", "run_failed")]


def test_a_run_that_could_not_start_is_told_with_what_is_wrong_with_its_case(watched: Watched) -> None:
    watched.plan()
    (watched.data / "cases" / "base.yaml").write_text("district: [econex\n", encoding="utf-8")
    _fails(watched, "operate_base", HOUR_KEYS[9])
    assert watched.look() == [("raised", "run_failed")]
    assert "base.yaml" in watched.hook.posts[-1]["text"]


def test_a_case_that_cannot_be_looked_at_is_told_and_nothing_is_taken_for_over_meanwhile(watched: Watched) -> None:
    watched.plan()
    watched.operate(10, unserved_kw=1.0)
    assert watched.look() == [("raised", "unserved")]
    watched.operate(11)
    (hour,) = Path(watched.storage.root).rglob(f"{HOUR_KEYS[11].replace(':', '*')}*.parquet")
    aside = hour.rename(hour.with_suffix(".aside"))
    hour.mkdir()
    assert watched.look(1) == []
    assert watched.look(15) == [("raised", "blind")]
    assert "could not be looked at" in watched.hook.posts[-1]["text"]
    hour.rmdir()
    aside.rename(hour)
    assert watched.look(1) == [("cleared", "blind")]


def test_whoever_could_not_be_told_is_told_later_and_the_others_not_twice(watched: Watched) -> None:
    watched.plan()
    watched.operate(10, unserved_kw=1.0)
    watched.hook.answer = 503
    assert watched.look() == []
    assert len(watched.letters.letters) == 1
    watched.hook.answer = 204
    assert watched.look(1) == [("raised", "unserved")]
    assert watched.look(1) == []
    assert len(watched.letters.letters) == 1


def test_what_is_kept_between_two_looks_holds_no_secret(watched: Watched) -> None:
    watched.operate(10, unserved_kw=1.0)
    watched.hook.answer = 503
    watched.look()
    assert watched.cursor
    assert "unserved" in watched.cursor
    assert "very-secret" not in watched.cursor
