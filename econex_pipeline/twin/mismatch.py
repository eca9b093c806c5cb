"""How the real plant departs from its drawing: factors drawn once from a seed and hidden from the brain."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from econex_pipeline.district import District
from econex_pipeline.twin.exchange import Exogenous


@dataclass(frozen=True)
class Mismatch:
    """Hidden factors of the real plant; empty where it equals its drawing.

    Attributes
    ----------
    roughness_seed : int or None
        Seed for the roughness factors of the pipes, which only the network knows by name.
    roughness_log_sd : float
        Spread of their logarithm.
    pump_efficiency, turbine_efficiency, demand, membrane : dict of str to float
        Factors by element: pumped arcs, turbines, nodes, treatments.
    """

    roughness_seed: int | None = None
    roughness_log_sd: float = 0.0
    pump_efficiency: dict[str, float] = field(default_factory=dict)
    turbine_efficiency: dict[str, float] = field(default_factory=dict)
    demand: dict[str, float] = field(default_factory=dict)
    membrane: dict[str, float] = field(default_factory=dict)

    def pipe_roughness(self, pipes: Iterable[str]) -> dict[str, float]:
        """Give the roughness factor of each pipe of the network."""
        seed = self.roughness_seed
        if seed is None:
            return {}
        return {name: _factor(seed, "roughness", name, self.roughness_log_sd) for name in pipes}

    def on(self, exogenous: Exogenous) -> Exogenous:
        """Give the step's inputs with the real demand: potable water, its greywater, and electricity."""
        if not self.demand:
            return exogenous
        nodes = {
            name: replace(
                inputs,
                load_kw=inputs.load_kw * self.demand[name],
                potable_m3_h=inputs.potable_m3_h * self.demand[name],
                greywater_m3_h=inputs.greywater_m3_h * self.demand[name],
            )
            for name, inputs in exogenous.nodes.items()
        }
        return replace(exogenous, nodes=nodes)


def draw_mismatch(district: District) -> Mismatch:
    """Draw the hidden factors of a district, log-normal, from its own seed.

    Notes
    -----
    Each factor has a stream of its own, so that a case with a device more or less leaves all others as they are.
    """
    law = district.twin.mismatch

    def factors(group: str, names: Iterable[str], log_sd: float) -> dict[str, float]:
        return {name: _factor(law.seed, group, name, log_sd) for name in names}

    arcs = district.arcs.items()
    turbines = [name for name, arc in arcs if arc.kind == "turbined"]
    if district.utilities.mains is not None:
        turbines.append("mains")
    return Mismatch(
        roughness_seed=law.seed,
        roughness_log_sd=law.roughness_log_sd,
        pump_efficiency=factors(
            "pump_efficiency", (name for name, arc in arcs if arc.kind == "pumped"), law.pump_efficiency_log_sd
        ),
        turbine_efficiency=factors("turbine_efficiency", turbines, law.turbine_efficiency_log_sd),
        demand=factors("demand", district.nodes, law.demand_log_sd),
        membrane=factors("membrane", district.treatments, law.membrane_log_sd),
    )


def _factor(seed: int, group: str, name: str, log_sd: float) -> float:
    rng = np.random.default_rng([seed, zlib.crc32(f"{group}.{name}".encode())])
    return float(np.exp(log_sd * rng.standard_normal()))
