"""Recipes as Dagster assets: one factory, one asset a table and case."""

from datetime import date

import dagster as dg

from econex_pipeline.orchestration import catalogue, partitions
from econex_pipeline.orchestration.failures import plainly
from econex_pipeline.orchestration.recipe import HOURS, Day, Recipe, ensure
from econex_pipeline.orchestration.resources import Progress, RunOptions
from econex_pipeline.orchestration.setting import Inputs, case_name
from econex_pipeline.orchestration.storage import Storage


def daily_asset(entry: Recipe, case: str, utc_offset_h: int, first_day: date) -> dg.AssetsDefinition:
    """Turn a recipe into the Dagster asset of one case.

    Parameters
    ----------
    entry : Recipe
        What to make.
    case : str
        Name of the case's file.
    utc_offset_h : int
        Offset of the site's standard time from UTC [h].
    first_day : datetime.date
        First operating day that can be planned.
    """
    name = case_name(case)
    deps = [dg.AssetDep([need.name, name]) for need in entry.needs]
    if entry.previous:
        mapping = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
        deps.append(dg.AssetDep([entry.name, name], partition_mapping=mapping))
    if entry.hours:
        deps.append(dg.AssetDep([HOURS, name]))

    @dg.asset(
        key=[entry.name, name],
        deps=deps,
        partitions_def=partitions.daily(utc_offset_h, first_day),
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=entry.group,
        kinds=catalogue.kinds(entry.name, entry.kinds),
        owners=[f"team:{entry.group}"],
        tags=catalogue.tags(entry.name, name),
        description=f"{entry.name}: {entry.description}",
        code_version=entry.version,
        metadata={"dagster/column_schema": catalogue.column_schema(entry.contract), "case": name},
    )
    def table(
        context: dg.AssetExecutionContext,
        inputs: Inputs,
        storage: Storage,
        options: RunOptions,
        progress: dg.ResourceParam[Progress],
    ) -> None:
        for key in context.partition_keys:
            with plainly():
                day = Day(inputs.setting(case), partitions.day_of_key(key, utc_offset_h), storage, options)
                reused, metadata = ensure(entry, day)
            context.add_asset_metadata(metadata, partition_key=key)
            progress.told(entry.group, entry.name, key, reused, metadata["seconds"])

    return table
