"""What a step would sell to the grid, or take from it or from batteries beyond what was asked of them."""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.twin.exchange import Decision

LEAST_SURPLUS_KW = 0.05
"""A smaller surplus or shortage moves no pump [kW]."""


def surplus(decision: Decision, powers_kw: Mapping[str, float]) -> float:
    """Give what a pump may take more, or has to leave, for the grid's meter to come to zero [kW].

    Parameters
    ----------
    decision : Decision
        What was asked; its batteries with a band have answered the meter already.
    powers_kw : mapping of str to float
        What was delivered.

    Returns
    -------
    float
        What is sold; otherwise, negative, what is bought and what batteries stored less, or gave more, than was asked.
    """
    sold_kw = powers_kw["grid_export"]
    if sold_kw > 0.0:
        return sold_kw
    lacking_kw = powers_kw["grid_import"]
    for battery in decision.bands_kw:
        asked_kw, came_kw = (
            powers.get(f"{battery}.charge", 0.0) - powers.get(f"{battery}.discharge", 0.0)
            for powers in (decision.powers_kw, powers_kw)
        )
        lacking_kw += max(asked_kw - came_kw, 0.0)
    return -lacking_kw
