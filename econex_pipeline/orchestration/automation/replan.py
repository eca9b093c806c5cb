"""A day that is planned and has not begun is planned anew when what its plan was made from has changed.

The digests that decide about reuse decide here too: of the district, its tariffs and weather, of the forecasts known at
the plan's issue, of the code, and of the plan before. Dagster's own automation conditions see none of these files, and
follow versions along a chain of partitions only for short chains. The present day is left alone: hours of it have been
operated by its plan, and the controller meets each hour with what it knows by then; the alarm `plan_stale` tells it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from econex_pipeline.contracts import EconexError
from econex_pipeline.orchestration import versions
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.automation.due import Site, next_day_again
from econex_pipeline.orchestration.automation.history import history, tags_of
from econex_pipeline.orchestration.automation.settings import Automation
from econex_pipeline.orchestration.automation.triggers import PRIORITY, Clock, job_name, now_utc
from econex_pipeline.orchestration.recipe import Day
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs, Setting
from econex_pipeline.orchestration.storage import Storage

EVERY_S = 300


def chosen_for(setting: Setting, date: date, storage: Storage) -> RunOptions:
    """Give the options that the stored tables of a day were made with."""
    key = Day(setting, date, storage, RunOptions()).key
    chosen: dict[str, Any] = {}
    for entry in DAY_AHEAD:
        if storage.digest(entry.name, setting.case, key) is not None:
            chosen |= storage.extra(entry.name, setting.case, key).get("chosen", {})
    return RunOptions(**chosen)


def changed_table(setting: Setting, date: date, storage: Storage) -> str | None:
    """Name the first table of a day's plan that would not be made from the same inputs now; None if all would."""
    day = Day(setting, date, storage, chosen_for(setting, date, storage))
    for entry in DAY_AHEAD:
        origin = storage.origin(entry.name, setting.case, day.key)
        if origin is None or origin.inputs_digest != entry.digest(day):
            return entry.name
    return None


def replan_sensor(
    sites: Sequence[Site],
    settings: Automation,
    jobs: Sequence[UnresolvedAssetJobDefinition],
    waits: str | None = None,
    clock: Clock = now_utc,
) -> dg.SensorDefinition:
    """Ask for the next day's plan anew, with the options it was made with, once its inputs have changed."""

    @dg.sensor(
        name="replan",
        jobs=jobs,
        minimum_interval_seconds=EVERY_S,
        required_resource_keys={"inputs", "storage"},
        description=(
            "Plans the next day anew when the district, its tariffs, weather or forecasts, or the code, have changed "
            f"since it was planned. Cases: {', '.join(site.case for site in sites)}."
        ),
    )
    def replan(context: dg.SensorEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
        inputs, storage = cast(Inputs, context.resources.inputs), cast(Storage, context.resources.storage)
        if (said := waits or versions.outdated()) is not None:
            return dg.SkipReason(said)
        now, asked = clock(), []
        for site in sites:
            request = next_day_again(site, settings, history(context.instance, site, settings, now), now)
            if request is None:
                continue
            try:
                setting = inputs.setting(site.file)
                changed = changed_table(setting, request.day, storage)
            except EconexError as error:
                context.log.warning(f"case {site.case} is not planned anew: {error}")
                continue
            if changed is not None:
                context.log.info(f"case {site.case}, {request.day}: planned anew, as {changed} would be another now")
                config = chosen_for(setting, request.day, storage).as_run_config()
                tags = {**PRIORITY, **tags_of(site, request)}
                asked.append(dg.RunRequest(job_name=job_name("day_ahead", site), run_config=config, tags=tags))
        return asked or dg.SkipReason("the next day is not planned yet, or planned from what is there now")

    return replan
