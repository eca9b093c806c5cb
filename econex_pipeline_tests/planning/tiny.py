"""Networks of one or two nodes, small enough to solve by hand."""

import numpy as np
import pandas as pd

from econex_pipeline.contracts.columns import PRICES, PROFILES
from econex_pipeline.contracts.tables import TABLES
from econex_pipeline.contracts.time import steps
from econex_pipeline.planning import Network
from econex_pipeline.planning.elements import Arc, Cost, Node, Source, Storage, Weights

START = pd.Timestamp("2025-07-15 05:00", tz="UTC")
IMPORT = Arc("grid_import", "import", None, "home.E", "E", 10.0, costs=(Cost("grid_import_usd", "econ", 1.0, "buy_price_usd_kwh"),))  # fmt: skip  # noqa: E501
EXPORT = Arc("grid_export", "export", "home.E", None, "E", 10.0, costs=(Cost("grid_export_usd", "econ", -1.0, "sell_price_usd_kwh"),))  # fmt: skip  # noqa: E501
MAINS = Arc("mains_import", "import", None, "home.P", "P", 5.0, costs=(Cost("water_import_usd", "econ", 1.0, "water_buy_usd_m3"),))  # fmt: skip  # noqa: E501
HOME = Node("home.E", "home", "E", demand=("load_kw",))
WATER = Node("home.P", "home", "P", demand=("potable_m3_h",))


def unserved(node: Node, penalty: float) -> Arc:
    demand = Source("profiles", node.place, node.demand[0])
    cost = Cost("unserved_energy_usd", "penalty", penalty)
    return Arc(f"unserved.{node.name}", "unserved", None, node.name, node.layer, demand, costs=(cost,))


def battery(capacity: float, power: float, round_trip: float, loss: float = 0.0):
    """A battery at home: its node, its arcs, its holdover."""
    one_way = round_trip**0.5
    arcs = (
        Arc("battery.charge", "charge", "home.E", "battery", "E", power, gain=one_way),
        Arc("battery.discharge", "discharge", "battery", "home.E", "E", power, draw=1 / one_way),
    )
    return Node("battery", "home", "E"), arcs, Storage("battery", "battery", "E", capacity, loss)


def network(nodes, arcs, storages=(), step_h=1.0, **rest) -> Network:
    empty = {"couplings": (), "recoveries": (), "commitments": (), "end_values": (), "start": ()}
    weights = Weights(1.0, 1.0, 0.0, 0.0, 0.0)
    return Network(
        "tiny", step_h, tuple(nodes), tuple(arcs), tuple(storages), **({**empty, **rest} | {"weights": weights})
    )


def profiles(step_minutes: int = 60, **columns) -> pd.DataFrame:
    """PROFILES of one node from lists; what is not given is zero."""
    count = len(next(iter(columns.values())))
    frame = pd.DataFrame({"time_utc": steps(START, count * step_minutes / 60, step_minutes), "node": "home"})
    for column in PROFILES:
        frame[column.name] = np.asarray(columns.get(column.name, np.zeros(count)), dtype=float)
    return frame


def scenarios(probabilities, *members: pd.DataFrame) -> pd.DataFrame:
    frames = [
        member.assign(scenario=s, probability=p)
        for s, (p, member) in enumerate(zip(probabilities, members, strict=True))
    ]
    return pd.concat(frames, ignore_index=True)


def prices(like: pd.DataFrame, **columns) -> pd.DataFrame:
    frame = pd.DataFrame({"time_utc": like["time_utc"].unique()})
    for column in PRICES:
        frame[column.name] = columns.get(column.name, 0.0)
    return frame


def coefficients(like: pd.DataFrame, **values) -> pd.DataFrame:
    """COEFFICIENTS from ``element__quantity=value``."""
    frames = [
        pd.DataFrame({"scenario": 0, "time_utc": like["time_utc"].unique(), "element": name.split("__")[0],
                      "quantity": name.split("__")[1], "value": value,
                      "fit_error_frac": 0.0, "valid_from_m3_h": 0.0, "valid_to_m3_h": 10.0, "age_h": 0.0})
        for name, value in values.items()
    ]  # fmt: skip
    columns = list(TABLES["COEFFICIENTS"].columns)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
