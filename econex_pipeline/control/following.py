"""How batteries and pumps answer what was not foreseen: between which bounds each keeps the grid's meter at zero.

A forecast is wrong by something in every hour. Left to the grid, a surplus is sold cheap and a shortage bought dear.
A battery takes the difference where that pays, at what stored energy is worth at the end of the step, v [USD/kWh]:

    store a surplus      v eta >= sell
    cover a shortage     v / eta <= buy
    neither              the meter stays where the sun and the loads put it

with eta the one-way efficiency and both prices as the controller weighs them, a schedule left aside: a promise is kept
by what is asked of the step, and what nobody foresaw was not promised. What the optimum buys to store, or sells from
store, it does on purpose: the band then begins, or ends, there.
"""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.contracts.arrays import Prices
from econex_pipeline.control.coefficients import rated_flows
from econex_pipeline.district import District
from econex_pipeline.planning import Rates
from econex_pipeline.twin import Lift

TOLERANCE_USD_KWH = 0.005
"""Prices nearer than this count as equal: a line on the way loses a per cent [A]."""
LEAST_KW = 1e-6


def followed(
    district: District,
    rates: Rates,
    worth_usd_kwh: Mapping[str, float],
    prices: Prices,
    amounts: Mapping[str, float],
) -> tuple[dict[tuple[str, str], float], dict[str, tuple[float, float]]]:
    """Give each battery its band, and what is expected of the step with it.

    Parameters
    ----------
    district : District
        Its batteries and weights.
    rates : Rates
        What the optimum expects of the step, by (element, quantity) [kW].
    worth_usd_kwh : mapping of str to float
        What one more kWh in each battery is worth at the end of the step [USD/kWh]; a battery not named has no band.
    prices : Prices
        Of the step.
    amounts : mapping of str to float
        Stored at the start of the step, by storage [kWh].

    Returns
    -------
    rates : dict of (str, str) to float
        The same rates, with batteries and the grid where the bands will bring them if all comes as foreseen: where two
        ways are worth the same, the band has chosen.
    bands : dict of str to (float, float)
        Least and most net charge by battery [kW].
    """
    buy_usd_kwh, sell_usd_kwh = _weighed(district, prices)
    expected, bands, batteries = dict(rates), {}, district.batteries
    for name, worth in worth_usd_kwh.items():
        battery = batteries.get(name)
        if battery is None:
            continue
        surplus_kw = expected["grid_export", "power_kw"] - expected["grid_import", "power_kw"]
        rated_kw, one_way = float(battery.power_kw or 0.0), battery.one_way_frac
        asked_kw = expected[f"{name}.charge", "power_kw"] - expected[f"{name}.discharge", "power_kw"]
        stores = worth * one_way >= sell_usd_kwh - TOLERANCE_USD_KWH
        covers = worth / one_way <= buy_usd_kwh + TOLERANCE_USD_KWH
        most_kw = rated_kw if stores else max(asked_kw, 0.0)
        least_kw = -rated_kw if covers else min(asked_kw, 0.0)
        if surplus_kw < -LEAST_KW and asked_kw > LEAST_KW:
            least_kw = asked_kw
        if surplus_kw > LEAST_KW and asked_kw < -LEAST_KW:
            most_kw = asked_kw
        bands[name] = (least_kw, most_kw)
        room_kw = (battery.capacity - amounts[name]) / one_way / district.step_h
        held_kw = amounts[name] * one_way / district.step_h
        charge_kw = min(max(asked_kw + surplus_kw, least_kw, -held_kw), most_kw, room_kw)
        left_kw = surplus_kw - (charge_kw - asked_kw)
        expected |= {
            (f"{name}.charge", "power_kw"): max(charge_kw, 0.0),
            (f"{name}.discharge", "power_kw"): max(-charge_kw, 0.0),
            ("grid_export", "power_kw"): max(left_kw, 0.0),
            ("grid_import", "power_kw"): max(-left_kw, 0.0),
        }
    return expected, bands


def lifted(
    district: District,
    rates: Rates,
    worth_usd_m3: Mapping[str, float],
    prices: Prices,
    coefficients: Mapping[tuple[str, str], float],
) -> dict[str, Lift]:
    """Give the bounds of each pump whose water can come down again through a turbine.

    Lifting a kWh is worth (v above - v below) / k. It pays of a surplus that would be sold for less, and not of
    electricity that would have to be bought for more: what the optimum lifts on purpose, it lifts whatever comes.

    Parameters
    ----------
    district : District
        Its arcs and weights.
    rates : Rates
        What the optimum asks of the step, by (element, quantity) [m3/h].
    worth_usd_m3 : mapping of str to float
        What one more m3 in each storage is worth at the end of the step [USD/m3]; none without duals.
    prices : Prices
        Of the step.
    coefficients : mapping of (str, str) to float
        Of the step, by element and quantity.

    Returns
    -------
    dict of str to Lift
        By pump.
    """
    buy_usd_kwh, sell_usd_kwh = _weighed(district, prices)
    rated_m3_h, lifts = rated_flows(coefficients), {}
    drops = {(arc.tail, arc.head) for arc in district.arcs.values() if arc.kind == "turbined"}
    for name, arc in district.arcs.items():
        kwh_m3 = coefficients.get((name, "energy_kwh_m3"), 0.0)
        if (arc.head, arc.tail) not in drops or kwh_m3 <= 0.0:
            continue
        below, above = (district.tank_at(node, arc.layer or "") or "" for node in (arc.tail, arc.head))
        if below not in worth_usd_m3 or above not in worth_usd_m3:
            continue
        worth_usd_kwh = (worth_usd_m3[above] - worth_usd_m3[below]) / kwh_m3
        asked_m3_h = rates[name, "flow_m3_h"]
        least_m3_h = 0.0 if worth_usd_kwh <= buy_usd_kwh - TOLERANCE_USD_KWH else asked_m3_h
        most_m3_h = rated_m3_h[name] if worth_usd_kwh >= sell_usd_kwh + TOLERANCE_USD_KWH else asked_m3_h
        lifts[name] = Lift(min(least_m3_h, asked_m3_h), max(most_m3_h, asked_m3_h), kwh_m3)
    return lifts


def _weighed(district: District, prices: Prices) -> tuple[float, float]:
    """Give the price of buying and of selling a kWh in the step, as the controller weighs them [USD/kWh]."""
    weights = district.objective
    carbon_usd_kwh = weights.beta * weights.carbon_usd_kg * float(prices.of("carbon_kg_kwh")[0])
    buy_usd_kwh = weights.alpha * float(prices.of("buy_price_usd_kwh")[0]) + carbon_usd_kwh
    return buy_usd_kwh, weights.alpha * float(prices.of("sell_price_usd_kwh")[0])
