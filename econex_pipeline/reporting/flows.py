"""From where to where: the amounts that moved between sources, places, devices and uses over the operated day."""

from __future__ import annotations

from dataclasses import dataclass, replace

from econex_pipeline.district import District
from econex_pipeline.reporting.balances import pumped_hydro
from econex_pipeline.reporting.ledger import Array, Ledger
from econex_pipeline.reporting.words import plain

SMALLEST_SHARE = 1e-3
"""Links below this share of the largest are left out."""
MOST_PLACES = 40
"""In a larger district the places that least flows through are drawn as one."""


@dataclass(frozen=True)
class Link:
    """An amount that went from one place to another over the day.

    Attributes
    ----------
    source, target : str
        Names of places; a name that is only ever a source stands for the outside.
    amount : float
        kWh or m3.
    series : str
        Key of the figure theme that colours it.
    layer : str
        Layer whose theme the key belongs to.
    """

    source: str
    target: str
    amount: float
    series: str
    layer: str


def energy_links(day: Ledger, district: District) -> list[Link]:
    """Give the flows of electricity [kWh]: sources and storages on one side, places, uses on the other."""
    links: list[Link] = []

    def add(source: str, target: str, rates: Array, series: str) -> None:
        links.append(Link(plain(source), plain(target), day.total(rates), series, "E"))

    grid = district.utilities.grid.node
    add("grid: bought", grid, day.get("grid_import", "power_kw"), "grid")
    add(grid, "grid: sold", day.get("grid_export", "power_kw"), "grid")
    mains = district.utilities.mains
    if mains is not None and mains.energy_node is not None:
        add("inlet turbine", mains.energy_node, day.get("mains", "generated_kw"), "inlet_turbine")
    for name in district.nodes:
        node = plain(name)
        unserved = day.get(f"unserved.{name}.E", "power_kw")
        add(f"sun, {node}", node, day.get(f"pv.{name}", "power_kw"), "pv")
        add(node, f"household, {node}", day.get(name, "load_kw") - unserved, "load")
        add(node, "dumped", day.get(f"dump.{name}", "power_kw"), "dump")
    for name, battery in district.batteries.items():
        add(f"{name}: out", battery.node, day.get(f"{name}.discharge", "power_kw"), "battery")
        add(battery.node, f"{name}: in", day.get(f"{name}.charge", "power_kw"), "battery")
    lifts, turbines = pumped_hydro(district)
    for name, arc in district.arcs.items():
        if name in turbines and arc.energy_node:
            add("pumped hydro: out", arc.energy_node, day.get(name, "generated_kw"), "pumped_hydro")
        elif name in lifts and arc.energy_node:
            add(arc.energy_node, "pumped hydro: in", day.get(name, "consumed_kw"), "pumped_hydro")
        elif arc.kind == "pumped" and arc.energy_node:
            add(arc.energy_node, "water pumps", day.get(name, "consumed_kw"), "pumps")
        elif arc.kind == "line":
            for element, tail, head in ((name, arc.tail, arc.head), (f"{name}.reverse", arc.head, arc.tail)):
                sent = day.get(element, "power_kw")
                add(tail, head, sent * (1.0 - (arc.loss_frac or 0.0)), "grid")
                add(tail, "line losses", sent * (arc.loss_frac or 0.0), "losses")
    for name, treatment in district.treatments.items():
        add(treatment.node, name, day.get(name, "consumed_kw"), "treatment")
    return _merged(links)


