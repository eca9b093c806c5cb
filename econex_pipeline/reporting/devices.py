"""What the devices did over the day, one plain sentence each: battery, pumped hydro, inlet turbine, treatment."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from econex_pipeline.district import District
from econex_pipeline.reporting.balances import pumped_hydro
from econex_pipeline.reporting.ledger import Array, Ledger, ledger, planned
from econex_pipeline.reporting.words import NO_BREAK, SEEN_AMOUNT, dearest_steps, number, plain, spans

MOSTLY_FRAC = 0.10
"""Steps in which a device ran at more than this share of its largest rate of the day are when it mostly ran."""
MOST_APART = 6
"""With more devices of a kind than this, they are told of together."""


def what_devices_did(
    operations: pd.DataFrame, states: pd.DataFrame, prices: pd.DataFrame, district: District
) -> list[tuple[str, str]]:
    """Tell what each device did.

    Parameters
    ----------
    operations, states, prices : pandas.DataFrame
        OPERATIONS, STATE and PRICES of the day.
    district : District
        What stands there.

    Returns
    -------
    list of (str, str)
        Device and what it did.
    """
    day = ledger(operations, states)
    return [
        *_batteries(day, prices, district),
        *_pumped_hydro(day, district),
        *_inlet_turbine(day, district),
        *_treatments(day, planned(operations), district),
    ]


def _batteries(day: Ledger, prices: pd.DataFrame, district: District) -> list[tuple[str, str]]:
    dear = dearest_steps(day, prices)
    told = []
    for title, names in _apart(district.batteries, "batteries"):
        charged = day.sum([f"{name}.charge" for name in names], "power_kw")
        given = day.sum([f"{name}.discharge" for name in names], "power_kw")
        text = f"took in {_kwh(day, charged)}{_mostly(day, charged, district)}"
        text += f" and gave {_kwh(day, given)}{_mostly(day, given, district)}"
        if dear.any() and day.total(given) > SEEN_AMOUNT:
            text += f", {_kwh(day, given * dear)} of it in the dearest hours"
        told.append((title, f"{text}. {_stood(day, names, 'kWh')}"))
    return told


def _pumped_hydro(day: Ledger, district: District) -> list[tuple[str, str]]:
    lifts, turbines = pumped_hydro(district)
    if not turbines:
        return []
    lifted, dropped = day.sum(lifts, "flow_m3_h"), day.sum(turbines, "flow_m3_h")
    used, given = day.sum(lifts, "consumed_kw"), day.sum(turbines, "generated_kw")
    basins = {district.tank_at(district.arcs[name].tail, district.arcs[name].layer) for name in turbines}
    upper = sorted(basin for basin in basins if basin)
    where = f"the {plain(upper[0])}" if len(upper) == 1 else "the upper basins"
    moved = day.total(lifted) > SEEN_AMOUNT, day.total(dropped) > SEEN_AMOUNT
    if not any(moved):
        return [("pumped hydro (PHS)", f"stood still. {_stood(day, upper, 'm3', where)}")]
    text = f"lifted {_m3(day, lifted)}"
    text += f" with {_kwh(day, used)}{_mostly(day, lifted, district)}" if moved[0] else ""
    text += f", and gave back {_kwh(day, given)}"
    text += f" from {_m3(day, dropped)}{_mostly(day, dropped, district)}" if moved[1] else ""
    return [("pumped hydro (PHS)", f"{text}. {_stood(day, upper, 'm3', where)}")]


def _inlet_turbine(day: Ledger, district: District) -> list[tuple[str, str]]:
    mains = district.utilities.mains
    if mains is None or mains.turbine is None:
        return []
    bought, recovered = day.get("mains_import", "flow_m3_h"), day.get("mains", "generated_kw")
    if day.total(bought) <= SEEN_AMOUNT:
        return [("inlet turbine (PRS)", "stood still: nothing was bought from the mains.")]
    text = f"recovered {_kwh(day, recovered)} from {_m3(day, bought)} bought at the mains"
    return [("inlet turbine (PRS)", f"{text}{_mostly(day, bought, district)}.")]


def _treatments(day: Ledger, schedule: Ledger | None, district: District) -> list[tuple[str, str]]:
    told = []
    for title, names in _apart(district.treatments, "treatments"):
        fed, given = day.sum(names, "flow_m3_h"), day.sum(names, "product_m3_h")
        used, rejected = day.sum(names, "consumed_kw"), day.sum(names, "reject_m3_h")
        if day.total(fed) <= SEEN_AMOUNT:
            told.append((title, "stood still."))
            continue
        share = 100.0 * day.total(given) / day.total(fed)
        text = f"made {_m3(day, given)} of drinking water from {_m3(day, fed)} of raw water ({share:.0f}{NO_BREAK}%)"
        text += f" with {_kwh(day, used)}{_mostly(day, fed, district)}; {_m3(day, rejected)} went to the sewer"
        committed = [name for name in names if schedule is not None and schedule.has(name, "schedule_m3_h")]
        if schedule is not None and committed:
            text += f". The schedule of the day before asked for {_m3(day, schedule.sum(committed, 'schedule_m3_h'))}"
        told.append((title, f"{text}."))
    return told


def _apart(names: Iterable[str], kind: str) -> list[tuple[str, list[str]]]:
    """Give title and names of what is told of on its own; all of a kind together where there are many."""
    listed = list(names)
    if len(listed) > MOST_APART:
        return [(f"the {len(listed)} {kind}", listed)]
    return [(plain(name), [name]) for name in listed]


def _kwh(day: Ledger, rates: Array) -> str:
    return _amount(day.total(rates), "kWh")


def _m3(day: Ledger, rates: Array) -> str:
    return _amount(day.total(rates), "m3")


def _amount(amount: float, unit: str) -> str:
    return number(amount, unit) if amount > SEEN_AMOUNT else "nothing"


def _mostly(day: Ledger, rates: Array, district: District) -> str:
    """Say when most of it ran, in brackets; nothing where nothing ran."""
    if day.total(rates) <= SEEN_AMOUNT:
        return ""
    ran = rates > MOSTLY_FRAC * float(np.max(rates))
    return f" (mostly {spans(ran, day.times, day.step_h, district.site.civil_time_zone)})"


def _stood(day: Ledger, names: list[str], unit: str, where: str = "it") -> str:
    """Say what stood in storages at both ends of the day."""
    known = [name for name in names if name in day.levels]
    if not known:
        return ""
    levels = day.levels[known].sum(axis=1).to_numpy(dtype=float)
    return (
        f"At the start {number(float(levels[0]), unit)} stood in {where}, at the end {number(float(levels[-1]), unit)}."
    )
