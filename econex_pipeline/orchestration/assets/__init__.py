"""What the pipeline makes, one module a room: recipes of the daily tables, and the hours of operation."""

from econex_pipeline.orchestration.assets.coefficients import HYDRAULICS, TREATMENT
from econex_pipeline.orchestration.assets.planning import PLAN
from econex_pipeline.orchestration.assets.reporting import KPIS, NO_CONTROL, REPORT
from econex_pipeline.orchestration.assets.surroundings import (
    FORECAST,
    MEMBERS,
    PRICES,
    PROFILES,
    SCENARIOS,
    TRACE,
    WEATHER,
)
from econex_pipeline.orchestration.recipe import Recipe

DAY_AHEAD: tuple[Recipe, ...] = (
    WEATHER,
    TRACE,
    FORECAST,
    MEMBERS,
    PROFILES,
    PRICES,
    SCENARIOS,
    HYDRAULICS,
    TREATMENT,
    PLAN,
)
REPORTING: tuple[Recipe, ...] = (NO_CONTROL, KPIS, REPORT)
DAILY = DAY_AHEAD + REPORTING

__all__ = ["DAILY", "DAY_AHEAD", "REPORTING"]
