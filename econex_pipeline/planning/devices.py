"""From the district to the network, the other half: what follows a flow, what is promised of it, what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from econex_pipeline.district import District
from econex_pipeline.district.costs import promises
from econex_pipeline.planning.elements import (
    Chord,
    Commitment,
    Coupling,
    Layer,
    Recovery,
    Source,
    Storage,
    Tranche,
)


def at(place: str, layer: str) -> str:
    """Name the balance node of a place in a layer."""
    return f"{place}.{layer}"


def couplings(district: District) -> Iterable[Coupling]:
    """Energy that goes with water, by device."""
    for name, arc in district.arcs.items():
        if arc.kind in ("pumped", "turbined"):
            quantity, sign = ("energy_kwh_m3", -1) if arc.kind == "pumped" else ("yield_kwh_m3", 1)
            source = Source("coefficients", name, quantity)
            ends = [0.0, *(chord.up_to_frac for chord in arc.energy_chords or ())]
            chords = tuple(
                Chord(chord.up_to_frac - before, chord.energy_factor)
                for chord, before in zip(arc.energy_chords or (), ends, strict=False)
            )
            coupling = Coupling(name, at(str(arc.energy_node), "E"), sign, source, chords)  # type: ignore[arg-type]
            yield coupling if coupling.convex else replace(coupling, ordered=True)
    for name, treatment in district.treatments.items():
        source = Source("coefficients", name, "energy_kwh_m3")
        yield Coupling(name, at(treatment.node, "E"), -1, source)


def recoveries(district: District) -> Iterable[Recovery]:
    """The turbine in the inlet: recovered power follows the import, the rest takes the bypass."""
    mains = district.utilities.mains
    if mains is not None and mains.energy_node is not None:
        source = Source("coefficients", "mains", "recovery_kwh_m3")
        yield Recovery("mains", "mains_import", "mains.recovered", source)


def commitments(district: District) -> Iterable[Commitment]:
    """Devices whose schedule is decided a day ahead."""
    grid = district.utilities.grid
    for promise in promises(district):
        element = promise.element
        limits: tuple[float, float | Source]
        if element in district.treatments:
            limits = 0.0, float(district.treatments[element].capacity_m3_h)
        elif element in district.arcs:
            arc = district.arcs[element]
            fixed = arc.capacity_kw if arc.kind == "line" else arc.capacity_m3_h
            most = Source("coefficients", element, "rated_flow_m3_h") if fixed is None else fixed
            limits = -float(fixed or 0.0) if promise.minus else 0.0, most
        else:
            limits = -float(grid.export_kw), float(grid.import_kw)
        yield Commitment(element, promise.plus, promise.minus, *limits, promise.deviation_usd, promise.layer)  # type: ignore[arg-type]


def storages(district: District) -> Iterable[Storage]:
    """What stays from one step to the next: tanks and batteries."""
    for name, storage in district.storages.items():
        node = name if storage.layer == "E" else at(storage.node, storage.layer)
        layer: Layer = storage.layer  # type: ignore[assignment]
        loss, reserve = float(storage.standing_loss_frac_h), float(storage.reserve_m3)
        price = float(district.objective.reserve_usd_m3_h) if reserve else 0.0
        yield Storage(name, node, layer, storage.capacity, loss, reserve, price)


def tranches(district: District, name: str) -> Iterable[Tranche]:
    """The district's own end values of a storage, from empty to full."""
    filled = 0.0
    for tranche in district.end_values[name]:
        yield Tranche(tranche.up_to - filled, tranche.value)
        filled = tranche.up_to
