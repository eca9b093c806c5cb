"""Decisions without optimization: written rules, for the day the solver fails and for the district without control.

Potable tanks, with or without control
    A tank that stands below LOW of its capacity, or below what the step will take, is filled to HIGH: at the mains'
    node from the mains, elsewhere by the pump from there.
Garden, with or without control
    Where the cistern cannot give what the garden needs, the backup arc gives the rest.
Without control
    Greywater goes to the sewer. Batteries, pumped hydro, treatment and rain transfer stand still.
Rules
    Battery: takes the surplus of the district; gives into its shortage while electricity is dear.
    Treatment: at capacity while its raw tank is above half.
    Raw water: a treatment's raw tank is filled to HIGH from a cistern above RESERVE; drains run.
    Pumped hydro: pumps on the surplus the battery leaves; turbines while electricity is dear and there is a shortage.

Dear is a price above the least of the next day; where the price never changes it is always dear, so that what the sun
left in a battery is used at night.

These rules are what the controller is measured by: they were written before it was tuned and are not to change with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from econex_pipeline.contracts.arrays import Prices
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.control.coefficients import rated_flows
from econex_pipeline.district import Arc, District
from econex_pipeline.twin import Decision, Exogenous

LOW, HIGH = 0.4, 0.8
"""Marks of tanks, share of capacity: potable ones are filled from below LOW to HIGH, raw ones to HIGH [A]."""
HALF = 0.5
RESERVE = 0.25
"""Share of a cistern the rules keep for the garden [A]."""


@dataclass(frozen=True)
class Situation:
    """What rules look at.

    Attributes
    ----------
    amounts : mapping of str to float
        Stored amounts as estimated, by storage [m3 or kWh].
    expected : Exogenous
        Supply and demand expected in the step.
    rated_m3_h : mapping of str to float
        Flow of each duty-cycled element while it runs [m3/h].
    energy_kwh_m3 : mapping of str to float
        Energy of pumps by element [kWh/m3].
    treatment_m3_h : mapping of str to float
        Feed each treatment can take [m3/h].
    dear : bool
        Whether electricity costs more than at its cheapest in the next day, or the same all day.
    """

    amounts: Mapping[str, float]
    expected: Exogenous
    rated_m3_h: Mapping[str, float]
    energy_kwh_m3: Mapping[str, float]
    treatment_m3_h: Mapping[str, float]
    dear: bool


def situation_of(
    amounts: Mapping[str, float],
    expected: Exogenous,
    coefficients: Mapping[tuple[str, str], float],
    prices: Prices,
) -> Situation:
    """Put together what rules look at.

    Parameters
    ----------
    amounts : mapping of str to float
        Stored amounts [m3 or kWh].
    expected : Exogenous
        Supply and demand expected in the step.
    coefficients : mapping of (str, str) to float
        Of the step, by element and quantity.
    prices : Prices
        From the step on.
    """

    def of(quantity: str) -> dict[str, float]:
        return {element: value for (element, named), value in coefficients.items() if named == quantity}

    ahead = prices.ahead(expected.time_utc, HOURS_PER_DAY).of("buy_price_usd_kwh")
    return Situation(
        amounts=amounts,
        expected=expected,
        rated_m3_h=rated_flows(coefficients),
        energy_kwh_m3=of("energy_kwh_m3"),
        treatment_m3_h=of("capacity_m3_h"),
        dear=bool(len(ahead)) and bool(ahead[0] > ahead.min() or ahead.max() == ahead.min()),
    )


def without_control(district: District, now: Situation) -> Decision:
    """Decide as a district without a controller does: tanks refill themselves, the grid does the rest."""
    flows = _potable_and_garden(district, now)
    flows |= {f"sewer.{node}": inputs.greywater_m3_h for node, inputs in now.expected.nodes.items()}
    return Decision(flows_m3_h=flows, rated_flows_m3_h=now.rated_m3_h)


def by_rules(district: District, now: Situation) -> Decision:
    """Decide by the written rules."""
    flows = _potable_and_garden(district, now) | _raw_water(district, now)
    surplus_kw = sum(inputs.pv_kw - inputs.load_kw for inputs in now.expected.nodes.values())
    surplus_kw -= sum(flow * now.energy_kwh_m3.get(element, 0.0) for element, flow in flows.items())
    powers: dict[str, float] = {}
    for name, battery in district.batteries.items():
        rated_kw, amount = float(battery.power_kw or 0.0), now.amounts[name]
        room_kw = (battery.capacity - amount) / battery.one_way_frac / district.step_h
        charge = min(max(surplus_kw, 0.0), rated_kw, room_kw)
        held_kw = amount * battery.one_way_frac / district.step_h
        discharge = min(max(-surplus_kw, 0.0), rated_kw, held_kw) if now.dear else 0.0
        powers[f"{name}.charge"], powers[f"{name}.discharge"] = charge, discharge
        surplus_kw += discharge - charge
    flows |= _pumped_hydro(district, now, surplus_kw)
    return Decision(flows_m3_h=flows, powers_kw=powers, rated_flows_m3_h=now.rated_m3_h)


def _potable_and_garden(district: District, now: Situation) -> dict[str, float]:
    backups = garden_backup(district, now)
    return potable_refill(district, now, backups) | backups


def potable_refill(district: District, now: Situation, backups_m3_h: Mapping[str, float]) -> dict[str, float]:
    """Fill potable tanks by hysteresis [m3/h].

    What gardens take from a tank counts as demand on it, and what homes take from the mains' node as demand there.
    """
    mains = district.utilities.mains
    if mains is None:
        return {}
    flows: dict[str, float] = {}
    taken_m3 = 0.0
    for name, arc in _fills(district, mains.node).items():
        tank = str(district.tank_at(arc.head, "P"))
        garden_m3_h = sum(flow for backup, flow in backups_m3_h.items() if district.arcs[backup].tail == arc.head)
        wanted_m3 = _wanted_m3(district, now, tank, garden_m3_h * district.step_h)
        flows[name] = min(wanted_m3 / district.step_h, now.rated_m3_h.get(name, 0.0))
        taken_m3 += flows[name] * district.step_h
    hub = district.tank_at(mains.node, "P")
    if hub is not None:
        wanted_m3 = _wanted_m3(district, now, hub, taken_m3)
        flows["mains_import"] = min(wanted_m3 / district.step_h, now.rated_m3_h.get("mains_import", 0.0))
    return flows


def garden_backup(district: District, now: Situation) -> dict[str, float]:
    """Give a garden potable water for what its cistern cannot give [m3/h]."""
    flows = {}
    for name, arc in district.arcs.items():
        inputs = now.expected.nodes.get(arc.head)
        if arc.kind != "backup" or arc.head_layer != "W" or inputs is None:
            continue
        tank = district.tank_at(arc.head, "W")
        held_m3_h = now.amounts[tank] / district.step_h if tank is not None else 0.0
        flows[name] = min(max(0.0, inputs.irrigation_m3_h - held_m3_h), float(arc.capacity_m3_h or 0.0))
    return flows


def _fills(district: District, source: str) -> dict[str, Arc]:
    """Find the potable pumps that start at a node."""
    return {
        name: arc
        for name, arc in district.arcs.items()
        if (arc.kind, arc.layer, arc.tail) == ("pumped", "P", source) and district.tank_at(arc.head, "P") is not None
    }


def _wanted_m3(district: District, now: Situation, tank: str, taken_m3: float = 0.0) -> float:
    """Say how much a potable tank asks for: nothing above the low mark, else up to the high mark [m3]."""
    storage = district.storages[tank]
    inputs = now.expected.nodes.get(storage.node)
    demand_m3 = inputs.potable_m3_h * district.step_h if inputs is not None else 0.0
    left_m3 = now.amounts[tank] - demand_m3 - taken_m3
    return HIGH * storage.capacity - left_m3 if left_m3 < LOW * storage.capacity else 0.0


def _raw_water(district: District, now: Situation) -> dict[str, float]:
    flows = {name: float(arc.capacity_m3_h or 0.0) for name, arc in district.arcs.items() if arc.kind == "drain"}
    for name, treatment in district.treatments.items():
        tank = str(district.tank_at(treatment.node, "W"))
        amount, capacity = now.amounts[tank], district.storages[tank].capacity
        flows[name] = min(now.treatment_m3_h.get(name, 0.0), max(0.0, amount - HALF * capacity) / district.step_h)
        for lift, arc in district.arcs.items():
            cistern = district.tank_at(arc.tail, "W")
            if arc.kind != "pumped" or (arc.head, arc.layer) != (treatment.node, "W") or cistern is None:
                continue
            spare_m3 = max(0.0, now.amounts[cistern] - RESERVE * district.storages[cistern].capacity)
            wanted_m3 = max(0.0, HIGH * capacity - amount)
            flows[lift] = min(min(spare_m3, wanted_m3) / district.step_h, now.rated_m3_h.get(lift, 0.0))
    return flows


def _pumped_hydro(district: District, now: Situation, surplus_kw: float) -> dict[str, float]:
    flows = {}
    for name, arc in district.arcs.items():
        if arc.kind != "turbined":
            continue
        upper, lower = district.tank_at(arc.tail, arc.layer), district.tank_at(arc.head, arc.layer)
        if upper is None or lower is None:
            continue
        if now.dear and surplus_kw < 0.0:
            flows[name] = min(now.amounts[upper] / district.step_h, now.rated_m3_h.get(name, 0.0))
        room_m3 = district.storages[upper].capacity - now.amounts[upper]
        for lift, other in district.arcs.items():
            if other.kind == "pumped" and (other.tail, other.head) == (arc.head, arc.tail) and surplus_kw > 0.0:
                able_m3_h = min(room_m3, now.amounts[lower]) / district.step_h
                sunny_m3_h = surplus_kw / max(now.energy_kwh_m3.get(lift, 0.0), 1e-6)
                flows[lift] = min(able_m3_h, sunny_m3_h, now.rated_m3_h.get(lift, 0.0))
    return flows
