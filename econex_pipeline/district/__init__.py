"""What stands there: nodes, storages, arcs, treatments, utilities, tariffs, as frozen models read from strict YAML."""

from econex_pipeline.district.arcs import Arc
from econex_pipeline.district.events import Event
from econex_pipeline.district.model import District
from econex_pipeline.district.outages import grid_limits, mains_available, outages
from econex_pipeline.district.plant import (
    Electricity,
    Garden,
    Grid,
    Mains,
    Node,
    Photovoltaics,
    Potable,
    Roof,
    Sewer,
    Storage,
    Treatment,
    Utilities,
)
from econex_pipeline.district.reading import cases, load_case
from econex_pipeline.district.surroundings import (
    ForecastFeed,
    ForecastLaw,
    Objective,
    ScenarioSet,
    Season,
    Site,
    Skill,
    Spell,
    Tariffs,
    Tranche,
    TwinSettings,
    WeatherSource,
    by_hour,
)

__all__ = [
    "Arc",
    "District",
    "Electricity",
    "Event",
    "ForecastFeed",
    "ForecastLaw",
    "Garden",
    "Grid",
    "Mains",
    "Node",
    "Objective",
    "Photovoltaics",
    "Potable",
    "Roof",
    "ScenarioSet",
    "Season",
    "Sewer",
    "Site",
    "Skill",
    "Spell",
    "Storage",
    "Tariffs",
    "Tranche",
    "Treatment",
    "TwinSettings",
    "Utilities",
    "WeatherSource",
    "by_hour",
    "cases",
    "grid_limits",
    "load_case",
    "mains_available",
    "outages",
]
