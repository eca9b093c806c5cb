"""The reality: EPANET water, a micro-grid with lossy batteries, fouling membranes; stepped by pure functions."""

from econex_pipeline.twin.balances import Residuals, balances
from econex_pipeline.twin.battery import Battery
from econex_pipeline.twin.exchange import Clip, Decision, Exogenous, Lift, Measurement, NodeInputs
from econex_pipeline.twin.plant import Twin
from econex_pipeline.twin.records import measurement_rows, measurements_of, state_rows
from econex_pipeline.twin.sensing import Observation
from econex_pipeline.twin.state import TwinState

__all__ = [
    "Battery",
    "Clip",
    "Decision",
    "Exogenous",
    "Lift",
    "Measurement",
    "NodeInputs",
    "Observation",
    "Residuals",
    "Twin",
    "TwinState",
    "balances",
    "measurement_rows",
    "measurements_of",
    "state_rows",
]
