"""Blocking checks of what is stored: the contract of every table, and the physics of plans and operated hours.

A check reads the table back from storage, so that it judges what the next asset will really get.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from econex_pipeline.contracts import ContractViolation, validate
from econex_pipeline.district import District
from econex_pipeline.orchestration import partitions
from econex_pipeline.orchestration.recipe import Day, Recipe
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs, case_name
from econex_pipeline.orchestration.storage import Storage

LEVEL_TOLERANCE = 1e-6  # m3 or kWh: what a solver's feasibility tolerance leaves
BOTH_WAYS_TOLERANCE_KW = 1e-6
PUMP_TOLERANCE_FRAC = 0.03


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    passed : bool
        Whether it holds.
    sentence : str
        What was expected and what is there.
    numbers : dict
        Evidence for the catalogue.
    """

    passed: bool
    sentence: str
    numbers: dict[str, Any] = field(default_factory=dict)


Judge = Callable[[Day, pd.DataFrame], Finding]


@dataclass(frozen=True)
class PhysicsCheck:
    """Something that must hold in the world for the table of a recipe; if not blocking, its failure is a warning."""

    name: str
    description: str
    judge: Judge
    blocking: bool = True


def daily_checks(
    entry: Recipe, physics: Sequence[PhysicsCheck], case: str, utc_offset_h: int
) -> list[dg.AssetChecksDefinition]:
    """Give the blocking checks of one recipe in one case: its contract first, then physics.

    They are one verdict on all days of a run, without partitions of their own: Dagster records a run over a range of
    partitions as one evaluation, and would show each partition of a partitioned check as failed because it has none.
    """
    asset = [entry.name, case_name(case)]
    said = f"The stored table keeps the contract {entry.contract}."
    contract = PhysicsCheck("contract", said, partial(_keeps_contract, entry.contract))

    def build(check: PhysicsCheck) -> dg.AssetChecksDefinition:
        @dg.asset_check(
            asset=asset,
            name=check.name,
            description=check.description,
            blocking=check.blocking,
        )
        def judged(context: dg.AssetCheckExecutionContext, inputs: Inputs, storage: Storage) -> dg.AssetCheckResult:
            findings = []
            for key in asked(context, asset, latest=1):
                day = Day(inputs.setting(case), partitions.day_of_key(key, utc_offset_h), storage, RunOptions())
                findings.append(found(partial(_judge, check, day, entry)))
            return result(findings, check.blocking)

        return judged

    return [build(check) for check in (contract, *physics)]


def asked(context: dg.AssetCheckExecutionContext, asset: Sequence[str], latest: int) -> Sequence[str]:
    """Give the partitions of a run; those that came latest where a check is executed by itself."""
    if context.has_partition_key or context.has_partition_key_range:
        return context.partition_keys
    made = sorted(context.instance.get_materialized_partitions(dg.AssetKey(asset)))
    if not made:
        raise dg.Failure(f"{'/'.join(asset)} was never materialized: there is nothing to check")
    return made[-latest:]


def _judge(check: PhysicsCheck, day: Day, entry: Recipe) -> Finding:
    return check.judge(day, day.table(entry))


def found(judge: Callable[[], Finding]) -> Finding:
    """Judge; a broken contract is a finding, not an accident."""
    try:
        return judge()
    except ContractViolation as error:
        evidence = {"table": error.table, "column": error.column, "rows": error.rows, "expected": error.expected}
        return Finding(False, str(error), evidence)


def result(
    findings: Sequence[Finding], blocking: bool = True, name: str | None = None, asset: dg.AssetKey | None = None
) -> dg.AssetCheckResult:
    """Give several findings to Dagster as one: what failed, or else what holds, with the numbers of all.

    Name and asset say which check it is, where a function judges several.
    """
    failed = [finding for finding in findings if not finding.passed]
    sentences = dict.fromkeys(finding.sentence for finding in failed or findings)
    numbers = {name: value for finding in findings for name, value in finding.numbers.items()}
    severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=not failed,
        description="; ".join(sentences),
        metadata=numbers,
        severity=severity,
        check_name=name,
        asset_key=asset,
    )


