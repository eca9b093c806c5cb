"""From the district to the network: which nodes, arcs, holdovers and couplings it has. No numbers of a day in here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from econex_pipeline.district import District, outages
from econex_pipeline.district.costs import charges
from econex_pipeline.planning.devices import at, commitments, couplings, recoveries, storages, tranches
from econex_pipeline.planning.elements import Arc, Cost, Layer, Network, Node, Source, Weights

FLOW_USD = 1e-5
"""Cost of moving one unit one hour later [USD/kWh/h or USD/m3/h]: too small to decide against any price.

It keeps flows from running in circles, and of plans that are otherwise equal it takes the one that acts earlier, which
leaves time for what was not foreseen.
"""

MOVED = (Cost("flow_usd", "operation", FLOW_USD, per="lateness"),)
Costs = Mapping[str, tuple[Cost, ...]]
"""Lines of cost by element."""

_SUPPLY: dict[str, tuple[str, ...]] = {"E": (), "P": (), "W": ("greywater_m3_h", "rain_harvest_m3_h")}
_DEMAND: dict[str, str] = {"E": "load_kw", "P": "potable_m3_h", "W": "irrigation_m3_h"}


def build_network(district: District) -> Network:
    """Read a district into the generic network.

    Parameters
    ----------
    district : District
        Any number of nodes, any subset of devices.

    Returns
    -------
    Network
        Balance nodes (place, layer) with at most one holdover each; a battery is a node of its own, joined by
        generalised arcs.

    Notes
    -----
    Where rain is harvested only rain runs over: the overflow is capped by the rain that falls in the same step, so that
    no line of cost per what flows beyond it is needed.
    """
    paid = _costs(district)
    arcs = [
        *_transport(district, paid),
        *_treatments(district, paid),
        *_batteries(district),
        *_utilities(district, paid),
        *_generation(district, paid),
    ]
    raw = _reached_by_raw_water(district, arcs)
    names = _balance_nodes(district, arcs)
    arcs += [*_ways_out(district, names, raw, paid), *_shortage(district, names, paid)]
    return Network(
        name=district.name,
        step_h=district.step_h,
        nodes=(*(_node(district, name) for name in names), *_battery_nodes(district)),
        arcs=tuple(arcs),
        storages=tuple(storages(district)),
        couplings=tuple(couplings(district)),
        recoveries=tuple(recoveries(district)),
        commitments=tuple(commitments(district)),
        weights=Weights(
            district.objective.alpha,
            district.objective.beta,
            district.objective.carbon_usd_kg,
            district.objective.scarcity_usd_m3,
            district.objective.waste_usd_m3,
        ),
        end_values=tuple((name, tuple(tranches(district, name))) for name in district.end_values),
        start=tuple((name, storage.start) for name, storage in district.storages.items()),
        exclusive=district.exclusive,
    )


def _costs(district: District) -> Costs:
    """Give the lines of each element as far as the network needs them."""
    needed = ((charge, [cost for cost in charge.costs if cost.per != "beyond_rain"]) for charge in charges(district))
    return {charge.element: tuple(costs) for charge, costs in needed}


def _transport(district: District, paid: Costs) -> Iterable[Arc]:
    """Lines and pipes; a line that goes both ways is two arcs."""
    for name, arc in district.arcs.items():
        layer: Layer = arc.layer  # type: ignore[assignment]
        tail, head = at(arc.tail, arc.layer), at(arc.head, arc.head_layer or arc.layer)
        if arc.kind == "line":
            capacity, gain = float(arc.capacity_kw or 0.0), 1.0 - float(arc.loss_frac or 0.0)
            yield Arc(name, "line", tail, head, layer, capacity, gain=gain, costs=MOVED)
            if arc.both_ways:
                yield Arc(f"{name}.reverse", "line", head, tail, layer, capacity, gain=gain, costs=MOVED)
        elif arc.capacity_m3_h is not None:
            arrives, costs = 1.0 - (arc.leak_frac or 0.0), MOVED + paid.get(name, ())
            yield Arc(name, arc.kind, tail, head, layer, float(arc.capacity_m3_h), gain=arrives, costs=costs)
        else:
            yield Arc(
                name,
                arc.kind,
                tail,
                head,
                layer,
                Source("coefficients", name, "rated_flow_m3_h"),
                gain=1.0 - (arc.leak_frac or 0.0),
                costs=MOVED,
                minimum=arc.minimum_m3_h or 0.0,
                ramp=arc.ramp_m3_h_per_h,
            )


def _treatments(district: District, paid: Costs) -> Iterable[Arc]:
    """Raw water in, potable out; the reject goes to the sewer."""
    for name, treatment in district.treatments.items():
        yield Arc(
            name,
            "treatment",
            at(treatment.node, "W"),
            at(treatment.node, "P"),
            "W",
            Source("coefficients", name, "capacity_m3_h"),
            gain=Source("coefficients", name, "recovery_frac"),
            costs=paid[name],
            minimum=treatment.minimum_m3_h,
            ramp=treatment.ramp_m3_h_per_h,
        )


def _batteries(district: District) -> Iterable[Arc]:
    """Charge and discharge, both metered on the side of the house."""
    for name, battery in district.batteries.items():
        house, power, one_way = at(battery.node, "E"), float(battery.power_kw or 0.0), battery.one_way_frac
        yield Arc(f"{name}.charge", "charge", house, name, "E", power, gain=one_way, costs=MOVED)
        yield Arc(f"{name}.discharge", "discharge", name, house, "E", power, draw=1.0 / one_way, costs=MOVED)


def _utilities(district: District, paid: Costs) -> Iterable[Arc]:
    """What is bought from and sold to the outside, and the power the inlet may recover."""
    grid, mains = district.utilities.grid, district.utilities.mains
    hub = at(grid.node, "E")
    importing: float | Source = float(grid.import_kw)
    exporting: float | Source = float(grid.export_kw)
    if outages(district, "grid_outage"):
        importing, exporting = (Source("coefficients", name, "capacity_kw") for name in ("grid_import", "grid_export"))
    yield Arc("grid_import", "import", None, hub, "E", importing, costs=paid["grid_import"])
    yield Arc("grid_export", "export", hub, None, "E", exporting, costs=paid["grid_export"])
    if mains is None:
        return
    drawn = paid["mains_import"] + MOVED
    rated = Source("coefficients", "mains", "rated_flow_m3_h")
    yield Arc("mains_import", "import", None, at(mains.node, "P"), "P", rated, costs=drawn)
    if mains.export_m3_h > 0.0:
        given = paid["mains_export"]
        yield Arc("mains_export", "export", at(mains.node, "P"), None, "P", float(mains.export_m3_h), costs=given)
    if mains.energy_node is not None:
        yield Arc("mains.recovered", "recovered", None, at(mains.energy_node, "E"), "E", float("inf"))


def _generation(district: District, paid: Costs) -> Iterable[Arc]:
    """Photovoltaic power, used up to what the sun gives, and where there is one the dump of power."""
    for place, node in district.nodes.items():
        if node.dump is not None:
            most, burnt = float(node.dump.capacity_kw), paid[f"dump.{place}"]
            yield Arc(f"dump.{place}", "dump", at(place, "E"), None, "E", most, costs=burnt)
        if node.pv is not None:
            yield Arc(f"pv.{place}", "pv", None, at(place, "E"), "E", Source("profiles", place, "pv_kw"))


def _ways_out(district: District, names: Sequence[str], raw: set[str], paid: Costs) -> Iterable[Arc]:
    """Sewer at each node that raw water reaches, overflow at each water node."""
    tanks = {at(storage.node, storage.layer): name for name, storage in district.tanks.items()}
    capacity = float(district.utilities.sewer.capacity_m3_h)
    for name in names:
        place, layer = name.rsplit(".", 1)
        if layer == "E":
            continue
        if name in raw:
            yield Arc(f"sewer.{place}", "sewer", name, None, "W", capacity, costs=paid[f"sewer.{place}"])
        overflow = f"overflow.{tanks.get(name, name)}"
        if layer == "W" and district.nodes[place].roof is not None:
            rain = Source("profiles", place, "rain_harvest_m3_h")
            yield Arc(overflow, "overflow", name, None, "W", rain, costs=paid[overflow])
        else:
            escape = paid[overflow] + MOVED
            yield Arc(overflow, "overflow", name, None, layer, float("inf"), costs=escape)  # type: ignore[arg-type]


def _shortage(district: District, names: Sequence[str], paid: Costs) -> Iterable[Arc]:
    """Demand that is not met, never more than the demand, at a penalty."""
    for name in names:
        node = _node(district, name)
        if node.demand:
            unserved, demand = f"unserved.{name}", Source("profiles", node.place, node.demand[0])
            yield Arc(unserved, "unserved", None, name, node.layer, demand, costs=paid[unserved])


def _balance_nodes(district: District, arcs: Sequence[Arc]) -> list[str]:
    """Name the balance nodes in the order of the district: where something stands, arrives, leaves or is used."""
    used = {end for arc in arcs for end in (arc.tail, arc.head) if end is not None}
    used |= {at(tank.node, tank.layer) for tank in district.tanks.values()}
    used |= {coupling.node for coupling in couplings(district)}
    names = []
    for place in district.nodes:
        for layer in ("E", "P", "W"):
            node = _node(district, at(place, layer))
            if node.name in used or node.demand or node.supply:
                names.append(node.name)
    return names


def _node(district: District, name: str) -> Node:
    place, layer = name.rsplit(".", 1)
    there = district.nodes[place]
    demands = {"E": there.electricity, "P": there.potable, "W": there.garden}
    grey = there.potable is not None and there.potable.greywater_frac > 0.0
    present = (grey, there.roof is not None)
    supply = tuple(column for column, has in zip(_SUPPLY[layer], present, strict=False) if has)
    demand = (_DEMAND[layer],) if demands[layer] is not None else ()
    return Node(name, place, layer, supply, demand)  # type: ignore[arg-type]


def _battery_nodes(district: District) -> Iterable[Node]:
    for name, battery in district.batteries.items():
        yield Node(name, battery.node, "E")


def _reached_by_raw_water(district: District, arcs: Sequence[Arc]) -> set[str]:
    """Find the raw-water nodes that rain, greywater or a backup can reach: those need a way to the sewer."""
    sources = {at(place, "W") for place in district.nodes if _node(district, at(place, "W")).supply}
    reached = sources | {str(arc.head) for arc in arcs if arc.kind == "backup"}
    while True:
        onward = {str(arc.head) for arc in arcs if arc.tail in reached and arc.layer == "W" and arc.head}
        onward = {name for name in onward if name.endswith(".W")}
        if onward <= reached:
            return reached
        reached |= onward
