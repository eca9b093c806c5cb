"""Rows of the corridor's long tables from what the twin exchanged: OPERATIONS and STATE."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from econex_pipeline.contracts import tidy
from econex_pipeline.twin.exchange import FLOWS, Decision, Exogenous, Measurement
from econex_pipeline.twin.state import TwinState

Row = tuple[pd.Timestamp, str, str, str, float]


def decision_rows(decision: Decision, time_utc: pd.Timestamp, basis: str = "asked") -> list[Row]:
    """Give a decision as OPERATIONS rows of one basis."""
    return _rows(time_utc, decision.flows_m3_h, "flow_m3_h", basis) + _rows(
        time_utc, decision.powers_kw, "power_kw", basis
    )


def input_rows(exogenous: Exogenous, basis: str) -> list[Row]:
    """Give supply and demand of the nodes as OPERATIONS rows of one basis: forecast or actual."""
    return [
        (exogenous.time_utc, node, quantity, basis, getattr(inputs, quantity))
        for node, inputs in exogenous.nodes.items()
        for quantity in FLOWS
    ]


def measurement_rows(measurement: Measurement) -> list[Row]:
    """Give what was delivered and what the world really did as OPERATIONS rows."""
    time = measurement.time_utc
    rows = _rows(time, measurement.flows_m3_h, "flow_m3_h", "delivered")
    rows += _rows(time, measurement.powers_kw, "power_kw", "delivered")
    rows += _rows(time, measurement.consumed_kw, "consumed_kw", "delivered")
    rows += _rows(time, measurement.generated_kw, "generated_kw", "delivered")
    rows += _rows(time, measurement.product_m3_h, "product_m3_h", "delivered")
    rows += _rows(time, measurement.reject_m3_h, "reject_m3_h", "delivered")
    return rows + input_rows(Exogenous(time, measurement.inputs), "actual")


def operations_table(rows: list[Row]) -> pd.DataFrame:
    """Make an OPERATIONS table of rows."""
    frame = pd.DataFrame(rows, columns=["time_utc", "element", "quantity", "basis", "value"])
    return tidy(frame, "OPERATIONS")


def state_rows(state: TwinState) -> list[tuple[pd.Timestamp, str, str, float]]:
    """Give a state as STATE rows: levels, stored energy, what each membrane remembers."""
    time = state.time_utc
    rows = [(time, name, "level_m3", volume) for name, volume in state.volumes_m3.items()]
    rows += [(time, name, "stored_kwh", energy) for name, energy in state.batteries_kwh.items()]
    for name, membrane in state.membranes.items():
        rows.append((time, name, "irreversible_1_m", membrane.irreversible_1_m))
        rows.append((time, name, "filtered_m3", membrane.filtered_m3))
        rows.append((time, name, "since_cleaning_h", membrane.since_cleaning_h))
    return rows


def state_table(states: list[TwinState]) -> pd.DataFrame:
    """Make a STATE table of states at successive instants."""
    rows = [row for state in states for row in state_rows(state)]
    return tidy(pd.DataFrame(rows, columns=["time_utc", "element", "quantity", "value"]), "STATE")


def _rows(time: pd.Timestamp, values: Mapping[str, float], quantity: str, basis: str) -> list[Row]:
    return [(time, element, quantity, basis, float(value)) for element, value in values.items()]
