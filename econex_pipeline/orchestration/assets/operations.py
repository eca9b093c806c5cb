"""The hours of operation: one asset a case, hourly, each hour starting where the one before ended.

A backfill is one run that walks through its hours in order. Hours are written one by one while it runs, so that a run
that was killed goes on where it stopped. Of two runs of a case the second waits until the first has ended, and then
reuses what it finds.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg
import pandas as pd

from econex_pipeline.contracts import validate
from econex_pipeline.contracts.time import HOURS_PER_DAY, operating_day
from econex_pipeline.district import District
from econex_pipeline.orchestration import catalogue, partitions
from econex_pipeline.orchestration.checks import NOTHING_STORED, Finding, asked, found, levels_inside, result
from econex_pipeline.orchestration.failures import plainly
from econex_pipeline.orchestration.hours import ROOMS, Hour, OperatedHour, ensure_hour
from econex_pipeline.orchestration.operated_day import NEEDS, OperatedDay
from econex_pipeline.orchestration.recipe import HOURS, Day, once
from econex_pipeline.orchestration.resources import Progress, RunOptions
from econex_pipeline.orchestration.setting import Inputs, Setting, case_name
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.orchestration.versions import code_version

GROUP = "control"
MOST_HOURS_WITH_METADATA = 24 * 31  # a year's backfill would spend more on the catalogue than on its hours
DAY_FORMAT, MONTH_FORMAT = "%Y-%m-%d", "%Y-%m"  # of what a line of the log speaks; of months where hours are many
HOURS_JUDGED_AT_ONCE = 24 * 8  # a year at once would not fit into memory, a day at once would take twice the time
BALANCE_TOLERANCE = 1e-6  # m3 beyond the step error that EPANET states for a tank at its limits; kWh


def days_of(keys: Sequence[str], utc_offset_h: int) -> Iterator[tuple[date, list[str]]]:
    """Give operating days in order of time, each with those of its hours that were asked for, in order too."""

    def day_of(key: str) -> date:
        return operating_day(partitions.hour_of_key(key), utc_offset_h)

    for day, of_day in itertools.groupby(sorted(keys, key=partitions.hour_of_key), key=day_of):
        yield day, list(of_day)


def operate_days(
    keys: Sequence[str], setting: Setting, storage: Storage, options: RunOptions
) -> Iterator[tuple[date, list[OperatedHour]]]:
    """Operate hours in order of time, each from where the one before ended; give them day by day."""
    before = None
    for day, of_day in days_of(keys, setting.utc_offset_h):
        shared = OperatedDay(Day(setting, day, storage, options))
        hours = []
        for key in of_day:
            before = ensure_hour(Hour(shared, key), before)
            hours.append(before)
        yield day, hours


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
        kinds=catalogue.kinds(HOURS, ("epanet", "highs")),
        owners=[f"team:{GROUP}"],
        tags=catalogue.tags(HOURS, name),
        description=(
            f"{HOURS}: each hour, estimate, forecast anew, solve the next 24 h against the plan's schedule, act on the "
            "twin, record what was planned, asked and delivered. Starts where the hour before ended."
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
        keys, setting = context.partition_keys, inputs.setting(case)
        with plainly(), storage.alone(HOURS, case, f"run {context.run.run_id}", waits=context.log.info):
            few = len(keys) <= MOST_HOURS_WITH_METADATA
            span_of = DAY_FORMAT if few else MONTH_FORMAT
            days = operate_days(keys, setting, storage, options)
            for span, of_span in itertools.groupby(days, key=lambda entry: entry[0].strftime(span_of)):
                operated = []
                for hour in itertools.chain.from_iterable(hours for _, hours in of_span):
                    if few:
                        context.add_asset_metadata(hour.numbers(), partition_key=hour.key)
                    progress.told(GROUP, HOURS, hour.key, hour.reused, hour.seconds)
                    operated.append(hour)
                context.log.info(_line(span, operated))

    return operations


def _line(span: str, hours: Sequence[OperatedHour]) -> str:
    """Say in one line how a day or a month went."""
    reused, fallbacks = sum(hour.reused for hour in hours), sum(hour.fallbacks for hour in hours)
    seconds = sum(hour.seconds for hour in hours)
    return f"{span}: {len(hours)} hours, {reused} reused, {fallbacks} cycles fell back, {seconds:.2f} s"


def hour_checks(case: str) -> dg.AssetChecksDefinition:
    """Give the checks of operated hours: contracts and balances, which block, and levels, which warn.

    All are judged in one pass over what is stored. They are one verdict on all hours of a run, without partitions of
    their own, as `checks.daily_checks` says why.
    """
    asset = dg.AssetKey([HOURS, case_name(case)])
    specs = {
        "contract": "Operations and states keep their contracts in every hour of the run.",
        "balances": "Nothing is lost or made at any node, tank or battery in any step, every term measured on its own.",
        "levels": "No storage stands below empty or above full.",
    }

    @dg.multi_asset_check(
        name=f"{HOURS}_{case_name(case)}_checks",
        specs=[
            dg.AssetCheckSpec(name, asset=asset, description=text, blocking=name != "levels")
            for name, text in specs.items()
        ],
    )
    def judged(
        context: dg.AssetCheckExecutionContext, inputs: Inputs, storage: Storage
    ) -> Iterator[dg.AssetCheckResult]:
        keys, setting, worst = asked(context, asset.path, latest=HOURS_PER_DAY), inputs.setting(case), Residuals()
        kept, unjudged = found(lambda: _look(keys, setting, storage, worst)), "not judged: a contract is broken"
        yield result([kept], name="contract", asset=asset)
        closed = worst.finding() if kept.passed else Finding(False, unjudged)
        yield result([closed], name="balances", asset=asset)
        levels = worst.levels if kept.passed else Finding(False, unjudged)
        yield result([levels], blocking=False, name="levels", asset=asset)

    return judged


@dataclass
class Residuals:
    """Largest residuals of any balance so far: |in - out - stored change|, beyond what the engine states; and levels.

    Attributes
    ----------
    water_m3, energy_kwh : float
        Of any node, tank and battery [m3, kWh].
    stated_m3 : float
        Largest step error that EPANET states for a tank at its limits [m3].
    levels : Finding
        The level furthest outside empty and full.
    """

    water_m3: float = 0.0
    energy_kwh: float = 0.0
    stated_m3: float = 0.0
    levels: Finding = NOTHING_STORED

    def see(self, district: District, operations: pd.DataFrame, states: pd.DataFrame) -> None:
        """Take more steps into account."""
        from econex_pipeline.twin import balances, measurements_of

        for measurement in measurements_of(operations, states, district.step_h):
            step = balances(measurement, district)
            self.water_m3 = max(self.water_m3, step.worst_water_m3)
            self.energy_kwh = max(self.energy_kwh, step.worst_energy_kwh)
            self.stated_m3 = max(self.stated_m3, *step.water_bound_m3.values(), 0.0)
        self.levels = max(self.levels, levels_inside(district, states), key=lambda seen: seen.numbers["largest_excess"])

    def finding(self) -> Finding:
        """Say whether nothing was lost or made."""
        sentence = (
            f"nothing is lost or made; largest residual {self.water_m3:.3g} m3 beyond the engine's stated step error "
            f"(up to {self.stated_m3:.3g} m3) and {self.energy_kwh:.3g} kWh, tolerance {BALANCE_TOLERANCE:g}"
        )
        numbers = {
            "residual_m3": self.water_m3,
            "residual_kwh": self.energy_kwh,
            "stated_step_error_m3": self.stated_m3,
        }
        return Finding(max(self.water_m3, self.energy_kwh) <= BALANCE_TOLERANCE, sentence, numbers)


def _look(keys: Sequence[str], setting: Setting, storage: Storage, worst: Residuals) -> Finding:
    """Read hours back, a few days at once, hold them to their contracts, and let their balances be seen."""
    rows = 0
    for first in range(0, len(keys), HOURS_JUDGED_AT_ONCE):
        some = keys[first : first + HOURS_JUDGED_AT_ONCE]
        source = f"{HOURS} of case {setting.case}, {some[0]} to {some[-1]}"
        operations, stamped = storage.read_span(("OPERATIONS", "STATE"), HOURS, setting.case, some)
        states = once(stamped)
        validate(operations, "OPERATIONS", source, thorough=True)
        validate(states, "STATE", source, thorough=True)
        worst.see(setting.district, operations, states)
        rows += len(operations)
    return Finding(True, f"{rows} rows in {len(keys)} hours as the contract asks", {"hours": len(keys)})
