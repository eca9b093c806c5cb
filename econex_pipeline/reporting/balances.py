"""Who supplied and who used, by layer and step: the day's ledger sorted into a few named series per layer.

The names are the keys of the figure theme. Each series is measured on its own; what does not close is shown, not
filled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econex_pipeline.district import District
from econex_pipeline.reporting.ledger import Array, Ledger

Series = dict[str, Array]


@dataclass(frozen=True)
class Balance:
    """Supply and use of one layer of the whole district.

    Attributes
    ----------
    supply, use : dict of str to array
        Means over the step by series [kW or m3/h], each of shape (T,), non-negative.
    unused : dict of str to array
        What was there and was not taken (curtailed sun); outside the balance.
    """

    supply: Series
    use: Series
    unused: Series


def balance(day: Ledger, district: District, layer: str) -> Balance:
    """Sort a day into supply and use.

    Parameters
    ----------
    day : Ledger
        The day.
    district : District
        What stands there.
    layer : str
        ``E``, ``P`` or ``W``.

    Raises
    ------
    KeyError
        If there is no such layer.
    """
    return {"E": _electricity, "P": _potable, "W": _raw}[layer](day, district)


def pumped_hydro(district: District) -> tuple[list[str], list[str]]:
    """Give the arcs that pump into and the arcs that turbine out of an upper basin.

    An arc pumps into an upper basin when a turbined arc leaves the node it ends at.
    """
    turbines = [name for name, arc in district.arcs.items() if arc.kind == "turbined"]
    uppers = {(district.arcs[name].tail, district.arcs[name].layer) for name in turbines}
    pumps = [name for name, arc in district.arcs.items() if arc.kind == "pumped" and (arc.head, arc.layer) in uppers]
    return pumps, turbines


def batteries(district: District) -> list[str]:
    """Give the names of the storages of electricity."""
    return [name for name, storage in district.storages.items() if storage.layer == "E"]


def line_losses(day: Ledger, district: District) -> Array:
    """Give the power lost in the lines [kW], shape (T,): the loss share of what enters each line, either way."""
    lost = np.zeros(len(day.times))
    for name, arc in district.arcs.items():
        if arc.kind == "line":
            lost += (arc.loss_frac or 0.0) * day.sum([name, f"{name}.reverse"], "power_kw")
    return lost


def _electricity(day: Ledger, district: District) -> Balance:
    lifts, turbines = pumped_hydro(district)
    stores = batteries(district)
    moved = [name for name in day.names("consumed_kw") if name not in lifts and name not in district.treatments]
    supply = {
        "pv": day.sum_all("power_kw", "pv."),
        "inlet_turbine": day.get("mains", "generated_kw"),
        "pumped_hydro": day.sum(turbines, "generated_kw"),
        "battery": day.sum([f"{name}.discharge" for name in stores], "power_kw"),
        "grid": day.get("grid_import", "power_kw"),
        "unserved": day.sum_all("power_kw", "unserved.", ".E"),
    }
    use = {
        "load": day.sum(district.nodes, "load_kw"),
        "pumps": day.sum(moved, "consumed_kw"),
        "treatment": day.sum(district.treatments, "consumed_kw"),
        "pumped_hydro": day.sum(lifts, "consumed_kw"),
        "battery": day.sum([f"{name}.charge" for name in stores], "power_kw"),
        "grid": day.get("grid_export", "power_kw"),
        "losses": line_losses(day, district),
        "dump": day.sum_all("power_kw", "dump."),
    }
    return Balance(supply, use, {"curtailed": day.sum_all("power_kw", "curtail.")})


def _tanks(day: Ledger, district: District, layer: str) -> tuple[Array, Array]:
    """Give what the layer's tanks together gave and took [m3/h]; basins that feed each other cancel out."""
    names = [name for name, storage in district.storages.items() if storage.layer == layer]
    gained = np.sum([np.zeros(len(day.times)), *(day.gained(name) for name in names)], axis=0)
    return np.maximum(-gained, 0.0), np.maximum(gained, 0.0)


def spilled(day: Ledger, district: District, layer: str) -> Array:
    """Give the water of a layer that ran over [m3/h], shape (T,): storages by their layer, nodes without one."""
    stores = [f"overflow.{name}" for name, storage in district.storages.items() if storage.layer == layer]
    return day.sum(stores, "flow_m3_h") + day.sum_all("flow_m3_h", "overflow.", f".{layer}")


def leaked(day: Ledger, district: District, layer: str) -> Array:
    """Give the water of a layer that leaked out of its tanks [m3/h], shape (T,)."""
    tanks = [f"leak.{name}" for name, storage in district.storages.items() if storage.layer == layer]
    return day.sum(tanks, "flow_m3_h")


def _backup(day: Ledger, district: District) -> Array:
    return day.sum([name for name, arc in district.arcs.items() if arc.kind == "backup"], "flow_m3_h")


def _potable(day: Ledger, district: District) -> Balance:
    gave, took = _tanks(day, district, "P")
    supply = {
        "mains": day.get("mains_import", "flow_m3_h"),
        "treatment": day.sum(district.treatments, "product_m3_h"),
        "tanks": gave,
        "unserved": day.sum_all("flow_m3_h", "unserved.", ".P"),
    }
    use = {
        "demand": day.sum(district.nodes, "potable_m3_h"),
        "backup": _backup(day, district),
        "mains": day.get("mains_export", "flow_m3_h"),
        "tanks": took,
        "spill": spilled(day, district, "P"),
        "leak": leaked(day, district, "P"),
    }
    return Balance(supply, use, {})


def _raw(day: Ledger, district: District) -> Balance:
    gave, took = _tanks(day, district, "W")
    supply = {
        "rain": day.sum(district.nodes, "rain_harvest_m3_h"),
        "greywater": day.sum(district.nodes, "greywater_m3_h"),
        "backup": _backup(day, district),
        "tanks": gave,
        "unserved": day.sum_all("flow_m3_h", "unserved.", ".W"),
    }
    use = {
        "irrigation": day.sum(district.nodes, "irrigation_m3_h"),
        "treatment": day.sum(district.treatments, "flow_m3_h"),
        "sewer": day.sum_all("flow_m3_h", "sewer."),
        "tanks": took,
        "spill": spilled(day, district, "W"),
        "leak": leaked(day, district, "W"),
    }
    return Balance(supply, use, {})
