"""Rows of the corridor's long tables from what the twin exchanged, and back: OPERATIONS and STATE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts import TABLES, InputError
from econex_pipeline.contracts.arrays import NS_PER_H
from econex_pipeline.twin.exchange import FLOWS, Decision, Exogenous, Measurement, NodeInputs
from econex_pipeline.twin.state import TwinState

Array = np.ndarray[Any, np.dtype[Any]]
Row = tuple[pd.Timestamp, str, str, str, float]
MEASURED = {
    "flows_m3_h": "flow_m3_h",
    "powers_kw": "power_kw",
    "consumed_kw": "consumed_kw",
    "generated_kw": "generated_kw",
    "product_m3_h": "product_m3_h",
    "reject_m3_h": "reject_m3_h",
    "battery_loss_kw": "loss_kw",
    "backflow_m3_h": "backflow_m3_h",
    "water_step_error_bound_m3": "step_error_bound_m3",
}
"""Quantity under which each part of a measurement stands in OPERATIONS: every term of the balances."""


EVENT = "event_active"


def decision_rows(decision: Decision, time_utc: pd.Timestamp, basis: str = "asked") -> list[Row]:
    """Give a decision as OPERATIONS rows of one basis."""
    least_kw = {battery: least for battery, (least, _) in decision.bands_kw.items()}
    most_kw = {battery: most for battery, (_, most) in decision.bands_kw.items()}
    least_m3_h = {pump: lift.least_m3_h for pump, lift in decision.lifts.items()}
    most_m3_h = {pump: lift.most_m3_h for pump, lift in decision.lifts.items()}
    return [
        *_rows(time_utc, decision.flows_m3_h, "flow_m3_h", basis),
        *_rows(time_utc, decision.powers_kw, "power_kw", basis),
        *_rows(time_utc, least_kw, "least_charge_kw", basis),
        *_rows(time_utc, most_kw, "most_charge_kw", basis),
        *_rows(time_utc, least_m3_h, "least_flow_m3_h", basis),
        *_rows(time_utc, most_m3_h, "most_flow_m3_h", basis),
    ]


def input_rows(exogenous: Exogenous, basis: str) -> list[Row]:
    """Give supply and demand of the nodes as OPERATIONS rows of one basis: forecast or actual."""
    return [
        (exogenous.time_utc, node, quantity, basis, getattr(inputs, quantity))
        for node, inputs in exogenous.nodes.items()
        for quantity in FLOWS
    ]


def measurement_rows(measurement: Measurement) -> list[Row]:
    """Give what was delivered, what the world really did and what went wrong as OPERATIONS rows."""
    time = measurement.time_utc
    rows = input_rows(Exogenous(time, measurement.inputs), "actual")
    for part, quantity in MEASURED.items():
        rows += _rows(time, getattr(measurement, part), quantity, "delivered")
    return rows + _rows(time, dict.fromkeys(measurement.events, 1.0), EVENT, "actual")


def measurements_of(operations: pd.DataFrame, states: pd.DataFrame, step_h: float) -> list[Measurement]:
    """Read back from the tables what was measured in each step, as far as balances need it.

    Parameters
    ----------
    operations : pandas.DataFrame
        OPERATIONS of consecutive steps.
    states : pandas.DataFrame
        STATE at both ends of each of them.
    step_h : float
        Length of a step [h].

    Returns
    -------
    list of Measurement
        In the order of time; without run times, clips and warnings, which the tables do not hold.

    Raises
    ------
    InputError
        If the states do not stand at both ends of a step.
    """
    delivered: dict[tuple[int, str], dict[str, float]] = defaultdict(dict)
    inputs: dict[int, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    events: dict[int, list[str]] = defaultdict(list)
    amounts: dict[int, dict[str, float]] = defaultdict(dict)
    happened = operations[operations["basis"].isin(["delivered", "actual"])]
    for stamp, element, quantity, basis, value in _records(happened, "element", "quantity", "basis"):
        if basis == "delivered":
            delivered[stamp, quantity][element] = value
        elif quantity == EVENT:
            events[stamp].append(element)
        else:
            inputs[stamp][element][quantity] = value
    stored = states[states["quantity"].isin(["level_m3", "stored_kwh"])]
    for stamp, element, value in _records(stored, "element"):
        amounts[stamp][element] = value
    measurements = []
    for start in sorted(inputs):
        end = start + round(step_h * NS_PER_H)
        for stamp in (start, end):
            if stamp not in amounts:
                time = pd.Timestamp(stamp, tz="UTC")
                raise InputError("STATE", "time_utc", f"no row at {time}", "amounts at both ends of every step")
        measured: dict[str, Any] = {part: delivered[start, quantity] for part, quantity in MEASURED.items()}
        measurements.append(
            Measurement(
                time_utc=pd.Timestamp(start, tz="UTC"),
                step_h=step_h,
                inputs={node: NodeInputs(**values) for node, values in inputs[start].items()},
                start_amounts=amounts[start],
                end_amounts=amounts[end],
                water_step_error_m3={},
                run_s={},
                events=tuple(events[start]),
                **measured,
            )
        )
    return measurements


def columns_of(rows: Sequence[tuple[Any, ...]], name: str) -> dict[str, Array]:
    """Give rows of a long table as its columns, sorted by its key.

    Parameters
    ----------
    rows : sequence of tuple
        Time, labels, value; at least one.
    name : str
        OPERATIONS or STATE.

    Returns
    -------
    dict of str to numpy.ndarray
        In the contract's order: ``time_utc`` as datetime64[ns] without a zone (UTC), labels as objects, ``value`` as
        float. Label columns are the same read-only objects whenever the same rows come again, as they do hour by hour.
    """
    instants, *labels, values = zip(*rows, strict=True)
    first = instants[0].value
    elapsed = [instant.value - first for instant in instants]
    order, after, columns = _sorted(tuple(zip(elapsed, *labels, strict=True)))
    times = (first + after).view("datetime64[ns]")
    return dict(zip(TABLES[name].columns, (times, *columns, np.array(values, dtype=float)[order]), strict=True))


@lru_cache(maxsize=64)
def _sorted(keys: tuple[tuple[Any, ...], ...]) -> tuple[Array, Array, tuple[Array, ...]]:
    """Sort keys; give their order, the first parts as numbers and the others as columns."""
    order = sorted(range(len(keys)), key=keys.__getitem__)
    after, *labels = zip(*(keys[place] for place in order), strict=True)
    columns = tuple(np.array(column, dtype=object) for column in labels)
    for column in columns:
        column.flags.writeable = False
    return np.array(order), np.array(after, dtype=np.int64), columns


def operations_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Make an OPERATIONS table of rows."""
    return _table(rows, "OPERATIONS")


