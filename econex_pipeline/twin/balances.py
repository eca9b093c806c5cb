"""Does every balance close? Residuals of water and energy from what was measured, term by term.

Nothing is corrected here. A residual is what the measured terms leave unexplained.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from econex_pipeline.district import District
from econex_pipeline.twin.exchange import Measurement


@dataclass(frozen=True)
class Residuals:
    """What the measured terms of a step leave unexplained.

    Attributes
    ----------
    water_m3 : dict of str to float
        By storage, or by ``<node>.<layer>`` where water passes without a tank; the engine's stated step error is
        part of it [m3].
    water_bound_m3 : dict of str to float
        Step error the hydraulic engine allows itself at a full or empty tank; zero where the balance is exact [m3].
    energy_kwh : dict of str to float
        By ``<node>.E`` [kWh].
    battery_kwh : dict of str to float
        By battery: stored change against what went in, out and into heat [kWh].
    """

    water_m3: dict[str, float]
    water_bound_m3: dict[str, float]
    energy_kwh: dict[str, float]
    battery_kwh: dict[str, float]

    @property
    def worst_water_m3(self) -> float:
        """Largest residual of water beyond the engine's stated step error, in absolute terms [m3]."""
        beyond = (abs(value) - self.water_bound_m3.get(name, 0.0) for name, value in self.water_m3.items())
        return max(0.0, *beyond)

    @property
    def worst_energy_kwh(self) -> float:
        """Largest residual of energy in absolute terms, batteries included [kWh]."""
        return max((abs(value) for value in (*self.energy_kwh.values(), *self.battery_kwh.values())), default=0.0)


def balances(measurement: Measurement, district: District) -> Residuals:
    """Compute the residual of every tank, node and battery.

    Parameters
    ----------
    measurement : Measurement
        One step.
    district : District
        What is joined to what.

    Returns
    -------
    Residuals
        Inflow minus outflow minus stored change; zero where the balance closes.
    """
    return Residuals(
        water_m3=_water(measurement, district),
        water_bound_m3=dict(measurement.water_step_error_bound_m3),
        energy_kwh=_energy(measurement, district),
        battery_kwh={
            name: (
                (measurement.powers_kw[f"{name}.charge"] - measurement.powers_kw[f"{name}.discharge"])
                - measurement.battery_loss_kw[name]
            )
            * measurement.step_h
            - (measurement.end_amounts[name] - measurement.start_amounts[name])
            for name in district.batteries
        },
    )


def water_meters(measurement: Measurement, district: District) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield what each meter saw enter (+) or leave (-) a node.

    Parameters
    ----------
    measurement : Measurement
        One step.
    district : District
        What is joined to what.

    Yields
    ------
    ((str, str), float)
        Node and layer, and the mean flow [m3/h]; what runs over a tank's brim and what leaks has no meter.
    """
    flows = measurement.flows_m3_h
    for name, arc in district.arcs.items():
        if arc.kind != "line":
            forward = flows[name] - measurement.backflow_m3_h.get(name, 0.0)
            yield (arc.tail, arc.layer), -forward
            yield (arc.head, arc.head_layer or arc.layer), forward
    for node, inputs in measurement.inputs.items():
        yield (node, "P"), -(inputs.potable_m3_h - flows.get(f"unserved.{node}.P", 0.0))
        yield (node, "W"), inputs.rain_harvest_m3_h + inputs.greywater_m3_h
        yield (node, "W"), -(inputs.irrigation_m3_h - flows.get(f"unserved.{node}.W", 0.0))
        yield (node, "W"), -flows.get(f"sewer.{node}", 0.0)
        for layer in ("P", "W"):
            yield (node, layer), -flows.get(f"overflow.{node}.{layer}", 0.0)
    for name, treatment in district.treatments.items():
        yield (treatment.node, "W"), -flows[name]
        yield (treatment.node, "P"), measurement.product_m3_h[name]
    mains = district.utilities.mains
    if mains is not None:
        imported = flows["mains_import"] - flows["mains_export"]
        yield (mains.node, "P"), imported - measurement.backflow_m3_h["mains_import"]


def _water(measurement: Measurement, district: District) -> dict[str, float]:
    flows = measurement.flows_m3_h
    net: dict[tuple[str, str], float] = defaultdict(float)
    for place, flow in water_meters(measurement, district):
        net[place] += flow
    residuals = {}
    for (node, layer), flow in net.items():
        tank = district.tank_at(node, layer)
        if tank is None and f"sewer.{node}" not in flows and flow == 0.0:
            continue
        if tank is None:
            residuals[f"{node}.{layer}"] = flow * measurement.step_h
        else:
            change = measurement.end_amounts[tank] - measurement.start_amounts[tank]
            lost = flows[f"overflow.{tank}"] + flows.get(f"leak.{tank}", 0.0)
            residuals[tank] = (flow - lost) * measurement.step_h - change
    return residuals


def _energy(measurement: Measurement, district: District) -> dict[str, float]:
    powers = measurement.powers_kw
    net: dict[str, float] = defaultdict(float)
    for node, inputs in measurement.inputs.items():
        net[node] += powers.get(f"pv.{node}", 0.0) + powers.get(f"unserved.{node}.E", 0.0)
        net[node] -= powers.get(f"dump.{node}", 0.0) + inputs.load_kw
    for name, arc in district.arcs.items():
        if arc.kind == "line":
            for flow, tail, head in (
                (powers[name], arc.tail, arc.head),
                (powers.get(f"{name}.reverse", 0.0), arc.head, arc.tail),
            ):
                net[tail] -= flow
                net[head] += (1.0 - (arc.loss_frac or 0.0)) * flow
    for name, battery in district.batteries.items():
        net[battery.node] += powers[f"{name}.discharge"] - powers[f"{name}.charge"]
    places = device_nodes(district)
    for element, power in measurement.consumed_kw.items():
        net[places[element]] -= power
    for element, power in measurement.generated_kw.items():
        net[places[element]] += power
    net[district.utilities.grid.node] += powers["grid_import"] - powers["grid_export"]
    return {f"{node}.E": power * measurement.step_h for node, power in net.items()}


def device_nodes(district: District) -> dict[str, str]:
    """Give the node at which each water device draws or gives electricity, by element."""
    places = {name: arc.energy_node for name, arc in district.arcs.items() if arc.energy_node is not None}
    places |= {name: treatment.node for name, treatment in district.treatments.items()}
    if district.utilities.mains is not None and district.utilities.mains.energy_node is not None:
        places["mains"] = district.utilities.mains.energy_node
    return places
