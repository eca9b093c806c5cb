"""From the district to the network, the other half: what follows a flow, what is promised of it, what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from econex_pipeline.district import District
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
    grid, prices = district.utilities.grid, district.objective
    if grid.commit == "day_ahead":
        low, high = -float(grid.export_kw), float(grid.import_kw)
        deviation = prices.grid_deviation_usd_kwh
        yield Commitment("grid", ("grid_import",), ("grid_export",), low, high, deviation, "E")
    for name, treatment in district.treatments.items():
        if treatment.commit == "day_ahead":
            high, deviation = float(treatment.capacity_m3_h), prices.treatment_deviation_usd_m3
            yield Commitment(name, (name,), (), 0.0, high, deviation, "W")
    for name, arc in district.arcs.items():
        if arc.commit == "day_ahead":
            back = (f"{name}.reverse",) if arc.both_ways else ()
            fixed = arc.capacity_kw if arc.kind == "line" else arc.capacity_m3_h
            most = Source("coefficients", name, "rated_flow_m3_h") if fixed is None else fixed
            least = -float(fixed or 0.0) if back else 0.0
            yield Commitment(name, (name,), back, least, most, arc.deviation_usd, arc.layer)  # type: ignore[arg-type]


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
