"""Regret as a staircase: from what perfect foresight would have cost down to what was paid, one cause a step.

perfect foresight   one program over all of the stretch, on the linear plant
  + horizon         the same knowledge, seen a day at a time
  + model           the same forecast on the real plant, which is not its drawing
  + forecast        the real forecast
  + commitment      and the schedule that was promised the day before
= controlled
"""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.contracts import InputError

STAIRS = {
    "horizon": ("perfect_foresight", "rolling_foresight"),
    "model": ("rolling_foresight", "perfect_forecast"),
    "forecast": ("perfect_forecast", "uncommitted"),
    "commitment": ("uncommitted", "controlled"),
}
"""Each step and the two strategies it lies between."""


def staircase(costs_usd: Mapping[str, float]) -> dict[str, float]:
    """Give each step of the regret.

    Parameters
    ----------
    costs_usd : mapping of str to float
        Cost of each strategy of `STAIRS` over the same stretch, all by one yardstick [USD].

    Returns
    -------
    dict of str to float
        By step [USD]; they add up to the cost of ``controlled`` less that of ``perfect_foresight``. A step may be
        negative: a real plant may do better than its model.

    Raises
    ------
    InputError
        If a strategy is missing.
    """
    for strategies in STAIRS.values():
        for name in strategies:
            if name not in costs_usd:
                raise InputError("regret", "strategies", sorted(costs_usd), f"a cost of '{name}' as well")
    return {step: costs_usd[below] - costs_usd[above] for step, (above, below) in STAIRS.items()}


def captured_frac(rules_usd: float, controlled_usd: float, foresight_usd: float) -> float:
    """Give the share of what lies between rules and perfect foresight that the controller gets.

    Raises
    ------
    InputError
        If rules cost no more than perfect foresight: there is nothing to capture.
    """
    if rules_usd <= foresight_usd:
        raise InputError("regret", "rules", rules_usd, f"a cost above that of perfect foresight, {foresight_usd:g} USD")
    return (rules_usd - controlled_usd) / (rules_usd - foresight_usd)
