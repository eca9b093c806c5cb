import pytest

from econex_pipeline.weather import WeatherYear, read_weather


@pytest.fixture(scope="session")
def year(district) -> WeatherYear:
    """Greensboro's typical year."""
    return read_weather(district)
