"""Indicators of one day, by one code for the plan, the controlled day and the day without control."""

from __future__ import annotations

import numpy as np
import pandas as pd

from econex_pipeline.contracts import COLUMNS, InputError, tidy, validate
from econex_pipeline.contracts.columns import STRATEGIES
from econex_pipeline.district import District
from econex_pipeline.district.bill import bill, departures, deviation_usd
from econex_pipeline.reporting.balances import Balance, balance, pumped_hydro
from econex_pipeline.reporting.ledger import (
    PLANNED,
    STORED,
    Ledger,
    ledger,
    plan_as_operations,
    probabilities,
    schedules,
)
from econex_pipeline.reporting.stored_value import CommonValues
from econex_pipeline.reporting.trust import of_controller

PAID = {
    "grid_import_cost_usd": ("grid_import_usd", 1.0),
    "water_import_cost_usd": ("water_import_usd", 1.0),
    "sewer_cost_usd": ("sewer_fee_usd", 1.0),
    "grid_export_revenue_usd": ("grid_export_usd", -1.0),
    "water_export_revenue_usd": ("water_export_usd", -1.0),
}
"""Line of the objective that each exchange is, and its sign there."""
COST_PARTS = {name: sign for name, (_, sign) in PAID.items()} | {"stored_change_usd": -1.0}
"""Sign with which each part enters `cost_usd`."""


