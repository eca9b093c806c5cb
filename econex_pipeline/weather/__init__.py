"""From a weather file to the WEATHER table: read, check, repair with a report, map onto dates and steps.

Here belong file formats and their traps. Forecasts and draws are made in `scenarios`, power and water in `profiles`.
"""

from econex_pipeline.weather.feed import Feed, read_feed
from econex_pipeline.weather.mapping import weather_for
from econex_pipeline.weather.reading import read_weather
from econex_pipeline.weather.year import Repair, WeatherYear

__all__ = ["Feed", "Repair", "WeatherYear", "read_feed", "read_weather", "weather_for"]
