"""From the planned rates of one step to its decision. No optimization here."""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.planning import Rates
from econex_pipeline.twin import Decision

_NOT_ACTUATED = ("pv.", "unserved.", "overflow.", "grid_import", "grid_export", "mains.recovered")
LEAST_CURTAILED_KW = 1e-6


def decision_of(rates: Rates, rated_m3_h: Mapping[str, float]) -> Decision:
    """Take what actuators can follow out of the rates of a step.

    Parameters
    ----------
    rates : Rates
        By (element, quantity), of the horizon's optimum or of a plan.
    rated_m3_h : mapping of str to float
        Rated flows, as `rated_flows` gives them [m3/h].
    """
    actuated = {key: max(0.0, value) for key, value in rates.items() if not key[0].startswith(_NOT_ACTUATED)}
    powers = {element: value for (element, quantity), value in actuated.items() if quantity == "power_kw"}
    used = {name for name, power in powers.items() if name.startswith("curtail.") and power <= LEAST_CURTAILED_KW}
    return Decision(
        flows_m3_h={element: value for (element, quantity), value in actuated.items() if quantity == "flow_m3_h"},
        powers_kw={name: power for name, power in powers.items() if name not in used},
        rated_flows_m3_h=rated_m3_h,
    )
