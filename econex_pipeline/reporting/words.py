"""The day in words: numbers with their units, the headline, what came of the plan."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from econex_pipeline.contracts import COLUMNS
from econex_pipeline.contracts.time import civil
from econex_pipeline.district import District
from econex_pipeline.reporting.balances import balance
from econex_pipeline.reporting.ledger import Ledger, ledger

SEEN_AMOUNT = 5e-3
"""Amounts below this many kWh or m3 over the day are rounding, not events."""
NO_BREAK = "\u202f"
EXPECTED: dict[str, tuple[dict[str, float], str]] = {
    "Sun on the roofs": ({"pv_used_kwh": 1.0, "curtailed_kwh": 1.0}, "kWh"),
    "Electricity asked for": ({"load_kwh": 1.0}, "kWh"),
    "Drinking water asked for": ({"potable_demand_m3": 1.0}, "m3"),
    "Rain harvested": ({"harvested_m3": 1.0}, "m3"),
    "Garden water asked for": ({"irrigation_m3": 1.0}, "m3"),
    "Bought from the grid": ({"grid_import_kwh": 1.0}, "kWh"),
    "Sold to the grid": ({"grid_export_kwh": 1.0}, "kWh"),
    "Bought from the mains": ({"water_import_m3": 1.0}, "m3"),
    "Raw water treated": ({"treated_m3": 1.0}, "m3"),
    "Pumped hydro gave": ({"phs_generated_kwh": 1.0}, "kWh"),
    "Value taken from storage": ({"stored_change_usd": -1.0}, "USD"),
    "Cost of the day": ({"cost_usd": 1.0}, "USD"),
}
"""What a plan expects and a day turns out to be: title, the indicators that are added up with their signs, unit."""


def number(value: float, unit: str, currency: str = "USD") -> str:
    """Write a number the way an operator reads it: two decimals for money and water, one for energy, shares in percent.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        As in the dictionary of columns.
    currency : str
        What USD stands for in this district.
    """
    if not np.isfinite(value):
        return "–"
    if unit == "USD":
        return f"{_decimals(value, 2)}{NO_BREAK}{currency}"
    if unit == "-":
        return f"{_decimals(100.0 * value, 1)}{NO_BREAK}%"
    decimals = 2 if unit == "m3" or 0.0 < abs(value) < 1.0 else 1
    return f"{_decimals(value, decimals)}{NO_BREAK}{unit.replace('m3', 'm³')}"


def _decimals(value: float, decimals: int) -> str:
    rounded = round(value, decimals) + 0.0  # no minus before a rounded zero
    return f"{rounded:,.{decimals}f}".replace("-", "\u2212").replace(",", NO_BREAK)


def plain(name: str) -> str:
    """Write a name of the district file as words."""
    return name.replace("phs_", "pumped_hydro_").replace("_", " ").replace(".", " ")


def device(name: str, district: District) -> str:
    """Name a device by its name in the district file, with what it is and where it leads."""
    kinds = {"pumped": "pump", "gravity": "valve", "turbined": "turbine", "backup": "way"}
    if name == "mains_import":
        return "the inlet from the mains"
    arc = district.arcs.get(name)
    if arc is None or arc.kind not in kinds:
        return plain(name)
    way = f"{plain(arc.tail)} to {plain(arc.head)}" if arc.tail != arc.head else f"at {plain(arc.tail)}"
    return f"{plain(name)} ({kinds[arc.kind]}, {way})"


def indicator(value: float, name: str, currency: str = "USD") -> str:
    """Write the value of a KPI; counts without a decimal."""
    if name.endswith(("_cycles", "_count")):
        return f"{value:.0f}"
    return number(value, COLUMNS[name].unit, currency)


def spans(marked: npt.NDArray[np.bool_], times: pd.DatetimeIndex, step_h: float, zone: str) -> str:
    """Write the marked steps as spans of civil time, such as ``06:00–08:00, 19:00–20:00``, or as all day."""
    if marked.all():
        return "all day"
    stamps = civil(times, zone)
    ends = civil(times + pd.Timedelta(hours=step_h), zone)
    pieces: list[list[str]] = []
    previous = -2
    for step in (int(place) for place in np.flatnonzero(marked)):
        if step == previous + 1:
            pieces[-1][1] = ends[step].strftime("%H:%M")
        else:
            pieces.append([stamps[step].strftime("%H:%M"), ends[step].strftime("%H:%M")])
        previous = step
    return ", ".join("–".join(piece) for piece in pieces)


def headline(
    kpis: pd.DataFrame, operations: pd.DataFrame, states: pd.DataFrame, prices: pd.DataFrame, district: District
) -> list[str]:
    """Say what happened and what it saved against no control, in a few sentences.

    Parameters
    ----------
    kpis : pandas.DataFrame
        KPIS with the strategy ``controlled``; ``no_control`` where it is to be compared.
    operations, states, prices : pandas.DataFrame
        OPERATIONS, STATE and PRICES of the day.
    district : District
        What stands there.
    """
    table = kpis.set_index(["strategy", "kpi"])["value"]
    now = table["controlled"]
    then = table["no_control"] if "no_control" in table.index.get_level_values(0) else None
    money = district.currency
    sentences = [_money_sentence(now, then, money)]
    day = ledger(operations, states)
    dear = dearest_steps(day, prices)
    text = f"The grid supplied {_amount(now['grid_import_kwh'], 'kWh')}"
    if dear.any():
        peak = spans(dear, day.times, day.step_h, district.site.civil_time_zone)
        text += f", {_amount(now['peak_import_kwh'], 'kWh')} of it in the dearest hours ({peak}"
        text += f"; {_amount(then['peak_import_kwh'], 'kWh')} without control)" if then is not None else ")"
    sentences.append(f"{text}, and took back {_amount(now['grid_export_kwh'], 'kWh')}.")
    tanks = [name for name, tank in district.tanks.items() if tank.layer == "P"]
    gained_m3 = sum(day.total(day.gained(name)) for name in tanks)
    kept = "gave" if gained_m3 < 0 else "kept"
    sentences.append(
        f"Households asked for {_amount(now['potable_demand_m3'], 'm3')} of drinking water: "
        f"{_amount(now['water_import_m3'], 'm3')} came from the mains, {_amount(now['product_m3'], 'm3')} from treated "
        f"rain and greywater, and their tanks {kept} {_amount(abs(gained_m3), 'm3')}."
    )
    watered_m3 = day.total(balance(day, district, "P").use["backup"])
    if watered_m3 > SEEN_AMOUNT:
        sentences.append(f"{_amount(watered_m3, 'm3')} of drinking water went to the gardens.")
    sentences += _unserved_sentence(now, then)
    if then is not None:
        less = then["carbon_kg"] - now["carbon_kg"]
        word = "less" if less >= 0 else "more"
        sentences.append(
            f"Bought electricity carried {number(now['carbon_kg'], 'kg')} of CO₂, "
            f"{number(abs(less), 'kg')} {word} than without control."
        )
    return sentences


def _amount(value: float, unit: str) -> str:
    """Write an amount of the day; what could not be seen is nothing."""
    return number(value, unit) if abs(value) > SEEN_AMOUNT else "nothing"


def _unserved_sentence(now: pd.Series, then: pd.Series | None) -> list[str]:
    """Say what was not served: a strategy that serves less also pays less."""

    def missed(values: pd.Series) -> str:
        amounts = ((values["unserved_kwh"], "kWh"), (values["unserved_m3"], "m3"))
        return " and ".join(number(amount, unit) for amount, unit in amounts if amount > SEEN_AMOUNT)

    here, there = missed(now), missed(then) if then is not None else ""
    if not here and not there:
        return []
    text = f"Demand that could not be served: {here or 'none'}"
    return [f"{text}; without control it would have been {there or 'none'}." if then is not None else f"{text}."]


def _money_sentence(now: pd.Series, then: pd.Series | None, currency: str) -> str:
    cost = now["cost_usd"]
    verb = "cost" if cost >= 0 else "earned"
    text = f"The day {verb} {number(abs(cost), 'USD', currency)}"
    if then is None:
        return f"{text}."
    saved = then["cost_usd"] - cost
    share = f" ({100.0 * saved / then['cost_usd']:.0f}{NO_BREAK}%)" if then["cost_usd"] > 0.01 and saved > 0 else ""
    if saved >= 0:
        verdict = f"control saved {number(saved, 'USD', currency)}{share}"
    else:
        verdict = f"control cost {number(-saved, 'USD', currency)} more than it saved"
    return f"{text}; without control it would have come to {number(then['cost_usd'], 'USD', currency)}: {verdict}."


def plan_against_day(kpis: pd.DataFrame, currency: str = "USD") -> list[str]:
    """Say how the day differed from what was expected of it: cost, schedule, pump energy.

    Parameters
    ----------
    kpis : pandas.DataFrame
        KPIS of strategies ``controlled`` and, where there was a plan, ``plan``.
    currency : str
        What USD stands for in this district.
    """
    table = kpis.set_index(["strategy", "kpi"])["value"]
    now, sentences = table["controlled"], []
    if "plan" in table.index.get_level_values(0):
        expected = number(table["plan", "cost_usd"], "USD", currency)
        text = f"The plan expected the day to cost {expected}; it cost {number(now['cost_usd'], 'USD', currency)}."
        sentences.append(text)
    departing = number(now["deviation_cost_usd"], "USD", currency)
    sentences.append(f"Departing from the committed schedules is priced at {departing}, which is not part of the cost.")
    if "pump_energy_error_frac" in now:
        sentences.append(
            f"Pumps were predicted to use {number(now['predicted_pump_energy_kwh'], 'kWh')} and used "
            f"{number(now['simulated_pump_energy_kwh'], 'kWh')} on the simulated plant: a difference of "
            f"{number(now['pump_energy_error_frac'], '-')}."
        )
    return sentences


def expected_and_came(kpis: pd.DataFrame, currency: str = "USD") -> list[dict[str, object]]:
    """Put what the plan expected beside what came: first sun, demand and rain, then what was decided.

    Parameters
    ----------
    kpis : pandas.DataFrame
        KPIS of strategies ``controlled`` and ``plan``; without the latter there is nothing to tell.
    currency : str
        What USD stands for in this district.

    Returns
    -------
    list of dict
        ``name``, ``unit`` and ``cells``: expected, came, and the difference.
    """
    table = kpis.set_index(["strategy", "kpi"])["value"]
    if "plan" not in table.index.get_level_values(0):
        return []
    rows: list[dict[str, object]] = []
    for title, (signs, unit) in EXPECTED.items():
        expected, came = (
            sum(sign * float(table.get((strategy, name), 0.0)) for name, sign in signs.items())
            for strategy in ("plan", "controlled")
        )
        if max(abs(expected), abs(came)) > SEEN_AMOUNT:
            cells = [number(value, unit, currency) for value in (expected, came, came - expected)]
            rows.append({"name": title, "cells": cells})
    return rows


def dearest_steps(day: Ledger, prices: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark the steps of the highest buying price, shape (T,); none where the price never changes."""
    buy = prices.set_index("time_utc")["buy_price_usd_kwh"].reindex(day.times).to_numpy(dtype=float)
    return (buy >= buy.max() - 1e-12) & (np.ptp(buy) >= 1e-12)
