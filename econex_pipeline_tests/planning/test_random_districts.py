"""Whatever stands in a district, three ways of stating its problem have one optimum, and its books close."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from econex_pipeline.planning import PlanOptions, build_network, plan_day
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.highs import solve
from econex_pipeline.planning.instance import make_instance
from econex_pipeline.planning.mixed import solve_mixed
from econex_pipeline.planning.monolith import assemble
from econex_pipeline.planning.oracle import extensive_form
from econex_pipeline.planning.tables import read_tables
from econex_pipeline_tests.planning.days import flow
from econex_pipeline_tests.planning.random_districts import districts, random_days

TOLERANCES = ("primal_feasibility_tolerance", "dual_feasibility_tolerance", "mip_feasibility_tolerance")
TIGHT = dict.fromkeys(TOLERANCES, 1e-10)
EXACTLY = {"mip_rel_gap": 0.0, "mip_abs_gap": 0.0, **TIGHT}
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # a smaller district takes minutes to find
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def drawn(data, pilot):
    network = build_network(data.draw(districts(pilot)))
    day = data.draw(random_days(network))
    tables = read_tables(network, day.scenarios, day.coefficients, day.prices)
    steps = data.draw(st.integers(0, len(tables.times)))
    return make_instance(network, tables, day.start, district_end_values(network, tables), steps), day


def by_pyomo(instance, interface: str, relaxed: bool) -> float:
    """The value of Pyomo's own model, with binaries or with anything from 0 to 1 in their place."""
    model = extensive_form(instance)
    if relaxed:
        pyo.TransformationFactory("core.relax_integer_vars").apply_to(model)
    solver = pyo.SolverFactory(interface)
    if interface == "appsi_highs":
        solver.highs_options = EXACTLY
        solver.solve(model)
    else:
        solver.solve(model, options=EXACTLY)
    return pyo.value(model.expectation)


def agree(data, pilot):
    """Every number of the problem decides the relaxed value; with binaries, branch and bound prunes at 1e-6."""
    instance, _ = drawn(data, pilot)
    program = assemble(instance, PlanOptions()).program
    relaxed = solve(replace(program, integer=None), TIGHT)
    assert relaxed.status == "optimal"
    for interface in ("highs", "appsi_highs"):
        # near zero, what counts is the size of the bills that cancel, some USD
        assert relaxed.objective == pytest.approx(by_pyomo(instance, interface, relaxed=True), rel=1e-9, abs=1e-9)
        if program.mixed:
            ours = solve_mixed(program, 60.0, 0.0)
            theirs = by_pyomo(instance, interface, relaxed=False)
            assert ours.objective == pytest.approx(theirs, rel=1e-6, abs=1e-6)


@given(data=st.data())
@settings(max_examples=12, deadline=None, derandomize=True, phases=UNSHRUNK, suppress_health_check=QUIET)
def test_template_and_pyomo_agree_on_any_district(district, data):
    agree(data, district)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, phases=UNSHRUNK, suppress_health_check=QUIET)
def test_template_and_pyomo_agree_on_many_districts(district, data):
    agree(data, district)


@given(data=st.data())
@settings(max_examples=12, deadline=None, derandomize=True, phases=UNSHRUNK, suppress_health_check=QUIET)
def test_no_random_district_makes_water_or_runs_opposite_flows_it_excludes(district, data):
    instance, day = drawn(data, district)
    network = instance.network
    answer = plan_day(network, day.scenarios, day.coefficients, day.prices, day.start, PlanOptions(mip_gap_frac=1e-9))
    assert answer.status == "optimal"
    for group in network.exclusive:
        for s in instance.tables.scenarios:
            together = np.array([flow(answer.plan, name, _quantity(network, name), s) for name in group])
            assert np.sort(together, axis=0)[:-1].max() < 1e-5
    for s in instance.tables.scenarios:
        assert _water_kept(network, instance, answer.plan, int(s)) == pytest.approx(0.0, abs=1e-5)


def _quantity(network, name) -> str:
    return "power_kw" if network.arc[name].layer == "E" else "flow_m3_h"


def _water_kept(network, instance, plan, scenario) -> float:
    """What comes in, less what goes out, leaks, is rejected or is used, less what the storages gained [m3]."""
    at = list(instance.tables.scenarios).index(scenario)
    kept = 0.0
    for arc in network.arcs:
        if arc.layer == "E":
            continue
        volume = flow(plan, arc.name, "flow_m3_h", scenario).to_numpy() * network.step_h
        gain = instance.tables.value(arc.gain)[:, 0] if not isinstance(arc.gain, float) else arc.gain
        kept += (volume * gain).sum() if arc.tail is None else 0.0
        kept -= volume.sum() if arc.head is None else 0.0
        kept -= (volume * (1.0 - gain)).sum() if arc.tail is not None and arc.head is not None else 0.0
    for node in network.nodes:
        for sign, columns in ((1.0, node.supply), (-1.0, node.demand)):
            for column in columns if node.layer != "E" else ():
                kept += sign * instance.tables.profile(node.place, column)[:, at].sum() * network.step_h
    for storage in network.storages:
        if storage.layer != "E":
            level = flow(plan, storage.name, "level_m3", scenario)
            kept -= level.iloc[-1] - level.iloc[0]
    return float(kept)
