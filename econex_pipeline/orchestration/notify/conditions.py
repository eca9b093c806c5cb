"""What is wrong now with a case that runs by itself, read from the instance and from storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import dagster as dg
import pandas as pd

from econex_pipeline.contracts import EconexError
from econex_pipeline.contracts.time import day_start_utc
from econex_pipeline.orchestration import partitions, versions
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.automation import retention
from econex_pipeline.orchestration.automation.due import Site, Stage
from econex_pipeline.orchestration.automation.history import LAST_TABLE, REQUEST_TAG, made, span, stages_of
from econex_pipeline.orchestration.automation.replan import changed_table
from econex_pipeline.orchestration.automation.settings import Automation
from econex_pipeline.orchestration.jobs import NOT_STARTED, first_failure
from econex_pipeline.orchestration.notify.watch import Condition
from econex_pipeline.orchestration.recipe import HOURS, Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage

SEEN_AMOUNT = 1e-3  # kWh or m3: less is rounding
KEPT_HOURS = 2048
UNITS = {"power_kw": "kWh", "flow_m3_h": "m3"}


@dataclass(frozen=True)
class Look:
    """One look at a case.

    Attributes
    ----------
    instance : dagster.DagsterInstance
        What was run.
    inputs, storage : Inputs, Storage
        What it was made from, and what was made.
    site : Site
        The case.
    settings : Automation
        What makes an alarm.
    now : datetime
        The instant; aware.
    """

    instance: dg.DagsterInstance
    inputs: Inputs
    storage: Storage
    site: Site
    settings: Automation
    now: datetime

    def conditions(self) -> list[Condition]:
        """List all that is wrong now."""
        return [*self._failed_runs(), *self._plan(), *self._operations()]

    def _failed_runs(self) -> Iterator[Condition]:
        """Runs of the case that failed within the days that are caught up, until what they should make is there."""
        since = self.now - timedelta(days=self.settings.catch_up.days)
        failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
        for record in self.instance.get_run_records(failed):
            run = record.dagster_run
            for stage in sorted(stages_of(run, self.site.case)):
                limits = span(run)
                if limits is None or self._over(stage, limits, record.create_timestamp):
                    continue
                what = f"{stage} of {limits[0]}" + (f" to {limits[1]}" if limits[1] != limits[0] else "")
                name = run.tags.get(REQUEST_TAG, f"{stage}:{self.site.case}:{limits[0]}")
                yield Condition(
                    f"run_failed:{name}",
                    "run_failed",
                    self.site.case,
                    self.settings.alarms.run_failed.severity,
                    "Run failed",
                    f"{what} failed: {self._why(run.run_id)}",
                    {"run": run.run_id, "job": run.job_name, "partitions": " to ".join(dict.fromkeys(limits))},
                )

    def _over(self, stage: Stage, limits: tuple[str, str], failed: datetime) -> bool:
        """Whether what a run failed to make was made since, or would be no other than what was there before it."""
        if self._made(LAST_TABLE[stage], limits, since=failed):
            return True
        if stage != "day_ahead" or not self._made(LAST_TABLE[stage], limits):
            return False
        try:
            setting = self.inputs.setting(self.site.file)
            day = partitions.day_of_key(limits[1], self.site.utc_offset_h)
            return changed_table(setting, day, self.storage) is None
        except EconexError:
            return False

    def _why(self, run_id: str) -> str:
        """Say why a run failed; one of a case that cannot be read does not even start."""
        said = reason(self.instance, run_id)
        if said == NOT_STARTED:
            try:
                self.inputs.setting(self.site.file)
            except EconexError as error:
                return str(error)
        return said

    def _made(self, table: str, limits: tuple[str, str], since: datetime | None = None) -> bool:
        """Whether all partitions between two were made, perhaps after a time."""
        if table != HOURS:
            return bool(made(self.instance, [table, self.site.case], [limits[1]], since))
        first, last = (partitions.hour_of_key(key) for key in limits)
        hours = pd.date_range(first, last, freq="h")
        keys = [partitions.key_of_hour(hour) for hour in hours]
        return made(self.instance, [table, self.site.case], keys, since) == set(keys)

    def _plan(self) -> Iterator[Condition]:
        """The plan of the present day: missing, or made from inputs that have changed since."""
        kinds, case, today = self.settings.alarms, self.site.case, self.site.today(self.now)
        key = partitions.key_of_day(today, self.site.utc_offset_h)
        evidence = {"operating day": today.isoformat(), "partition": key}
        if not made(self.instance, [PLAN.name, case], [key]):
            due_at = day_start_utc(today, self.site.utc_offset_h) - self.settings.planning.before_day
            sentence = f"there is no plan of {today}, due since {due_at:%Y-%m-%d %H:%M} UTC; materialize plan/{case}"
            severity = kinds.plan_missing.severity
            yield Condition(f"plan_missing:{case}", "plan_missing", case, severity, "No plan", sentence, evidence)
            return
        if (changed := self._changed(key)) is not None:
            severity = kinds.plan_stale.severity
            yield Condition(f"plan_stale:{case}", "plan_stale", case, severity, "Plan is stale", changed, evidence)

    def _changed(self, key: str) -> str | None:
        """Say how the inputs of the present day's plan differ from those it was made from; None if they do not."""
        try:
            setting = self.inputs.setting(self.site.file)
        except EconexError as error:
            return f"its inputs cannot be read any more: {error}"
        chosen = self.storage.extra(PLAN.name, setting.case, key).get("chosen", {})
        day = Day(setting, self.site.today(self.now), self.storage, RunOptions(**chosen))
        origin = self.storage.origin(PLAN.name, setting.case, key)
        if origin is None:
            return f"its table is not in storage; materialize plan/{self.site.case}"
        if origin.inputs_digest != PLAN.digest(day):
            return (
                versions.outdated()
                or f"inputs or code changed since the plan of {day.date} was made; materialize plan/{self.site.case}"
            )
        return None

    def _operations(self) -> Iterator[Condition]:
        """Demand that was not served, and cycles that fell back, in the hours operated of late."""
        unserved, fallback = self.settings.alarms.unserved, self.settings.alarms.fallback
        case, late = self.site.case, self._late(max(unserved.window_hours, fallback.window_hours))
        lost = _within(late, self.now, unserved.window_hours)
        sums = lost[lost["unit"] != ""].groupby(["element", "unit"], as_index=False)["amount"].sum()
        sums = sums[sums["amount"] > SEEN_AMOUNT]
        if len(sums):
            told = {row["element"]: f"{row['amount']:.3g} {row['unit']}" for row in sums.to_dict("records")}
            sentence = f"not served in the last {unserved.window_hours} h: " + ", ".join(
                f"{amount} of {element.removeprefix('unserved.')}" for element, amount in told.items()
            )
            yield Condition(
                f"unserved:{case}", "unserved", case, unserved.severity, "Demand not served", sentence, told
            )
        fell = _within(late, self.now, fallback.window_hours)
        cycles = int(fell.loc[fell["element"] == "controller", "amount"].sum())
        if cycles >= fallback.count:
            sentence = f"{cycles} control cycles of the last {fallback.window_hours} h ran on the last plan or on rules"
            evidence = {"cycles": str(cycles), "window": f"{fallback.window_hours} h"}
            title = "Controller falls back"
            yield Condition(f"fallback:{case}", "fallback", case, fallback.severity, title, sentence, evidence)

    def _late(self, hours: int) -> pd.DataFrame:
        """What went wrong in the hours operated of late: columns ``hour``, ``element``, ``unit``, ``amount``."""
        last = pd.Timestamp(self.now).floor("h")
        found = [_NOTHING]
        for start in pd.date_range(last - pd.Timedelta(hours=hours), last, freq="h"):
            key = partitions.key_of_hour(start)
            digest = self.storage.digest(HOURS, self.site.case, key)
            if digest is not None:
                found.append(_wrong(self.storage.root, self.site.case, key, digest))
        return pd.concat(found, ignore_index=True)


