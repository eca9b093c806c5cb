"""A solved horizon as arrays: the same numbers as its plan, and the law of complementary slackness."""

from dataclasses import replace

import numpy as np
import pytest

from econex_pipeline.planning import PlanOptions, Solved
from econex_pipeline.planning.highs import solve
from econex_pipeline.planning.instance import make_instance
from econex_pipeline.planning.monolith import Result, assemble, solve_monolith
from econex_pipeline.planning.plan_table import plan_table
from econex_pipeline.planning.tables import read_tables

STEPS = 24


@pytest.fixture(scope="module")
def instance(network, rainy):
    times = rainy.times[:STEPS]
    frames = (rainy.profiles, rainy.coefficients, rainy.prices)
    tables = read_tables(network, *(frame[frame["time_utc"].isin(times)] for frame in frames))
    return make_instance(network, tables, rainy.start, dict(network.end_values), STEPS)


@pytest.fixture(scope="module")
def assembled(instance):
    return assemble(instance, PlanOptions())


@pytest.fixture(scope="module")
def solved(instance, assembled):
    return Solved(instance, solve_monolith(assembled, PlanOptions()))


def test_it_is_what_the_plan_says(solved):
    plan = plan_table(solved.instance, solved.result)
    mean = plan[plan["scenario"] == -1].pivot_table(index=["element", "quantity"], columns="time_utc", values="value")
    for key, series in solved.set_points(0, STEPS).items():
        assert series == pytest.approx(mean.loc[key].to_numpy()[:STEPS], abs=1e-12)
    for i, node in enumerate(solved.network.nodes):
        quantity = "marginal_value_usd_kwh" if node.layer == "E" else "marginal_value_usd_m3"
        assert solved.worth[i] == pytest.approx(mean.loc[node.name, quantity].to_numpy()[:STEPS], abs=1e-12)
    assert ("grid_import", "power_kw") not in solved.set_points(0, STEPS)
    assert ("curtail.home_1", "power_kw") in solved.set_points(0, STEPS)


def test_an_arc_runs_where_it_brings_what_it_takes(solved):
    """Margin > 0 only at capacity, < 0 only at rest, 0 between: checked for every arc and step of the pilot."""
    network = solved.network
    nodes = {node.name: i for i, node in enumerate(network.nodes)}
    checked = 0
    for i, arc in enumerate(network.arcs):
        if arc.kind == "recovered":
            continue
        margin = -solved.cost[i]
        if arc.head is not None:
            margin = margin + solved.gain.get(arc.name, arc.gain) * solved.worth[nodes[arc.head]]
        if arc.tail is not None:
            margin = margin - arc.draw * solved.worth[nodes[arc.tail]]
        if arc.name in solved.energy:
            node, kwh_m3 = solved.energy[arc.name]
            margin = margin + kwh_m3 * solved.worth[nodes[node]]
        if arc.name in solved.recovered:
            node, kwh_m3 = solved.recovered[arc.name]
            margin = margin + kwh_m3 * np.maximum(solved.worth[nodes[node]], 0.0)
        for j, commitment in enumerate(network.commitments):
            margin = margin + solved.promise[j] * ((arc.name in commitment.plus) - (arc.name in commitment.minus))
        flow, limit = solved.flow[i], solved.capacity[i]
        moving, free = flow > 1e-6, flow < limit - 1e-6
        assert (margin[moving] > -1e-7).all(), arc.name
        assert (margin[free] < 1e-7).all(), arc.name
        checked += int((moving & free).sum())
    assert checked > 50


def test_a_limit_that_is_broken_is_seen(solved):
    assert solved.violation() < 1e-9
    columns = solved.result.columns.copy()
    place = solved.instance.template.column_slice["flow"].start
    for off in (0.01, -0.5):
        columns[0, place] = solved.result.columns[0, place] + off
        assert replace(solved, result=replace(solved.result, columns=columns)).violation() >= 0.01 - 1e-9


def test_a_stopped_run_hands_over_the_feasible_point_it_has(instance, assembled, solved):
    """Primal simplex walks along feasible points: stopped on the way, it leaves one, dearer than the optimum."""
    program = assembled.program
    options = {"simplex_strategy": 4, "presolve": "off"}
    whole = solve(program, options)
    left = None
    for limit in range(whole.iterations - 1, 0, -whole.iterations // 20):
        stopped = solve(program, {**options, "simplex_iteration_limit": limit})
        assert stopped.status == "time_limit"
        assert stopped.row_duals is None
        if stopped.columns is None:
            break
        left = Solved(instance, Result(stopped, stopped.objective, stopped.columns[None], np.empty((0, 0))))
        assert left.violation() < 1e-6
        assert stopped.objective >= whole.objective - 1e-9
        assert not left.explained
    assert left is not None
    assert solved.explained


def test_a_warm_run_does_not_know_what_was_run_before_it(assembled):
    program, options = assembled.program, {"solver": "simplex", "time_limit": 30.0}
    basis = solve(program, options).basis
    dearer = replace(program, cost=program.cost * np.linspace(1.0, 1.5, len(program.cost)))
    first = solve(dearer, options, basis)
    assert solve(dearer, {**options, "time_limit": 0.0}, basis).status == "time_limit"
    assert solve(program, options, basis).iterations == 0
    again = solve(dearer, options, basis)
    assert again.iterations == first.iterations > 0
    assert again.basis == first.basis
    np.testing.assert_array_equal(again.columns, first.columns)
    np.testing.assert_array_equal(again.row_duals, first.row_duals)
