"""From a table of planned flows to the decision of one step. No optimization here."""

from __future__ import annotations

import pandas as pd

from econex_pipeline.twin import Decision, Exogenous

EXPECTATION = -1
_NOT_ACTUATED = ("pv.", "unserved.", "overflow.", "grid_import", "grid_export", "mains.recovered")
LEAST_CURTAILED_KW = 1e-6
RATES = ("flow_m3_h", "power_kw", "consumed_kw", "generated_kw", "schedule_kw", "schedule_m3_h")

Rates = dict[tuple[str, str], float]
"""Rates of one step by (element, quantity)."""


def rates_at(plan: pd.DataFrame, time_utc: pd.Timestamp) -> Rates:
    """Give the rates of one step of a PLAN's expectation: flows, powers, schedules; empty where it does not reach."""
    rows = plan[(plan["time_utc"] == time_utc) & (plan["scenario"] == EXPECTATION) & plan["quantity"].isin(RATES)]
    keys = zip(rows["element"], rows["quantity"], strict=True)
    return dict(zip(keys, rows["value"].astype(float), strict=True))


def rated_flows(coefficients: pd.DataFrame, time_utc: pd.Timestamp) -> dict[str, float]:
    """Give the rated flow of each duty-cycled element at one step [m3/h]; the inlet is called `mains_import`."""
    rows = coefficients[(coefficients["quantity"] == "rated_flow_m3_h") & (coefficients["time_utc"] == time_utc)]
    flows = dict(zip(rows["element"], rows["value"].astype(float), strict=True))
    if "mains" in flows:
        flows["mains_import"] = flows.pop("mains")
    return flows


def decision_of(rates: Rates, rated_m3_h: dict[str, float], expected: Exogenous) -> Decision:
    """Take what actuators can follow out of the rates of a step.

    Parameters
    ----------
    rates : Rates
        Rates by (element, quantity), as `rates_at` gives them.
    rated_m3_h : dict of str to float
        Rated flows, as `rated_flows` gives them [m3/h].
    expected : Exogenous
        What the rates were made for: sun that they leave unused is curtailed.
    """
    actuated = {key: max(0.0, value) for key, value in rates.items() if not key[0].startswith(_NOT_ACTUATED)}
    powers = {element: value for (element, quantity), value in actuated.items() if quantity == "power_kw"}
    for node, inputs in expected.nodes.items():
        unused_kw = inputs.pv_kw - rates.get((f"pv.{node}", "power_kw"), inputs.pv_kw)
        if unused_kw > LEAST_CURTAILED_KW:
            powers[f"curtail.{node}"] = unused_kw
    return Decision(
        flows_m3_h={element: value for (element, quantity), value in actuated.items() if quantity == "flow_m3_h"},
        powers_kw=powers,
        rated_flows_m3_h=rated_m3_h,
    )
