"""The words of the objective: what a flow costs (`district.costs`), what is worth something at the end, the weights."""

from __future__ import annotations

from dataclasses import dataclass

from econex_pipeline.district.costs import Cost, Part

__all__ = ["Cost", "EndValues", "Part", "Target", "Targets", "Tranche", "Weights"]


@dataclass(frozen=True)
class Tranche:
    """A width of storage and what a unit in it is worth at the end of a horizon [kWh or m3, USD per unit]."""

    width: float
    value_usd: float


EndValues = dict[str, tuple[Tranche, ...]]
"""Concave value of what is stored at the end, per storage: tranches from empty to full, values not increasing."""


@dataclass(frozen=True)
class Target:
    """An amount a storage should hold at the end [kWh or m3], and what a missing unit costs; None: it must hold it."""

    amount: float
    price_usd: float | None = None


Targets = dict[str, Target]
"""Targets at the end of a horizon, per storage; never together with end values."""


@dataclass(frozen=True)
class Weights:
    """How the parts of the objective add up: ``alpha Z_econ + beta Z_res``; the weights inside Z_res."""

    alpha: float
    beta: float
    carbon_usd_kg: float
    scarcity_usd_m3: float
    waste_usd_m3: float

    def of(self, part: Part) -> float:
        """Give the weight of a part of the objective."""
        return {"econ": self.alpha, "res": self.beta}.get(part, 1.0)
