"""The same optimum from different statements: template, ordinary Pyomo, and a formulation that shares nothing."""

import numpy as np
import pyomo.environ as pyo
import pytest

from econex_pipeline.planning import PlanOptions, build_network, plan_day
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.instance import make_instance
from econex_pipeline.planning.monolith import assemble, solve_monolith
from econex_pipeline.planning.oracle import extensive_form
from econex_pipeline.planning.tables import read_tables
from econex_pipeline_tests.planning.days import days
from econex_pipeline_tests.planning.equipped import equipped
from econex_pipeline_tests.planning.independent import Pilot


def instance_of(network, day, commit_steps=24):
    tables = read_tables(network, day.scenarios, day.coefficients, day.prices)
    return make_instance(network, tables, day.start, district_end_values(network, tables), commit_steps)


def shaken(day, seed):
    """The same day with every coefficient, price and profile moved at random, within what is physical."""
    rng = np.random.default_rng(seed)
    scenarios, coefficients, prices = day.scenarios.copy(), day.coefficients.copy(), day.prices.copy()
    for column in ("pv_kw", "load_kw", "potable_m3_h", "greywater_m3_h", "rain_harvest_m3_h", "irrigation_m3_h"):
        scenarios[column] *= rng.uniform(0.5, 1.5, len(scenarios))
    coefficients["value"] *= rng.uniform(0.8, 1.0, len(coefficients))
    for column in ("buy_price_usd_kwh", "water_buy_usd_m3", "sewer_usd_m3", "carbon_kg_kwh"):
        prices[column] *= rng.uniform(0.7, 1.3, len(prices))
    prices["sell_price_usd_kwh"] = prices["buy_price_usd_kwh"] * rng.uniform(0.1, 0.9, len(prices))
    start = {name: amount * rng.uniform(0.2, 1.0) for name, amount in day.start.items()}
    return type(day)(scenarios, coefficients, prices, start)


@pytest.mark.parametrize("interface", ["highs", "appsi_highs"])
def test_template_agrees_with_the_pyomo_model(network, uncertain, interface):
    instance = instance_of(network, uncertain)
    ours = solve_monolith(assemble(instance, PlanOptions()), PlanOptions()).objective
    model = extensive_form(instance)
    pyo.SolverFactory(interface).solve(model)
    assert ours == pytest.approx(pyo.value(model.expectation), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_template_agrees_with_the_pyomo_model_on_shaken_data(network, seed):
    day = shaken(days(network, hours=12, scenarios=2, rainy=seed % 2 == 0, seed=seed), seed)
    instance = instance_of(network, day, commit_steps=6)
    ours = solve_monolith(assemble(instance, PlanOptions()), PlanOptions()).objective
    model = extensive_form(instance)
    pyo.SolverFactory("highs").solve(model)
    assert ours == pytest.approx(pyo.value(model.expectation), rel=1e-9)


@pytest.mark.parametrize("day", ["sunny", "rainy", "uncertain"])
def test_the_pilot_agrees_with_an_independent_formulation(district, network, day, request):
    day = request.getfixturevalue(day)
    ours = plan_day(network, day.scenarios, day.coefficients, day.prices, day.start).objective
    theirs = Pilot(district, day.scenarios, day.coefficients, day.prices, day.start, commit_steps=24).optimum()
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_the_pilot_agrees_with_an_independent_formulation_on_shaken_data(district, network, uncertain):
    day = shaken(uncertain, seed=11)
    ours = plan_day(network, day.scenarios, day.coefficients, day.prices, day.start).objective
    theirs = Pilot(district, day.scenarios, day.coefficients, day.prices, day.start, commit_steps=24).optimum()
    assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("scenarios", [1, 2])
def test_every_limit_of_a_device_agrees_with_an_independent_formulation(district, scenarios):
    full = equipped(district)
    network = build_network(full)
    day = shaken(days(network, hours=12, scenarios=scenarios, rainy=True, seed=5), seed=5)
    options = PlanOptions(commit_steps=8, mip_gap_frac=0.0, quality=False)
    ours = plan_day(network, day.scenarios, day.coefficients, day.prices, day.start, options).objective
    theirs = Pilot(full, day.scenarios, day.coefficients, day.prices, day.start, commit_steps=8).optimum()
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_every_limit_of_a_device_agrees_with_the_pyomo_model(district):
    network = build_network(equipped(district))
    day = days(network, hours=8, scenarios=2, rainy=True)
    instance = instance_of(network, day, commit_steps=4)
    options = PlanOptions(mip_gap_frac=0.0)
    ours = solve_monolith(assemble(instance, options), options).objective
    model = extensive_form(instance)
    pyo.SolverFactory("highs").solve(model, options={"mip_rel_gap": 0.0})
    assert ours == pytest.approx(pyo.value(model.expectation), rel=1e-6)
