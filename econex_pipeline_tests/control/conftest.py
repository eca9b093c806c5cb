import pandas as pd
import pytest

from econex_pipeline import treatment
from econex_pipeline.contracts import tidy
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control import Controller, operate_hour
from econex_pipeline.hydraulics import linearize
from econex_pipeline.planning import DayPlan, PlanOptions, plan_day
from econex_pipeline.twin import Twin
from econex_pipeline_tests.twin.synthetic import START, hours, pilot, summer_prices, sunny_profiles

DAY = 24


@pytest.fixture(scope="session")
def district():
    return pilot()


@pytest.fixture(scope="session")
def controller(district):
    return Controller(district)


@pytest.fixture(scope="session")
def profiles(district):
    """Two days that come exactly as forecast."""
    return sunny_profiles(district, hours(2 * DAY))


@pytest.fixture(scope="session")
def prices():
    return summer_prices(hours(2 * DAY))


@pytest.fixture(scope="session")
def plan(district, controller, profiles, prices):
    """A plan of two days over a thirsty and a modest scenario."""
    members = []
    for scenario, factor in enumerate((0.9, 1.1)):
        member = profiles.assign(scenario=scenario, probability=0.5)
        member["potable_m3_h"] *= factor
        member["load_kw"] *= factor
        members.append(member)
    scenarios = tidy(pd.concat(members), "SCENARIOS")
    start = controller.start(START)
    believed = controller.believe(start)
    water = linearize(district, controller.water, believed.levels_m3(district), hours(2 * DAY))
    coefficients = tidy(pd.concat([water, treatment.coefficients(district, profiles)]), "COEFFICIENTS")
    answer = plan_day(
        controller.network, scenarios, coefficients, prices, believed.amounts, PlanOptions(commit_steps=DAY)
    )
    assert answer.plan is not None, answer.message
    return answer.plan


def operated_with(controller, forecast, actual, prices, plan=None):
    """What an hour is operated with, from tables."""
    indexed = None if plan is None else DayPlan.from_table(controller.network, plan)
    return Profiles.from_table(forecast), Profiles.from_table(actual), Prices.from_table(prices), indexed


def operate_day(controller, state, profiles, prices, plan=None, hours_count=DAY, actual=None):
    """Operate hour after hour; give the records."""
    records = []
    seen = operated_with(controller, profiles, profiles if actual is None else actual, prices, plan)
    for _ in range(hours_count):
        records.append(operate_hour(controller, state, *seen))
        state = records[-1].state
    return records


@pytest.fixture(scope="session")
def day(controller, profiles, prices, plan):
    """A day in closed loop on the real plant."""
    return operate_day(controller, controller.start(START), profiles, prices, plan)


@pytest.fixture(scope="session")
def drawn_day(district, profiles, prices, plan):
    """The same day on a plant that equals its drawing."""
    controller = Controller(district, Twin(district, mismatch=False))
    return operate_day(controller, controller.start(START), profiles, prices, plan)