def water_links(day: Ledger, district: District) -> list[Link]:
    """Give the flows of potable and raw water [m3]; a closed loop of basins, which ends where it began, is left out."""
    links: list[Link] = []

    def add(source: str, target: str, rates: Array, series: str, layer: str) -> None:
        links.append(Link(source, target, day.total(rates), series, layer))

    if district.utilities.mains is not None:
        node = place(district.utilities.mains.node, "P")
        add("mains: bought", node, day.get("mains_import", "flow_m3_h"), "mains", "P")
        add(node, "mains: sold", day.get("mains_export", "flow_m3_h"), "mains", "P")
    for node in district.nodes:
        potable, raw = place(node, "P"), place(node, "W")
        drunk = day.get(node, "potable_m3_h") - day.get(f"unserved.{node}.P", "flow_m3_h")
        watered = day.get(node, "irrigation_m3_h") - day.get(f"unserved.{node}.W", "flow_m3_h")
        add(potable, f"household, {plain(node)}", drunk, "demand", "P")
        add(raw, f"garden, {plain(node)}", watered, "irrigation", "W")
        add("rain", raw, day.get(node, "rain_harvest_m3_h"), "rain", "W")
        add("greywater", raw, day.get(node, "greywater_m3_h"), "greywater", "W")
        add(raw, "sewer", day.get(f"sewer.{node}", "flow_m3_h"), "sewer", "W")
        for layer in ("P", "W"):
            spilled = day.get(f"overflow.{node}.{layer}", "flow_m3_h")
            add(place(node, layer), "spilled", spilled, "spill", layer)
    for name, tank in district.tanks.items():
        here, gained = place(tank.node, tank.layer), day.gained(name).sum() * day.step_h
        links.append(Link("tanks: drawn", here, max(-gained, 0.0), "tanks", tank.layer))
        links.append(Link(here, "tanks: filled", max(gained, 0.0), "tanks", tank.layer))
        add(here, "spilled", day.get(f"overflow.{name}", "flow_m3_h"), "spill", tank.layer)
        add(here, "leaked", day.get(f"leak.{name}", "flow_m3_h"), "leak", tank.layer)
    for name, arc in district.arcs.items():
        if arc.kind != "line":
            series = {"P": "mains", "W": "rain"}[arc.layer] if arc.kind != "backup" else "backup"
            tail, head = place(arc.tail, arc.layer), place(arc.head, arc.head_layer or arc.layer)
            add(tail, head, day.get(name, "flow_m3_h"), series, arc.layer)
    for name, treatment in district.treatments.items():
        add(place(treatment.node, "W"), plain(name), day.get(name, "flow_m3_h"), "treatment", "W")
        add(plain(name), place(treatment.node, "P"), day.get(name, "product_m3_h"), "treatment", "P")
        add(plain(name), "sewer", day.get(name, "reject_m3_h"), "sewer", "W")
    return _merged(_without_closed_loops(links, district))


def place(node: str, layer: str) -> str:
    """Name a place in a water layer, for example ``hub, potable``."""
    return f"{plain(node)}, {'potable' if layer == 'P' else 'raw'}"


def _without_closed_loops(links: list[Link], district: District) -> list[Link]:
    """Leave out the basins that only feed each other: their cycle would dwarf all other water."""
    loop: set[str] = set()
    for name in pumped_hydro(district)[1]:
        arc = district.arcs[name]
        loop |= {place(arc.tail, arc.layer), place(arc.head, arc.layer)}
    outside = ("tanks: drawn", "tanks: filled")
    for link in links:
        leaves = (link.source in loop) != (link.target in loop)
        if leaves and link.amount > 0.0 and link.source not in outside and link.target not in outside:
            return links
    return [link for link in links if link.source not in loop and link.target not in loop]


def _merged(links: list[Link]) -> list[Link]:
    """Add up links between the same places and leave out what could not be seen."""
    sums: dict[tuple[str, str, str, str], float] = {}
    for link in links:
        key = (link.source, link.target, link.series, link.layer)
        sums[key] = sums.get(key, 0.0) + link.amount
    largest = max(sums.values(), default=0.0)
    seen = [Link(*key[:2], amount, *key[2:]) for key, amount in sums.items() if amount > SMALLEST_SHARE * largest]
    through: dict[str, float] = {}
    for link in seen:
        through[link.source] = through.get(link.source, 0.0) + link.amount
        through[link.target] = through.get(link.target, 0.0) + link.amount
    if len(through) <= MOST_PLACES:
        return seen
    sources, targets = {link.source for link in seen}, {link.target for link in seen}
    names = {name: name for name in sorted(through, key=lambda name: -through[name])[: MOST_PLACES - 3]}
    for name in through:
        group = "other uses" if name not in sources else "other sources" if name not in targets else "other places"
        names.setdefault(name, group)
    renamed = [replace(link, source=names[link.source], target=names[link.target]) for link in seen]
    return _merged([link for link in renamed if link.source != link.target])
