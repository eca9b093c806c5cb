"""What went wrong on the day, for the operator: what, where, when, how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from econex_pipeline.contracts.columns import FALLBACK_CAUSES, SOLVE_STATUS
from econex_pipeline.district import District
from econex_pipeline.reporting.ledger import Array, Ledger, ledger
from econex_pipeline.reporting.words import NO_BREAK, SEEN_AMOUNT, device, number, plain, spans

CLIP_FRAC = 0.10
CLIP_LEAST = 0.02
"""A device fell short when it delivered less than asked by this share of it and by this many kW or m3/h: less is how
the plant differs from its model, which the pump energy tells."""
PUMP_ERROR_FRAC = 0.03
LOW_FRAC = 0.05
"""A drinking-water tank without a reserve in the district file is nearly empty below this share of its capacity."""
RESERVE_SLACK_FRAC = 0.02
"""Below the reserve by less than this share of it is as good as at the reserve."""
EVENTS = {
    "grid_outage": "The grid was out",
    "mains_outage": "The water mains were out",
    "leak": "The {} leaked",
    "pump_wear": "A worn pump: {}",
    "sensor_drift": "The level sensor of the {} drifted",
    "sensor_dropout": "The {} was not seen by its sensors",
    "demand_burst": "More was drawn than usual at {}",
    "hydraulic_failure": "The hydraulic engine found no answer, and all pumps and valves stood still",
}
RAN = {
    "incumbent": "a feasible point of a stopped solve",
    "last_good_plan": "the last good plan",
    "rules": "rules",
}
CONTRADICTED = "{}: the sensor drifts, or water or energy leaves without a meter; the lower was believed ({})."
SILENT = "{}: followed by its meters alone ({})."
MOST_ALIKE = 6
"""Alarms of one kind that are listed; the rest are counted."""

Grade = Literal["bad", "warn", "good", "note"]


@dataclass(frozen=True)
class Alarm:
    """One thing an operator should know: how grave it is, a few words, and one sentence."""

    grade: Grade
    title: str
    text: str


def alarms(
    operations: pd.DataFrame,
    states: pd.DataFrame,
    kpis: pd.DataFrame,
    district: District,
    messages: tuple[str, ...] = (),
    seam: str = "",
) -> list[Alarm]:
    """List what went wrong, the gravest first; one good word where nothing did; at last what is no fault but told.

    Parameters
    ----------
    operations, states, kpis : pandas.DataFrame
        OPERATIONS and STATE of the day and its KPIS.
    district : District
        What stands there.
    messages : tuple of str
        What the controller said when it fell back.
    seam : str
        Why the day does not start where the one before ended; empty where it does.
    """
    day = ledger(operations, states)
    found = [
        *_unserved(day, district),
        *([Alarm("warn", "Not where the day before ended", f"{seam[0].upper()}{seam[1:]}.")] if seam else []),
        *_events(day, district),
        *_fallbacks(operations, day, district, messages),
        *_telemetry(day, district),
        *_low(day, district),
    ]
    clips, limits = _clips(operations, day, district)
    found += [*_spills(day, district), *clips, *_pump_error(kpis)]
    for title in dict.fromkeys(alarm.title for alarm in found):
        same = [alarm for alarm in found if alarm.title == title]
        if len(same) > MOST_ALIKE:
            rest = Alarm(same[0].grade, title, f"And {len(same) - MOST_ALIKE} more of this kind.")
            place = found.index(same[MOST_ALIKE])
            found = [alarm for alarm in found if alarm not in same[MOST_ALIKE:]]
            found.insert(place, rest)
    if not found:
        calm = "All demand was served, nothing spilled, every control cycle was solved."
        found = [Alarm("good", "Nothing needs attention", calm)]
    return found + limits


def _amounts(day: Ledger, prefix: str, quantity: str) -> list[tuple[str, Array, float]]:
    found = [(name, day.get(name, quantity)) for name in day.names(quantity, prefix)]
    return [(name, rates, day.total(rates)) for name, rates in found if day.total(rates) > SEEN_AMOUNT]


def _unserved(day: Ledger, district: District) -> list[Alarm]:
    found = []
    for quantity, unit in (("power_kw", "kWh"), ("flow_m3_h", "m3")):
        for name, rates, amount in _amounts(day, "unserved.", quantity):
            _, node, layer = name.split(".")
            what = {"E": "electricity", "P": "drinking water", "W": "irrigation water"}[layer]
            when = spans(rates > 1e-9, day.times, day.step_h, district.site.civil_time_zone)
            text = f"{number(amount, unit)} of {what} could not be given to {district.nodes[node].title} ({when})."
            found.append(Alarm("bad", "Demand not served", text))
    return found


def _events(day: Ledger, district: District) -> list[Alarm]:
    """Events that are known to have happened, outages first: all else is to be read in their light."""
    found = []
    for name in sorted(day.names("event_active"), key=lambda name: (not name.endswith("_outage"), name)):
        kind, _, element = name.partition(".")
        where = district.nodes[element].title if element in district.nodes else device(element, district)
        when = spans(day.get(name, "event_active") > 0.0, day.times, day.step_h, district.site.civil_time_zone)
        found.append(Alarm("warn", "Something went wrong", f"{EVENTS[kind].format(where)} ({when})."))
    return found


def _fallbacks(operations: pd.DataFrame, day: Ledger, district: District, messages: tuple[str, ...]) -> list[Alarm]:
    """Control cycles that the optimum did not decide: what did, and why."""
    rows = operations[operations["element"] == "controller"]
    noted = rows.pivot_table(index="time_utc", columns="quantity", values="value", aggfunc="max").reindex(day.times)
    noted = noted.reindex(columns=["fallback_count", "solve_status", "fallback_cause", "plan_age_h"])
    fell = noted["fallback_count"].fillna(0.0) > 0.0
    if not fell.any():
        return []
    status = noted["solve_status"].where(fell).to_numpy(dtype=float)
    cause = noted["fallback_cause"].where(fell).to_numpy(dtype=float)
    ran = [f"{RAN[name]} ({int((status == i).sum())})" for i, name in enumerate(SOLVE_STATUS) if (status == i).any()]
    oldest_h = noted["plan_age_h"].where(fell).max()
    old = f", of which the oldest was {oldest_h:.0f} h old," if oldest_h > 0.0 else ""
    zone = district.site.civil_time_zone
    why = [
        f"{name.replace('_', ' ')} ({spans(cause == i, day.times, day.step_h, zone)})"
        for i, name in enumerate(FALLBACK_CAUSES)
        if (cause == i).any()
    ]
    said = f" It said: {'; '.join(messages)}." if messages else ""
    cycles = "One control cycle" if fell.sum() == 1 else f"{fell.sum():.0f} control cycles"
    text = f"{cycles} ran on {' and '.join(ran)}{old} because of: {', '.join(why)}.{said}"
    return [Alarm("warn", "Controller fell back", text)]


def _telemetry(day: Ledger, district: District) -> list[Alarm]:
    """Level sensors that were not heard, or that the meters contradicted."""
    found = []
    for quantity, title, said in (
        ("contradicted_readings", "A level sensor and the meters contradict each other", CONTRADICTED),
        ("missing_readings", "A level sensor was silent", SILENT),
    ):
        for name in day.names(quantity):
            when = spans(day.get(name, quantity) > 0.0, day.times, day.step_h, district.site.civil_time_zone)
            found.append(Alarm("warn", title, said.format(plain(name), when)))
    return found


def _low(day: Ledger, district: District) -> list[Alarm]:
    """Drinking-water tanks that stood below their reserve at the end of a step."""
    found = []
    for name, tank in district.tanks.items():
        if tank.layer != "P" or name not in day.levels:
            continue
        levels = day.levels[name].to_numpy(dtype=float)
        reserve = tank.reserve_m3 or LOW_FRAC * tank.capacity
        low = levels[1:] < (1.0 - RESERVE_SLACK_FRAC) * reserve
        if low.any():
            least, left = (number(float(level), "m3") for level in (levels[1:].min(), levels[-1]))
            when = spans(low, day.times, day.step_h, district.site.civil_time_zone)
            limit = f"its reserve of {number(reserve, 'm3')}"
            if not tank.reserve_m3:
                limit = f"{100.0 * LOW_FRAC:.0f}{NO_BREAK}%"
            text = f"The {plain(name)} was below {limit} ({when}): {least} at the least, {left} at the end."
            found.append(Alarm("warn", "Little drinking water in reserve", text))
    return found


def _spills(day: Ledger, district: District) -> list[Alarm]:
    found = []
    for name, rates, amount in _amounts(day, "overflow.", "flow_m3_h"):
        where = plain(name.removeprefix("overflow."))
        when = spans(rates > 1e-9, day.times, day.step_h, district.site.civil_time_zone)
        found.append(Alarm("warn", "Water spilled", f"{number(amount, 'm3')} ran over at the {where} ({when})."))
    return found


def _clips(operations: pd.DataFrame, day: Ledger, district: District) -> tuple[list[Alarm], list[Alarm]]:
    """Give devices that could not deliver what was asked of them, and in one note those whose storage was at its limit.

    A set point runs from the start of its step. Where the storage had no room for it then, or not enough to give, it is
    cut short although what else flows in the step makes room later: no fault of the device.
    """
    if not (operations["basis"] == "asked").any():
        return [], []
    asked = ledger(operations, bases=("asked",))
    found, limits = [], []
    devices = _devices(district)
    for (name, quantity), wanted in sorted(asked.series.items()):
        if name not in devices or quantity not in ("flow_m3_h", "power_kw") or not day.has(name, quantity):
            continue
        wanted = _at_least(asked, name, wanted)
        short = wanted - day.get(name, quantity)
        clipped = short > np.maximum(CLIP_FRAC * wanted, CLIP_LEAST)
        unit, zone = ("kWh" if quantity == "power_kw" else "m3"), district.site.civil_time_zone
        for why, at_limit in _limits(name, wanted, day, district):
            cut = clipped & at_limit
            clipped &= ~at_limit
            if day.total(short * cut) > SEEN_AMOUNT:
                when = spans(cut, day.times, day.step_h, zone)
                limits.append(f"{device(name, district)} by {number(day.total(short * cut), unit)} ({why}, {when})")
        if clipped.any():
            when = spans(clipped, day.times, day.step_h, zone)
            text = f"{device(name, district)} gave {number(day.total(short * clipped), unit)} less than asked ({when})."
            found.append(Alarm("warn", "Asked for more than was delivered", text[0].upper() + text[1:]))
    if len(limits) > MOST_ALIKE:
        limits = [*limits[:MOST_ALIKE], f"and {len(limits) - MOST_ALIKE} more"]
    title = "Set points cut short by a full or an empty storage"
    return found, [Alarm("note", title, f"No fault: {'; '.join(limits)}.")] if limits else []


def _at_least(asked: Ledger, name: str, wanted: Array) -> Array:
    """Give what must be delivered of what was asked: what has a band answers within it, as it was told [kW or m3/h]."""
    device, _, way = name.partition(".")
    quantity = "charge_kw" if way else "flow_m3_h"
    least, most = (asked.get(device, f"{end}_{quantity}") for end in ("least", "most"))
    bound = -most if way == "discharge" else least
    return np.where(most > least, np.minimum(wanted, np.maximum(bound, 0.0)), wanted)


def _limits(name: str, wanted: Array, day: Ledger, district: District) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Say in which steps a storage could not take, or give, all that was asked of a device at the start of the step."""
    giving, taking = _storages_of(name, district)
    found = []
    if taking in day.levels:
        room = district.storages[taking].capacity - day.levels[taking].to_numpy(dtype=float)[:-1]
        found.append((f"{plain(taking)} full", wanted * day.step_h > room))
    if giving in day.levels:
        there = day.levels[giving].to_numpy(dtype=float)[:-1]
        found.append((f"{plain(giving)} empty", wanted * day.step_h > there))
    return found


