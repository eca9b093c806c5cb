"""From the district and its hidden factors to the parts of the real plant: network, membranes, micro-grid."""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.district import District
from econex_pipeline.hydraulics import Mismatch as NetworkMismatch
from econex_pipeline.hydraulics import WaterNetwork
from econex_pipeline.treatment import Membrane
from econex_pipeline.twin.battery import Battery
from econex_pipeline.twin.lines import Line
from econex_pipeline.twin.mismatch import Mismatch
from econex_pipeline.twin.power import GridConnection, MicroGrid

FOULING = ("membrane_resistance_1_m", "cake_resistance_alpha0_m_kg")
"""What of a membrane differs from its data sheet."""


def build_network(district: District, hidden: Mismatch) -> WaterNetwork:
    """Open the water network with real pipes and pumps."""
    network = WaterNetwork(district.network_path, district.twin.substep_s)
    wear(network, district, hidden, {})
    return network


def wear(network: WaterNetwork, district: District, hidden: Mismatch, worn: Mapping[str, float]) -> None:
    """Give the network its real pipes, and its pumps the efficiency they have: by their names in the network file.

    Parameters
    ----------
    network : WaterNetwork
        The network; what was set before is replaced.
    district : District
        Which arc is which pump.
    hidden : Mismatch
        How the plant departs from its drawing.
    worn : mapping of str to float
        Further factors on efficiency, by pumped arc.
    """
    pumps = {
        str(district.arcs[name].actuator): hidden.pump_efficiency.get(name, 1.0) * worn.get(name, 1.0)
        for name in {**hidden.pump_efficiency, **worn}
    }
    network.perturb(NetworkMismatch(hidden.pipe_roughness(network.pipes), pumps))


def build_membranes(district: District, hidden: Mismatch) -> dict[str, Membrane]:
    """Give each treatment its real membrane."""
    membranes = {}
    for name, treatment in district.treatments.items():
        factor = hidden.membrane.get(name, 1.0)
        real = {field: getattr(treatment, field) * factor for field in FOULING}
        membranes[name] = Membrane(treatment.model_copy(update=real))
    return membranes


def build_micro_grid(district: District, mismatch: bool) -> MicroGrid:
    """Build lines, batteries and the grid's connection; with mismatch batteries lose more at high power and idle."""
    reality = district.twin.battery
    batteries = {
        name: (
            storage.node,
            Battery(
                capacity_kwh=storage.capacity,
                power_kw=float(storage.power_kw or 0.0),
                round_trip_frac=float(storage.round_trip_frac or 1.0),
                resistance_loss_frac=min(reality.resistance_loss_frac_at_rated, 1.0 - storage.one_way_frac)
                if mismatch
                else 0.0,
                standing_loss_frac_h=storage.standing_loss_frac_h,
                standing_loss_kw=reality.standing_loss_kw if mismatch else 0.0,
            ),
        )
        for name, storage in district.batteries.items()
    }
    lines = [
        Line(
            name,
            arc.tail,
            arc.head,
            float(arc.capacity_kw or 0.0),
            float(arc.capacity_kw or 0.0) if arc.both_ways else 0.0,
            float(arc.loss_frac or 0.0),
        )
        for name, arc in district.arcs.items()
        if arc.kind == "line"
    ]
    grid = district.utilities.grid
    return MicroGrid(list(district.nodes), lines, GridConnection(grid.node, grid.import_kw, grid.export_kw), batteries)
