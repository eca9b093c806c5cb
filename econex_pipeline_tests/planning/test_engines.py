"""Engines find the same optimum, stop when told, refuse aloud; what a plan is worth has its order."""

from dataclasses import replace

import numpy as np
import pytest

from econex_pipeline.planning import PlanOptions, plan_day
from econex_pipeline.planning.highs import SolverError, new_solver
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.limits import Limits
from econex_pipeline.planning.recourse import Recourse, mean_instance
from econex_pipeline.planning.risk import risk_of, value_at_risk
from econex_pipeline_tests.planning.days import days
from econex_pipeline_tests.planning.test_agreement import instance_of, shaken

TIGHT = 1e-8


@pytest.fixture(scope="module")
def dozen(network):
    """Twelve scenarios of a rainy day, without look-ahead."""
    return days(network, hours=24, scenarios=12, rainy=True, seed=5)


def plan(network, day, **options):
    return plan_day(network, day.scenarios, day.coefficients, day.prices, day.start, PlanOptions(**options))


def test_both_engines_find_the_same_optimum(network, dozen):
    whole = plan(network, dozen, engine="monolith")
    parts = plan(network, dozen, engine="lshaped", relative_gap=TIGHT)
    assert (whole.engine, parts.engine) == ("monolith", "lshaped")
    assert parts.objective == pytest.approx(whole.objective, rel=1e-7)
    assert 0.0 <= parts.gap <= TIGHT
    assert sum(parts.parts[name] for name in ("z_econ_usd", "z_res_usd", "operation_usd", "penalty_usd")) + (
        parts.parts["deviation_usd"] + parts.parts["reserve_usd"] - parts.parts["end_value_usd"]
    ) == pytest.approx(parts.objective, rel=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_both_engines_agree_on_shaken_data(network, seed):
    day = shaken(days(network, hours=12, scenarios=5, rainy=True, seed=seed), seed)
    whole = plan(network, day, commit_steps=6, engine="monolith", quality=False)
    parts = plan(network, day, commit_steps=6, engine="lshaped", relative_gap=TIGHT, quality=False)
    assert parts.objective == pytest.approx(whole.objective, rel=1e-7)


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_both_engines_agree_on_risk(network, dozen, weight):
    whole = plan(network, dozen, engine="monolith", cvar_weight=weight, cvar_level=0.8, quality=False)
    parts = plan(network, dozen, engine="lshaped", cvar_weight=weight, cvar_level=0.8, quality=False)
    assert parts.objective == pytest.approx(whole.objective, rel=1e-6)


def test_the_engine_follows_the_number_of_scenarios(network):
    many = days(network, hours=12, scenarios=30, rainy=True, seed=5)
    assert plan(network, many, commit_steps=6, quality=False).engine == "lshaped"
    few = days(network, hours=12, scenarios=3, rainy=True, seed=5)
    assert plan(network, few, commit_steps=6, quality=False).engine == "monolith"


def test_without_a_commitment_there_is_nothing_to_search_for(network, dozen):
    answer = plan(network, dozen, commit_steps=0, engine="lshaped")
    assert answer.engine == "monolith"
    assert answer.quality.evpi_usd == 0.0


def test_scenarios_without_a_plan_are_explained_by_either_engine(network):
    """A storm, the overflow of the cistern closed and its sewer narrow."""
    shut = {"overflow.cistern": 0.0, "sewer.home_2": 0.05}
    arcs = tuple(replace(arc, capacity=shut.get(arc.name, arc.capacity)) for arc in network.arcs)
    day = days(network, hours=24, scenarios=2, rainy=True)
    flood = replace(day, scenarios=day.scenarios.assign(rain_harvest_m3_h=day.scenarios["rain_harvest_m3_h"] * 20))
    for engine in ("monolith", "lshaped"):
        answer = plan(replace(network, arcs=arcs), flood, engine=engine)
        assert (answer.status, answer.plan) == ("infeasible", None)
        assert any("cistern" in said for said in answer.conflict)


@pytest.mark.parametrize("seed", range(4))
def test_knowing_more_never_costs_more_on_shaken_days(network, seed):
    day = shaken(days(network, hours=12, scenarios=4, rainy=seed % 2 == 0, seed=seed), seed)
    quality = plan(network, day, commit_steps=6).quality
    slack = 1e-7 * max(abs(quality.objective_usd), 1.0)
    assert quality.wait_and_see_usd - slack <= quality.objective_usd <= quality.expected_value_usd + slack


def test_recourse_is_tangent_from_below(network, dozen):
    """A slope of the recourse is a subgradient: no other schedule lies below its plane."""
    instance = instance_of(network, dozen)
    recourse = Recourse(instance, Limits(60.0))
    low, high = recourse.range
    rng = np.random.default_rng(0)
    here, there = (rng.uniform(0.4, 0.6, len(low)) * (high - low) + low for _ in range(2))
    costs, slopes = recourse.at(here)
    assert np.all(recourse.costs(there) >= costs + slopes @ (there - here) - 1e-6)


def test_workers_change_nothing_but_time(network, dozen):
    instance = instance_of(network, dozen)
    one, two = (Recourse(instance, Limits(60.0), workers) for workers in (1, 2))
    np.testing.assert_allclose(one.free(), two.free(), rtol=1e-9)


@pytest.mark.parametrize("engine", ["monolith", "lshaped"])
def test_a_cancelled_solve_has_no_plan(network, dozen, engine):
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > 5

    answer = plan(network, dozen, engine=engine, cancelled=cancelled)
    assert (answer.status, answer.plan) == ("cancelled", None)
    assert "cancelled" in answer.message


@pytest.mark.parametrize("engine", ["monolith", "lshaped"])
def test_time_runs_out_in_both_engines(network, dozen, engine):
    answer = plan(network, dozen, engine=engine, time_limit_s=0.0)
    assert (answer.status, answer.plan) == ("time_limit", None)


@pytest.mark.parametrize("engine", ["monolith", "lshaped"])
def test_progress_is_told_and_kept(network, dozen, engine):
    told = []
    answer = plan(network, dozen, engine=engine, progress=told.append, quality=False)
    assert told
    assert told[-1].strip() in answer.log


@pytest.fixture(scope="module")
def switched(network):
    """The pilot with binaries: buy or sell, pump or turbine."""
    return replace(network, exclusive=(("grid_import", "grid_export"), ("phs_pump", "phs_turbine")))


def test_binaries_are_searched_in_one_program_and_can_be_watched(switched):
    day = days(switched, hours=12, scenarios=3, rainy=True, seed=5)
    told = []
    answer = plan(switched, day, commit_steps=6, progress=told.append)
    assert (answer.status, answer.engine) == ("optimal", "monolith")
    assert any("Solving report" in line for line in told)
    slack = 1e-5 * abs(answer.objective)
    assert answer.quality.vss_usd >= -slack
    assert answer.quality.evpi_usd >= -slack
    assert plan(switched, day, commit_steps=6, cancelled=lambda: True).status == "cancelled"


def test_planes_are_refused_where_there_are_binaries(switched):
    day = days(switched, hours=12, scenarios=3, rainy=True, seed=5)
    with pytest.raises(ValueError, match="without binaries"):
        plan(switched, day, commit_steps=6, engine="lshaped")


def test_a_refused_option_is_an_error():
    with pytest.raises(SolverError, match="refuses option solver = 'nonsense'"):
        new_solver({"solver": "nonsense"})
    with pytest.raises(SolverError, match="refuses option"):
        new_solver({"no_such_option": 1})


@pytest.mark.parametrize("weight", [0.0, 0.5])
@pytest.mark.parametrize("engine", ["monolith", "lshaped"])
def test_knowing_more_never_costs_more(network, dozen, engine, weight):
    quality = plan(network, dozen, engine=engine, cvar_weight=weight).quality
    slack = 1e-6 * abs(quality.objective_usd)
    assert quality.wait_and_see_usd <= quality.objective_usd + slack
    assert quality.objective_usd <= quality.expected_value_usd + slack
    assert quality.evpi_usd > 0.1
    assert quality.vss_usd > slack


def test_a_schedule_is_fixed_as_a_number_not_as_an_integer(network, dozen):
    """Rounding a fixed schedule would raise the cost of the very plan it comes from."""
    answer = plan(network, dozen, engine="monolith")
    instance = instance_of(network, dozen)
    recourse = Recourse(instance, Limits(60.0))
    rows = answer.plan[(answer.plan["scenario"] == -1) & answer.plan["quantity"].str.startswith("schedule_")]
    first = np.concatenate(
        [rows[rows["element"] == c.element].sort_values("time_utc")["value"] for c in network.commitments]
    )
    cost = instance.tables.probability @ recourse.costs(first)
    assert cost == pytest.approx(answer.objective, rel=1e-7)


def test_a_certain_day_gains_nothing_from_scenarios(sunny_plan):
    quality = sunny_plan.quality
    assert quality.vss_usd == quality.evpi_usd == 0.0
    assert quality.worthless == ()


def test_a_commitment_that_may_be_left_for_free_is_called_worthless(network, dozen):
    free = replace(network, commitments=tuple(replace(c, deviation_usd=0.0) for c in network.commitments))
    answer = plan(free, dozen)
    assert set(answer.quality.worthless) == {"grid", "treatment"}
    assert "a schedule made for the mean does as well for: grid, treatment" in answer.message
    assert answer.quality.evpi_usd == pytest.approx(0.0, abs=1e-6 * abs(answer.objective))


def test_the_mean_of_all_data_is_one_scenario(network, dozen):
    instance = instance_of(network, dozen)
    mean = mean_instance(instance)
    assert isinstance(mean, Instance)
    assert mean.theta.shape == (instance.theta.shape[0], 1)
    load = instance.tables.profile("home_1", "load_kw") @ instance.tables.probability
    np.testing.assert_allclose(mean.tables.profile("home_1", "load_kw")[:, 0], load)
    assert not np.isnan(mean.theta).any()


def test_risk_by_hand():
    costs, probability = np.array([1.0, 5.0, 3.0]), np.array([0.5, 0.2, 0.3])
    assert value_at_risk(costs, probability, 0.8) == 3.0
    assert risk_of(costs, probability, PlanOptions(cvar_weight=1.0, cvar_level=0.6)) == pytest.approx(4.0)
    assert risk_of(costs, probability, PlanOptions()) == pytest.approx(2.4)
