"""The hours of operation: one asset a case, hourly, each hour starting where the one before ended.

A backfill is one run that walks through its hours in order. Hours are written one by one while it runs, so that a run
that was killed goes on where it stopped.
"""

import itertools
from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg
import pandas as pd

from econex_pipeline.contracts.time import HOURS_PER_DAY, operating_day
from econex_pipeline.orchestration import catalogue, partitions
from econex_pipeline.orchestration.checks import Finding, asked, found, result
from econex_pipeline.orchestration.failures import plainly
from econex_pipeline.orchestration.hours import NEEDS, ROOMS, Hour, OperatedDay, ensure_hour
from econex_pipeline.orchestration.recipe import HOURS, HOURS_STATE, Day, once
from econex_pipeline.orchestration.resources import Progress, RunOptions
from econex_pipeline.orchestration.setting import Inputs, Setting, case_name
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.orchestration.versions import code_version

GROUP = "control"
MOST_HOURS_WITH_METADATA = 24 * 31  # a year's backfill would spend more on the catalogue than on its hours
BALANCE_TOLERANCE = 1e-6  # m3 beyond the step error that EPANET states for a tank at its limits; kWh


def hours_of(keys: Sequence[str], setting: Setting, storage: Storage, options: RunOptions) -> Iterator[Hour]:
    """Give hours in order of time, those of a day sharing its tables."""
    offset = setting.utc_offset_h

    def day_of(key: str) -> date:
        return operating_day(partitions.hour_of_key(key), offset)

    for day, of_day in itertools.groupby(sorted(keys, key=partitions.hour_of_key), key=day_of):
        operated = OperatedDay(Day(setting, day, storage, options))
        for key in of_day:
            yield Hour(operated, key)


def operations_asset(case: str, utc_offset_h: int, first_day: date) -> dg.AssetsDefinition:
    """Give the operations of one case.

    Parameters
    ----------
    case : str
        Name of the case's file.
    utc_offset_h : int
        Offset of the site's standard time from UTC [h].
    first_day : datetime.date
        First operating day.
    """
    name = case_name(case)
    before = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @dg.asset(
        key=[HOURS, name],
        deps=[
            *(dg.AssetDep([need.name, name]) for need in NEEDS),
            dg.AssetDep([HOURS, name], partition_mapping=before),
        ],
        partitions_def=partitions.hourly(utc_offset_h, first_day),
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=GROUP,
        kinds={"epanet", "highs", "parquet"},
        owners=[f"team:{GROUP}"],
        description=(
            "Each hour: estimate, forecast anew, solve the next 24 h against the plan's schedule, act on the twin, "
            "record what was planned, asked and delivered. Starts where the hour before ended."
        ),
        code_version=code_version(*ROOMS),
        metadata={"dagster/column_schema": catalogue.column_schema("OPERATIONS"), "case": name},
    )
    def operations(
        context: dg.AssetExecutionContext,
        inputs: Inputs,
        storage: Storage,
        options: RunOptions,
        progress: dg.ResourceParam[Progress],
    ) -> None:
        keys = context.partition_keys
        with plainly():
            for hour in hours_of(keys, inputs.setting(case), storage, options):
                reused, numbers = ensure_hour(hour)
                if len(keys) <= MOST_HOURS_WITH_METADATA:
                    context.add_asset_metadata(numbers, partition_key=hour.key)
                progress.told(GROUP, HOURS, hour.key, reused, numbers["seconds"])

    return operations


def hour_checks(case: str) -> list[dg.AssetChecksDefinition]:
    """Give the blocking checks of operated hours: contracts, and the balances of every node and storage.

    They are one verdict on all hours of a run, without partitions of their own, as `checks.daily_checks` says why.
    """
    asset = [HOURS, case_name(case)]

    @dg.asset_check(
        asset=asset,
        name="contract",
        blocking=True,
        description="Operations and states keep their contracts in every hour of the run.",
    )
    def contract(context: dg.AssetCheckExecutionContext, inputs: Inputs, storage: Storage) -> dg.AssetCheckResult:
        def judge() -> Finding:
            keys = asked(context, asset, latest=HOURS_PER_DAY)
            operations, _ = _read(keys, inputs.setting(case), storage)
            sentence = f"{len(operations)} rows in {len(keys)} hours as the contract asks"
            return Finding(True, sentence, {"hours": len(keys)})

        return result([found(judge)])

    @dg.asset_check(
        asset=asset,
        name="balances",
        blocking=True,
        description="Nothing is lost or made at any node, tank or battery in any step, every term measured on its own.",
    )
    def balances(context: dg.AssetCheckExecutionContext, inputs: Inputs, storage: Storage) -> dg.AssetCheckResult:
        setting = inputs.setting(case)
        operations, states = _read(asked(context, asset, latest=HOURS_PER_DAY), setting, storage)
        return result([_closes(setting, operations, states)])

    return [contract, balances]


def _read(keys: Sequence[str], setting: Setting, storage: Storage) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read hours back: OPERATIONS, and STATE with each stamp that two hours share standing once."""
    operations = [storage.read("OPERATIONS", HOURS, setting.case, key) for key in keys]
    states = [storage.read("STATE", HOURS_STATE, setting.case, key) for key in keys]
    return pd.concat(operations, ignore_index=True), once(pd.concat(states, ignore_index=True))


def _closes(setting: Setting, operations: pd.DataFrame, states: pd.DataFrame) -> Finding:
    """|in - out - stored change| <= tolerance + stated step error, of every node, tank and battery  [m3, kWh]"""
    from econex_pipeline.twin import balances, measurements_of

    district = setting.district
    found = [balances(step, district) for step in measurements_of(operations, states, district.step_h)]
    water_m3 = max((step.worst_water_m3 for step in found), default=0.0)
    energy_kwh = max((step.worst_energy_kwh for step in found), default=0.0)
    stated_m3 = max((bound for step in found for bound in step.water_bound_m3.values()), default=0.0)
    sentence = (
        f"nothing is lost or made; largest residual {water_m3:.3g} m3 beyond the engine's stated step error (up to "
        f"{stated_m3:.3g} m3) and {energy_kwh:.3g} kWh, tolerance {BALANCE_TOLERANCE:g}"
    )
    numbers = {"residual_m3": water_m3, "residual_kwh": energy_kwh, "stated_step_error_m3": stated_m3}
    return Finding(max(water_m3, energy_kwh) <= BALANCE_TOLERANCE, sentence, numbers)
