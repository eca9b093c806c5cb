"""The day in words: numbers with their units, the headline, what came of the plan."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from econex_pipeline.contracts import COLUMNS
from econex_pipeline.contracts.time import civil
from econex_pipeline.district import District
from econex_pipeline.reporting.ledger import Ledger, ledger

SEEN_AMOUNT = 5e-3
"""Amounts below this many kWh or m3 over the day are rounding, not events."""
NO_BREAK = "\u202f"


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


def indicator(value: float, name: str, currency: str = "USD") -> str:
    """Write the value of a KPI; counts without a decimal."""
    if name == "fallback_cycles":
        return f"{value:.0f}"
    return number(value, COLUMNS[name].unit, currency)


def spans(marked: npt.NDArray[np.bool_], times: pd.DatetimeIndex, step_h: float, zone: str) -> str:
    """Write the marked steps as spans of civil time, for example ``06:00–08:00, 19:00–20:00``."""
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


def headline(kpis: pd.DataFrame, operations: pd.DataFrame, prices: pd.DataFrame, district: District) -> list[str]:
    """Say what happened and what it saved against no control, in a few sentences.

    Parameters
    ----------
    kpis : pandas.DataFrame
        KPIS with the strategy ``controlled``; ``no_control`` where it is to be compared.
    operations, prices : pandas.DataFrame
        OPERATIONS and PRICES of the day.
    district : District
        What stands there.
    """
    table = kpis.set_index(["strategy", "kpi"])["value"]
    now = table["controlled"]
    then = table["no_control"] if "no_control" in table.index.get_level_values(0) else None
    money = district.currency
    sentences = [_money_sentence(now, then, money)]
    day = ledger(operations)
    peak = _dearest(day, prices, district)
    sold = f" and took back {indicator(now['grid_export_kwh'], 'grid_export_kwh')}"
    text = f"The grid supplied {indicator(now['grid_import_kwh'], 'grid_import_kwh')}{sold}"
    if peak:
        dear = now["peak_import_kwh"]
        amount = "none" if dear < SEEN_AMOUNT else indicator(dear, "peak_import_kwh")
        text += f"; {amount} of it was bought in the dearest hours ({peak})"
        if then is not None:
            text += f", against {indicator(then['peak_import_kwh'], 'peak_import_kwh')} without control"
    sentences.append(f"{text}.")
    inlet, product = (
        number(now[name], "m3") if now[name] > SEEN_AMOUNT else "nothing" for name in ("water_import_m3", "product_m3")
    )
    sentences.append(
        f"Households drew {number(now['potable_demand_m3'], 'm3')} of drinking water: {inlet} came from the mains, "
        f"{product} from treated rain and greywater; tanks took or gave the difference."
    )
    if then is not None:
        less = then["carbon_kg"] - now["carbon_kg"]
        word = "less" if less >= 0 else "more"
        sentences.append(
            f"Bought electricity carried {number(now['carbon_kg'], 'kg')} of CO₂, "
            f"{number(abs(less), 'kg')} {word} than without control."
        )
    return sentences


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


def _dearest(day: Ledger, prices: pd.DataFrame, district: District) -> str:
    buy = prices.set_index("time_utc")["buy_price_usd_kwh"].reindex(day.times).to_numpy(dtype=float)
    if np.ptp(buy) < 1e-12:
        return ""
    return spans(buy >= buy.max() - 1e-12, day.times, day.step_h, district.site.civil_time_zone)
