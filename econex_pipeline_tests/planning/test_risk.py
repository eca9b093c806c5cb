"""Conditional value at risk: weight 0 is the expectation, weight 1 the mean of the worst."""

import numpy as np
import pytest

from econex_pipeline.planning import PlanOptions, plan_day
from econex_pipeline_tests.planning import tiny

SHARES = [0.5, 0.3, 0.2]


@pytest.fixture(scope="module")
def insured():
    """A home that can store dear energy against an hour in which the grid may fail."""
    node, arcs, storage = tiny.battery(capacity=2.0, power=2.0, round_trip=1.0)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, tiny.unserved(tiny.HOME, 5.0), *arcs], [storage])
    members = [tiny.profiles(load_kw=[1.0, load]) for load in (1.0, 11.0, 12.0)]
    return network, tiny.scenarios(SHARES, *members), tiny.prices(members[0], buy_price_usd_kwh=[0.6, 0.4])


def costs(network, answer, scenarios, prices):
    """Cost of each scenario, from its own flows."""
    bill = []
    for s in sorted(scenarios["scenario"].unique()):
        plan = answer.plan[answer.plan["scenario"] == s]
        bought = plan[plan["element"] == "grid_import"]["value"].to_numpy()
        missing = plan[plan["element"] == "unserved.home.E"]["value"].to_numpy()
        bill.append(bought @ prices["buy_price_usd_kwh"].to_numpy() + 5.0 * missing.sum())
    return np.array(bill)


def solve(insured, **options):
    network, scenarios, prices = insured
    options = PlanOptions(commit_steps=0, **options)
    none = tiny.coefficients(scenarios)
    return plan_day(network, scenarios, none, prices, {"battery": 0.0}, options)


def test_weight_zero_is_the_expectation(insured):
    answer = solve(insured, cvar_weight=0.0)
    assert answer.objective == pytest.approx(np.array(SHARES) @ costs(insured[0], answer, *insured[1:]))


def test_full_weight_is_the_mean_of_the_worst(insured):
    answer = solve(insured, cvar_weight=1.0, cvar_level=0.6)
    bill = np.sort(costs(insured[0], answer, *insured[1:]))
    worst = (0.2 * bill[2] + 0.2 * bill[1]) / 0.4
    assert answer.objective == pytest.approx(worst)


def test_risk_never_costs_less_than_the_expectation(network, uncertain, planned):
    tables = (uncertain.scenarios, uncertain.coefficients, uncertain.prices, uncertain.start)
    values = [planned.objective]
    for weight in (0.25, 1.0):
        values.append(plan_day(network, *tables, PlanOptions(cvar_weight=weight)).objective)
    assert values == sorted(values)
    assert values[-1] > values[0]
