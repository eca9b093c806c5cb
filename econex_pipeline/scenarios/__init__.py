"""What may happen: the actual trace, the forecast of it, members drawn around the forecast, and the weighted few.

One law makes all of them (`law`); the season's own days give it its shape (`climatology`).
"""

from econex_pipeline.scenarios.climatology import Climatology
from econex_pipeline.scenarios.drawing import draw_members
from econex_pipeline.scenarios.forecasting import Forecasts, forecast, forecasts
from econex_pipeline.scenarios.reduction import reduce_members
from econex_pipeline.scenarios.trace import actual_trace

__all__ = [
    "Climatology",
    "Forecasts",
    "actual_trace",
    "draw_members",
    "forecast",
    "forecasts",
    "reduce_members",
]
