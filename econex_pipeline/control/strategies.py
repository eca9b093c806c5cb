"""Controllers that differ in one thing from the one that operates, each to show what that thing is worth.

All run through `operate_hour`: they estimate, learn and act alike, and only their solver or horizon differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.midnight import ToMidnight
from econex_pipeline.control.separate import SeparateUtilities
from econex_pipeline.district import District
from econex_pipeline.planning import NextStep, build_network, solve_step
from econex_pipeline.twin import Twin

Solver = Callable[..., NextStep]


@dataclass(frozen=True)
class Variant:
    """How a controller is made.

    Attributes
    ----------
    meaning : str
        What it shows, in one sentence.
    solver : callable
        District -> solver with the signature of `planning.solve_step`.
    horizon_h : float
        How far it looks ahead [h]; the forecast must reach as far.
    foresees : bool
        Whether its forecast is what the plant will meet (`foresight.met`).
    """

    meaning: str
    solver: Callable[[District], Solver] = lambda district: solve_step
    horizon_h: float = HOURS_PER_DAY
    foresees: bool = False


def without_schedule(*question: Any, **options: Any) -> NextStep:
    """Solve the horizon as if no schedule had been promised; arguments and answer as of `solve_step`."""
    network, profiles, coefficients, prices, start, _, *rest = question
    return solve_step(network, profiles, coefficients, prices, start, None, *rest, **options)


VARIANTS: dict[str, Variant] = {
    "controlled": Variant("the controller that operates"),
    "uncommitted": Variant("no schedule to follow: what the promise costs", lambda district: without_schedule),
    "perfect_forecast": Variant(
        "a forecast that is right, no schedule: what the plant's departure from its model costs",
        lambda district: without_schedule,
        foresees=True,
    ),
    "separate": Variant(
        "energy and water optimized apart: what deciding together is worth",
        lambda district: SeparateUtilities(district, build_network(district)),
    ),
    "midnight_target": Variant("all storages back at midnight: what end values are worth", ToMidnight),
    "horizon_72h": Variant("three days ahead: what lies beyond the plan's end values", horizon_h=72.0),
}


def controller_of(district: District, name: str, twin: Twin | None = None) -> Controller:
    """Make the controller of a variant, in front of a plant.

    Parameters
    ----------
    district : District
        What stands there.
    name : str
        Key of `VARIANTS`.
    twin : Twin, optional
        The plant; by default one with the district's hidden mismatch.
    """
    variant = VARIANTS[name]
    return Controller(district, twin, variant.solver(district), horizon_h=variant.horizon_h)
