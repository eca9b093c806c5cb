"""A step without the hydraulic engine: pumps and valves are shut, tanks are buckets that are drawn from and rained on.

The last resort of the twin. Where the engine finds no answer even with everything shut, nothing can be said of
pressures; what people draw and what comes in by itself is known all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.hydraulics import StepResult, WaterNetwork

WARNING = "the hydraulic engine found no answer at all: tanks were followed as buckets"


def run_without_engine(
    network: WaterNetwork, levels_m3: Mapping[str, float], demands_m3_h: Mapping[str, float], step_s: int
) -> StepResult:
    """Run a step in which nothing moves but what is drawn from tanks and what comes into them.

    Parameters
    ----------
    network : WaterNetwork
        Its tanks and links; it is not asked for an answer.
    levels_m3 : mapping of str to float
        Volume at the start, by tank [m3].
    demands_m3_h : mapping of str to float
        Net flow out of each tank, by its boundary junction [m3/h]; negative for an inflow.
    step_s : int
        Length of the step [s].

    Returns
    -------
    StepResult
        A tank gives no more than it holds, and what it cannot hold runs over.
    """
    step_h = step_s / 3600.0
    asked = {junction: rate * step_h for junction, rate in demands_m3_h.items()}
    taken, ends, spill = dict(asked), dict(levels_m3), dict.fromkeys(levels_m3, 0.0)
    for tank, start in levels_m3.items():
        junction = network.boundary[tank]
        taken[junction] = min(asked[junction], start)
        held = start - taken[junction]
        ends[tank] = min(held, network.tanks[tank].capacity_m3)
        spill[tank] = held - ends[tank]
    still = dict.fromkeys(levels_m3, 0.0)
    return StepResult(
        levels_m3=ends,
        volume_m3=dict.fromkeys(network.links, 0.0),
        delivered_m3=dict.fromkeys(network.actuators, 0.0),
        short_m3={},
        taken_m3=taken,
        asked_m3=asked,
        spill_m3=spill,
        inflow_m3={tank: -taken[network.boundary[tank]] for tank in levels_m3},
        creep_m3=still,
        step_error_m3=still,
        step_error_bound_m3=still,
        pump_energy_kwh=dict.fromkeys(network.pumps, 0.0),
        head_energy_kwh=dict.fromkeys(network.valves, 0.0),
        ran_s=dict.fromkeys(network.actuators, 0),
        substeps=0,
        retries=0,
        warnings=(WARNING,),
    )
