"""Two utilities that do not talk: energy optimized alone, water optimized alone. What they lose is the nexus' value.

The water utility runs the mains' inlet, pumps, treatment, raw water and tanks. It buys electricity at one flat price,
the mean of the next day, and knows neither sun nor battery nor the hours of the tariff; the turbine in its inlet feeds
its own machines. The energy utility runs batteries and pumped hydro under the tariff as it is. To it the water
machines are a load like any other, given by the water utility's plan for the next day.

Pumped hydro goes to the energy utility. Its basins are joined to no tank: water that circulates between them serves
nobody but the grid, and at a flat price the water utility would never run it.

Both see the same forecast as the joint controller and value what is left at the horizon's end by the same plan. That is
kinder than two utilities are today, so that the difference is the worth of deciding together and of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.contracts.tables import PRICE_VALUES, PROFILE_VALUES
from econex_pipeline.district import District
from econex_pipeline.planning import Basis, DayPlan, EndValues, Network, NextStep, Solved, solve_step
from econex_pipeline.twin.balances import device_nodes

Array = np.ndarray[Any, np.dtype[Any]]

ELECTRIC = ("pv_kw", "load_kw")
WATER = ("potable_m3_h", "greywater_m3_h", "rain_harvest_m3_h", "irrigation_m3_h")


class SeparateUtilities:
    """Decides as two utilities; called in the place of `planning.solve_step`.

    Parameters
    ----------
    district : District
        What stands there.
    network : Network
        Its network.
    """

    def __init__(self, district: District, network: Network) -> None:
        self._places = device_nodes(district)
        self._electric = {arc.name for arc in network.arcs if arc.layer == "E"} | _pumped_hydro(district)
        batteries = {arc.name for arc in network.arcs if arc.kind in ("charge", "discharge")}
        waters = {arc.name for arc in network.arcs if arc.layer != "E"}
        waste = {arc.name for arc in network.arcs if arc.kind == "overflow"}
        self._of_water = _without(network, batteries | _pumped_hydro(district))
        self._of_energy = _without(network, waters - _pumped_hydro(district) - waste)

    def __call__(
        self,
        network: Network,
        profiles: Profiles,
        coefficients: Mapping[tuple[str, str], float | Array],
        prices: Prices,
        start: Mapping[str, float],
        plan: DayPlan | None,
        end_values: EndValues,
        basis: Basis | None = None,
        time_limit_s: float = 30.0,
    ) -> NextStep:
        """Solve both horizons and join their first steps; arguments and answer as of `solve_step`.

        The schedule of the day is not theirs: it was made for both together.
        """
        tariff = prices.ahead(profiles.times[0], len(profiles.stamps) * network.step_h)
        water = solve_step(
            self._of_water, _cleared(profiles, ELECTRIC), coefficients, _flat(tariff), start, None, end_values,
            time_limit_s=time_limit_s,
        )  # fmt: skip
        if water.solved is None or water.status != "optimal":
            return water
        loaded = self._loaded(_cleared(profiles, WATER), water.solved)
        energy = solve_step(
            self._of_energy, loaded, coefficients, tariff, start, None, end_values, time_limit_s=time_limit_s
        )
        if energy.status != "optimal":
            return energy
        rates = {key: value for key, value in water.rates.items() if key[0] not in self._electric}
        rates |= {key: value for key, value in energy.rates.items() if key[0] in self._electric}
        rates |= {key: value for key, value in energy.rates.items() if key[0].startswith("curtail.")}
        return replace(energy, rates=rates, amounts={}, solved=None)

    def _loaded(self, profiles: Profiles, water: Solved) -> Profiles:
        """Add what the water utility will draw to the loads; what its turbine gives comes off, down to nothing."""
        values, load = profiles.values.copy(), PROFILE_VALUES.index("load_kw")
        drawn = {name: -rate * water.flow[water.arc[name]] for name, (_, rate) in water.energy.items()}
        for recovery in water.network.recoveries:
            drawn[recovery.element] = -water.flow[water.arc[recovery.power]]
        for element, power in drawn.items():
            values[:, profiles.nodes.index(self._places[element]), load] += power
        values[:, :, load] = np.maximum(values[:, :, load], 0.0)
        return replace(profiles, values=values)


def _pumped_hydro(district: District) -> set[str]:
    """Find the turbines between two basins, and the pumps that lift water back."""
    turbines = {name: arc for name, arc in district.arcs.items() if arc.kind == "turbined"}
    ways = {(arc.head, arc.tail) for arc in turbines.values()}
    return set(turbines) | {
        n for n, arc in district.arcs.items() if arc.kind == "pumped" and (arc.tail, arc.head) in ways
    }


def _without(network: Network, names: set[str]) -> Network:
    """Take devices out of a network: nothing can flow there; and what it has promised."""
    arcs = tuple(replace(arc, capacity=0.0) if arc.name in names else arc for arc in network.arcs)
    return replace(network, arcs=arcs, commitments=())


def _cleared(profiles: Profiles, columns: tuple[str, ...]) -> Profiles:
    values = profiles.values.copy()
    values[:, :, [PROFILE_VALUES.index(column) for column in columns]] = 0.0
    return replace(profiles, values=values)


def _flat(prices: Prices) -> Prices:
    """Buy at the day's mean in every hour, and sell at no more than that; carbon likewise."""
    values = prices.values.copy()
    for column in ("buy_price_usd_kwh", "sell_price_usd_kwh", "carbon_kg_kwh"):
        place = PRICE_VALUES.index(column)
        values[:, place] = values[:, place].mean()
    return replace(prices, values=values)
