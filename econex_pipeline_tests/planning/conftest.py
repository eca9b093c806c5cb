"""The pilot's network, and made days on it."""

import pytest

from econex_pipeline.planning import Network, build_network, plan_day
from econex_pipeline_tests.planning.days import days


@pytest.fixture(scope="session")
def network(district) -> Network:
    return build_network(district)


@pytest.fixture(scope="session")
def sunny(network):
    """A dry summer day and its look-ahead, known for certain."""
    return days(network)


@pytest.fixture(scope="session")
def rainy(network):
    return days(network, rainy=True)


@pytest.fixture(scope="session")
def uncertain(network):
    """Three scenarios of a rainy day."""
    return days(network, scenarios=3, rainy=True, seed=3)


@pytest.fixture(scope="session")
def planned(network, uncertain):
    return plan_day(network, uncertain.scenarios, uncertain.coefficients, uncertain.prices, uncertain.start)


@pytest.fixture(scope="session")
def sunny_plan(network, sunny):
    return plan_day(network, sunny.scenarios, sunny.coefficients, sunny.prices, sunny.start)