def _keeps_contract(contract: str, day: Day, frame: pd.DataFrame) -> Finding:
    validate(frame, contract, source=f"{day.setting.case}, {day.date}", thorough=True)
    return Finding(True, f"{len(frame)} rows as the contract asks", {"rows": len(frame)})


NOTHING_STORED = Finding(True, "nothing is stored", {"largest_excess": -np.inf})


def levels_inside(district: District, frame: pd.DataFrame) -> Finding:
    """0 <= V <= capacity for every storage and stamp of a table  [m3 or kWh]"""
    stored = frame[frame["quantity"].isin(["level_m3", "stored_kwh"])]
    if stored.empty:
        return NOTHING_STORED
    capacity = stored["element"].map({name: s.capacity for name, s in district.storages.items()})
    values, full = stored["value"].to_numpy(dtype=float), capacity.fillna(-np.inf).to_numpy(dtype=float)
    over = np.maximum(values - full, -values)
    at = int(np.argmax(over))
    worst = float(over[at])
    where = "" if worst <= LEVEL_TOLERANCE else f", at {stored['element'].iloc[at]}"
    sentence = f"levels are inside 0 and capacity; largest excess {worst:.3g}{where}"
    return Finding(worst <= LEVEL_TOLERANCE, sentence, {"largest_excess": worst, "tolerance": LEVEL_TOLERANCE})


def _levels_inside(day: Day, plan: pd.DataFrame) -> Finding:
    """Judge the levels of every scenario of a plan."""
    return levels_inside(day.setting.district, plan)


def _one_way_at_a_time(day: Day, plan: pd.DataFrame) -> Finding:
    """min(in, out) = 0 for the grid and every battery, in every scenario and step  [kW]"""
    power = plan[(plan["quantity"] == "power_kw") & (plan["scenario"] >= 0)]
    wide = power.pivot_table(index=["scenario", "time_utc"], columns="element", values="value")
    pairs = [
        ("grid_import", "grid_export"),
        *((f"{b}.charge", f"{b}.discharge") for b in day.setting.district.batteries),
    ]
    both = {one: float(np.minimum(wide[one], wide[other]).max()) for one, other in pairs if {one, other} <= set(wide)}
    worst = max(both.values(), default=0.0)
    sentence = f"nothing is bought and sold, or charged and discharged, at once; largest overlap {worst:.3g} kW"
    if worst > BOTH_WAYS_TOLERANCE_KW:
        sentence += f" ({max(both, key=both.__getitem__)}): is a buy price with its carbon weight below 0?"
    return Finding(worst <= BOTH_WAYS_TOLERANCE_KW, sentence, {f"{name}_kw": value for name, value in both.items()})


def _pumps(day: Day, kpis: pd.DataFrame) -> Finding:
    """|predicted / simulated - 1| <= tolerance over the day  [-]"""
    values = kpis[kpis["strategy"] == "controlled"].set_index("kpi")["value"]
    if "pump_energy_error_frac" not in values:
        return Finding(True, "no pump ran")
    error = abs(float(values["pump_energy_error_frac"]))
    sentence = f"pump energy predicted within {error:.2%} of what was simulated, tolerance {PUMP_TOLERANCE_FRAC:.0%}"
    return Finding(error <= PUMP_TOLERANCE_FRAC, sentence, {"error_frac": error})


PHYSICS: dict[str, tuple[PhysicsCheck, ...]] = {
    "plan": (
        PhysicsCheck("levels", "No storage stands below empty or above full.", _levels_inside),
        PhysicsCheck("complementarity", "Nothing flows both ways at once.", _one_way_at_a_time),
    ),
    "kpis": (
        PhysicsCheck(
            "pump_energy",
            "The controller's prediction of pump energy is near what was simulated.",
            _pumps,
            blocking=False,
        ),
    ),
}
