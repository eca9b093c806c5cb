"""The closed loop: estimate, optimize, act, let the twin answer, feed back; fallbacks and baselines."""

from econex_pipeline.control.baseline import Run, run_no_control, run_rules
from econex_pipeline.control.controller import Controller
from econex_pipeline.control.correction import Corrections
from econex_pipeline.control.estimate import Estimate, estimate
from econex_pipeline.control.loop import operate_hour
from econex_pipeline.control.state import ControlState, HourRecord

__all__ = [
    "ControlState",
    "Controller",
    "Corrections",
    "Estimate",
    "HourRecord",
    "Run",
    "estimate",
    "operate_hour",
    "run_no_control",
    "run_rules",
]