def _storages_of(name: str, district: District) -> tuple[str, str]:
    """Name the storages that a device takes from and gives to; empty where there is none."""
    if name in district.arcs:
        arc = district.arcs[name]
        ends = (arc.tail, arc.layer), (arc.head, arc.head_layer or arc.layer)
    elif name in district.treatments:
        node = district.treatments[name].node
        ends = (node, "W"), (node, "P")
    elif name in ("mains_import", "mains_export") and district.utilities.mains is not None:
        hub = district.tank_at(district.utilities.mains.node, "P") or ""
        return ("", hub) if name == "mains_import" else (hub, "")
    else:
        battery, _, way = name.rpartition(".")
        return ("", battery) if way == "charge" else (battery, "")
    return district.tank_at(*ends[0]) or "", district.tank_at(*ends[1]) or ""


def _devices(district: District) -> set[str]:
    """Name what follows a set point; lines, drains and the sewer carry what physics sends their way."""
    driven = {name for name, arc in district.arcs.items() if arc.kind in ("pumped", "gravity", "turbined", "backup")}
    batteries = {f"{name}.{way}" for name in district.batteries for way in ("charge", "discharge")}
    return driven | batteries | set(district.treatments) | {"mains_import", "mains_export"}


def _pump_error(kpis: pd.DataFrame) -> list[Alarm]:
    rows = kpis[(kpis["kpi"] == "pump_energy_error_frac") & (kpis["strategy"] == "controlled")]
    if rows.empty or abs(float(rows["value"].iloc[0])) <= PUMP_ERROR_FRAC:
        return []
    error = number(float(rows["value"].iloc[0]), "-")
    usual = f"{100.0 * PUMP_ERROR_FRAC:.0f}{NO_BREAK}%"
    text = f"Predicted pump energy departs from the measured by {error}; more than {usual} is unusual."
    return [Alarm("warn", "Pumps differ from their model", text)]
