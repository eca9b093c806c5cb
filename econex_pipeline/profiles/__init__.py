"""From weather and demand factors to supply and demand of every node, and from tariffs to prices by step.

Here belong photovoltaics, household demand, roofs, gardens, raw-water quality and prices. Weather is read in
`weather` and drawn in `scenarios`.
"""

from econex_pipeline.profiles.ahead import profiles_ahead
from econex_pipeline.profiles.memory import Memory
from econex_pipeline.profiles.nodes import course, profiles, remember
from econex_pipeline.profiles.solar import Sun, pv_power_kw
from econex_pipeline.profiles.tariffs import prices

__all__ = ["Memory", "Sun", "course", "prices", "profiles", "profiles_ahead", "pv_power_kw", "remember"]
