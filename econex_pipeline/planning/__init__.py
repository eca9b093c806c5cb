"""The brain: the flow network of a district, its mathematics, and the engines that plan and re-plan with it."""

from econex_pipeline.planning.answer import Answer, Basis, PlanOptions, Terminal
from econex_pipeline.planning.day_plan import DayPlan, Rates, end_values_from_plan
from econex_pipeline.planning.elements import Arc, EndValues, Network, Storage, Tranche
from econex_pipeline.planning.horizon import NextStep, solve_horizon, solve_step
from econex_pipeline.planning.network import build_network
from econex_pipeline.planning.planner import expected_end_state, plan_day
from econex_pipeline.planning.quality import Quality
from econex_pipeline.planning.quantiles import recourse_quantiles
from econex_pipeline.planning.solved import Solved

__all__ = [
    "Answer",
    "Arc",
    "Basis",
    "DayPlan",
    "EndValues",
    "Network",
    "NextStep",
    "PlanOptions",
    "Quality",
    "Rates",
    "Solved",
    "Storage",
    "Terminal",
    "Tranche",
    "build_network",
    "end_values_from_plan",
    "expected_end_state",
    "plan_day",
    "recourse_quantiles",
    "solve_horizon",
    "solve_step",
]
