"""How batteries answer what was not foreseen: between which powers each keeps the grid's meter at zero in a step.

A forecast is wrong by something in every hour. Left to the grid, a surplus is sold cheap and a shortage bought dear.
A battery takes the difference where that pays, at what stored energy is worth at the end of the step, v [USD/kWh]:

    store a surplus      v eta >= sell
    cover a shortage     v / eta <= buy
    neither              the meter stays where the sun and the loads put it

with eta the one-way efficiency and both prices as the controller weighs them. Where a schedule of the grid binds, a
sale or purchase that was not foreseen departs from it: the price of deviation lowers the one and raises the other. What
the optimum buys although the battery could give more, or sells although it could take more, it does on purpose: the
band then begins, or ends, at what is expected of the battery. Where all comes as foreseen, so does the battery's power.
"""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.contracts.arrays import Prices
from econex_pipeline.district import District
from econex_pipeline.planning import Rates

TOLERANCE_USD_KWH = 0.005
"""Prices nearer than this count as equal: a line on the way loses a per cent [A]."""
LEAST_KW = 1e-6


def bands(
    district: District, rates: Rates, worth_usd_kwh: Mapping[str, float], prices: Prices, scheduled: bool
) -> dict[str, tuple[float, float]]:
    """Give each battery its band.

    Parameters
    ----------
    district : District
        Its batteries and weights.
    rates : Rates
        What the optimum expects of the step, by (element, quantity) [kW].
    worth_usd_kwh : mapping of str to float
        What one more kWh in each battery is worth at the end of the step [USD/kWh].
    prices : Prices
        Of the step.
    scheduled : bool
        Whether a schedule of the grid binds in the step.

    Returns
    -------
    dict of str to (float, float)
        Least and most net charge by battery [kW].
    """
    weights = district.objective
    carbon_usd_kwh = weights.beta * weights.carbon_usd_kg * float(prices.of("carbon_kg_kwh")[0])
    deviation_usd_kwh = weights.grid_deviation_usd_kwh if scheduled else 0.0
    buy_usd_kwh = weights.alpha * float(prices.of("buy_price_usd_kwh")[0]) + carbon_usd_kwh + deviation_usd_kwh
    sell_usd_kwh = weights.alpha * float(prices.of("sell_price_usd_kwh")[0]) - deviation_usd_kwh
    buys = rates["grid_import", "power_kw"] > LEAST_KW
    sells = rates["grid_export", "power_kw"] > LEAST_KW
    found = {}
    for name, battery in district.batteries.items():
        worth, one_way, rated_kw = worth_usd_kwh[name], battery.one_way_frac, float(battery.power_kw or 0.0)
        expected_kw = rates[f"{name}.charge", "power_kw"] - rates[f"{name}.discharge", "power_kw"]
        stores = worth * one_way >= sell_usd_kwh - TOLERANCE_USD_KWH
        covers = worth / one_way <= buy_usd_kwh + TOLERANCE_USD_KWH
        most_kw = rated_kw if stores else max(expected_kw, 0.0)
        least_kw = -rated_kw if covers else min(expected_kw, 0.0)
        found[name] = (expected_kw if buys else least_kw, expected_kw if sells else most_kw)
    return found
