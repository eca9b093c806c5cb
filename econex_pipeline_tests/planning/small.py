"""Small problems, one for each kind of device: their LP text is kept, and other solvers solve them."""

from econex_pipeline.planning.elements import (
    Arc,
    Chord,
    Commitment,
    Coupling,
    Node,
    Recovery,
    Source,
    Storage,
    Target,
    Tranche,
)
from econex_pipeline.planning.instance import Instance, make_instance
from econex_pipeline.planning.tables import read_tables
from econex_pipeline_tests.planning import tiny

MAINS_TURBINE = Recovery("mains", "mains_import", "mains.recovered", Source("coefficients", "mains", "recovery_kwh_m3"))
K, YIELD = Source("coefficients", "pump", "energy_kwh_m3"), Source("coefficients", "turbine", "yield_kwh_m3")
BASINS = [Node("low.W", "low", "W"), Node("top.W", "top", "W")]


def instance(network, members, start, prices, coefficients=None, commit_steps=0, end_values=None, targets=None):
    scenarios = tiny.scenarios([1.0 / len(members)] * len(members), *members)
    coefficients = tiny.coefficients(members[0], **(coefficients or {}))
    tables = read_tables(network, scenarios, coefficients, tiny.prices(members[0], **prices))
    return make_instance(network, tables, start, end_values or {}, commit_steps, targets)


def home_with_battery() -> Instance:
    node, arcs, storage = tiny.battery(5.0, 4.0, 0.81, loss=0.01)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, tiny.EXPORT, *arcs], [storage])
    day = tiny.profiles(load_kw=[1.0, 2.0, 3.0])
    values = {"battery": (Tranche(2.0, 0.3), Tranche(3.0, 0.05))}
    price = {"buy_price_usd_kwh": [0.1, 0.5, 0.4], "sell_price_usd_kwh": 0.05}
    return instance(network, [day], {"battery": 1.0}, price, end_values=values)


def inlet_with_turbine() -> Instance:
    tank = Storage("tank", "home.P", "P", 2.0, reserve=0.5, reserve_usd_h=0.1)
    recovered = Arc("mains.recovered", "recovered", None, "home.E", "E", float("inf"))
    network = tiny.network(
        [tiny.HOME, tiny.WATER], [tiny.IMPORT, tiny.MAINS, recovered], [tank], recoveries=(MAINS_TURBINE,)
    )
    day = tiny.profiles(load_kw=[1.0, 1.0], potable_m3_h=[0.5, 1.0])
    price = {"buy_price_usd_kwh": [0.4, 0.6], "water_buy_usd_m3": 2.0}
    return instance(network, [day], {"tank": 0.2}, price, {"mains__recovery_kwh_m3": 0.07})


def pumped_hydro() -> Instance:
    """Pump or turbine, a least flow, a ramp, a curve that is not convex, a cyclic target."""
    arcs = [
        tiny.IMPORT,
        Arc("pump", "pumped", "low.W", "top.W", "W", 10.0, gain=0.98, minimum=2.0, ramp=6.0),
        Arc("turbine", "turbined", "top.W", "low.W", "W", 10.0),
    ]
    couplings = (
        Coupling("pump", "home.E", -1, K, (Chord(0.5, 1.2), Chord(0.5, 0.9)), ordered=True),
        Coupling("turbine", "home.E", 1, YIELD),
    )
    network = tiny.network(
        [tiny.HOME, *BASINS],
        arcs,
        [Storage("low", "low.W", "W", 10.0), Storage("top", "top.W", "W", 10.0)],
        couplings=couplings,
        exclusive=(("pump", "turbine"),),
    )
    day = tiny.profiles(load_kw=[0.5, 1.0, 1.0])
    values = {"pump__energy_kwh_m3": 0.13, "turbine__yield_kwh_m3": 0.08}
    price = {"buy_price_usd_kwh": [0.1, 0.5, 0.5]}
    return instance(network, [day], {"low": 6.0, "top": 4.0}, price, values, targets={"top": Target(4.0, 0.02)})


def two_scenarios() -> Instance:
    commit = Commitment("grid", ("grid_import",), (), -10.0, 10.0, 0.05, "E")
    network = tiny.network([tiny.HOME], [tiny.IMPORT, tiny.unserved(tiny.HOME, 5.0)], commitments=(commit,))
    members = [tiny.profiles(load_kw=[1.0, load]) for load in (1.0, 12.0)]
    return instance(network, members, {}, {"buy_price_usd_kwh": 0.4}, commit_steps=2)


CASES = {
    "home_with_battery": home_with_battery,
    "inlet_with_turbine": inlet_with_turbine,
    "pumped_hydro": pumped_hydro,
    "two_scenarios": two_scenarios,
}