def kpis(
    operations: pd.DataFrame,
    states: pd.DataFrame,
    prices: pd.DataFrame,
    district: District,
    strategy: str,
    coefficients: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute the indicators of one operated day.

    ``cost = sum_t dt (buy imp - sell exp + water_buy in - water_sell out + sewer drained) - (V_end - V_start)``  [USD]

    Each of the five is a line of `district.bill`, the optimizer's own.

    Parameters
    ----------
    operations : pandas.DataFrame
        OPERATIONS of the day; what was delivered and what really happened counts.
    states : pandas.DataFrame
        STATE of the day, T + 1 stamps.
    prices : pandas.DataFrame
        PRICES, the steps of the day among them.
    district : District
        What stands there; its end values are the common values of stored change.
    strategy : str
        Who decided, one of `contracts.columns.STRATEGIES`.
    coefficients : pandas.DataFrame, optional
        COEFFICIENTS of the plan: they give the electricity in a cubic metre of an upper basin. Hand the same table
        to every strategy that is compared; without it a basin counts as water only.

    Returns
    -------
    pandas.DataFrame
        KPIS rows of this strategy.

    Raises
    ------
    InputError
        If the strategy is unknown, or prices or states do not cover the day.
    """
    day = ledger(operations, states)
    values = _amounts(day, prices, district) | of_controller(operations, day, district)
    departed = departures(district, day.get, schedules(operations, day.times))
    values["deviation_cost_usd"] = deviation_usd(district, departed, day.step_h)
    sell_usd_kwh = float(_on_day(prices, day.times)["sell_price_usd_kwh"].mean())
    values["stored_change_usd"] = CommonValues(district, coefficients, sell_usd_kwh).change_usd(day.levels)
    return _table(values, strategy)


def kpis_of_plan(
    plan: pd.DataFrame,
    scenarios: pd.DataFrame,
    prices: pd.DataFrame,
    district: District,
    times: pd.DatetimeIndex,
    coefficients: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Compute the expected indicators of the operating day of a plan; its look-ahead does not count.

    Exchanges are linear, so their expectation is read from the plan's expectation rows. The value of what is stored is
    concave: it is taken scenario by scenario and then weighted, since the value of the mean would be too high.

    Parameters
    ----------
    plan, scenarios, prices : pandas.DataFrame
        PLAN, the SCENARIOS it was made for, PRICES.
    district : District
        What stands there.
    times : pandas.DatetimeIndex
        Steps of the operating day, UTC, shape (T,).
    coefficients : pandas.DataFrame, optional
        As in `kpis`.

    Returns
    -------
    pandas.DataFrame
        KPIS rows of strategy ``plan``.
    """
    operations, states = plan_as_operations(plan, times, scenarios)
    day = ledger(operations, states, PLANNED)
    values = _amounts(day, prices, district)
    departed = {
        element: day.get(element, f"deviation_up_{unit}") + day.get(element, f"deviation_down_{unit}")
        for unit in ("kw", "m3_h")
        for element in day.names(f"deviation_up_{unit}")
    }
    values["deviation_cost_usd"] = deviation_usd(district, departed, day.step_h)
    sell_usd_kwh = float(_on_day(prices, times)["sell_price_usd_kwh"].mean())
    common = CommonValues(district, coefficients, sell_usd_kwh)
    ends = plan[plan["quantity"].isin(STORED) & plan["time_utc"].isin([day.levels.index[0], day.levels.index[-1]])]
    levels = ends.pivot_table(index=["scenario", "time_utc"], columns="element", values="value", aggfunc="sum")
    weights = probabilities(scenarios)
    members = [scenario for scenario in weights.index if scenario in levels.index.get_level_values("scenario")]
    changes = [common.change_usd(levels.loc[scenario]) for scenario in members]
    values["stored_change_usd"] = (
        float(np.average(changes, weights=weights[members])) if members else common.change_usd(day.levels)
    )
    return _table(values, "plan")


def compare(table: pd.DataFrame) -> pd.DataFrame:
    """Put the strategies side by side.

    Parameters
    ----------
    table : pandas.DataFrame
        KPIS of one or more strategies.

    Returns
    -------
    pandas.DataFrame
        Index the indicator in the order of the dictionary; columns ``unit``, ``meaning``, one a strategy that is
        there, and ``saved`` (no control less controlled) where both are.
    """
    wide = table.pivot_table(index="kpi", columns="strategy", values="value", aggfunc="sum")
    wide = wide.reindex([name for name in COLUMNS if name in wide.index])
    wide = wide[[strategy for strategy in ("controlled", "no_control", "plan") if strategy in wide]]
    wide.columns.name = None
    if {"controlled", "no_control"} <= set(wide.columns):
        wide["saved"] = wide["no_control"] - wide["controlled"]
    wide.insert(0, "meaning", [COLUMNS[name].meaning for name in wide.index])
    wide.insert(0, "unit", [COLUMNS[name].unit for name in wide.index])
    return wide


def _on_day(prices: pd.DataFrame, times: pd.DatetimeIndex) -> pd.DataFrame:
    by_time = prices.set_index("time_utc")
    missing = times.difference(pd.DatetimeIndex(by_time.index))
    if len(missing):
        raise InputError("PRICES", "time_utc", f"no row at {missing[0]}", "a price for every operated step")
    return by_time.loc[times]


def _amounts(day: Ledger, prices: pd.DataFrame, district: District) -> dict[str, float]:
    price = _on_day(prices, day.times)
    column = {str(name): price[name].to_numpy(dtype=float) for name in price}
    energy, potable, raw = (balance(day, district, layer) for layer in ("E", "P", "W"))
    bought_kw = energy.supply["grid"]
    sewer_m3_h = raw.use["sewer"] + day.sum(district.treatments, "reject_m3_h")
    paid = bill(district, day.get, column, day.step_h)
    dearest = column["buy_price_usd_kwh"] >= column["buy_price_usd_kwh"].max() - 1e-12
    values = {
        **{name: sign * paid.of(line) + 0.0 for name, (line, sign) in PAID.items()},
        "resource_impact_usd": paid.part("res"),
        "peak_import_kwh": day.total(bought_kw * dearest),
        "peak_import_kw": float(bought_kw.max()),
        "carbon_kg": day.total(column["carbon_kg_kwh"] * bought_kw),
        "sewer_m3": day.total(sewer_m3_h),
    }
    return values | _energy(day, district, energy) | _water(day, potable, raw)


def _energy(day: Ledger, district: District, energy: Balance) -> dict[str, float]:
    lifts, _ = pumped_hydro(district)
    lifted_kw = day.sum(lifts, "consumed_kw")
    pumps_kw = energy.use["pumps"] + lifted_kw
    used_kwh = day.total(energy.use["load"] + pumps_kw + energy.use["treatment"] - energy.supply["unserved"])
    bought_kwh = day.total(energy.supply["grid"])
    return {
        "grid_import_kwh": bought_kwh,
        "grid_export_kwh": day.total(energy.use["grid"]),
        "load_kwh": day.total(energy.use["load"]),
        "pv_used_kwh": day.total(energy.supply["pv"]),
        "curtailed_kwh": day.total(energy.unused["curtailed"]),
        "battery_charged_kwh": day.total(energy.use["battery"]),
        "battery_discharged_kwh": day.total(energy.supply["battery"]),
        "prs_kwh": day.total(energy.supply["inlet_turbine"]),
        "phs_pumped_kwh": day.total(lifted_kw),
        "phs_generated_kwh": day.total(energy.supply["pumped_hydro"]),
        "pump_kwh": day.total(pumps_kw),
        "treatment_kwh": day.total(energy.use["treatment"]),
        "line_loss_kwh": day.total(energy.use["losses"]),
        "energy_self_sufficiency_frac": _own_share(bought_kwh, used_kwh),
        "unserved_kwh": day.total(energy.supply["unserved"]),
    }


def _water(day: Ledger, potable: Balance, raw: Balance) -> dict[str, float]:
    unserved_m3_h = potable.supply["unserved"] + raw.supply["unserved"]
    used_m3 = day.total(potable.use["demand"] + raw.use["irrigation"] - unserved_m3_h)
    inlet_m3 = day.total(potable.supply["mains"])
    return {
        "water_import_m3": inlet_m3,
        "water_export_m3": day.total(potable.use["mains"]),
        "potable_demand_m3": day.total(potable.use["demand"]),
        "treated_m3": day.total(raw.use["treatment"]),
        "product_m3": day.total(potable.supply["treatment"]),
        "harvested_m3": day.total(raw.supply["rain"]),
        "irrigation_m3": day.total(raw.use["irrigation"]),
        "spill_m3": day.total(potable.use["spill"] + raw.use["spill"]),
        "leaked_m3": day.total(potable.use["leak"] + raw.use["leak"]),
        "unserved_m3": day.total(unserved_m3_h),
        "water_self_sufficiency_frac": _own_share(inlet_m3, used_m3),
    }


def _own_share(bought: float, used: float) -> float:
    """Share of what was used that was not bought; purchases that were stored or sold on cannot make it negative."""
    if used <= 0.0:
        return 1.0 if bought <= 0.0 else 0.0
    return float(np.clip(1.0 - bought / used, 0.0, 1.0))


def _table(values: dict[str, float], strategy: str) -> pd.DataFrame:
    if strategy not in STRATEGIES:
        raise InputError("KPIS", "strategy", strategy, f"one of {', '.join(STRATEGIES)}")
    exchanges = {name: sign for name, sign in COST_PARTS.items() if name != "stored_change_usd"}
    values["exchange_cost_usd"] = sum(sign * values[name] for name, sign in exchanges.items())
    values["cost_usd"] = sum(sign * values[name] for name, sign in COST_PARTS.items())
    frame = pd.DataFrame({"strategy": strategy, "kpi": list(values), "value": list(values.values())})
    floors = frame["kpi"].map(lambda name: -np.inf if COLUMNS[name].ge is None else COLUMNS[name].ge)
    # sums of products of solver answers may be negative by rounding; the contract is about physics
    rounding = (frame["value"] < floors) & (frame["value"] > floors - 1e-9)
    frame["value"] = frame["value"].where(~rounding, floors)
    return validate(tidy(frame, "KPIS"), "KPIS", f"indicators of {strategy}")
