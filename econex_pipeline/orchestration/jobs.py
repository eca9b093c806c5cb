"""The jobs of a case, and whole days as one: day-ahead planning, hours of operation, report.

Daily and hourly partitions cannot share one Dagster run, so whole days are three runs in a row, each of a job that can
also be launched by itself. `run_stages` is that sequence; the job `main`, `make run` and `make backfill` all call it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from econex_pipeline.contracts import EconexError
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.assets import DAY_AHEAD, REPORTING
from econex_pipeline.orchestration.failures import plainly
from econex_pipeline.orchestration.recipe import HOURS
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs, case_name

MAIN = "main"
WITHIN_TAG = "econex/within"
"""On a run that another run executes in its own process: the other's id."""
STAGES = ("day_ahead", "operate", "report")
NOT_STARTED = "the run did not start; see the log"


class StageFailed(EconexError):
    """A stage of the day did not succeed; the message is the sentence of what failed.

    Parameters
    ----------
    stage : str
        Which of `STAGES`.
    sentence : str
        What went wrong.
    run_id : str
        Dagster's run, whose log has the rest.
    """

    def __init__(self, stage: str, sentence: str, run_id: str) -> None:
        self.stage, self.run_id = stage, run_id
        super().__init__(sentence)


class MainConfig(dg.Config):
    """Which day to run."""

    case: str = "base"
    day: str = "2025-07-15"


@dataclass(frozen=True)
class Stage:
    """One of the runs that make whole days."""

    job: str
    partition_key: str | None
    tags: Mapping[str, str]


def case_jobs(case: str) -> list[UnresolvedAssetJobDefinition]:
    """Give the three jobs of a case."""
    name = case_name(case)
    selections = {
        "day_ahead": ([[entry.name, name] for entry in DAY_AHEAD], "Everything the plan of a day needs, and the plan."),
        "operate": ([[HOURS, name]], "Hours of operation against the twin."),
        "report": ([[entry.name, name] for entry in REPORTING], "Indicators and the page of an operated day."),
    }
    return [
        dg.define_asset_job(f"{stage}_{name}", dg.AssetSelection.assets(*keys), description=f"{text} Case {name}.")
        for stage, (keys, text) in selections.items()
    ]


def stages(case: str, first: date, utc_offset_h: int, last: date | None = None) -> list[Stage]:
    """Give the runs of whole days, in order.

    Parameters
    ----------
    case : str
        Name of the case's file.
    first : datetime.date
        First operating date.
    utc_offset_h : int
        Offset of the site's standard time from UTC [h].
    last : datetime.date, optional
        Last operating date; the first by default.
    """
    name, last = case_name(case), last or first
    begin, end = (partitions.key_of_day(day, utc_offset_h) for day in (first, last))
    hours = partitions.keys_of_hours(first, utc_offset_h)[0], partitions.keys_of_hours(last, utc_offset_h)[-1]
    key, span = (begin, {}) if first == last else (None, _span(begin, end))
    return [
        Stage(f"day_ahead_{name}", key, span),
        Stage(f"operate_{name}", None, _span(*hours)),
        Stage(f"report_{name}", key, span),
    ]


def _span(first_key: str, last_key: str) -> dict[str, str]:
    """Tags that make a run cover a range of partitions."""
    return {ASSET_PARTITION_RANGE_START_TAG: first_key, ASSET_PARTITION_RANGE_END_TAG: last_key}


def run_stages(
    job: Callable[[str], dg.JobDefinition],
    instance: dg.DagsterInstance,
    planned: Sequence[Stage],
    run_config: Mapping[str, Any] | None = None,
    within: str | None = None,
) -> None:
    """Run whole days, one stage after the other; what a stage stored stays when a later one fails.

    Parameters
    ----------
    job : callable
        Gives a job by its name.
    instance : dagster.DagsterInstance
        Where the runs are recorded.
    planned : sequence of Stage
        From `stages`.
    run_config : mapping, optional
        Configuration of each run.
    within : str, optional
        Run that the stages are a part of.

    Raises
    ------
    StageFailed
        With the one sentence of what failed first.
    """
    for stage in planned:
        outcome = job(stage.job).execute_in_process(
            instance=instance,
            partition_key=stage.partition_key,
            tags={**stage.tags, **({WITHIN_TAG: within} if within else {})},
            run_config=dict(run_config or {}),
            raise_on_error=False,
        )
        if not outcome.success:
            raise StageFailed(stage.job, first_failure(outcome.all_events), outcome.run_id)


def first_failure(events: Sequence[dg.DagsterEvent]) -> str:
    """Find the sentence of the first thing that failed in a run: a check, a refused input, or an accident."""
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
                return f"check '{check.check_name}' of {check.asset_key.to_user_string()} failed: {check.description}"
        if event.event_type == dg.DagsterEventType.STEP_FAILURE:
            failure = event.step_failure_data
            if failure.user_failure_data is not None and failure.user_failure_data.description:
                return str(failure.user_failure_data.description)
            error = failure.error
            while error is not None and error.cause is not None:
                error = error.cause
            text = " ".join(error.message.split()) if error is not None else "an unknown error"
            return f"{event.step_key} stopped with an error: {text}"
    return NOT_STARTED


def main_job(cases: Sequence[str], job: Callable[[str], dg.JobDefinition]) -> dg.JobDefinition:
    """Give the job that runs a whole day of one case: plan, 24 hours, report.

    Parameters
    ----------
    cases : sequence of str
        Names of the cases there are.
    job : callable
        Gives a job by its name, once all are defined.
    """

    @dg.op(description="Plan, operate and report one day; each stage is recorded as a run of its own.")
    def whole_day(context: dg.OpExecutionContext, config: MainConfig, inputs: Inputs, options: RunOptions) -> None:
        with plainly():
            setting = inputs.setting(config.case)
            offset = setting.utc_offset_h
            day = partitions.parse_day(config.day, offset, setting.district.weather.first_day)
            planned = stages(config.case, day, offset)
            run_stages(job, context.instance, planned, options.as_run_config(), within=context.run.run_id)

    @dg.job(name=MAIN, description=f"A whole day of one case, everything in order. Cases: {', '.join(cases)}.")
    def main() -> None:
        whole_day()

    return main
