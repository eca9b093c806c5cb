"""How far the controller could be trusted: when it fell back and why, what it predicted and believed, and what was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.columns import FALLBACK_CAUSES, SOLVE_STATUS
from econex_pipeline.contracts.time import civil
from econex_pipeline.district import District
from econex_pipeline.reporting.ledger import Ledger
from econex_pipeline.reporting.words import device, number

GROUPS = {"pump": "pumps", "phs": "pumped hydro's turbine", "prs": "the inlet turbine", "treatment": "treatment"}
"""Groups of devices whose energy is predicted, as their indicators and as the page name them."""


def of_controller(operations: pd.DataFrame, day: Ledger, district: District) -> dict[str, float]:
    """Give the indicators of what the controller noted about itself; nothing where nobody controlled.

    Parameters
    ----------
    operations : pandas.DataFrame
        OPERATIONS of the day.
    day : Ledger
        The same as it happened.
    district : District
        Which device does what.
    """
    rows = operations[operations["element"] == "controller"].drop_duplicates(["time_utc", "quantity"])
    noted = {str(quantity): group["value"].to_numpy(dtype=float) for quantity, group in rows.groupby("quantity")}
    values: dict[str, float] = {}
    if "fallback_count" in noted:
        values["fallback_cycles"] = float(noted["fallback_count"].sum())
    if {"predicted_pump_kwh", "simulated_pump_kwh"} <= set(noted):
        predicted_kwh, simulated_kwh = (float(noted[f"{what}_pump_kwh"].sum()) for what in ("predicted", "simulated"))
        values["predicted_pump_energy_kwh"] = predicted_kwh
        values["simulated_pump_energy_kwh"] = simulated_kwh
        if simulated_kwh > 0.0:
            values["pump_energy_error_frac"] = predicted_kwh / simulated_kwh - 1.0
    for quantity, names in (("solve_status", SOLVE_STATUS), ("fallback_cause", FALLBACK_CAUSES)):
        counts = np.bincount(noted.get(quantity, np.empty(0)).astype(int), minlength=len(names))
        values |= {f"{name}_cycles": float(count) for name, count in zip(names[1:], counts[1:], strict=True) if count}
    if (ages := noted.get("plan_age_h", np.empty(0))).any():
        values["oldest_plan_h"] = float(ages.max())
    for quantity, name in (("estimate_error_frac", "estimation"), ("sensor_error_frac", "reading")):
        if quantity in noted:
            values[f"{name}_error_frac"] = float(np.sqrt(np.mean(noted[quantity] ** 2)))
    if noted:
        for what in ("contradicted", "missing"):
            values[f"{what}_reading_count"] = float((operations["quantity"] == f"{what}_readings").sum())
    return values | _predictions(operations, day, district)


def _predictions(operations: pd.DataFrame, day: Ledger, district: District) -> dict[str, float]:
    """Compare the energy of each device, step by step, with what was predicted with and without what was learnt."""
    rows = operations[operations["quantity"].isin(["predicted_kwh", "uncorrected_kwh"])]
    if rows.empty:
        return {}
    said = rows.pivot_table(index="time_utc", columns=["quantity", "element"], values="value", aggfunc="sum")
    said = said.reindex(day.times).fillna(0.0)
    values = {}
    for group, members in _devices(district).items():
        devices = [device for device in members if ("predicted_kwh", device) in said]
        used = day.sum(devices, "consumed_kw") + day.sum(devices, "generated_kw")
        if (measured_kwh := day.total(used)) <= 0.0:
            continue
        for quantity, name in (("predicted_kwh", "prediction"), ("uncorrected_kwh", "uncorrected")):
            off_kwh = sum(_off_kwh(said[quantity, device], day, device) for device in devices)
            values[f"{group}_{name}_error_frac"] = off_kwh / measured_kwh
    return values


def _off_kwh(said_kwh: pd.Series, day: Ledger, device: str) -> float:
    used_kw = day.get(device, "consumed_kw") + day.get(device, "generated_kw")
    return float(np.abs(said_kwh.to_numpy(dtype=float) - used_kw * day.step_h).sum())


def _devices(district: District) -> dict[str, list[str]]:
    arcs = district.arcs.items()
    mains = district.utilities.mains
    return {
        "pump": [name for name, arc in arcs if arc.kind == "pumped"],
        "phs": [name for name, arc in arcs if arc.kind == "turbined"],
        "prs": ["mains"] if mains is not None and mains.turbine is not None else [],
        "treatment": list(district.treatments),
    }


def trust_in_words(kpis: pd.DataFrame) -> list[str]:
    """Say how near predictions and beliefs came to what was, and what learning from measurements bought.

    Parameters
    ----------
    kpis : pandas.DataFrame
        KPIS with the strategy ``controlled``.
    """
    values = kpis[kpis["strategy"] == "controlled"].set_index("kpi")["value"]
    sentences = []
    told = [name for name in GROUPS if f"{name}_prediction_error_frac" in values]
    if told:
        parts = [
            f"{GROUPS[name]} {number(values[f'{name}_prediction_error_frac'], '-')} "
            f"({number(values[f'{name}_uncorrected_error_frac'], '-')})"
            for name in told
        ]
        sentences.append(
            "Step by step the controller's prediction of energy was off by this share of what was measured, in "
            f"brackets without what it has learnt from measurements: {', '.join(parts)}."
        )
    if {"estimation_error_frac", "reading_error_frac"} <= set(values.index):
        sentences.append(
            f"It believed stored amounts within {number(values['estimation_error_frac'], '-')} of capacity of what "
            f"they were; level sensors alone showed them within {number(values['reading_error_frac'], '-')} (root "
            "mean square)."
        )
    return sentences


def why(reasons: Iterable[Mapping[str, Any]], district: District) -> list[dict[str, Any]]:
    """Put the reasons of a day into a table by hour.

    Parameters
    ----------
    reasons : iterable of mapping
        ``time_utc``, ``element`` and ``text`` of each, in the order of time.
    district : District
        Names of the devices and the civil time zone.

    Returns
    -------
    list of dict
        ``hour`` and ``told``, pairs of device and reason.
    """
    hours: dict[str, list[tuple[str, str]]] = {}
    for reason in reasons:
        name = device(str(reason["element"]), district)
        hours.setdefault(str(reason["time_utc"]), []).append((name[0].upper() + name[1:], str(reason["text"])))
    clocks = _clocks(list(hours), district.site.civil_time_zone)
    return [{"hour": clock, "told": told} for clock, told in zip(clocks, hours.values(), strict=True)]


def _clocks(stamps: list[str], zone: str) -> list[str]:
    return [f"{stamp:%H:%M}" for stamp in civil(pd.DatetimeIndex(pd.to_datetime(stamps, utc=True)), zone)]
