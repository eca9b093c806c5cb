"""What each engine cannot do, refused by name before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.links import Pump, Valve
from econex_pipeline.hydraulics.dataset.nodes import Junction
from econex_pipeline.hydraulics.dataset.options import RunOptions, SolverOptions

UNABLE = {
    "epanet": (
        "minimum pressure, required pressure or pressure exponent of a single junction in pressure-driven analysis",
        "PRV, PSV or FCV next to a tank or reservoir",
        "PRV, PSV and FCV that share a node in a way that leaves the pressure between them open",
    ),
    "wntr": (
        "pump speeds other than 1",
        "GPV and PBV",
        "headloss formulas D-W and C-M",
        "overflow of tanks",
        "head curves of more than three pairs",
        "specific gravity other than 1",
        "solver options",
    ),
}
"""What each engine refuses, for the documentation; a test holds it to the code."""

MAX_HEAD_POINTS = 3  # beyond which WNTR fits a curve where EPANET takes it point by point


def refuse_unable(dataset: Dataset, options: RunOptions) -> None:
    """Refuse what the chosen engine cannot do.

    Raises
    ------
    InputError
        Naming the entity or option, and the engine that can where one can.
    """
    for where, what in (_epanet if options.engine == "epanet" else _wntr)(dataset, options):
        raise InputError.saying(where, f"engine '{options.engine}'", what)


def refuse_link(link: object, engine: str) -> None:
    """Refuse a present state of a link that the engine cannot do."""
    if engine == "wntr" and isinstance(link, Pump) and link.speed != 1.0:
        raise InputError.saying(
            link.where, "engine 'wntr'", f"speed {link.speed:g} is not known to it, only 1; take engine 'epanet'"
        )


def _epanet(dataset: Dataset, options: RunOptions) -> Iterator[tuple[str, str]]:
    if dataset.general.demand_model == "PDA":
        for junction in dataset.junctions:
            if junction.has_own_pdd:
                yield (
                    junction.where,
                    "pressures or an exponent of a single junction are not known to it, only global ones; "
                    "take engine 'wntr'",
                )
    valves = [valve for valve in dataset.valves if valve.type in ("PRV", "PSV", "FCV")]
    for place, valve in enumerate(valves):
        for end in (valve.from_node_id, valve.to_node_id):
            if not isinstance(dataset.by_id[end or 0], Junction):
                yield valve.where, f"a {valve.type} cannot stand next to a tank or reservoir; put a short pipe between"
        for other in valves[:place]:
            if _clash(valve, other):
                yield (
                    valve.where,
                    f"a {valve.type} cannot follow {other.where}, a {other.type}; put a short pipe between",
                )


def _clash(valve: Valve, other: Valve) -> bool:
    """Whether EPANET refuses the two together (its error 220)."""
    for one, two in ((valve, other), (other, valve)):
        kinds = one.type, two.type
        if kinds == ("PRV", "PRV") and one.to_node_id in (two.to_node_id, two.from_node_id):
            return True
        if kinds == ("PSV", "PSV") and one.from_node_id in (two.from_node_id, two.to_node_id):
            return True
        if kinds in (("PRV", "PSV"), ("FCV", "PSV"), ("PRV", "FCV")) and one.to_node_id == two.from_node_id:
            return True
    return False


def _wntr(dataset: Dataset, options: RunOptions) -> Iterator[tuple[str, str]]:
    instead = "take engine 'epanet'"
    general = dataset.general
    if general.headloss != "H-W":
        yield "general.hydraulic", f"headloss '{general.headloss}' is not known to it, only 'H-W'; {instead}"
    if general.specific_gravity != 1.0:
        yield (
            "general.hydraulic",
            f"specific_gravity {general.specific_gravity:g} is not known to it, only 1; {instead}",
        )
    for item in fields(SolverOptions):
        if getattr(options.solver, item.name) != item.default:
            yield "options.hydraulic", f"{item.name} is not known to it; leave it out or {instead}"
    for tank in dataset.tanks:
        if tank.overflow:
            yield tank.where, f"overflow is not known to it; {instead}"
    for pump in dataset.pumps:
        refuse_link(pump, "wntr")
        if len(pump.head_curve or ()) > MAX_HEAD_POINTS:
            yield pump.where, f"a head curve of more than {MAX_HEAD_POINTS} pairs is only fitted by it; {instead}"
    for valve in dataset.valves:
        if valve.type in ("GPV", "PBV"):
            yield valve.where, f"a {valve.type} is not known to it; {instead}"
