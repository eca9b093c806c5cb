"""Somebody who knows: what he decides happens, nobody beats him, and what he pays is what his program says."""

import pandas as pd
import pytest

from econex_pipeline.contracts import validate
from econex_pipeline.contracts.arrays import Prices, Profiles
from econex_pipeline.control import run_rules
from econex_pipeline.control.estimate import Estimate
from econex_pipeline.control.foresight import (
    NoForesight,
    indifferent_to_time,
    met,
    perfect_foresight,
    rolling_foresight,
)
from econex_pipeline.control.yardstick import common_values, money, worth
from econex_pipeline.planning import solve_step
from econex_pipeline.twin import balances
from econex_pipeline_tests.twin.synthetic import START, hours, summer_prices, sunny_profiles

DAYS = 2


@pytest.fixture(scope="module")
def start(controller):
    return controller.start(START).twin


@pytest.fixture(scope="module")
def tariff():
    return Prices.from_table(summer_prices(hours(24 * (DAYS + 1))))


@pytest.fixture(scope="module")
def future(controller, district):
    """What the plant meets: two days and one of look-ahead."""
    return met(controller.twin, Profiles.from_table(sunny_profiles(district, hours(24 * (DAYS + 1)))))


@pytest.fixture(scope="module")
def stretch(future):
    return future.ahead(START, 24 * DAYS)


@pytest.fixture(scope="module")
def values(controller, start, stretch, tariff):
    coefficients = controller.coefficients(Estimate(start.amounts(), dict(start.membranes)), stretch)
    return common_values(controller.network, stretch, coefficients, tariff)


@pytest.fixture(scope="module")
def wise(controller, start, stretch, tariff):
    return perfect_foresight(controller, start, stretch, tariff)


@pytest.fixture(scope="module")
def rolling(controller, start, future, tariff):
    return rolling_foresight(controller, start, future, tariff, 24 * DAYS, lambda now: None)


@pytest.fixture(scope="module")
def cost_of(district, tariff, values):
    return lambda run: money(district, run.measurements, tariff, values)


def test_the_books_of_a_linear_plant_close(wise, rolling, district):
    for run in (wise, rolling):
        validate(run.operations, "OPERATIONS")
        validate(run.states, "STATE")
        assert len(run.measurements) == 24 * DAYS
        for measurement in run.measurements:
            residuals = balances(measurement, district)
            assert residuals.worst_water_m3 < 1e-6
            assert residuals.worst_energy_kwh < 1e-6


def test_the_yardstick_is_the_objective_itself(controller, start, stretch, tariff, values, wise, cost_of):
    network = indifferent_to_time(controller.network)
    coefficients = controller.coefficients(Estimate(start.amounts(), dict(start.membranes)), stretch)
    program = solve_step(network, stretch, coefficients, tariff, start.amounts(), None, values)
    paid = cost_of(wise)
    assert paid.unserved_usd == pytest.approx(0.0, abs=1e-9)
    tie_breaking = 1e-5 * 24 * DAYS * 100.0  # at most 100 units moved in each step
    assert paid.weighted_usd - worth(values, start.amounts()) == pytest.approx(program.objective, abs=tie_breaking)


def test_nobody_who_sees_a_day_beats_who_sees_it_all(controller, start, stretch, tariff, wise, rolling, cost_of):
    assert cost_of(wise).weighted_usd <= cost_of(rolling).weighted_usd + 1e-6
    as_it_ended = perfect_foresight(controller, start, stretch, tariff, rolling.state.amounts())
    ended = as_it_ended.state.amounts()
    assert all(ended[name] >= amount - 1e-6 for name, amount in rolling.state.amounts().items())
    assert cost_of(as_it_ended).z_econ_usd <= cost_of(rolling).z_econ_usd + 0.01


def test_rules_pay_more_than_foresight(controller, start, tariff, wise, cost_of, district):
    actual = Profiles.from_table(sunny_profiles(district, hours(24 * DAYS)))
    by_rules = run_rules(controller, start, actual, tariff)
    assert cost_of(wise).cost_usd < cost_of(by_rules).cost_usd


def test_the_plant_meets_its_hidden_demand(controller, district, future):
    known = Profiles.from_table(sunny_profiles(district, hours(24 * (DAYS + 1))))
    for node, factor in controller.twin.hidden.demand.items():
        place = known.nodes.index(node)
        load, more = known.values[:, place, 1].sum(), future.values[:, place, 1].sum()
        assert more == pytest.approx(factor * load)
    assert (future.values[:, :, 0] == known.values[:, :, 0]).all()


def test_a_price_that_invites_a_circle_is_refused(controller, start, stretch):
    absurd = summer_prices(hours(24 * DAYS)).assign(sell_price_usd_kwh=0.9)
    with pytest.raises(Exception, match="sell_price_usd_kwh"):
        perfect_foresight(controller, start, stretch, Prices.from_table(absurd))


def test_a_stretch_without_answer_says_which(controller, start, stretch, tariff, monkeypatch):
    monkeypatch.setattr("econex_pipeline.control.foresight.TIME_LIMIT_S", 0.0)
    with pytest.raises(NoForesight, match="2025-07-15"):
        perfect_foresight(controller, start, stretch, tariff)


def test_the_stretch_starts_where_it_is_told(wise, start):
    first = wise.states[wise.states["time_utc"] == START].set_index(["element", "quantity"])["value"]
    assert first["battery_1", "stored_kwh"] == start.batteries_kwh["battery_1"]
    assert wise.state.time_utc == START + pd.Timedelta(days=DAYS)