_NOTHING = pd.DataFrame(
    {"hour": pd.DatetimeIndex([], tz="UTC"), "element": "", "unit": "", "amount": pd.Series([], dtype=float)}
)


def housekeeping(instance: dg.DagsterInstance, settings: Automation) -> list[Condition]:
    """List what is wrong with what concerns no case: the logs that were not pruned the last time."""
    ended = dg.RunsFilter(job_name=retention.JOB, statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE])
    latest = instance.get_runs(ended, limit=1)
    if not latest or latest[0].is_success:
        return []
    run, severity = latest[0], settings.alarms.run_failed.severity
    sentence = f"old logs were not pruned: {reason(instance, run.run_id)}"
    evidence = {"run": run.run_id, "job": run.job_name}
    return [Condition(f"run_failed:{retention.JOB}", "run_failed", "", severity, "Run failed", sentence, evidence)]


def reason(instance: dg.DagsterInstance, run_id: str) -> str:
    """Give the sentence of what failed first in a run."""
    kinds = {
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.RUN_FAILURE,
    }
    records = instance.get_records_for_run(run_id, of_type=kinds).records
    events = [record.event_log_entry.dagster_event for record in records if record.event_log_entry.dagster_event]
    return first_failure(events)


@lru_cache(maxsize=KEPT_HOURS)
def _wrong(root: str, case: str, key: str, digest: str) -> pd.DataFrame:
    """Read what went wrong in one hour; the digest makes an hour that was operated anew another entry."""
    operations = Storage(root=root).read("OPERATIONS", HOURS, case, key)
    delivered = operations[operations["basis"] == "delivered"]
    unserved = delivered[delivered["element"].str.startswith("unserved.") & delivered["quantity"].isin(UNITS)]
    step_h = 1.0 / operations["time_utc"].nunique()
    fell = delivered[(delivered["element"] == "controller") & (delivered["quantity"] == "fallback_count")]
    return pd.concat(
        [
            _rows(key, unserved["element"], unserved["quantity"].map(UNITS), unserved["value"] * step_h),
            _rows(key, fell["element"], "", fell["value"]),
        ],
        ignore_index=True,
    )


def _rows(key: str, element: pd.Series, unit: pd.Series | str, amount: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"hour": partitions.hour_of_key(key), "element": element, "unit": unit, "amount": amount})


def _within(late: pd.DataFrame, now: datetime, hours: int) -> pd.DataFrame:
    return late[late["hour"] >= pd.Timestamp(now) - pd.Timedelta(hours=hours + 1)]
