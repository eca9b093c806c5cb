"""From the planned rates of one step to its decision. No optimization here."""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.planning import Rates
from econex_pipeline.twin import Decision, Exogenous

_NOT_ACTUATED = ("pv.", "unserved.", "overflow.", "grid_import", "grid_export", "mains.recovered")
LEAST_CURTAILED_KW = 1e-6


def decision_of(rates: Rates, rated_m3_h: Mapping[str, float], expected: Exogenous) -> Decision:
    """Take what actuators can follow out of the rates of a step.

    Parameters
    ----------
    rates : Rates
        By (element, quantity), of the horizon's optimum or of a plan.
    rated_m3_h : mapping of str to float
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