def state_rows(state: TwinState) -> list[tuple[pd.Timestamp, str, str, float]]:
    """Give a state as STATE rows: levels, stored energy, what each membrane remembers."""
    time = state.time_utc
    rows = [(time, name, "level_m3", volume) for name, volume in state.volumes_m3.items()]
    rows += [(time, name, "stored_kwh", energy) for name, energy in state.batteries_kwh.items()]
    for name, membrane in state.membranes.items():
        rows.append((time, name, "irreversible_1_m", membrane.irreversible_1_m))
        rows.append((time, name, "filtered_m3", membrane.filtered_m3))
        rows.append((time, name, "since_cleaning_h", membrane.since_cleaning_h))
        rows.append((time, name, "cleaning_left_h", membrane.cleaning_left_h))
    return rows


def state_table(states: Sequence[TwinState]) -> pd.DataFrame:
    """Make a STATE table of states at successive instants."""
    return _table([row for state in states for row in state_rows(state)], "STATE")


def _table(rows: Sequence[tuple[Any, ...]], name: str) -> pd.DataFrame:
    columns = columns_of(rows, name)
    return pd.DataFrame({**columns, "time_utc": pd.DatetimeIndex(columns["time_utc"]).tz_localize("UTC")})


def _rows(time: pd.Timestamp, values: Mapping[str, float], quantity: str, basis: str) -> list[Row]:
    return [(time, element, quantity, basis, float(value)) for element, value in values.items()]


def _records(frame: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a long table as plain tuples: stamp [ns since 1970, UTC], labels, value."""
    stamps = frame["time_utc"].to_numpy(dtype="datetime64[ns]").astype(np.int64)
    columns = (frame[name].tolist() for name in names)
    return zip(stamps.tolist(), *columns, frame["value"].to_numpy(dtype=float).tolist(), strict=True)
