"""What was asked of a step and not delivered. What has a band was asked for no more than to stay within it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from econex_pipeline.twin.exchange import Clip, Decision
from econex_pipeline.twin.water import WaterOutcome

CLIP_TOLERANCE = 1e-3
"""Smallest difference between asked and delivered that is called a clip [m3/h or kW]; below lie whole seconds."""


def clips_of(
    decision: Decision,
    water: WaterOutcome,
    powers_kw: Mapping[str, float],
    step_h: float,
    reasons: Mapping[str, str],
) -> tuple[Clip, ...]:
    """Name what was asked and not delivered; a rounded second is no clip."""
    clips = []
    least_m3_h = {pump: lift.least_m3_h for pump, lift in decision.lifts.items()}
    for element, asked in decision.flows_m3_h.items():
        delivered = water.flows_m3_h.get(element, 0.0)
        if delivered >= least_m3_h.get(element, np.inf) - CLIP_TOLERANCE:
            continue
        reason = reasons.get(element)
        second = decision.rated_flows_m3_h.get(element, 0.0) / 3600.0 / step_h
        if reason is None and delivered < asked * 0.9 - CLIP_TOLERANCE - second:
            reason = "it is beyond what the element can carry"
        if reason is not None and asked - delivered > CLIP_TOLERANCE:
            clips.append(Clip(element, asked, delivered, reason))
    for element, asked in decision.powers_kw.items():
        delivered = powers_kw.get(element, 0.0)
        battery, _, what = element.rpartition(".")
        least_kw, most_kw = decision.bands_kw.get(battery, (np.inf, -np.inf))
        net_kw = powers_kw.get(f"{battery}.charge", 0.0) - powers_kw.get(f"{battery}.discharge", 0.0)
        if least_kw - CLIP_TOLERANCE <= net_kw <= most_kw + CLIP_TOLERANCE:
            continue
        if what in ("charge", "discharge") and abs(asked - delivered) > CLIP_TOLERANCE:
            clips.append(Clip(element, asked, delivered, "the battery, a line or the grid is at its limit"))
    return tuple(clips)
