"""The shipped pilot, planned and operated once for all tests of this folder."""

import shutil
from datetime import date

import pytest

from econex_pipeline_tests.conftest import DATA
from econex_pipeline_tests.pilot.run import Operated, add_case, foreseen, run

SUNNY, RAINY = date(2025, 7, 15), date(2025, 7, 2)
ONE_PRICE = """  tariffs:
    electricity:
      - season: all
        months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        buy_usd_kwh: {"00-24": 0.45}
        sell_usd_kwh: {"00-24": 0.45}
        source: one price at all hours, in and out
"""
NIGHT_PEAK = """  tariffs:
    electricity:
      - season: all
        months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        buy_usd_kwh: {"00-05": 0.61, "05-24": 0.40}
        sell_usd_kwh: {"00-05": 0.30, "05-24": 0.05}
        source: the peak moved into the night
"""


@pytest.fixture(scope="session")
def pilot_data(tmp_path_factory):
    data = shutil.copytree(DATA, tmp_path_factory.mktemp("pilot") / "data")
    add_case(data, "one_price", ONE_PRICE)
    add_case(data, "night_peak", NIGHT_PEAK)
    return data


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("storage")


@pytest.fixture(scope="session")
def sunny(pilot_data, root) -> Operated:
    return run(pilot_data, root, "base", SUNNY, report=True)


@pytest.fixture(scope="session")
def rainy(pilot_data, root) -> Operated:
    return run(pilot_data, root, "base", RAINY, report=True)


@pytest.fixture(scope="session")
def four_days(pilot_data, tmp_path_factory) -> list[Operated]:
    """13 to 16 July in a row, each starting where the one before ended."""
    own_root = tmp_path_factory.mktemp("four_days")
    return [run(pilot_data, own_root, "base", date(2025, 7, day)) for day in (13, 14, 15, 16)]


@pytest.fixture(scope="session")
def foreseen_sunny(sunny) -> Operated:
    return foreseen(sunny)


@pytest.fixture(scope="session")
def foreseen_rainy(rainy) -> Operated:
    return foreseen(rainy)


@pytest.fixture(scope="session")
def counterfactual(pilot_data, root):
    """A day of another case, planned only."""

    def of(case: str, day: date) -> Operated:
        return run(pilot_data, root, case, day, operate=False)

    return of
