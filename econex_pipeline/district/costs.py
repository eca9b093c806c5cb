"""What flows cost and what was promised of them: the one statement of it, for the optimizer and for all who price.

The optimizer takes the lines of each flow from here into its objective; `bill` prices what really flowed by the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from econex_pipeline.district.model import District

Part = Literal["econ", "res", "operation", "penalty"]
Per = Literal["flow", "reject", "lateness", "beyond_rain"]

POWER, WATER = "power_kw", "flow_m3_h"


@dataclass(frozen=True)
class Cost:
    """One line of the objective on a flow: ``factor * price`` per unit of it.

    Attributes
    ----------
    line : str
        Name of the line in the parts of the objective, for example ``grid_import_usd``.
    part : {"econ", "res", "operation", "penalty"}
        Sum it belongs to: Z_econ, Z_res, operation, penalties.
    factor : float
        Sign and constant; the whole unit cost where `price` is None.
    price : str or None
        Column of PRICES.
    per : {"flow", "reject", "lateness", "beyond_rain"}
        Per unit of flow; of what a treatment rejects, ``(1 - gain) * flow``; of flow times the hours from the start to
        the end of its step; of what flows beyond the rain that falls at its place in the same step.
    """

    line: str
    part: Part
    factor: float
    price: str | None = None
    per: Per = "flow"


@dataclass(frozen=True)
class Charge:
    """What is paid for a flow.

    Attributes
    ----------
    element : str
        Whose flow.
    quantity : str
        ``power_kw`` or ``flow_m3_h``.
    costs : tuple of Cost
        Its lines.
    place : str
        Node of the district at which it is.
    """

    element: str
    quantity: str
    costs: tuple[Cost, ...]
    place: str


@dataclass(frozen=True)
class Promise:
    """A schedule that is decided a day ahead: ``sum_plus - sum_minus`` of its flows.

    Attributes
    ----------
    element : str
        Whose schedule.
    plus, minus : tuple of str
        Elements whose flows make it up.
    deviation_usd : float
        Price of a unit of departing from it [USD/kWh or USD/m3].
    layer : {"E", "P", "W"}
        Layer of its flows.
    """

    element: str
    plus: tuple[str, ...]
    minus: tuple[str, ...]
    deviation_usd: float
    layer: str


def charges(district: District) -> Iterable[Charge]:
    """List what is paid for."""
    grid, mains, weights = district.utilities.grid, district.utilities.mains, district.objective
    bought = Cost("grid_import_usd", "econ", 1.0, "buy_price_usd_kwh")
    burnt = Cost("carbon_usd", "res", weights.carbon_usd_kg, "carbon_kg_kwh")
    yield Charge("grid_import", POWER, (bought, burnt), grid.node)
    yield Charge("grid_export", POWER, (Cost("grid_export_usd", "econ", -1.0, "sell_price_usd_kwh"),), grid.node)
    if mains is not None:
        drawn = Cost("water_import_usd", "econ", 1.0, "water_buy_usd_m3")
        scarce = Cost("scarcity_usd", "res", weights.scarcity_usd_m3)
        yield Charge("mains_import", WATER, (drawn, scarce), mains.node)
        given = Cost("water_export_usd", "econ", -1.0, "water_sell_usd_m3")
        yield Charge("mains_export", WATER, (given,), mains.node)
    for name, treatment in district.treatments.items():
        yield Charge(name, WATER, _drained(district, "reject"), treatment.node)
    for name, arc in district.arcs.items():
        if arc.cost_usd_m3:
            yield Charge(name, WATER, (Cost("backup_usd", "operation", float(arc.cost_usd_m3)),), arc.tail)
    tanks = {(tank.node, tank.layer): name for name, tank in district.tanks.items()}
    for place in district.nodes:
        yield from _at(district, place, {layer: tanks.get((place, layer), f"{place}.{layer}") for layer in ("P", "W")})


def promises(district: District) -> Iterable[Promise]:
    """List what is decided a day ahead."""
    prices = district.objective
    if district.utilities.grid.commit == "day_ahead":
        yield Promise("grid", ("grid_import",), ("grid_export",), prices.grid_deviation_usd_kwh, "E")
    for name, treatment in district.treatments.items():
        if treatment.commit == "day_ahead":
            yield Promise(name, (name,), (), prices.treatment_deviation_usd_m3, "W")
    for name, arc in district.arcs.items():
        if arc.commit == "day_ahead":
            back = (f"{name}.reverse",) if arc.both_ways else ()
            yield Promise(name, (name,), back, arc.deviation_usd, arc.layer)


def _at(district: District, place: str, brims: dict[str, str]) -> Iterable[Charge]:
    """What is paid at a node: sewer, what runs over its brims, power that is burnt, demand that is not met."""
    node, weights = district.nodes[place], district.objective
    if node.dump is not None:
        yield Charge(f"dump.{place}", POWER, (Cost("dump_usd", "operation", float(node.dump.cost_usd_kwh)),), place)
    yield Charge(f"sewer.{place}", WATER, _drained(district, "flow"), place)
    for layer, brim in brims.items():
        # rain that runs over goes to the storm drain and carries the waste weight only; what else runs over is drained
        fee: Per = "beyond_rain" if layer == "W" and node.roof is not None else "flow"
        yield Charge(f"overflow.{brim}", WATER, _drained(district, "flow", fee), place)
        thirst = Cost("unserved_water_usd", "penalty", weights.unserved_water_usd_m3)
        yield Charge(f"unserved.{place}.{layer}", WATER, (thirst,), place)
    dark = Cost("unserved_energy_usd", "penalty", weights.unserved_energy_usd_kwh)
    yield Charge(f"unserved.{place}.E", POWER, (dark,), place)


def _drained(district: District, per: Per, fee_per: Per | None = None) -> tuple[Cost, ...]:
    """Cost lines of water that ends in a drain."""
    fee = Cost("sewer_fee_usd", "econ", 1.0, "sewer_usd_m3", fee_per or per)
    return fee, Cost("waste_usd", "res", district.objective.waste_usd_m3, None, per)
