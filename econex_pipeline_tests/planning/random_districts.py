"""Districts and days at random: 2 to 12 nodes, any devices, negative prices, storms and droughts."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from econex_pipeline.contracts import tidy
from econex_pipeline.contracts.time import steps
from econex_pipeline.district import District
from econex_pipeline.planning import Network
from econex_pipeline.planning.elements import Source
from econex_pipeline.planning.layout import sources
from econex_pipeline_tests.planning.days import Days
from econex_pipeline_tests.planning.equipped import changed

RANGE = {
    "rated_flow_m3_h": (0.5, 8.0),
    "energy_kwh_m3": (0.2, 0.5),
    "yield_kwh_m3": (0.03, 0.1),
    "recovery_kwh_m3": (0.03, 0.09),
    "recovery_frac": (0.85, 0.99),
    "capacity_m3_h": (0.1, 0.5),
}
LARGEST = {"pv_kw": 8.0, "load_kw": 4.0, "potable_m3_h": 0.3, "greywater_m3_h": 0.1, "irrigation_m3_h": 0.3}
ASSUMED = {"source": "assumption"}
COMMIT = st.sampled_from(["day_ahead", "recourse"])
FALLING = [{"up_to_frac": 0.5, "energy_factor": 1.1}, {"up_to_frac": 1.0, "energy_factor": 0.9}]
RISING = [{"up_to_frac": 0.5, "energy_factor": 0.9}, {"up_to_frac": 1.0, "energy_factor": 1.1}]


def pipe(kind: str, tail: str, head: str, layer: str, **extra) -> dict:
    energy = {"energy_node": "hub"} if kind != "gravity" else {}
    return {"kind": kind, "tail": tail, "head": head, "layer": layer, "actuator": "X", "meter": "Y", **energy, **extra}


@st.composite
def districts(draw, pilot: District) -> District:
    """A hub and up to nine homes around it, perhaps with pumped hydro: at least 2 and at most 12 nodes."""
    given = pilot.model_dump(exclude_unset=True)
    chance = st.booleans()
    nodes = {"hub": dict(given["nodes"]["hub"])}
    storages = {name: dict(given["storages"][name]) for name in ("potable_tank", "raw_tank")}
    arcs, treatments, exclusive = {}, {}, []
    for i in range(draw(st.integers(1, 9))):
        _home(draw, given, f"home_{i}", nodes, storages, arcs)
    if draw(chance):
        treatments["treatment"] = {
            **given["treatments"]["treatment"],
            "commit": draw(COMMIT),
        }
    if draw(chance):
        _pumped_hydro(draw, given, nodes, storages, arcs, exclusive)
    if draw(chance):
        nodes["hub"] = {**nodes["hub"], "dump": {"capacity_kw": 2.0, "cost_usd_kwh": 0.01, **ASSUMED}}
    mains = dict(given["utilities"]["mains"])
    if draw(chance):
        for field in ("turbine", "turbine_efficiency_frac", "energy_node"):
            mains.pop(field)
        mains["source"] = "assumption"
    if draw(chance):
        mains |= {"export_m3_h": 1.0}
    utilities = {**given["utilities"], "mains": mains}
    utilities["grid"] = {**utilities["grid"], "commit": draw(COMMIT)}
    if draw(chance):
        exclusive.append(("grid_import", "grid_export"))
    return changed(
        pilot,
        nodes=nodes,
        storages=storages,
        arcs=arcs,
        treatments=treatments,
        utilities=utilities,
        exclusive=tuple(exclusive),
        step_minutes=draw(st.sampled_from([15, 20, 30, 60])),
        end_values={name: value for name, value in given["end_values"].items() if name in storages},
    )


def _home(draw, given, name, nodes, storages, arcs) -> None:
    home, other = given["nodes"]["home_1"], given["nodes"]["home_2"]
    node = {"title": name, "electricity": home["electricity"]}
    line = {"kind": "line", "tail": name, "head": "hub", "layer": "E", "capacity_kw": 10.0, "loss_frac": 0.01}
    line |= ASSUMED
    arcs[f"line_{name}"] = {**line, "both_ways": draw(st.booleans())}
    if not arcs[f"line_{name}"]["both_ways"]:
        arcs[f"line_{name}"] |= {"tail": "hub", "head": name}
    if draw(st.booleans()):
        node["pv"] = home["pv"]
    if draw(st.booleans()):
        node["potable"] = home["potable"]
        storages[f"tank_{name}"] = {**given["storages"]["home_tank_1"], "node": name}
        leak = {"leak_frac": 0.05, **ASSUMED} if draw(st.booleans()) else {}
        arcs[f"up_{name}"] = pipe("pumped", "hub", name, "P", **leak)
        if draw(st.booleans()):
            arcs[f"back_{name}"] = pipe("gravity", name, "hub", "P")
    if draw(st.booleans()):
        node |= {"roof": other["roof"], "garden": other["garden"]}
        storages[f"cistern_{name}"] = {**given["storages"]["cistern"], "node": name}
        arcs[f"rain_{name}"] = pipe("pumped", name, "hub", "W", **({"ramp_m3_h_per_h": 2.0, **ASSUMED}))
        arcs[f"garden_{name}"] = pipe("pumped", "hub", name, "W")
    if draw(st.booleans()):
        storages[f"battery_{name}"] = {**given["storages"]["battery_1"], "node": name, "standing_loss_frac_h": 0.002}
    nodes[name] = node


def _pumped_hydro(draw, given, nodes, storages, arcs, exclusive) -> None:
    nodes |= {name: dict(given["nodes"][name]) for name in ("basin", "upper")}
    storages |= {name: dict(given["storages"][name]) for name in ("lower_basin", "upper_basin")}
    extra = draw(st.sampled_from([{}, {"energy_chords": RISING}, {"energy_chords": FALLING}, {"minimum_m3_h": 0.3}]))
    committed = {"commit": "day_ahead", "deviation_usd_m3": 0.01} if draw(st.booleans()) else {}
    arcs["phs_pump"] = pipe("pumped", "basin", "upper", "W", **extra, **committed, **ASSUMED)
    arcs["phs_turbine"] = pipe("turbined", "upper", "basin", "W", turbine_efficiency_frac=0.73, **ASSUMED)
    if draw(st.booleans()):
        exclusive.append(("phs_pump", "phs_turbine"))


@st.composite
def random_days(draw, network: Network) -> Days:
    """Two to five steps and one to three scenarios of anything: storm or drought, prices of either sign."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, members = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    weather = draw(st.sampled_from(["storm", "drought", "mild"]))
    times = steps(pd.Timestamp("2025-07-15 05:00", tz="UTC"), count * network.step_h, round(network.step_h * 60))
    rain = {"storm": 30.0, "drought": 0.0, "mild": 0.5}[weather]
    largest = {**LARGEST, "rain_harvest_m3_h": rain}
    there = {(node.place, column) for node in network.nodes for column in (*node.supply, *node.demand)}
    there |= {(arc.capacity.element, "pv_kw") for arc in network.arcs if arc.kind == "pv"}
    places = list(dict.fromkeys(node.place for node in network.nodes))
    index = pd.MultiIndex.from_product([range(members), times, places], names=["scenario", "time_utc", "node"])
    frame = index.to_frame(index=False)
    probability = rng.dirichlet(np.full(members, 3.0))
    frame["probability"] = probability[frame["scenario"]]
    for column, most in largest.items():
        known = np.array([(place, column) in there for place in frame["node"]])
        frame[column] = np.where(known, most * rng.random(len(frame)), 0.0)
    frame["turbidity_ntu"], frame["water_temperature_c"] = 15.0, 20.0
    start = {
        storage.name: 0.0 if weather == "drought" else storage.capacity * rng.random() for storage in network.storages
    }
    return Days(tidy(frame, "SCENARIOS"), _coefficients(network, times, rng), _prices(times, rng, weather), start)


def _prices(times, rng, weather) -> pd.DataFrame:
    buy = rng.uniform(-0.15, 0.6, len(times))
    frame = pd.DataFrame({"time_utc": times, "buy_price_usd_kwh": buy})
    frame["sell_price_usd_kwh"] = buy - rng.uniform(0.001, 0.3, len(times))
    frame["water_buy_usd_m3"], frame["water_sell_usd_m3"] = rng.uniform(2.0, 3.0, len(times)), 0.5
    frame["sewer_usd_m3"], frame["carbon_kg_kwh"] = 0.62, rng.uniform(0.1, 0.4, len(times))
    return tidy(frame, "PRICES")


def _coefficients(network, times, rng) -> pd.DataFrame:
    rows = [
        (source.element, source.quantity, time, rng.uniform(*_range(source)))
        for source in sources(network)
        for time in times
    ]
    frame = pd.DataFrame(rows, columns=["element", "quantity", "time_utc", "value"])
    known = dict.fromkeys(("fit_error_frac", "valid_from_m3_h", "valid_to_m3_h", "age_h"), 0.0)
    return tidy(frame.assign(scenario=0, **known), "COEFFICIENTS")


def _range(source: Source) -> tuple[float, float]:
    return RANGE[source.quantity]
